"""What the password database answers when it is asked: the SELECT statements whose answer it knows to be right.

Of a table of the user's own it only knows who may read it. It answers as if such a table had one row of ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["LISTS", "Item", "Question", "Rows", "answer", "tables_of"]

__tracebackhide__ = True  # the values may be passwords

# The lists of users that it has, and their columns. The first one has the name of the user.
LISTS: Mapping[str, tuple[str, ...]] = {
    "PG_ROLES": ("ROLNAME", "ROLCANLOGIN"),
    "PG_USER": ("USENAME",),
    "MYSQL.USER": ("USER", "HOST", "SSL_TYPE", "SSL_CIPHER", "X509_ISSUER", "X509_SUBJECT"),
}


class Rows(list[tuple[Any, ...]]):
    """Rows whose columns have names.

    Args:
        rows: the rows.
        columns: the names.
    """

    def __init__(self, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> None:
        super().__init__(rows)
        self.columns = tuple(columns)


@dataclass(frozen=True, slots=True)
class Item:
    """What a question asks for: a column of its answer.

    Args:
        kind: what it is: "value", "count", "exists", "column", "lock", or what a function returns.
        name: the name of the column in the answer.
        value: the value, the name of the column that is read, or a function about locks and the lock's key.
        question: what is asked for a row.
    """

    kind: str
    name: str
    value: object = field(default=None, repr=False)
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT statement.

    Args:
        items: what it asks for.
        table: a key of `LISTS`, the name of a table of the user's own, or an empty text for none.
        names: the names that the user of a row may have; None for any.
        logs_in: whether it asks for users that may log in.
        limit: how many rows it wants at most; None for all.
    """

    items: tuple[Item, ...]
    table: str = ""
    names: frozenset[str] | None = field(default=None, repr=False)
    logs_in: bool = False
    limit: int | None = None


def tables_of(question: Question) -> Iterator[str]:
    """Yield the tables that a question reads."""
    if question.table:
        yield question.table
    for item in question.items:
        if item.question is not None:
            yield from tables_of(item.question)


def answer(
    question: Question,
    rows_of: Callable[[str], Sequence[Mapping[str, Any]]],
    said: Mapping[str, Any],
    *,
    is_mysql: bool,
) -> Rows:
    """Return the answer to a question.

    Args:
        question: the question.
        rows_of: returns the rows of a list of users, as column to value.
        said: what the server says of itself and of the session: the kind of an item to its value.
        is_mysql: whether truth is a number.
    """
    found: Sequence[Mapping[str, Any]] = [{}]
    if question.table in LISTS:
        name = LISTS[question.table][0]
        found = [
            row
            for row in rows_of(question.table)
            if (question.names is None or row[name] in question.names)
            and (not question.logs_in or row["ROLCANLOGIN"])
        ]
    is_counted = any(item.kind == "count" for item in question.items)
    count = len(found)
    kept: Sequence[Mapping[str, Any]] = ([{}] if is_counted else found)[: question.limit]

    def value_of(item: Item, row: Mapping[str, Any]) -> object:
        if item.kind == "count":
            return count
        if item.kind == "exists" and item.question is not None:
            value: object = bool(answer(item.question, rows_of, said, is_mysql=is_mysql)) is item.value
        elif item.kind == "column":
            value = row.get(str(item.value), 1)
        else:
            value = item.value if item.kind == "value" else said[item.kind]
        return int(value) if is_mysql and isinstance(value, bool) else value

    rows = [tuple(value_of(item, row) for item in question.items) for row in kept]
    return Rows(rows, [item.name for item in question.items])
