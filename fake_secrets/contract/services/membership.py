"""A user of the password database, and what its roles let it do."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["DefaultPrivilege", "Draft", "User", "privileges_of", "removed", "roles_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class DefaultPrivilege:
    """A privilege on the objects that a role of PostgreSQL will make.

    Args:
        owner: the role.
        grantee: who will have the privilege.
        kind: the kind of the objects, such as "TABLES".
        name: the privilege, such as "SELECT".
    """

    owner: str
    grantee: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user.

    Args:
        password: the password; None for a user who can't log in.
        privileges: what the user may do.
        second: another password, which MySQL keeps on request.
        can_login: whether the user may log in at all.
        until: when the password expires, in epoch seconds.
        member_of: the roles of PostgreSQL whose privileges the user has, too.
        defaults: the default privileges that depend on the user, as an owner or a grantee.
    """

    password: str | None = field(repr=False)
    privileges: frozenset[str] = frozenset()
    second: str | None = field(default=None, repr=False)
    can_login: bool = True
    until: float = math.inf
    member_of: frozenset[str] = frozenset()
    defaults: frozenset[DefaultPrivilege] = frozenset()

    @property
    def works(self) -> tuple[str, ...]:
        """The passwords that work now."""
        if not self.can_login or time.time() >= self.until:
            return ()
        return tuple(one for one in (self.password, self.second) if one is not None)


# The users that a transaction has changed, with None for those that it has removed.
Draft = dict[str, User | None]


def roles_of(users: Mapping[str, User], name: str) -> frozenset[str]:
    """Return the name of a user, and of the roles that it is a member of, by way of others, too."""
    found, ahead = set[str](), [name]
    while ahead:
        one = ahead.pop()
        if one in users and one not in found:
            found.add(one)
            ahead += users[one].member_of
    return frozenset(found)


def privileges_of(users: Mapping[str, User], name: str) -> frozenset[str]:
    """Return what a user may do: by itself, or as a member of a role."""
    return frozenset[str]().union(*(users[one].privileges for one in roles_of(users, name)))


def removed(users: Mapping[str, User], name: str) -> Draft:
    """Return what changes if a user is removed: nobody is a member of it any more."""
    members = {one: user for one, user in users.items() if name in user.member_of}
    left = {one: replace(user, member_of=user.member_of - {name}) for one, user in members.items()}
    return {**left, name: None}
