"""What a policy is, once it is parsed: statements, and what each of them covers."""

from __future__ import annotations

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

    # Not by `cached_property`: before Python 3.12 it has a lock, which another thread may hold during a fork.
    @property
    def rules(self) -> tuple[Rule, ...]:
        """The statements, compiled when the policy first takes part in a decision."""
        rules: tuple[Rule, ...] | None = self.__dict__.get("_rules")
        if rules is None:
            rules = tuple(Rule(statement, has_variables=self.has_variables) for statement in self.statements)
            self.__dict__["_rules"] = rules
        return rules

    @property
    def condition_keys(self) -> frozenset[str]:
        """The keys of all conditions, in lower case."""
        keys: frozenset[str] | None = self.__dict__.get("_condition_keys")
        if keys is None:
            conditions = (condition for statement in self.statements for condition in statement.conditions)
            keys = frozenset(condition.key for condition in conditions)
            self.__dict__["_condition_keys"] = keys
        return keys
