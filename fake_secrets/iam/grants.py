"""What a world's principals were given: policies, boundaries, session policies and tags."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

# Few tests give policies, and those modules are slow to import.
if TYPE_CHECKING:
    from fake_secrets.iam.policy import Policy

__all__ = ["Grant", "Grants", "role_of_session"]

# Groups: partition, account, the role's name without its path, the session's name.
_SESSION = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/([^/]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one principal was given.

    Args:
        identity: its identity policies; None if they aren't known, so that they are assumed to allow everything.
        boundary: its permissions boundary, if it has one.
        session: the session policies of its sessions; None if they have none.
        tags: its tags; None if it has none.
        context: condition keys, in lower case, whose values only the test's author knows; None if there are none.
    """

    identity: tuple[Policy, ...] | None = None
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] | None = None
    context: Mapping[str, str | list[str]] | None = None

    def over(self, earlier: Grant) -> Grant:
        """Return this grant, with what an earlier one gives where this one says nothing."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return replace(earlier, **{name: value for name, value in given.items() if value is not None})


_NOTHING = Grant()


class Grants:
    """The grants of one world.

    `given` has those of each principal, the latest last. It is empty if nobody was given anything.
    `consultations` counts the checks for which they were consulted, and `latest` is the principal of the last one.
    """

    def __init__(self) -> None:
        self.given: dict[str, list[Grant]] = {}
        self.consultations = 0
        self.latest = ""
        # How often each principal's grants were consulted.
        self._consulted: Counter[str] = Counter()
        # The ARN of a session has no path; this has the roles that a path is known of, or none.
        self._roles: dict[tuple[str, str], str] = {}

    @contextlib.contextmanager
    def granting(self, principal: str, grant: Grant) -> Iterator[None]:
        """Give a principal something for the length of a `with` block, instead of what it has."""
        self.give(principal, grant)
        try:
            yield
        finally:
            self._take(principal, grant)

    def give(self, principal: str, grant: Grant) -> None:
        """Give a principal something from now on, instead of what it has."""
        self.given.setdefault(_key(principal), []).append(grant)
        self.note_role(principal)

    def has(self, principal: str) -> bool:
        """Return whether a principal was given anything by its own ARN."""
        return _key(principal) in self.given

    def note_role(self, arn: str) -> None:
        """Remember the path of a role, which the ARNs of its sessions don't have."""
        *_, account_id, resource = arn.split(":", 5)
        if resource.startswith("role/"):
            self._roles[account_id, resource.rpartition("/")[2]] = arn

    def role_of(self, principal: str) -> str | None:
        """Return the ARN of the role whose session a principal is; None if it is no session of a role."""
        session = _SESSION.fullmatch(principal)
        if session is not None:
            return self._roles.get((session[2], session[3])) or role_of_session(principal)
        return principal if ":role/" in principal else None

    def of(self, principal: str, role: str | None) -> Grant:
        """Return what a principal was given last: by its own ARN, or else as a session of a role.

        Args:
            principal: the ARN of the principal.
            role: the ARN of the role whose session it is, if it is one.
        """
        given = self.given.get(_key(principal)) or (role and self.given.get(_key(role)))
        return given[-1] if given else _NOTHING

    def consult(self, principal: str, role: str | None) -> Grant:
        """Return what a principal was given last, to decide about its call; see `of`."""
        grant = self.of(principal, role)
        self.consultations += 1
        self.latest = principal
        self._consulted.update({_key(principal), _key(role or principal)})
        return grant

    def times_consulted(self, principal: str) -> int:
        """Return how often it was looked up what a principal, or a session of this role, was given."""
        return self._consulted[_key(principal)]

    def _take(self, principal: str, grant: Grant) -> None:
        key = _key(principal)
        given = [other for other in self.given.get(key, ()) if other is not grant]
        if given:
            self.given[key] = given
        else:
            self.given.pop(key, None)


def role_of_session(arn: str) -> str | None:
    """Return the ARN of a session's role, without its path; None if `arn` isn't the ARN of a role's session."""
    session = _SESSION.fullmatch(arn)
    return None if session is None else f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def _key(principal: str) -> str:
    """Return an ARN without its partition: a world has one, whatever region a call goes to."""
    return principal.split(":", 2)[2]
