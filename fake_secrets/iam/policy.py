"""What a policy is, once it is parsed: statements, and what each of them covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fake_secrets.iam.conditions import Condition

__all__ = ["EVERYBODY", "Element", "Policy", "Statement"]


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

    `principals` has IAM principals only, because no other kind of principal makes calls here. `number` counts the
    statements of the policy from 1.
    """

    sid: str
    effect: str
    principals: Element
    actions: Element
    resources: Element
    conditions: tuple[Condition, ...]
    number: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of any kind.

    Args:
        statements: its statements, in order.
        name: what messages call it, such as a file's name. Empty for the policy of a secret.
        has_variables: whether its Version makes ``${...}`` a policy variable.

    `condition_keys` are the keys of all its conditions, in lower case.
    """

    statements: tuple[Statement, ...]
    name: str = field(default="", compare=False)
    has_variables: bool = False
    condition_keys: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        keys = (condition.key for statement in self.statements for condition in statement.conditions)
        object.__setattr__(self, "condition_keys", frozenset(keys))
