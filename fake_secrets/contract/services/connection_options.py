"""The options of a driver's ``connect``: by name, by position, or in a connection string."""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["options_of"]

__tracebackhide__ = True  # the options hold passwords

_OPTION = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")


def options_of(
    conninfo: str | None, args: Sequence[Any], options: Mapping[str, Any], *, is_mysql: bool
) -> dict[str, Any]:
    """Return the options of a connection.

    Args:
        conninfo: the first argument: a connection string or URL of PostgreSQL, or a host if `args` follow.
        args: a user and a password, as drivers of MySQL take them after the host. psycopg2 takes classes of
            connections and cursors there.
        options: the options that were given by name, psycopg2's ``dsn`` among them.
        is_mysql: whether it is a driver of MySQL, or none.
    """
    if not is_mysql:
        options = {**dict(zip(("connection_factory", "cursor_factory"), args, strict=False)), **options}
    elif args:
        return {"host": conninfo, **dict(zip(("user", "password"), args, strict=False)), **options}
    return {**_options_in(options.get("dsn") or conninfo or ""), **options}


def _options_in(conninfo: str) -> dict[str, str]:
    """Return the options in a connection string or URL."""
    if "://" in conninfo:
        return _options_in_url(conninfo)
    return {name: text.strip("'").replace("\\", "") for name, text in _OPTION.findall(conninfo)}


def _options_in_url(text: str) -> dict[str, str]:
    url = urllib.parse.urlsplit(text)
    found = {"user": url.username, "password": url.password, "host": url.hostname, "dbname": url.path[1:]}
    with contextlib.suppress(ValueError):  # more than one host
        found["port"] = str(url.port or "")
    found |= dict(pair.split("=", 1) for pair in url.query.split("&") if "=" in pair)
    return {name: urllib.parse.unquote(value) for name, value in found.items() if value}
