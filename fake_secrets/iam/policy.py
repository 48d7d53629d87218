"""What a policy is, once it is parsed: statements, and what each of them covers."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.elements import EVERYBODY, Element, Statement

__all__ = ["EVERYBODY", "Element", "Policy", "Statement"]


@dataclass(frozen=True)
class Policy:
    """A policy of any kind.

    Args:
        statements: its statements, in order.
        name: what messages call it, such as a file's name. Empty for the policy of a secret.
        has_variables: whether its Version makes ``${...}`` a policy variable.
    """

    statements: tuple[Statement, ...]
    name: str = field(default="", compare=False)
    has_variables: bool = False

    @functools.cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The statements, compiled when the policy first takes part in a decision."""
        return tuple(Rule(statement, has_variables=self.has_variables) for statement in self.statements)

    @functools.cached_property
    def condition_keys(self) -> frozenset[str]:
        """The keys of all conditions, in lower case."""
        keys = (condition.key for statement in self.statements for condition in statement.conditions)
        return frozenset(keys)
