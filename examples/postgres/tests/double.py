"""The service double of the rotation contract: a real server, to which `psycopg.connect` leads."""

import contextlib
from unittest import mock

import psycopg
from local_server import Server
from psycopg import sql

HOST = "db.internal"


class Postgres:
    """The server in one scenario, with fresh users.

    What the rotation function does with psycopg goes through the public methods. The contract lets the function
    fail or die at each of these calls.
    """

    errors = (psycopg.OperationalError("server closed the connection unexpectedly"),)

    def __init__(self, server: Server):
        self._server = server
        self._answers = {}
        self._stack = contextlib.ExitStack()
        server.reset()

    def __enter__(self):
        self._stack.enter_context(mock.patch("psycopg.connect", self.connect))
        return self

    def __exit__(self, *exc_info):
        self._stack.close()

    # What the function does.

    def connect(self, *, host, **options):
        """Open a session, as `psycopg.connect` does."""
        session = self._log_in(_Session, host, **options)
        session.service = self
        # A function that has died doesn't close it.
        self._stack.callback(session.close)
        return session

    def execute(self, cursor, *args, **kwargs):
        """Execute a statement."""
        return psycopg.Cursor.execute(cursor, *args, **kwargs)

    def commit(self, session):
        """Commit a transaction."""
        psycopg.Connection.commit(session)

    # What the contract asks.

    def accepts(self, value):
        """Return whether a login works, and the user can read the application's table.

        As long as nothing has changed at the server, the answer is the same, and there is no second login.
        """
        asked = (self._server.snapshot(), *sorted(value.items()))
        if asked not in self._answers:
            self._answers[asked] = self._can_read(value)
        return self._answers[asked]

    def accepted(self):
        """Return who can log in, without administrators. The passwords can't be listed: the server has hashes."""
        users = self._server.superuser.execute("""
            SELECT rolname FROM pg_authid
            WHERE rolcanlogin AND rolpassword IS NOT NULL AND NOT rolcreaterole ORDER BY rolname
        """)
        return [{"username": user} for (user,) in users]

    def drop(self, value):
        """Let a user log in no more."""
        if self.accepts(value):
            user = sql.Identifier(value["username"])
            self._server.superuser.execute(sql.SQL("ALTER ROLE {} PASSWORD NULL").format(user))

    def _can_read(self, value):
        login = {name: value[name] for name in ("host", "port", "dbname", "password")}
        try:
            with self._log_in(psycopg.Connection, user=value["username"], **login) as session:
                session.execute("SELECT FROM orders LIMIT 1")
        except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege):
            return False
        return True

    def _log_in(self, kind, host, **options):
        if host != HOST:
            raise psycopg.OperationalError(f"could not translate host name {host!r} to address")
        folder = str(self._server.folder)
        try:
            return kind.connect(host=folder, **options)
        except psycopg.OperationalError as error:
            # The folder has another name in each run, and the report is to be the same.
            raise psycopg.OperationalError(str(error).replace(folder, "")) from None


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
    """End a session if the connection is lost or the function dies. The server then rolls its transaction back."""
    try:
        yield
    except BaseException as error:
        # The server's own errors have a code.
        if getattr(error, "sqlstate", None) is None:
            session.close()
        raise
