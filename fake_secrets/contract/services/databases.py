"""A database whose users log in with passwords, in place of the driver that a rotation function uses."""

from __future__ import annotations

import importlib
import re
import urllib.parse
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, NoReturn

from fake_secrets.contract.services.base import (
    LoginRefusedError,
    ServiceDouble,
    StatementRefusedError,
    text_in,
)
from fake_secrets.contract.services.sessions import Connection
from fake_secrets.contract.services.statements import Statement, parse

__all__ = ["PasswordDatabase"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_VERSION = "16.4 (a fake of fake_secrets)"
# The numbers of MySQL's errors.
_DENIED, _EXISTS, _NO_LOGIN, _NO_HOST = 1142, 1396, 1045, 2003
# What users may do to themselves, and what only administrators do.
_OWN = frozenset({"alter", "alter_own", "alter_for"})
_CHANGES = frozenset({"create", "drop", "grant"})
_OPTION = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")


@dataclass(frozen=True, slots=True)
class _User:
    """A user.

    Args:
        password: the password; None for a user who can't log in.
        privileges: what the user may do.
    """

    password: str | None = field(repr=False)
    privileges: frozenset[str] = frozenset()


_Users = dict[str, _User]


class PasswordDatabase(ServiceDouble):
    """A database whose users log in with passwords.

    Users change their own password. Administrators change every password, make and drop users, and grant
    privileges. A function reaches the database by its driver, if `driver` names it: the double then stands in for
    the driver's ``connect``, understands the statements of PostgreSQL and MySQL that are about users, and raises
    the driver's exceptions. Changes take effect when they are committed, except in MySQL. A function that is given
    the double itself calls its methods.

    Args:
        users: user to password, at the start.
        administrators: who of them may change others.
        driver: the name of a module of DB-API 2.0, such as ``"psycopg"`` or ``"pymysql"``; None for none.
        privileges: what the first users may do. A value is accepted only if its user may do all of that. A user
            that is made later may do nothing at first.
        host: the only host at which it answers; None for any.
        delay: after how many seconds a new password takes effect.
        replaces: more names that `connect` replaces while the double is in use.
        errors: the exceptions of an outage; by default the driver's OperationalError, or else ConnectionError.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        administrators: Collection[str] = (),
        driver: str | None = None,
        privileges: Collection[str] = _PRIVILEGES,
        host: str | None = None,
        delay: float = 0,
        replaces: str | Collection[str] = (),
        errors: Any = None,
    ) -> None:
        self._driver: ModuleType | None = None if driver is None else importlib.import_module(driver)
        if errors is None and driver is not None:
            errors = (self._error_class("OperationalError", ConnectionError),)
        names = (replaces,) if isinstance(replaces, str) else tuple(replaces)
        super().__init__(replaces=(*names, f"{driver}.connect") if driver else names, errors=errors)
        self._is_mysql = driver is not None and ("mysql" in driver.lower() or "maria" in driver.lower())
        self._needed = frozenset(privileges)
        self._users: _Users = {name: _User(password, self._needed) for name, password in users.items()}
        self._administrators = frozenset(administrators)
        self._host = host
        self._delay = delay

    @property
    def stand_in(self) -> Callable[..., Connection]:
        """The function that stands in for the driver's."""
        return self.connect

    # What the function calls.

    def connect(self, conninfo: str = "", *_: object, **options: Any) -> Connection:
        """Log in, as a driver's ``connect`` does.

        Args:
            conninfo: a connection string or URL of PostgreSQL.
            options: the driver's options. Used are ``user``, ``password`` or ``passwd``, ``host`` and
                ``autocommit``.

        Raises:
            Exception: the driver's OperationalError, or LoginRefusedError without a driver.
        """
        options = {**_options_in(conninfo), **options}
        user, password = options.get("user"), options.get("password", options.get("passwd"))
        self.login(str(user), password, host=options.get("host"))
        return Connection(self, str(user), autocommit=bool(options.get("autocommit", False)))

    def login(self, user: str, password: str | None, *, host: str | None = None) -> None:
        """Check a login.

        Raises:
            Exception: the driver's OperationalError, or LoginRefusedError without a driver.
        """
        self.catch_up()
        if self._host is not None and host is not None and host != self._host:
            message = f"could not translate host name {host!r} to address"
            raise self._error_class("OperationalError", ConnectionError)(*self._args(_NO_HOST, message))
        known = self._users.get(user)
        if known is None or password is None or known.password != password:
            message = f"password authentication failed for user {user!r}"
            raise self._error_class("OperationalError", LoginRefusedError)(*self._args(_NO_LOGIN, message))

    def execute(
        self, connection: Connection, statement: object, parameters: object = None
    ) -> list[tuple[Any, ...]]:
        """Execute a statement. Return its rows.

        Args:
            connection: the session.
            statement: the statement, with places for parameters or without.
            parameters: the parameters.

        Raises:
            Exception: the driver's ProgrammingError, or StatementRefusedError without a driver.
            NotImplementedError: if the double doesn't know the statement.
        """
        self.catch_up()
        if connection.is_closed:
            message = "the connection is closed"
            raise self._error_class("InterfaceError", StatementRefusedError)(*self._args(0, message))
        said = parse(statement, parameters)
        rows = self._run(connection, said)
        if connection.autocommit or self._is_mysql:
            self._take(connection)
        return rows

    def commit(self, connection: Connection) -> None:
        """Make the changes of a session's transaction take effect."""
        self.catch_up()
        self._take(connection)

    def alter_user(self, user: str, password: str, *, by: str | None = None) -> None:
        """Change a user's password.

        Args:
            user: the user.
            password: the new password.
            by: who does it; None for an administrator.

        Raises:
            Exception: the driver's ProgrammingError, or StatementRefusedError without a driver, if `by` may not do
                that or there is no such user.
        """
        self._do(Statement("alter", user, password), by)

    def create_user(self, user: str, password: str | None = None, *, by: str | None = None) -> None:
        """Make a user without privileges. Arguments and exceptions are those of `alter_user`."""
        self._do(Statement("create", user, password), by)

    def drop_user(self, user: str, *, by: str | None = None) -> None:
        """Remove a user. Arguments and exceptions are those of `alter_user`."""
        self._do(Statement("drop", user), by)

    def copy_privileges(self, source: str, target: str, *, by: str | None = None) -> None:
        """Give a user the privileges of another, too. Exceptions are those of `alter_user`."""
        self._do(Statement("grant", target, granted=(source,)), by)

    def has_user(self, user: str) -> bool:
        """Return whether there is a user of that name."""
        self.catch_up()
        return user in self._users

    # What a contract asks.

    def accepts(self, value: Any) -> bool:
        """Return whether the user of a value can log in with its password, and may do what is needed.

        Used are the members ``username`` or ``user``, ``password`` and ``host``. A text is the password of the
        first user.
        """
        self.catch_up()
        user, password, host = self._login_in(value)
        known = self._users.get(user or "")
        is_here = self._host is None or host is None or host == self._host
        return (
            is_here
            and known is not None
            and password is not None
            and known.password == password
            and known.privileges >= self._needed
        )

    def accepted(self) -> list[Any]:
        """Return all logins that work."""
        self.catch_up()
        return [
            {"username": user, "password": known.password}
            for user, known in self._users.items()
            if known.password is not None
        ]

    def drop(self, value: Any) -> None:
        """Take the password of a value's user away."""
        user, password, _ = self._login_in(value)
        known = self._users.get(user or "")
        if user is not None and known is not None and known.password == password:
            self._users[user] = replace(known, password=None)

    # How it works.

    def _login_in(self, value: Any) -> tuple[str | None, str | None, str | None]:
        if isinstance(value, str | bytes):
            return next(iter(self._users)), value if isinstance(value, str) else value.decode(), None
        return text_in(value, "username", "user"), text_in(value, "password"), text_in(value, "host")

    def _do(self, said: Statement, by: str | None) -> None:
        self.catch_up()
        session = Connection(self, by or "")
        self._run(session, said, is_trusted=by is None)
        self._take(session)

    def _take(self, connection: Connection) -> None:
        """Make a transaction's changes take effect, now or after the delay."""
        changes = dict(connection.draft)
        connection.draft.clear()
        if changes:
            self.later(self._delay, lambda: self._change(changes))

    def _change(self, changes: Mapping[str, _User | None]) -> None:
        for name, user in changes.items():
            if user is None:
                self._users.pop(name, None)
            else:
                self._users[name] = user

    def _run(self, connection: Connection, said: Statement, *, is_trusted: bool = False) -> list[tuple[Any, ...]]:
        """Do in a transaction what a statement says. Return its rows."""
        by = connection.user
        name = said.user or by
        seen = {**self._users, **connection.draft}
        users = {user: known for user, known in seen.items() if known is not None}
        if said.kind in _OWN:
            self._allow(by, is_allowed=is_trusted or by in self._administrators or name == by)
            connection.draft[name] = replace(self._existing(users, name), password=said.password)
        elif said.kind in _CHANGES:
            self._allow(by, is_allowed=is_trusted or by in self._administrators)
            if said.is_lenient and (name in users) == (said.kind == "create"):
                return []
            connection.draft[name] = self._changed(users, name, said)
        elif said.kind == "commit":
            self._take(connection)
        elif said.kind == "rollback":
            connection.rollback()
        else:
            return self._look(users, by, said)
        return []

    def _changed(self, users: _Users, name: str, said: Statement) -> _User | None:
        """Return what an administrator's statement makes of a user; None if it is removed."""
        if said.kind == "create":
            if name in users:
                self._refuse(f"role {name!r} already exists", _EXISTS)
            return _User(said.password)
        known = self._existing(users, name)
        if said.kind == "drop":
            return None
        return replace(known, privileges=known.privileges | self._granted(users, said))

    def _look(self, users: _Users, by: str, said: Statement) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads."""
        name = said.user or by
        rows: dict[str, Callable[[], list[tuple[Any, ...]]]] = {
            "grants": lambda: [(f"GRANT {self._privileges(users, name)} ON *.* TO '{name}'@'%'",)],
            "exists": lambda: [(name,)] if name in users else [],
            "quote": lambda: [('"' + name.replace('"', '""') + '"',)],
            "version": lambda: [(_VERSION,)],
            "who": lambda: [(by,)],
            "nothing": list,
        }
        if said.kind in rows:
            return rows[said.kind]()
        may_read = "SELECT" in self._existing(users, by).privileges or "SELECT" not in self._needed
        self._allow(by, is_allowed=may_read)
        return [(1,)]

    def _privileges(self, users: _Users, name: str) -> str:
        return ", ".join(sorted(self._existing(users, name).privileges)) or "USAGE"

    def _granted(self, users: _Users, said: Statement) -> frozenset[str]:
        """Return the privileges that a statement grants: by their names, or those of another user."""
        granted = frozenset[str]()
        for one in said.granted:
            if one in users:
                granted |= users[one].privileges
            else:
                granted |= self._needed if one.upper() in {"ALL", "PRIVILEGES"} else {one.upper()}
        return granted

    def _allow(self, by: str, *, is_allowed: bool) -> None:
        if not is_allowed:
            self._refuse(f"permission denied for user {by!r}", _DENIED)

    def _existing(self, users: _Users, name: str) -> _User:
        if name not in users:
            self._refuse(f"role {name!r} does not exist", _EXISTS)
        return users[name]

    def _refuse(self, message: str, code: int) -> NoReturn:
        raise self._error_class("ProgrammingError", StatementRefusedError)(*self._args(code, message))

    def _error_class(self, name: str, default: type[Exception]) -> type[Exception]:
        """Return an exception class of the driver by its name in DB-API 2.0, or else another."""
        found = getattr(self._driver, name, None)
        return found if isinstance(found, type) and issubclass(found, Exception) else default

    def _args(self, code: int, message: str) -> tuple[object, ...]:
        """Return the arguments of an exception. Drivers of MySQL have a number first."""
        return (code, message) if self._is_mysql else (message,)


def _options_in(conninfo: str) -> dict[str, str]:
    """Return the options in a connection string or URL."""
    if "://" in conninfo:
        url = urllib.parse.urlsplit(conninfo)
        found = {"user": url.username, "password": url.password, "host": url.hostname}
        return {name: urllib.parse.unquote(text) for name, text in found.items() if text is not None}
    return {name: text.strip("'").replace("\\", "") for name, text in _OPTION.findall(conninfo)}
