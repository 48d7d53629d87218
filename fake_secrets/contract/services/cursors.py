"""The cursors of the password database, as DB-API 2.0 (PEP 249) and psycopg have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self

from fake_secrets.contract.services.questions import Rows
from fake_secrets.contract.services.row_kinds import Column, Factory, Result, tuples

__all__ = ["Cursor"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class _Session(Protocol):
    """The part of a connection that its cursors need."""

    def run(self, statement: object, parameters: object) -> list[tuple[Any, ...]]:
        """Execute a statement. Return its rows."""


class Cursor:
    """A cursor.

    Args:
        connection: the connection that it belongs to.
        row_factory: what makes its rows.
    """

    __slots__ = ("_rows", "connection", "description", "row_factory", "rowcount")

    # The encoding that row factories of psycopg ask for.
    _encoding = "utf-8"

    def __init__(self, connection: _Session, row_factory: Factory = tuples) -> None:
        self.connection = connection
        self.row_factory = row_factory
        self._rows: list[Any] = []
        self.rowcount = -1
        self.description: list[Column] | None = None

    @property
    def pgresult(self) -> Result | None:
        """What psycopg's row factories ask for the names of the columns."""
        return Result([column.name for column in self.description]) if self.description else None

    def __enter__(self) -> Self:
        """Return the cursor."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows that were not fetched."""
        while self._rows:
            yield self._rows.pop(0)

    def execute(self, statement: object, parameters: object = None, **_: object) -> Self:
        """Execute a statement."""
        found = self.connection.run(statement, parameters)
        self.rowcount = len(found)
        self.description = [Column(name) for name in _columns_of(found)] or None
        make_row = self.row_factory(self) if self.description else tuple
        self._rows = [make_row(row) for row in found]
        return self

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Close the cursor."""


def _columns_of(rows: list[tuple[Any, ...]]) -> tuple[str, ...]:
    if isinstance(rows, Rows):
        return rows.columns
    return tuple(f"column{number}" for number in range(1, len(rows[0]) + 1)) if rows else ()
