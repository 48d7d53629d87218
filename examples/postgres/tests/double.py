"""The service double of the rotation contract: the real server, with `psycopg.connect` leading to it."""

from __future__ import annotations

import contextlib
from unittest import mock

import psycopg
from local_server import ADMIN, Server

HOST = "db.internal"


class Postgres:
    """The server in one scenario. What the rotation function does with psycopg goes through its public methods.

    Each call of a public method is a point at which the contract lets the function fail, or die.
    """

    errors = (psycopg.OperationalError("server closed the connection unexpectedly"),)

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stack = contextlib.ExitStack()
        self._answers = {}
        server.reset()

    def __enter__(self):
        self._stack.enter_context(mock.patch("psycopg.connect", self.connect))
        return self

    def __exit__(self, *exc_info):
        self._stack.close()

    # What the function does.

    def connect(self, *, host, **options):
        """Open a session, as `psycopg.connect` does. Only one name leads to the server."""
        self._require_known(host)
        session = _Session.connect(host=str(self._server.folder), **options)
        session.service = self
        # A function that has died leaves its sessions open.
        self._stack.callback(session.close)
        return session

    def execute(self, cursor, *args, **kwargs):
        """Execute a statement."""
        return psycopg.Cursor.execute(cursor, *args, **kwargs)

    def commit(self, session):
        """Commit what a session has done."""
        psycopg.Connection.commit(session)

    # What the contract asks.

    def accepts(self, value):
        """Return whether a login works and the application's table can be read.

        Asked again while nothing has changed at the server, it doesn't log in again.
        """
        asked = (self._server.snapshot(), *sorted(value.items()))
        if asked not in self._answers:
            self._answers[asked] = self._logs_in(value)
        return self._answers[asked]

    def accepted(self):
        """List who can log in. Nobody can list the passwords: the server has only their hashes."""
        users = self._server.superuser.execute(
            "SELECT rolname FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL AND rolname <> %s ORDER BY 1",
            [ADMIN["username"]],
        )
        return [{"username": user} for (user,) in users]

    def drop(self, value):
        """Let a user log in no more."""
        if self.accepts(value):
            self._server.superuser.execute(
                psycopg.sql.SQL("ALTER ROLE {} PASSWORD NULL").format(psycopg.sql.Identifier(value["username"]))
            )

    def _logs_in(self, value):
        try:
            self._require_known(value["host"])
            with self._server.connect(**_login(value)) as session:
                session.execute("SELECT FROM orders LIMIT 1")
        except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege):
            return False
        return True

    @staticmethod
    def _require_known(host):
        if host != HOST:
            raise psycopg.OperationalError(f"could not translate host name {host!r} to address")


class _Session(psycopg.Connection):
    """A session whose statements and commits are calls of the double."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cursor_factory = _Cursor

    def commit(self):
        with _ends_if_lost(self):
            self.service.commit(self)


class _Cursor(psycopg.Cursor):
    def execute(self, *args, **kwargs):
        with _ends_if_lost(self.connection):
            return self.connection.service.execute(self, *args, **kwargs)


@contextlib.contextmanager
def _ends_if_lost(session):
    """End a session, if the connection is lost or the function dies. The server rolls back its transaction then."""
    try:
        yield
    except BaseException as error:
        if getattr(error, "sqlstate", None) is None:
            session.close()
        raise


def _login(value):
    return {
        "port": value["port"],
        "dbname": value["dbname"],
        "user": value["username"],
        "password": value["password"],
    }
