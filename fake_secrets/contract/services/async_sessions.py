"""The asynchronous connections and cursors of the password database, as psycopg has them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from fake_secrets.contract.services.connection_info import Info
from fake_secrets.contract.services.cursors import Cursor
from fake_secrets.contract.services.libpq import PgConn
from fake_secrets.contract.services.row_kinds import Column
from fake_secrets.contract.services.sessions import Connection

__all__ = ["AsyncConnection", "AsyncCursor"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class AsyncConnection:
    """A session of one user.

    Args:
        session: the connection that does what it is asked.
    """

    __slots__ = ("_session",)

    def __init__(self, session: Connection) -> None:
        self._session = session

    def __repr__(self) -> str:
        return f"<AsyncConnection of {self._session.user!r}>"

    async def __aenter__(self) -> Self:
        """Begin a block that is one transaction."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, or roll back if the block was left by an exception. Then close."""
        self._session.__exit__(kind, error, traceback)

    @property
    def autocommit(self) -> bool:
        """Whether each statement is committed by itself."""
        return self._session.autocommit

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._session.closed

    @property
    def info(self) -> Info:
        """What there is to know about the session."""
        return self._session.info

    @property
    def pgconn(self) -> PgConn:
        """The part of libpq that psycopg lets functions use."""
        return self._session.pgconn

    @property
    def row_factory(self) -> Any:
        """What makes the rows of its cursors."""
        return self._session.row_factory

    @row_factory.setter
    def row_factory(self, factory: Any) -> None:
        self._session.row_factory = factory

    @property
    def cursor_factory(self) -> object:
        """The class of cursors. Only its kind of rows counts."""
        return self._session.cursor_factory

    @cursor_factory.setter
    def cursor_factory(self, kind: type) -> None:
        self._session.cursor_factory = kind

    async def set_autocommit(self, value: bool) -> None:
        """Set whether each statement is committed by itself."""
        self._session.set_autocommit(value)

    def cursor(self, *args: object, **options: Any) -> AsyncCursor:
        """Return a cursor, whose rows are of the kind that the arguments say.

        Raises:
            NotImplementedError: if they name a class of cursors that isn't one of a driver.
        """
        return AsyncCursor(self, self._session.cursor(*args, **options))

    async def execute(self, statement: object, parameters: object = None, **_: object) -> AsyncCursor:
        """Execute a statement in a new cursor. Return the cursor."""
        return await self.cursor().execute(statement, parameters)

    @contextlib.asynccontextmanager
    async def transaction(self, name: object = None, force_rollback: bool = False) -> AsyncIterator[Self]:  # noqa: FBT002
        """Make a block one transaction, or a part of the open one that can be rolled back."""
        with self._session.transaction(name, force_rollback):
            yield self

    async def commit(self) -> None:
        """Make the changes of the transaction take effect."""
        self._session.commit()

    async def rollback(self) -> None:
        """Forget the changes of the transaction."""
        self._session.rollback()

    async def close(self) -> None:
        """Close the session. Changes that weren't committed are lost."""
        self._session.close()


class AsyncCursor:
    """A cursor.

    Args:
        connection: the connection that it belongs to.
        cursor: the cursor that does what it is asked.
    """

    __slots__ = ("_cursor", "connection")

    def __init__(self, connection: AsyncConnection, cursor: Cursor) -> None:
        self.connection = connection
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        """Return the cursor."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close it."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate over the rows that were not fetched."""
        for row in self._cursor:
            yield row

    @property
    def description(self) -> list[Column] | None:
        """The columns of the result; None if there is none."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """The number of rows; -1 if nothing was executed."""
        return self._cursor.rowcount

    async def execute(self, statement: object, parameters: object = None, **_: object) -> Self:
        """Execute a statement."""
        self._cursor.execute(statement, parameters)
        return self

    async def fetchone(self) -> Any:
        """Return the next row, or None."""
        return self._cursor.fetchone()

    async def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next rows."""
        return self._cursor.fetchmany(size)

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Close the cursor."""
