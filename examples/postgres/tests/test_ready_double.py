"""The ready double PasswordDatabase drops roles as the server does, and refuses with the same codes."""

import contextlib

import psycopg
import pytest
from local_server import ADMIN, APP, DATABASE

from fake_secrets.contract.services import PasswordDatabase

SUPERUSER = {"user": "postgres"}
BY_APP = {"user": APP["username"], "password": APP["password"]}
ROLE = "CREATE ROLE clone LOGIN"
DEFAULTS = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO clone"
DROP = "DROP ROLE clone"
# Each is one transaction, in which a statement that is refused is rolled back by itself.
BY_A_SUPERUSER = [
    [ROLE, DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", DROP, "REVOKE ALL ON orders FROM clone", DROP],
    [ROLE, "GRANT SELECT, INSERT ON orders TO clone", "REVOKE SELECT ON orders FROM clone", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "REASSIGN OWNED BY clone TO admin", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "DROP OWNED BY clone", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "DROP ROLE IF EXISTS clone", "DROP USER clone"],
    [ROLE, "GRANT USAGE ON SCHEMA public TO clone", DROP, "REVOKE USAGE ON SCHEMA public FROM clone", DROP],
    [ROLE, "GRANT app TO clone", DROP],
    [ROLE, "GRANT clone TO app", DROP],
    [ROLE, DEFAULTS, DROP, "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM clone", DROP],
    [ROLE, DEFAULTS, "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE INSERT ON TABLES FROM clone", DROP],
    [ROLE, DEFAULTS, "REASSIGN OWNED BY clone TO admin", DROP, "DROP OWNED BY clone", DROP],
    [
        ROLE,
        "ALTER DEFAULT PRIVILEGES FOR ROLE clone GRANT SELECT ON TABLES TO app",
        DROP,
        "DROP OWNED BY clone",
        DROP,
    ],
    [
        ROLE,
        "ALTER DEFAULT PRIVILEGES FOR USER app GRANT ALL ON SEQUENCES TO clone",
        DROP,
        "DROP OWNED BY app",
        DROP,
    ],
    ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO nobody"],
    ["ALTER DEFAULT PRIVILEGES FOR ROLE nobody GRANT SELECT ON TABLES TO app"],
    ["REASSIGN OWNED BY nobody TO app", "REASSIGN OWNED BY app TO nobody", "DROP OWNED BY nobody"],
    ["REASSIGN OWNED BY app, admin TO postgres", "REASSIGN OWNED BY app TO CURRENT_USER"],
    ["DROP ROLE postgres"],
]
BY_A_USER = [
    ["DROP OWNED BY app", "DROP OWNED BY admin"],
    ["REASSIGN OWNED BY app TO admin", "REASSIGN OWNED BY admin TO app", "REASSIGN OWNED BY app TO app"],
    ["REASSIGN OWNED BY nobody TO app", "DROP OWNED BY nobody"],
    ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO admin"],
    ["ALTER DEFAULT PRIVILEGES FOR ROLE admin GRANT SELECT ON TABLES TO app"],
]


def codes(session, statements):
    """Return the SQLSTATE of each statement that is refused, and None for the others."""
    found = []
    for statement in statements:
        found.append(None)
        session.execute("SAVEPOINT before")
        try:
            session.execute(statement)
        except psycopg.Error as error:
            found[-1] = error.sqlstate
            session.execute("ROLLBACK TO SAVEPOINT before")
    session.rollback()
    return found


def compare(server, login, statements):
    server.reset()
    with contextlib.closing(server.connect(**login, dbname=DATABASE)) as session:
        expected = codes(session, statements)
    users = {"postgres": "x", APP["username"]: APP["password"], ADMIN["username"]: ADMIN["password"]}
    double = PasswordDatabase(users, administrators=["postgres"], driver="psycopg")
    with contextlib.closing(double.connect(user=login["user"], password=users[login["user"]])) as session:
        assert codes(session, statements) == expected


@pytest.mark.parametrize("statements", BY_A_SUPERUSER, ids=" ; ".join)
def test_a_superuser_meets_the_same_refusals(server, statements):
    compare(server, SUPERUSER, statements)


@pytest.mark.parametrize("statements", BY_A_USER, ids=" ; ".join)
def test_a_user_meets_the_same_refusals(server, statements):
    compare(server, BY_APP, statements)
