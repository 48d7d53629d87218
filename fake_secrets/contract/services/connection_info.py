"""What a session of the password database knows of itself, as psycopg and psycopg2 tell it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

__all__ = ["FAILED", "IDLE", "OPEN", "UNKNOWN", "VERSION", "Info", "Login"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

VERSION = "16.4"
_VERSION_NUMBER = 160004
# libpq's states of a transaction.
IDLE, OPEN, FAILED, UNKNOWN = 0, 2, 3, 4
# The options of libpq that are told.
_OPTIONS = (
    "user", "dbname", "host", "hostaddr", "port", "connect_timeout", "sslmode", "application_name", "options"
)  # fmt: skip
_PARAMETERS = {
    "server_version": VERSION, "server_encoding": "UTF8", "client_encoding": "UTF8", "TimeZone": "UTC",
    "DateStyle": "ISO, MDY", "integer_datetimes": "on", "standard_conforming_strings": "on",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Login:
    """What a session has logged in with.

    Args:
        options: the options of the connection.
        driver: the driver; None for none.
        failure: psycopg's OperationalError, which is raised if a closed session is asked; None for other drivers.
    """

    options: Mapping[str, Any] = field(repr=False)
    driver: ModuleType | None = None
    failure: type[Exception] | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The options that libpq knows, as texts and without the password."""
        found = {**self.options, "dbname": self.options.get("dbname", self.options.get("database"))}
        return {name: str(found[name]) for name in _OPTIONS if found.get(name) is not None}


class Info:
    """What there is to know about a session.

    Args:
        login: what it has logged in with.
        transaction_status: the state of its transaction.
    """

    # Without a `__dict__`, in which a contract would look for texts.
    __slots__ = ("_login", "_state")

    vendor = "PostgreSQL"
    protocol_version = 3
    encoding = "utf-8"
    error_message = ""
    needs_password = False
    used_password = True
    ssl_in_use = False
    timezone = datetime.UTC

    def __init__(self, login: Login, transaction_status: int) -> None:
        self._login = login
        self._state = transaction_status

    def __repr__(self) -> str:
        return f"<Info of {self._login.options.get('user')!r}>"

    @property
    def host(self) -> Any:
        """The host; the folder of the socket if none was given."""
        return self._said("host", "/var/run/postgresql")

    @property
    def hostaddr(self) -> Any:
        """The address of the host, if one was given."""
        return self._said("hostaddr", "")

    @property
    def port(self) -> Any:
        """The port."""
        port = self._said("port", "5432")
        return None if port is None else int(port)

    @property
    def dbname(self) -> Any:
        """The name of the database; that of the user if none was given."""
        return self._said("dbname", str(self._login.options.get("user")))

    @property
    def user(self) -> Any:
        """The user."""
        return self._said("user", "")

    @property
    def password(self) -> Any:
        """The password."""
        return self._unless_closed(self._login.options.get("password"))

    @property
    def options(self) -> Any:
        """The options of the command line."""
        return self._said("options", "")

    @property
    def status(self) -> Any:
        """Whether the session is open: 0, or psycopg's OK."""
        return self._member("ConnStatus", int(self._state == UNKNOWN))

    @property
    def transaction_status(self) -> Any:
        """The state of the transaction."""
        return self._member("TransactionStatus", self._state)

    @property
    def pipeline_status(self) -> Any:
        """The state of the pipeline, which is off."""
        return self._member("PipelineStatus", 0)

    @property
    def server_version(self) -> Any:
        """The version of the server as a number."""
        return self._unless_closed(_VERSION_NUMBER)

    @property
    def backend_pid(self) -> Any:
        """The number of the server's process."""
        return self._unless_closed(1)

    @property
    def dsn(self) -> str:
        """The connection string, without the password."""
        return " ".join(f"{name}={_quoted(text)}" for name, text in self.get_parameters().items())

    @property
    def dsn_parameters(self) -> dict[str, str]:
        """The options, without the password, as psycopg2 tells them."""
        return self.get_parameters()

    def get_parameters(self) -> dict[str, str]:
        """Return the options, without the password."""
        self._unless_closed(None)
        return self._login.parameters

    def parameter_status(self, name: str) -> str | None:
        """Return a setting of the session, such as ``server_version``; None if it is none."""
        return _PARAMETERS.get(name)

    def _said(self, name: str, default: str) -> Any:
        return self._unless_closed(self._login.parameters.get(name, default))

    def _unless_closed(self, value: object) -> object:
        if self._state != UNKNOWN:
            return value
        if self._login.failure is not None:
            msg = "the connection is closed"
            raise self._login.failure(msg)
        return None

    def _member(self, name: str, value: int) -> Any:
        """Return a state, as a member of psycopg's own enumeration if there is one."""
        kind: Any = getattr(getattr(self._login.driver, "pq", None), name, int)
        return kind(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if not text or " " in text or escaped != text else text
