"""A database whose users log in with passwords, in place of the driver that a rotation function uses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any, NoReturn

from fake_secrets.contract.services.advisory_locks import AdvisoryLocks
from fake_secrets.contract.services.arguments import check_delay, check_names, check_users, driver_named
from fake_secrets.contract.services.base import (
    LoginRefusedError,
    ServiceDouble,
    StatementRefusedError,
    text_in,
)
from fake_secrets.contract.services.connection_info import Login
from fake_secrets.contract.services.connection_options import options_of, with_environment
from fake_secrets.contract.services.driver_errors import (
    ABORTED,
    CLOSED,
    LOCKED,
    NO_HOST,
    NO_LOGIN,
    NO_SAVEPOINT,
    SYNTAX,
    DriverErrors,
    Refusal,
)
from fake_secrets.contract.services.driver_names import names_of
from fake_secrets.contract.services.libpq import doing_without_a_server
from fake_secrets.contract.services.row_kinds import factory_in, is_client_cursor
from fake_secrets.contract.services.sessions import Connection
from fake_secrets.contract.services.sql_parts import BrokenStatementError
from fake_secrets.contract.services.statements import Statement, UnknownStatementError, parse, takes_parameters
from fake_secrets.contract.services.users import Users

__all__ = ["PasswordDatabase"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")


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

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if there is no user or no such driver, if an administrator is no user, or if `delay` is
            negative.
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
        check_users(users, '{"app": "old"}', fits=lambda given: isinstance(given, str))
        check_names("administrators", administrators, "admin")
        check_names("privileges", privileges, "SELECT")
        check_delay(delay)
        for unknown in (one for one in administrators if one not in users):
            msg = f"administrators names {unknown!r}, who is none of the users: {', '.join(users)}"
            raise ValueError(msg)
        self._driver: ModuleType | None = None if driver is None else driver_named(driver)
        self._is_mysql = driver is not None and ("mysql" in driver.lower() or "maria" in driver.lower())
        self._errors = DriverErrors(self._driver, is_mysql=self._is_mysql)
        if errors is None and driver is not None:
            errors = (self._errors.class_named("OperationalError", ConnectionError),)
        names = (replaces,) if isinstance(replaces, str) else tuple(replaces)
        super().__init__(replaces=(*names, f"{driver}.connect") if driver else names, errors=errors)
        self._users = Users(users, privileges, administrators, self._refuse, is_mysql=self._is_mysql)
        # A block of psycopg2 ends a transaction, but not the session.
        self._stays_open = driver is not None and "psycopg2" in driver
        self._uses_libpq = driver in {"psycopg", "psycopg2"}
        # After a statement that fails, a transaction takes no other.
        self._aborts = driver is not None and "pg" in driver
        is_psycopg = driver == "psycopg"
        # What psycopg raises of a session itself.
        self._failure = self._errors.class_named("OperationalError", ConnectionError) if is_psycopg else None
        # It hands parameters to the server, which takes them in questions and changes of tables only.
        self._binds_on_server = is_psycopg
        self._locks = AdvisoryLocks(self._refuse_to_wait)
        self._host = host
        self._delay = delay

    @property
    def stand_in(self) -> Callable[..., Connection]:
        """The function that stands in for the driver's."""
        return self.connect

    def put_in_place(self) -> None:
        """Put the double in place of the driver's ``connect`` and its other names, and of what it quotes with."""
        # Looked up before `connect` is replaced, which is the class of connections in some drivers.
        names = [] if self._driver is None else [*names_of(self._driver, self.stand_in)]
        super().put_in_place()
        from unittest import mock  # noqa: PLC0415 -- as in `patch`

        if self._stays_open and self._driver is not None:
            names += doing_without_a_server(self._driver)
        for owner, name, replacement in names:
            self.use(mock.patch.object(owner, name, replacement))

    # What the function calls.

    def connect(self, conninfo: str | None = "", *args: Any, **options: Any) -> Connection:
        """Log in, as a driver's ``connect`` does.

        Args:
            conninfo: a connection string or URL of PostgreSQL. psycopg2 calls it ``dsn``.
            args: a user and a password, as drivers of MySQL take them after the host, or psycopg2's classes of
                connections and cursors.
            options: the driver's options. Used are ``user``, ``password`` or ``passwd``, ``host``,
                ``autocommit``, and those that tell the kind of rows. psycopg and psycopg2 take what isn't given
                from variables such as ``PGPASSWORD``.

        Raises:
            Exception: the driver's OperationalError, or LoginRefusedError without a driver.
            NotImplementedError: if they name a class of cursors that isn't one of a driver, or a file of libpq's.
        """
        options = options_of(conninfo, args, options, is_mysql=self._is_mysql or self._driver is None)
        if self._uses_libpq:
            options = with_environment(options)
        user, password = options.get("user"), options.get("password", options.get("passwd"))
        self.login(str(user), password, host=options.get("host"))
        return Connection(
            self,
            str(user),
            Login(options, self._driver, self._failure),
            autocommit=bool(options.get("autocommit", False)),
            stays_open=self._stays_open,
            row_factory=factory_in(options),
            binds_on_client=not self._binds_on_server or is_client_cursor(options),
        )

    def login(self, user: str, password: str | None, *, host: str | None = None) -> None:
        """Check a login.

        Raises:
            Exception: the driver's OperationalError, or LoginRefusedError without a driver.
        """
        self.catch_up()
        if self._host is not None and host is not None and host != self._host:
            message = f"could not translate host name {host!r} to address"
            raise self._errors.failed(NO_HOST, message, "OperationalError", ConnectionError)
        if not self._users.is_password(user, password):
            message = f"password authentication failed for user {user!r}"
            if self._uses_libpq and not password:
                message = "fe_sendauth: no password supplied"
            raise self._errors.failed(NO_LOGIN, message, "OperationalError", LoginRefusedError)

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
            UnknownStatementError: a NotImplementedError, if the double doesn't know the statement.
        """
        self.catch_up()
        if connection.is_closed:
            message = "the connection is closed"
            raise self._errors.failed(CLOSED, message, "InterfaceError", StatementRefusedError)
        try:
            return self._executed(connection, statement, parameters)
        except (NotImplementedError, ValueError):
            raise
        except Exception:
            if not connection.commits_each:
                connection.is_in_transaction, connection.has_failed = True, self._aborts
            raise

    def _executed(self, connection: Connection, statement: object, parameters: object) -> list[tuple[Any, ...]]:
        if not connection.binds_on_client and parameters and not takes_parameters(statement):
            self._refuse('syntax error at or near "$1"', SYNTAX)
        try:
            said = parse(statement, parameters, is_mysql=self._is_mysql)
        except BrokenStatementError as error:
            self._refuse(str(error), SYNTAX)
        except UnknownStatementError:
            self._refuse_if_failed(connection)
            raise
        if said.kind == "commit":
            self._end(connection)
        elif said.kind == "rollback":
            connection.rollback()
        elif said.kind == "begin":
            connection.begin()
        elif said.kind == "rollback_to" and said.user is not None:
            if not connection.roll_back_to(said.user):
                self._refuse(f"savepoint {said.user!r} does not exist", NO_SAVEPOINT)
        else:
            self._refuse_if_failed(connection)
            if said.kind == "savepoint" and said.user is not None:
                connection.save(said.user)
            if said.question is not None:
                asked = self._locks.answered(said.question, connection.locks)
                said = dataclasses.replace(said, question=asked)
            rows = self._users.run(said, connection.user, connection.draft)
            connection.is_in_transaction = True
            if connection.commits_each or self._is_mysql:
                self._take(connection)
            return rows
        return []

    def _refuse_if_failed(self, connection: Connection) -> None:
        if connection.has_failed:
            self._refuse(
                "current transaction is aborted, commands ignored until end of transaction block", ABORTED
            )

    def commit(self, connection: Connection) -> None:
        """Make the changes of a session's transaction take effect."""
        self.catch_up()
        self._end(connection)

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
        self._do(Statement("remove", user), by)

    def copy_privileges(self, source: str, target: str, *, by: str | None = None) -> None:
        """Give a user the privileges of another, too. Exceptions are those of `alter_user`."""
        self._do(Statement("copy", target, granted=(source,)), by)

    def has_user(self, user: str) -> bool:
        """Return whether there is a user of that name."""
        self.catch_up()
        return self._users.has(user)

    # What a contract asks.

    def accepts(self, value: Any) -> bool:
        """Return whether the user of a value can log in with its password, and may do what is needed.

        Used are the members ``username`` or ``user``, ``password`` and ``host``. A text is the password of the
        first user.
        """
        self.catch_up()
        user, password, host = self._login_in(value)
        is_here = self._host is None or host is None or host == self._host
        return is_here and self._users.is_password(user, password) and self._users.is_able(user)

    def accepted(self) -> list[Any]:
        """Return all logins that work."""
        self.catch_up()
        return [{"username": user, "password": password} for user, password in self._users.logins]

    def drop(self, value: Any) -> None:
        """Take the password of a value's user away."""
        user, password, _ = self._login_in(value)
        if user is not None and self._users.is_password(user, password):
            self._users.forget(user, password)

    # How it works.

    def _login_in(self, value: Any) -> tuple[str | None, str | None, str | None]:
        if isinstance(value, str | bytes):
            return self._users.first, value if isinstance(value, str) else value.decode(), None
        return text_in(value, "username", "user"), text_in(value, "password"), text_in(value, "host")

    def _do(self, said: Statement, by: str | None) -> None:
        self.catch_up()
        session = Connection(self, by or "")
        self._users.run(said, session.user, session.draft, is_trusted=by is None)
        self._take(session)

    def _end(self, connection: Connection) -> None:
        """Commit a transaction, or roll it back if a statement of it has failed, as PostgreSQL does."""
        if connection.has_failed:
            connection.rollback()
        else:
            self._take(connection)

    def _take(self, connection: Connection) -> None:
        """Make a transaction's changes take effect, now or after the delay."""
        changes = dict(connection.draft)
        connection.rollback()
        if changes:
            self.later(self._delay, lambda: self._users.take(changes))

    def _refuse_to_wait(self) -> NoReturn:
        message = "this would wait for ever: a session that doesn't end holds the advisory lock"
        self._refuse(message, LOCKED)

    def _refuse(self, message: str, why: Refusal) -> NoReturn:
        raise self._errors.refusal(why, message)
