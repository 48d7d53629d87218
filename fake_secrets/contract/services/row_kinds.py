"""What kind of rows a function wants of a cursor: tuples, dicts, named tuples, or what a factory makes."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Column", "DictRow", "Factory", "Result", "factory_in", "is_client_cursor", "tuples"]

__tracebackhide__ = True  # the rows may hold secret values

# As psycopg has it: called with a cursor that has a result, it returns what makes a row of values.
Factory = Callable[[Any], Callable[[Sequence[Any]], Any]]

_DRIVERS = frozenset({"MySQLdb", "mariadb", "mysql", "pg8000", "psycopg", "psycopg2", "pymysql"})


class Column(NamedTuple):
    """A column of a result, as DB-API 2.0 describes it."""

    name: str
    type_code: None = None
    display_size: None = None
    internal_size: None = None
    precision: None = None
    scale: None = None
    null_ok: None = None


class Result:
    """The part of a result of libpq that the row factories of psycopg look at.

    Args:
        names: the names of its columns.
    """

    status = 2  # TUPLES_OK

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.nfields = len(names)

    def fname(self, place: int) -> bytes:
        """Return the name of a column."""
        return self._names[place].encode()


class DictRow(list[Any]):
    """A row of psycopg2's DictCursor: its values have a place and a name."""

    def __init__(self, values: Sequence[Any], names: Sequence[str]) -> None:
        super().__init__(values)
        self._names = list(names)

    def __getitem__(self, key: Any) -> Any:
        """Return a value by its place or its name."""
        return super().__getitem__(self._place(key))

    def keys(self) -> list[str]:
        """Return the names."""
        return list(self._names)

    def get(self, name: str, default: object = None) -> Any:
        """Return a value by its name, or else a default."""
        return self[name] if name in self._names else default

    def _place(self, key: Any) -> Any:
        if not isinstance(key, str):
            return key
        if key not in self._names:
            raise KeyError(key)
        return self._names.index(key)


def tuples(_: Any) -> Callable[[Sequence[Any]], Any]:
    """Make tuples."""
    return tuple


def _dicts(cursor: Any) -> Callable[[Sequence[Any]], Any]:
    names = _names(cursor)
    return lambda values: dict(zip(names, values, strict=True))


def _dict_rows(cursor: Any) -> Callable[[Sequence[Any]], Any]:
    names = _names(cursor)
    return lambda values: DictRow(values, names)


def _named_tuples(cursor: Any) -> Callable[[Sequence[Any]], Any]:
    kind = collections.namedtuple("Record", _names(cursor), rename=True)  # type: ignore[misc]  # noqa: PYI024
    return lambda values: kind(*values)


def _names(cursor: Any) -> list[str]:
    return [column.name for column in cursor.description]


def factory_in(options: Mapping[str, Any], positional: Sequence[object] = ()) -> Factory | None:
    """Return what makes the rows, if the arguments of a driver's ``connect`` or ``cursor`` say; None otherwise.

    Args:
        options: the arguments by name.
        positional: the others.

    Raises:
        NotImplementedError: if they name a class of cursors that isn't one of a driver.
    """
    if callable(options.get("row_factory")):
        factory: Factory = options["row_factory"]
        return factory
    if options.get("dictionary"):
        return _dicts
    if options.get("named_tuple"):
        return _named_tuples
    given = [options.get(name) for name in ("cursor_factory", "cursorclass", "cursor_class")]
    kind = next((one for one in (*given, *positional) if isinstance(one, type)), None)
    return None if kind is None else _of_class(kind)


def is_client_cursor(options: Mapping[str, Any]) -> bool:
    """Return whether the arguments of ``connect`` name a ClientCursor of psycopg, which puts parameters in."""
    bases = getattr(options.get("cursor_factory"), "__mro__", ())
    return any(base.__name__ in {"AsyncClientCursor", "ClientCursor"} for base in bases)


def _of_class(kind: type) -> Factory:
    driver = kind.__module__.partition(".")[0]
    if driver not in _DRIVERS:
        msg = (
            f"the double PasswordDatabase doesn't know the cursors of class {kind.__name__}. It knows those of "
            "the drivers, and psycopg's row_factory"
        )
        raise NotImplementedError(msg)
    names = [base.__name__ for base in kind.__mro__]
    if any("NamedTuple" in name for name in names):
        return _named_tuples
    if driver == "psycopg2" and "DictCursor" in names:
        return _dict_rows
    return _dicts if any("Dict" in name for name in names) else tuples
