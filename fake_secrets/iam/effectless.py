"""What IAM stores though it can't have an effect. It is refused when a policy is loaded: nobody can want it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fake_secrets.errors import PolicyError
from fake_secrets.iam.actions import meant_by
from fake_secrets.iam.comparisons import ARN_FIELDS, is_readable
from fake_secrets.iam.conditions import NEGATIONS, Condition
from fake_secrets.iam.elements import Statement
from fake_secrets.iam.identity_grammar import shortened, titled
from fake_secrets.iam.mistaken import of_leftovers
from fake_secrets.iam.policy import Policy
from fake_secrets.iam.variables import has_variable, is_well_formed, split_at_colons

__all__ = ["check_effects"]

_ACTION = re.compile(r"[A-Za-z0-9*?:-]+", re.ASCII)
_WANTED = {
    "Numeric": "a number",
    "Date": "a date such as 2026-01-31T12:00:00Z or seconds since 1970",
    "Bool": "true or false",
    "Null": "true or false",
    "IpAddress": "an address or a network such as 10.0.0.0/8",
}


def check_effects(policy: Policy) -> None:
    """Refuse a policy that has a part which can't have an effect.

    Raises:
        PolicyError: for the first such part. The message has the policy's name and the statement.
    """
    for statement in policy.statements:
        fault = next(_faults(statement, policy.has_variables), None)
        if fault is not None:
            raise PolicyError(f"{titled(policy.name, statement.number, statement.sid)}: {fault}")


def _faults(statement: Statement, has_variables: bool) -> Iterator[str]:
    for action in statement.actions.values:
        if not _ACTION.fullmatch(action):
            yield f"No action has a name like {shortened(action)!r}."
        elif (meant := meant_by(action)) is not None:
            yield f"There is no action {shortened(action)!r}; did you mean {meant!r}?"
    for resource in statement.resources.values:
        yield from _of_variables("Resource", resource, has_variables)
        if has_variables and any(map(has_variable, split_at_colons(resource, 5)[:5])):
            yield (
                f"Resource {shortened(resource)!r} has a policy variable before its fifth colon, where IAM takes "
                "it for plain text."
            )
    for condition in statement.conditions:
        yield from _of_condition(condition, has_variables)


def _of_condition(condition: Condition, has_variables: bool) -> Iterator[str]:
    base = NEGATIONS.get(condition.operator, condition.operator)
    if condition.operator == "Null" and condition.quantifier:
        outcome = "holds for every request" if condition.quantifier == "ForAllValues" else "never holds"
        yield f"{condition.quantifier}:Null {outcome}. Use Null alone."
    if not condition.values:
        yield f"{condition.operator} has no value for {condition.written_key}."
    for value in condition.values:
        if not is_readable(base, value, has_variables=has_variables):
            wanted = next(wanted for prefix, wanted in _WANTED.items() if base.startswith(prefix))
            yield f"{condition.operator} of {condition.written_key} wants {wanted}, not {shortened(value)!r}."
        # A variable may stand for a whole ARN.
        is_known = not (has_variables and has_variable(value))
        if base.startswith("Arn") and is_known and len(value.split(":", ARN_FIELDS - 1)) != ARN_FIELDS:
            yield (
                f"{condition.operator} of {condition.written_key} compares ARNs field by field, and "
                f"{shortened(value)!r} "
                "isn't an ARN of six fields."
            )
        yield from _of_variables(f"{condition.operator} of {condition.written_key}", value, has_variables)


def _of_variables(where: str, text: str, has_variables: bool) -> Iterator[str]:
    if not has_variable(text):
        return
    leftover = of_leftovers(text)
    if leftover is not None:
        yield f"{where}: {leftover}"
    if not has_variables:
        yield f'{where}: {shortened(text)!r} is plain text without "Version": "2012-10-17", not a policy variable.'
    elif not is_well_formed(text):
        yield (
            f"{where}: the policy variable in {shortened(text)!r} never has a value. With a default, one is "
            "written ${aws:PrincipalTag/team, 'default'}."
        )
