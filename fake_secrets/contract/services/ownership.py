"""What keeps a role of PostgreSQL from being dropped: privileges, and default privileges. Objects aren't known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from fake_secrets.contract.services.membership import DefaultPrivilege, Draft, User

__all__ = ["dependents_of", "with_defaults", "without_defaults", "without_owned"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_EVERY = frozenset({"ALL", "PRIVILEGES"})


def dependents_of(user: User) -> str | None:
    """Return why a role can't be dropped, or None if it can."""
    if user.privileges:
        return "it has privileges"
    return "it has default privileges" if user.defaults else None


def with_defaults(
    users: Mapping[str, User], owner: str, grantee: str, kind: str, privileges: Collection[str]
) -> Draft:
    """Return what changes if default privileges are granted: both roles depend on them.

    Args:
        users: the users.
        owner: whose objects will have the privileges.
        grantee: who will have them.
        kind: the kind of the objects, such as "TABLES".
        privileges: the privileges.
    """
    more = {DefaultPrivilege(owner, grantee, kind, name) for name in privileges}
    return {name: replace(users[name], defaults=users[name].defaults | more) for name in (owner, grantee)}


def without_defaults(
    users: Mapping[str, User], owner: str, grantee: str, kind: str, privileges: Collection[str]
) -> Draft:
    """Return what changes if default privileges are revoked. Arguments are those of `with_defaults`."""
    revoked = frozenset(
        one
        for one in users[grantee].defaults
        if (one.owner, one.grantee, one.kind) == (owner, grantee, kind)
        and (one.name in privileges or not _EVERY.isdisjoint(privileges))
    )
    return _without(users, revoked)


def without_owned(users: Mapping[str, User], name: str) -> Draft:
    """Return what changes if all is dropped that a role owns, and its privileges are revoked."""
    changed = _without(users, users[name].defaults)
    return {**changed, name: replace(users[name], privileges=frozenset(), defaults=frozenset())}


def _without(users: Mapping[str, User], defaults: frozenset[DefaultPrivilege]) -> Draft:
    """Return what changes if default privileges end."""
    concerned = {name for one in defaults for name in (one.owner, one.grantee) if name in users}
    return {name: replace(users[name], defaults=users[name].defaults - defaults) for name in concerned}
