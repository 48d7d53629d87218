"""The users of a password database, and what statements make of them."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NoReturn, Protocol

from fake_secrets import clock
from fake_secrets.contract.services.connection_info import VERSION
from fake_secrets.contract.services.driver_errors import (
    CIRCULAR,
    DENIED,
    DEPENDENT,
    DUPLICATE,
    IN_USE,
    MISSING,
    NO_GRANT,
    NOT_A_TIME,
    UNREADABLE,
    Refusal,
)
from fake_secrets.contract.services.membership import Draft, User, privileges_of, removed, roles_of
from fake_secrets.contract.services.ownership import (
    dependents_of,
    with_defaults,
    without_defaults,
    without_owned,
)
from fake_secrets.contract.services.questions import LISTS, Question, Rows, answer, tables_of
from fake_secrets.contract.services.statements import Statement
from fake_secrets.contract.services.verifiers import StoredPasswords

__all__ = ["Users"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_POSTGRESQL_VERSION, _MYSQL_VERSION = f"PostgreSQL {VERSION} (a fake of fake_secrets)", "8.4.3-fake_secrets"
# What the list of MySQL says of each user.
_COLUMNS = {"HOST": "%", "SSL_TYPE": "", "SSL_CIPHER": b"", "X509_ISSUER": b"", "X509_SUBJECT": b""}
# What users may do to themselves, and what only administrators do.
_OWN = frozenset({"alter", "alter_own", "alter_for"})
_MAKES = frozenset({"create", "create_role"})
_CHANGES = _MAKES | {"copy", "drop", "grant", "grant_role", "remove", "revoke", "revoke_role"}
# What members of a role do to what it owns.
_OWNED = frozenset({"drop_owned", "grant_default", "reassign", "revoke_default"})
# The options with which users may change themselves.
_OWN_OPTIONS = frozenset(
    "ENCRYPTED PASSWORD IDENTIFIED WITH BY REPLACE RETAIN DISCARD # NULL".split()  # noqa: SIM905
)


class _Refuse(Protocol):
    def __call__(self, message: str, why: Refusal) -> NoReturn:
        """Raise the exception of a statement that is refused."""


class Users:
    """The users of a database.

    Args:
        passwords: user to password, at the start.
        privileges: what these users may do. It is what a user needs.
        administrators: who may change others.
        refuse: raises the exception of a statement that is refused.
        is_mysql: whether it is a database of MySQL.
    """

    def __init__(
        self,
        passwords: Mapping[str, str],
        privileges: Collection[str],
        administrators: Collection[str],
        refuse: _Refuse,
        *,
        is_mysql: bool = False,
    ) -> None:
        self._is_mysql = is_mysql
        self._needed = frozenset(privileges)
        self._users = {name: User(password, self._needed) for name, password in passwords.items()}
        self._administrators = frozenset(administrators)
        self._refuse = refuse
        self._stored = StoredPasswords(is_mysql=is_mysql)

    @property
    def first(self) -> str:
        """The name of the first user."""
        return next(iter(self._users))

    @property
    def logins(self) -> list[tuple[str, str]]:
        """The users and passwords that work now."""
        return [
            (name, self._stored.password_of(password, name))
            for name, user in self._users.items()
            for password in user.works
        ]

    def has(self, name: str) -> bool:
        """Return whether there is a user of that name."""
        return name in self._users

    def is_password(self, name: str | None, password: str | None) -> bool:
        """Return whether a password is that of a user."""
        known = self._users.get(name or "")
        return known is not None and any(self._stored.is_password(one, password, str(name)) for one in known.works)

    def is_able(self, name: str | None) -> bool:
        """Return whether a user has the privileges that are needed."""
        known = self._users.get(name or "")
        return known is not None and privileges_of(self._users, str(name)) >= self._needed

    def take(self, changes: Draft) -> None:
        """Take over what a transaction has changed."""
        self._users.update({name: user for name, user in changes.items() if user is not None})
        for name in (name for name, user in changes.items() if user is None):
            self._users.pop(name, None)

    def forget(self, name: str, password: str | None) -> None:
        """Take one of a user's passwords away."""
        known = self._users[name]
        kept = (one for one in (known.password, known.second) if one is not None)
        left = [one for one in kept if not self._stored.is_password(one, password, name)]
        first, second = (*left, None, None)[:2]
        self._users[name] = replace(known, password=first, second=second)

    def run(self, said: Statement, by: str, draft: Draft, *, is_trusted: bool = False) -> list[tuple[Any, ...]]:
        """Do what a statement says. Return its rows.

        Args:
            said: the statement.
            by: who executes it.
            draft: what the transaction has changed before. It gets what the statement changes.
            is_trusted: whether `by` may do everything.

        Raises:
            Exception: if it is refused.
        """
        name = said.user or by
        seen = {**self._users, **draft}
        users = {user: known for user, known in seen.items() if known is not None}
        is_master = is_trusted or by in self._administrators
        if said.kind in _OWN:
            self._allow(by, is_allowed=is_master or (name == by and said.options <= _OWN_OPTIONS))
            if said.is_lenient and name not in users:
                return []
            draft[name] = self._altered(self._existing(users, name), said)
        elif said.kind in _CHANGES:
            self._allow(by, is_allowed=is_master)
            if said.is_lenient and (name in users) == (said.kind in _MAKES):
                return []
            draft.update(self._changed(users, name, said, by))
        elif said.kind in _OWNED:
            draft.update(self._disowned(users, name, said, by, is_master=is_master))
        else:
            return self._look(users, by, said)
        return []

    def _changed(self, users: Mapping[str, User], name: str, said: Statement, by: str) -> Draft:
        """Return what an administrator's statement makes of a user, and of the members of its role."""
        if said.kind in _MAKES:
            if name in users:
                self._refuse(f"role {name!r} already exists", DUPLICATE)
            made = self._granted(users, name, User(None, can_login=said.kind == "create"), said)
            return {name: self._altered(made, said)}
        known = self._existing(users, name)
        if said.kind == "drop" and not self._is_mysql:
            if name == by:
                self._refuse("current user cannot be dropped", IN_USE)
            why = dependents_of(known)
            if why is not None:
                self._refuse(
                    f"role {name!r} cannot be dropped because some objects depend on it: {why}", DEPENDENT
                )
        if said.kind in {"drop", "remove"}:
            left = without_owned(users, name)
            return left | removed({one: left.get(one) or user for one, user in users.items()}, name)
        if said.kind in {"revoke", "revoke_role"}:
            return {name: self._revoked(users, known, said)}
        return {name: self._granted(users, name, known, said)}

    def _disowned(
        self, users: Mapping[str, User], name: str, said: Statement, by: str, *, is_master: bool
    ) -> Draft:
        """Return what a statement makes of what roles own. Their members may execute it, too."""
        whose = {"drop_owned": [name], "reassign": [*said.granted, name]}.get(said.kind, [said.owner or by])
        roles = [by if role in {"CURRENT_USER", "SESSION_USER"} else role for role in whose]
        for role in (*roles, name):
            self._existing(users, role)
        self._allow(by, is_allowed=is_master or roles_of(users, by) >= set(roles))
        if said.kind == "drop_owned":
            return without_owned(users, name)
        if said.kind == "reassign":
            # Nobody owns an object that the double knows.
            return {}
        change = with_defaults if said.kind == "grant_default" else without_defaults
        return change(users, roles[0], name, said.objects, {one.upper() for one in said.granted})

    def _granted(self, users: Mapping[str, User], name: str, known: User, said: Statement) -> User:
        """Return a user with the privileges that a statement grants: by their names, or those of other users."""
        if said.kind == "grant":
            return replace(known, privileges=known.privileges | self._named(said))
        for role in said.granted:
            self._existing(users, role)
            if self._is_mysql or said.kind == "copy":
                known = replace(known, privileges=known.privileges | privileges_of(users, role))
                continue
            if name in roles_of(users, role) or name == role:
                self._refuse(f"role {role!r} is a member of role {name!r}", CIRCULAR)
            known = replace(known, member_of=known.member_of | {role})
        return known

    def _revoked(self, users: Mapping[str, User], known: User, said: Statement) -> User:
        """Return a user without what a statement revokes."""
        if said.kind == "revoke":
            return replace(known, privileges=known.privileges - self._named(said))
        taken = frozenset[str]().union(*(self._existing(users, role).privileges for role in said.granted))
        left = known.privileges - taken if self._is_mysql else known.privileges
        return replace(known, privileges=left, member_of=known.member_of - set(said.granted))

    def _named(self, said: Statement) -> frozenset[str]:
        """Return the privileges that a statement names."""
        names = frozenset(one.upper() for one in said.granted)
        every = {"ALL", "PRIVILEGES"}
        return (names - every) | (self._needed if names & every else frozenset())

    def _altered(self, known: User, said: Statement) -> User:
        """Return a user with the options of a statement."""
        options = said.options
        if "RETAIN" in options:
            known = replace(known, second=known.password)
        if "DISCARD" in options:
            known = replace(known, second=None)
        if said.password is not None or "NULL" in options:
            known = replace(known, password=said.password)
        if said.until is not None:
            known = replace(known, until=self._instant(said.until))
        if options & {"LOGIN", "NOLOGIN", "LOCK", "UNLOCK"}:
            known = replace(known, can_login=not options & {"NOLOGIN", "LOCK"})
        return known

    def _instant(self, text: str) -> float:
        """Return an instant of PostgreSQL in epoch seconds."""
        if text.lower() == "infinity":
            return math.inf
        try:
            found = datetime.datetime.fromisoformat(text)
        except ValueError:
            self._refuse("invalid input syntax for type timestamp with time zone", NOT_A_TIME)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()

    def _look(self, users: Mapping[str, User], by: str, said: Statement) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads."""
        if said.question is not None:
            return self._answer(said.question, users, by)
        if said.kind == "grants":
            name = said.user or by
            grants = [(f"GRANT {self._privileges(users, name)} ON *.* TO '{name}'@'%'",)]
            return Rows(grants, [f"Grants for {name}@%"])
        return []

    def _answer(self, question: Question, users: Mapping[str, User], by: str) -> Rows:
        for table in tables_of(question):
            if table == "MYSQL.USER":
                self._allow(by, UNREADABLE, is_allowed=by in self._administrators)
            elif table not in LISTS:
                may_read = "SELECT" in privileges_of(users, by) or "SELECT" not in self._needed
                self._allow(by, UNREADABLE, is_allowed=may_read)

        def rows_of(table: str) -> list[dict[str, Any]]:
            return [
                {**_COLUMNS, LISTS[table][0]: name, "ROLCANLOGIN": user.can_login}
                for name, user in users.items()
                if user.can_login or table != "PG_USER"
            ]

        said = {
            "user": f"{by}@%" if self._is_mysql else by,
            "session": f"{by}@localhost" if self._is_mysql else by,
            "version": _MYSQL_VERSION if self._is_mysql else _POSTGRESQL_VERSION,
            "now": clock.utc(time.time()),
        }
        return answer(question, rows_of, said, is_mysql=self._is_mysql)

    def _privileges(self, users: Mapping[str, User], name: str) -> str:
        self._existing(users, name, NO_GRANT)
        return ", ".join(sorted(privileges_of(users, name))) or "USAGE"

    def _allow(self, by: str, why: Refusal = DENIED, *, is_allowed: bool) -> None:
        if not is_allowed:
            self._refuse(f"permission denied for user {by!r}", why)

    def _existing(self, users: Mapping[str, User], name: str, why: Refusal = MISSING) -> User:
        if name not in users:
            self._refuse(f"role {name!r} does not exist", why)
        return users[name]
