"""The elements of a policy, once it is parsed: a statement, and what it covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fake_secrets.iam.conditions import Condition

__all__ = ["EVERYBODY", "Element", "Statement"]


@dataclass(frozen=True, slots=True)
class Element:
    """The Principal, Action or Resource of a statement. The Not forms are negated."""

    values: tuple[str, ...]
    is_negated: bool = False

    def covers(self, is_match: Callable[[str], bool]) -> bool:
        """Return whether any value matches, or for a negated element, whether none does."""
        return any(map(is_match, self.values)) is not self.is_negated


# The principals of a statement of an identity policy, which applies to whoever has the policy.
EVERYBODY = Element(("*",))


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    `principals` has principals of IAM and services. `number` counts the statements of the policy from 1.
    """

    sid: str
    effect: str
    principals: Element
    actions: Element
    resources: Element
    conditions: tuple[Condition, ...]
    number: int = 1
