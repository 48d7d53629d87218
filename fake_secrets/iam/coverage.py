"""What a statement covers, compiled: its action, its resource and its conditions."""

from __future__ import annotations

from collections.abc import Callable

from fake_secrets.iam.comparisons import Test, test_of
from fake_secrets.iam.elements import Element, Statement
from fake_secrets.iam.patterns import Matcher, matcher_of, matcher_of_pieces
from fake_secrets.iam.variable_patterns import VariablePattern
from fake_secrets.iam.variables import Context, has_variable, parts_of, split_at_colons

__all__ = ["EVERY_RESOURCE", "Rule"]

# The resource of a check whose action has none.
EVERY_RESOURCE = "*"
_Covers = Callable[[str, Context], bool]
# Variables are replaced after so many colons of an ARN.
_COLONS = 5


class Rule:
    """A statement that is ready for decisions.

    Args:
        statement: the statement.
        has_variables: whether the policy's Version makes ``${...}`` a variable.
    """

    __slots__ = ("conditions", "covers_action", "covers_resource", "is_deny", "statement")

    def __init__(self, statement: Statement, *, has_variables: bool) -> None:
        self.statement = statement
        self.is_deny = statement.effect == "Deny"
        self.covers_action = _actions(statement.actions)
        self.covers_resource = _resources(statement.resources, has_variables)
        self.conditions: tuple[Test, ...] = tuple(
            test_of(condition, has_variables=has_variables) for condition in statement.conditions
        )

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Return whether the statement applies to a check, whoever makes it. `action` is in lower case."""
        return (
            self.covers_action(action)
            and self.covers_resource(resource, context)
            # Most statements have no conditions, and a generator takes time.
            and (not self.conditions or all(holds(context) for holds in self.conditions))
        )


def _actions(element: Element) -> Matcher:
    values = [value.lower() for value in element.values]
    return _negated(_any_of(values)) if element.is_negated else _any_of(values)


def _resources(element: Element, has_variables: bool) -> _Covers:
    is_negated = element.is_negated
    # IAM stores no other resource. In a secret's policy, one covers nothing [D].
    values = [value for value in element.values if value == EVERY_RESOURCE or value.startswith("arn:")]
    fixed = [value for value in values if not has_variables or not has_variable(value)]
    variable = [_with_variables(value) for value in values if has_variables and has_variable(value)]
    is_fixed_match = _any_of(fixed)
    covers_everything = EVERY_RESOURCE in fixed

    def covers(resource: str, context: Context) -> bool:
        results = [pattern(resource, context) for pattern in variable]
        # A variable without a value: the statement applies to no resource, with NotResource too [D].
        if is_negated and None in results:
            return False
        if resource == EVERY_RESOURCE:
            return covers_everything is not is_negated
        return (is_fixed_match(resource) or True in results) is not is_negated

    if not variable and not is_negated:
        return lambda resource, _: is_fixed_match(resource) if resource != EVERY_RESOURCE else covers_everything
    return covers


def _with_variables(value: str) -> Callable[[str, Context], bool | None]:
    fields = split_at_colons(value, _COLONS)
    head = "".join(f"{field}:" for field in fields[:_COLONS])
    parts = ((head, True), *parts_of(fields[_COLONS])) if len(fields) > _COLONS else ((value, True),)
    pattern = VariablePattern(parts, matcher_of_pieces)

    def is_match(resource: str, context: Context) -> bool | None:
        matcher = pattern.of(context)
        return None if matcher is None else matcher(resource)

    return is_match


def _any_of(patterns: list[str]) -> Matcher:
    literal = frozenset(pattern for pattern in patterns if "*" not in pattern and "?" not in pattern)
    matchers = [matcher_of(pattern) for pattern in patterns if pattern not in literal]
    if not matchers:
        return literal.__contains__
    if not literal and len(matchers) == 1:
        return matchers[0]
    return lambda text: text in literal or any(is_match(text) for is_match in matchers)


def _negated(is_match: Matcher) -> Matcher:
    return lambda text: not is_match(text)
