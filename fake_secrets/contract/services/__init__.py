"""Ready service doubles: fakes of the services whose credentials rotation functions usually change.

Begin with `base`, which has what all of them share. `databases` answers in place of a driver such as psycopg:
`sessions` has its connections and `cursors` theirs, `statements` what it knows of SQL, and `users` what they
change. `libpq` and `connection_info` have what functions ask of a connection of psycopg, `verifiers` what is
stored of a password, and `advisory_locks` who waits for whom. `access_keys` and `cache_users` answer in place of
boto3's clients, by what `aws` has for both. `api_keys` is called by a client of the user's. `arguments` checks
what all of them are given.

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
