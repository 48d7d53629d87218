"""The connections of the password database, as DB-API 2.0 (PEP 249) and psycopg have them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from fake_secrets.contract.services.advisory_locks import HeldLocks
from fake_secrets.contract.services.base import StatementRefusedError
from fake_secrets.contract.services.connection_info import FAILED, IDLE, OPEN, UNKNOWN, Info, Login
from fake_secrets.contract.services.cursors import Cursor
from fake_secrets.contract.services.libpq import PgConn
from fake_secrets.contract.services.row_kinds import Factory, factory_in, is_client_cursor, tuples

__all__ = ["Connection"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class _Database(Protocol):
    """The part of the database that its sessions need."""

    def execute(self, connection: Connection, statement: object, parameters: object) -> list[tuple[Any, ...]]:
        """Execute a statement. Return its rows."""

    def commit(self, connection: Connection) -> None:
        """Make the changes of a session's transaction take effect."""


class Connection:
    """A session of one user. What it does goes to the public methods of the database.

    Args:
        database: the database.
        user: who is logged in.
        login: what the session has logged in with; None if it hasn't been asked for.
        autocommit: whether each statement is committed by itself.
        stays_open: whether the session stays open after a `with` block.
        row_factory: what makes the rows of its cursors.
        binds_on_client: whether its cursors put parameters into the text of a statement themselves.

    `locks` has the advisory locks that it holds.
    `draft` has the users that the open transaction has changed, with None for those that it has removed.
    `has_failed` is whether a statement of it has failed, so that the server takes no other.
    """

    # Without a `__dict__`, in which a contract would look for texts.
    __slots__ = (
        "_database", "_depth", "_has_begun", "_login", "_savepoints", "_stays_open", "autocommit",
        "binds_on_client", "draft", "has_failed", "is_closed", "is_in_transaction", "locks", "row_factory", "user",
    )  # fmt: skip

    def __init__(
        self,
        database: _Database,
        user: str,
        login: Login | None = None,
        *,
        autocommit: bool = False,
        stays_open: bool = False,
        row_factory: Factory | None = None,
        binds_on_client: bool = False,
    ) -> None:
        self._database = database
        self.user = user
        self._login = login or Login({"user": user})
        self.autocommit = autocommit
        self.row_factory = row_factory or tuples
        self.binds_on_client = binds_on_client
        self.draft: dict[str, Any] = {}
        self.is_closed = False
        self.is_in_transaction = False
        self.has_failed = False
        # Whether a statement has begun the transaction.
        self._has_begun = False
        self._savepoints: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = []
        self.locks = HeldLocks()
        self._stays_open = stays_open
        # How many blocks of `transaction` are open.
        self._depth = 0

    def __repr__(self) -> str:
        return f"<Connection of {self.user!r}>"

    def __enter__(self) -> Self:
        """Begin a block that is one transaction."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, or roll back if the block was left by an exception. Then close, if the driver does."""
        if self.is_closed:
            return
        if error is None:
            self.commit()
        else:
            self.rollback()
        if not self._stays_open:
            self.close()

    @property
    def commits_each(self) -> bool:
        """Whether each statement is committed by itself now."""
        return self.autocommit and not self._depth and not self._has_begun

    @contextlib.contextmanager
    def transaction(self, _: object = None, force_rollback: bool = False) -> Iterator[Self]:  # noqa: FBT002
        """Make a block one transaction, as psycopg does, or a part of the open one that can be rolled back."""
        is_outermost = not (self._depth or self.is_in_transaction)
        before = dict(self.draft), self.locks.of_transaction
        if self.has_failed:
            self.run("SAVEPOINT block", None)
        self._depth += 1
        try:
            yield self
        except BaseException as error:
            self._leave_block(*before, is_outermost=is_outermost)
            if type(error).__name__ != "Rollback":
                raise
        else:
            if force_rollback:
                self._leave_block(*before, is_outermost=is_outermost)
            elif not is_outermost and self.has_failed:
                self.run("RELEASE block", None)
        finally:
            self._depth -= 1
        if is_outermost:
            self.commit()

    def _leave_block(self, draft: dict[str, Any], locks: tuple[Any, ...], *, is_outermost: bool) -> None:
        """Forget what a block has changed, and give the locks back that it has taken."""
        self.draft, self.has_failed = draft, False
        self.is_in_transaction = not is_outermost
        self.locks.end_transaction(locks)

    def set_session(self, *_: object, autocommit: bool | None = None, **__: object) -> None:
        """Change the session, as psycopg2 does. Only ``autocommit`` has an effect."""
        if autocommit is not None:
            self.autocommit = autocommit

    def set_autocommit(self, value: bool) -> None:
        """Set whether each statement is committed by itself, as psycopg does."""
        self.autocommit = value

    def set_isolation_level(self, level: object) -> None:
        """Set the isolation level, as psycopg2 does. Its level 0 is autocommit."""
        self.autocommit = level == 0

    def set_client_encoding(self, encoding: str) -> None:
        """Set the encoding of texts, as psycopg2 does. It has no effect."""

    def begin(self) -> None:
        """Begin a transaction, as a statement does, or PyMySQL."""
        self.is_in_transaction = self._has_begun = True

    def save(self, name: str) -> None:
        """Set a savepoint."""
        self._savepoints.append((name, dict(self.draft), self.locks.of_transaction))

    def roll_back_to(self, name: str) -> bool:
        """Forget what has changed since a savepoint. Return whether there is one of that name."""
        found = next((at for at, (one, *_) in reversed([*enumerate(self._savepoints)]) if one == name), None)
        if found is None:
            return False
        del self._savepoints[found + 1 :]
        _, draft, locks = self._savepoints[found]
        self.draft, self.has_failed = dict(draft), False
        self.locks.end_transaction(locks)
        return True

    @property
    def closed(self) -> bool:
        """Whether it is closed, as psycopg says it."""
        return self.is_closed

    @property
    def info(self) -> Info:
        """What there is to know about the session, as psycopg and psycopg2 tell it."""
        is_open = self.is_in_transaction or self._has_begun or bool(self._depth)
        state = FAILED if self.has_failed else OPEN if is_open else IDLE
        return Info(self._login, UNKNOWN if self.is_closed else state)

    @property
    def dsn(self) -> str:
        """The connection string, as psycopg2 has it."""
        return f"{self.info.dsn} password=xxx"

    @property
    def server_version(self) -> Any:
        """The version of the server, as psycopg2 has it."""
        return self.info.server_version

    @property
    def status(self) -> int:
        """Whether a transaction is open, as psycopg2 has it: 2 if one is, else 1."""
        return 2 if self.info.transaction_status in {OPEN, FAILED} else 1

    def get_dsn_parameters(self) -> dict[str, str]:
        """Return the options of the connection without the password, as psycopg2 does."""
        return self.info.dsn_parameters

    def get_transaction_status(self) -> int:
        """Return libpq's state of the transaction, as psycopg2 does."""
        return int(self.info.transaction_status)

    def get_parameter_status(self, name: str) -> str | None:
        """Return a setting of the session, as psycopg2 does."""
        return self.info.parameter_status(name)

    @property
    def pgconn(self) -> PgConn:
        """The part of libpq that psycopg lets functions use.

        Raises:
            AttributeError: if it is another driver.
        """
        if self._login.failure is None:
            msg = f"{type(self).__name__!r} object has no attribute 'pgconn'"
            raise AttributeError(msg)
        return PgConn(self, self._login.failure)

    def run_simply(self, statement: str) -> object:
        """Execute a statement without beginning a transaction, as libpq itself does."""
        before = self.autocommit
        self.autocommit = before or not (self.is_in_transaction or self._has_begun)
        try:
            return self.run(statement, None)
        finally:
            self.autocommit = before

    @property
    def open(self) -> bool:
        """Whether it is open, as PyMySQL says it."""
        return not self.is_closed

    def cursor(self, *args: object, **options: Any) -> Cursor:
        """Return a cursor, whose rows are of the kind that the arguments say.

        Raises:
            NotImplementedError: if they name a class of cursors that isn't one of a driver.
        """
        return Cursor(self, factory_in(options, args) or self.row_factory)

    @property
    def cursor_factory(self) -> object:
        """The class of cursors, as psycopg and psycopg2 let a function set it. Only its kind of rows counts."""
        return None

    @cursor_factory.setter
    def cursor_factory(self, kind: type) -> None:
        options = {"cursor_factory": kind}
        found = factory_in(options)
        if found is not None and found is not tuples:
            self.row_factory = found
        self.binds_on_client = self.binds_on_client or is_client_cursor(options)

    def execute(self, statement: object, parameters: object = None, **_: object) -> Cursor:
        """Execute a statement in a new cursor, as psycopg does. Return the cursor."""
        return self.cursor().execute(statement, parameters)

    def run(self, statement: object, parameters: object) -> list[tuple[Any, ...]]:
        """Execute a statement. Return its rows."""
        with self._losing_locks():
            return self._database.execute(self, statement, parameters)

    def commit(self) -> None:
        """Make the changes of the transaction take effect."""
        with self._losing_locks():
            self._database.commit(self)

    @contextlib.contextmanager
    def _losing_locks(self) -> Iterator[None]:
        """Give the locks back if the connection is lost: what the server says has a code."""
        try:
            yield
        except BaseException as error:
            has_code = getattr(error, "sqlstate", getattr(error, "pgcode", None)) is not None
            # What the double doesn't know isn't lost, either.
            if not has_code and not isinstance(error, StatementRefusedError | NotImplementedError | ValueError):
                self.locks.end_session()
            raise

    def rollback(self) -> None:
        """Forget the changes of the transaction."""
        self.is_in_transaction = self.has_failed = self._has_begun = False
        self._savepoints.clear()
        self.draft.clear()
        self.locks.end_transaction()

    def close(self) -> None:
        """Close the session. Changes that weren't committed are lost."""
        self.draft.clear()
        self.locks.end_session()
        self.is_closed = True
