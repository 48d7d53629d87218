"""The text of statements composed with `psycopg.sql` or `psycopg2.sql`, without a connection to a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["is_composable", "quoted_name", "quoting_without_a_server", "rendered", "wherever_imported"]

__tracebackhide__ = True  # a literal may be a password

# The classes of both modules. psycopg2 keeps what they are made of in `_wrapped`, and psycopg in `_obj`.
_KINDS = frozenset({"Composed", "Identifier", "Literal", "Placeholder", "SQL"})
_CONTENTS = ("_wrapped", "_obj")


def is_composable(statement: object) -> bool:
    """Return whether an object is one of those that the modules ``sql`` of psycopg and psycopg2 compose."""
    return _kind_of(statement) is not None


def rendered(statement: object) -> str:
    """Return the text of a composed statement, as PostgreSQL reads it.

    psycopg2 itself quotes with the help of a real connection.
    """
    kind = _kind_of(statement)
    if kind is None:
        return _literal(statement)
    content: Any = next(getattr(statement, name) for name in _CONTENTS if hasattr(statement, name))
    if kind == "Composed":
        return "".join(map(rendered, content))
    if kind == "Identifier":
        return ".".join(map(quoted_name, (content,) if isinstance(content, str) else content))
    if kind == "Placeholder":
        return f"%({content})s" if content else "%s"
    return str(content) if kind == "SQL" else _literal(content)


def quoted_name(name: str, _: object = None) -> str:
    """Return a name in double quotes, as psycopg2's ``quote_ident`` does with a connection."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def quoting_without_a_server(driver: str) -> Iterator[tuple[object, str, object]]:
    """Yield what lets psycopg2's ``quote_ident`` and literals do without a real connection.

    Args:
        driver: the name of the driver's module.

    Yields:
        An object, the name of one of its attributes, and what that is to be replaced with.
    """
    extensions, composing = (sys.modules.get(f"{driver}.{name}") for name in ("extensions", "sql"))
    if not hasattr(extensions, "quote_ident"):
        return
    yield from wherever_imported(extensions, "quote_ident", quoted_name)
    literal = getattr(composing, "Literal", None)
    if literal is not None:
        yield literal, "as_string", lambda literal, _: rendered(literal)


def wherever_imported(owner: object, name: str, replacement: object) -> Iterator[tuple[object, str, object]]:
    """Yield each module that has imported a function by name, with what the function is to be replaced with."""
    real = getattr(owner, name)
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is real:
            yield module, name, replacement


def _kind_of(statement: object) -> str | None:
    if not any(hasattr(statement, name) for name in _CONTENTS):
        return None
    return next((kind.__name__ for kind in type(statement).__mro__ if kind.__name__ in _KINDS), None)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value).lower()
    try:
        text = value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError as error:
        return f"'\\x{error.object.hex()}'::bytea"
    doubled = text.replace("'", "''")
    if "\\" not in doubled:
        return f"'{doubled}'"
    escaped = doubled.replace("\\", "\\\\")
    # Its own word begins here: the text before may end in one.
    return f" E'{escaped}'"
