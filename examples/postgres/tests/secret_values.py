"""The secrets of the tests, as AWS lays them out for a database."""

from double import HOST
from local_server import ADMIN, APP, DATABASE

_PLACE = {"engine": "postgres", "host": HOST, "port": 5432, "dbname": DATABASE}

SECRET = {**_PLACE, **APP}
ADMIN_SECRET = {**_PLACE, **ADMIN}
