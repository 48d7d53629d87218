"""What a world's principals were given: policies, boundaries, session policies and tags."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from fake_secrets.arns import role_of_session
from fake_secrets.slotted import slotted

# Few tests give policies, and those modules are slow to import.
if TYPE_CHECKING:
    from fake_secrets.iam.policy import Policy

__all__ = ["Grant", "Grants"]


@slotted
class Grant:
    """What one principal was given. None stands for what nothing was said of.

    Args:
        identity: its identity policies. If they aren't known, they are assumed to allow everything.
        boundary: its permissions boundary.
        session: the session policies of its sessions.
        tags: its tags.
        context: condition keys, in lower case, whose values only the test's author knows.
    """

    identity: tuple[Policy, ...] | None = None
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] | None = None
    context: Mapping[str, str | list[str]] | None = None

    def over(self, other: Grant) -> Grant:
        """Return this grant, with what another one gives where this one says nothing."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in given.items() if value is not None})


_NOTHING = Grant()


@slotted
class _Given:
    """A grant, with the ARN that it was given to. The ARN of a role's session doesn't have the role's path."""

    arn: str
    grant: Grant


class Grants:
    """The grants of one world.

    A principal has what was given to it for good, and over that what each block gives that was entered and isn't
    left yet. A session of a role has what it was given itself over what its role was given.

    Args:
        lock: the lock of the world.

    `is_empty` is true if nobody was given anything. `consultations` counts the checks for which the grants were
    consulted, and `latest` is the principal of the last one.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._for_good: dict[str, _Given] = {}
        self._in_blocks: dict[str, tuple[_Given, ...]] = {}
        # The roles of functions, whose paths are known although they were given nothing.
        self._roles: dict[str, str] = {}
        self.is_empty = True
        self.consultations = 0
        self.latest = ""
        self._consulted: Counter[str] = Counter()

    @contextlib.contextmanager
    def granting(self, principal: str, grant: Grant) -> Iterator[None]:
        """Give a principal something for the length of a `with` block, over what it has."""
        given, key = _Given(principal, grant), _key(principal)
        with self._lock:
            self._in_blocks[key] = (*self._in_blocks.get(key, ()), given)
            self.is_empty = False
        try:
            yield
        finally:
            with self._lock:
                rest = tuple(other for other in self._in_blocks[key] if other is not given)
                if rest:
                    self._in_blocks[key] = rest
                else:
                    del self._in_blocks[key]
                self.is_empty = not (self._in_blocks or self._for_good)

    def give(self, principal: str, grant: Grant) -> None:
        """Give a principal something for good, instead of what it was given for good before."""
        with self._lock:
            self._for_good[_key(principal)] = _Given(principal, grant)
            self.is_empty = False

    def given_for_good(self, principal: str) -> Grant | None:
        """Return what a principal was given for good; None if it was given nothing."""
        given = self._for_good.get(_key(principal))
        return None if given is None else given.grant

    def note_role(self, arn: str) -> None:
        """Remember the path of the role of a function."""
        self._roles[_key(arn)] = arn

    def has(self, principal: str) -> bool:
        """Return whether a principal was given anything by its own ARN."""
        key = _key(principal)
        return key in self._in_blocks or key in self._for_good

    def role_of(self, principal: str) -> str | None:
        """Return the ARN of the role whose session a principal is; None if it is no session of a role."""
        role = role_of_session(principal)
        if role is None:
            return principal if ":role/" in principal else None
        key = _key(role)
        known = [*self._in_blocks.get(key, ())[-1:], *filter(None, [self._for_good.get(key)])]
        return known[0].arn if known else self._roles.get(key, role)

    def of(self, principal: str, role: str | None) -> Grant:
        """Return what a principal has: what it was given itself, over what its role was given.

        Args:
            principal: the ARN of the principal.
            role: the ARN of the role whose session it is, if it is one.
        """
        own = self._of_key(_key(principal))
        return own if role is None or role == principal else own.over(self._of_key(_key(role)))

    def consult(self, principal: str, role: str | None) -> Grant:
        """Return what a principal has, to decide about its call; see `of`."""
        self.consultations += 1
        self.latest = principal
        self._consulted.update({_key(principal), _key(role or principal)})
        return self.of(principal, role)

    def times_consulted(self, principal: str) -> int:
        """Return how often it was looked up what a principal, or a session of this role, has."""
        return self._consulted[_key(principal)]

    def _of_key(self, key: str) -> Grant:
        given = self._for_good.get(key)
        grant = _NOTHING if given is None else given.grant
        for block in self._in_blocks.get(key, ()):
            grant = block.grant.over(grant)
        return grant


def _key(principal: str) -> str:
    """Return what identifies a principal: its account, kind and name.

    The partition isn't part of it, because a world has one, whatever region a call goes to. Neither is the path:
    the names of roles and of users are unique in an account [B: IAM].
    """
    _, _, service, _, account, resource = principal.split(":", 5)
    kind, _, name = resource.partition("/")
    return f"{account}:{kind}/{name.rpartition('/')[2] if service == 'iam' else name}"
