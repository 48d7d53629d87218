"""Ready service doubles: fakes of the services whose credentials rotation functions usually change.

Begin with `base`, which has what all of them share. `databases` answers in place of a driver such as psycopg,
with `sessions` as its connections and `statements` as what it knows of SQL. `access_keys` answers in place of the
IAM client, `cache_users` in place of ElastiCache's. `api_keys` is called by a client of the user's.

The package itself is called `services` because that is its public name.
"""

from fake_secrets.contract.services.access_keys import AccessKeys
from fake_secrets.contract.services.api_keys import ApiKeys
from fake_secrets.contract.services.base import LoginRefusedError, ServiceDouble, StatementRefusedError
from fake_secrets.contract.services.cache_users import CacheUsers
from fake_secrets.contract.services.databases import PasswordDatabase

__all__ = [
    "AccessKeys",
    "ApiKeys",
    "CacheUsers",
    "LoginRefusedError",
    "PasswordDatabase",
    "ServiceDouble",
    "StatementRefusedError",
]
