"""The options of a driver's ``connect``: by name, by position, or in a connection string."""

from __future__ import annotations

import contextlib
import os
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["options_of", "with_environment"]

__tracebackhide__ = True  # the options hold passwords

_OPTION = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")

# The variables of the environment from which libpq takes what it isn't given.
_VARIABLES = {
    "PGAPPNAME": "application_name", "PGCONNECT_TIMEOUT": "connect_timeout", "PGDATABASE": "dbname",
    "PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGOPTIONS": "options", "PGPASSFILE": "passfile",
    "PGPASSWORD": "password", "PGPORT": "port", "PGSERVICE": "service", "PGSSLMODE": "sslmode", "PGUSER": "user",
}  # fmt: skip


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


def with_environment(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a connection with those that libpq takes from variables such as PGPASSWORD.

    Args:
        options: the options that were given.

    Raises:
        NotImplementedError: if they name a service, or the password could be in a password file.
    """
    found = {name: os.environ[variable] for variable, name in _VARIABLES.items() if os.environ.get(variable)}
    found |= {name: value for name, value in options.items() if value is not None}
    if "database" in found:
        found["dbname"] = found["database"]
    if found.get("service"):
        msg = "the double PasswordDatabase reads no service file: pass the options of the login themselves"
        raise NotImplementedError(msg)
    if not found.get("password") and ("passfile" in found or Path("~/.pgpass").expanduser().exists()):
        msg = "the double PasswordDatabase reads no password file: pass password= or set PGPASSWORD"
        raise NotImplementedError(msg)
    return found
