"""Near misses: the statements that nearly allow a call, and what keeps each from it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.iam.coverage import EVERY_RESOURCE, Rule
from fake_secrets.iam.evaluation import Caller, Check
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.iam.naming import naming_of
from fake_secrets.iam.patterns import is_like
from fake_secrets.iam.policy import Policy, Statement
from fake_secrets.iam.reasons import why_it_fails, why_not_covered
from fake_secrets.suggestions import similar

__all__ = ["NearMiss", "near_misses"]

_SHOWN = 2
_LOOKED_AT = 1000
_DIFFERENCE = 2
_ACTIONS_SHOWN = 3
# Comparing takes microseconds a name. GetSecretValue resembles PutSecretValue by 0.86.
_COMPARED = 20
_CUTOFF = 0.9


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A statement that nearly allows a call.

    Args:
        policy: its policy.
        statement: the statement.
        element: the element that keeps it from allowing the call.
        reason: why, as the rest of a sentence that begins with the statement.
        distance: how far it is from allowing the call. The nearest is 0.
    """

    policy: Policy
    statement: Statement
    element: Literal["Condition", "Principal", "Resource", "Action"]
    reason: str
    distance: int


def near_misses(check: Check, caller: Caller, policies: Sequence[Policy]) -> list[NearMiss]:
    """Return at most two statements that nearly allow a call, the nearest first.

    Only the first thousand statements are looked at. One that is much farther than the nearest is left out.
    """
    rules = ((policy, rule) for policy in policies for rule in policy.rules if not rule.is_deny)
    looked_at = (_miss(check, caller, policy, rule) for policy, rule in itertools.islice(rules, _LOOKED_AT))
    found = (miss for miss in looked_at if miss is not None)
    few = heapq.nsmallest(_SHOWN, found, key=lambda miss: miss.distance)
    return [miss for miss in few if miss.distance - few[0].distance <= _DIFFERENCE]


def _miss(check: Check, caller: Caller, policy: Policy, rule: Rule) -> NearMiss | None:
    """Return how a statement that doesn't apply nearly does, or None if it is about something else."""
    statement = rule.statement
    has_action = rule.covers_action(check.action.lower())
    has_resource = rule.covers_resource(check.resource, check.context)
    is_named = naming_of(statement.principals, caller) is not None
    if has_action and has_resource:
        return _of_condition(check, policy, rule) if is_named else _of_principal(caller, policy, statement)
    if has_action and is_named:
        return _of_resource(check, policy, statement)
    if has_resource and is_named and _may_be_meant(statement, check.action):
        is_excluded = statement.actions.is_negated
        slip = None if is_excluded else _slip_of_service(statement, check.action)
        why = "its NotAction excludes it" if is_excluded else f"its Action is {_named_actions(statement)}"
        if slip is not None:
            why = f"its Action {shortened(slip)!r} should begin with {check.action.partition(':')[0]!r}"
        return NearMiss(policy, statement, "Action", f"covers the resource, but {why}", 6)
    return None


def _of_condition(check: Check, policy: Policy, rule: Rule) -> NearMiss | None:
    conditions = zip(rule.statement.conditions, rule.conditions, strict=True)
    failing = [condition for condition, holds in conditions if not holds(check.context)]
    if not failing:
        return None
    why = why_it_fails(failing[0], check.context, has_variables=policy.has_variables)
    others = f", and {len(failing) - 1} more of its conditions don't hold" if len(failing) > 1 else ""
    return NearMiss(policy, rule.statement, "Condition", f"allows the call, except that {why}{others}", 0)


def _of_principal(caller: Caller, policy: Policy, statement: Statement) -> NearMiss:
    excludes = "names it as NotPrincipal" if statement.principals.is_negated else f"doesn't name {caller.arn}"
    return NearMiss(policy, statement, "Principal", f"allows the call, but {excludes}", 1)


def _of_resource(check: Check, policy: Policy, statement: Statement) -> NearMiss:
    if statement.resources.is_negated:
        return NearMiss(policy, statement, "Resource", "allows the action, but its NotResource excludes it", 3)
    reason = why_not_covered(
        "Resource",
        statement.resources.values,
        check.resource,
        check.context,
        has_variables=policy.has_variables,
    )
    distance = 2 if reason.is_near else 5
    return NearMiss(policy, statement, "Resource", f"allows the action, but {reason.text}", distance)


def _may_be_meant(statement: Statement, action: str) -> bool:
    """Return whether a statement about other actions is likely about this one: by its resource, or by a slip."""
    if statement.actions.is_negated:
        return True
    if _slip_of_service(statement, action) is not None:
        return True
    service, _, name = action.lower().partition(":")
    names = [value.lower().partition(":") for value in statement.actions.values[:_COMPARED]]
    of_service = [other for prefix, _, other in names if prefix == service]
    if EVERY_RESOURCE not in statement.resources.values:
        return bool(of_service)
    is_part = any(other and (name.startswith(other) or other.startswith(name)) for other in of_service)
    return is_part or bool(similar(name, of_service, 1, _CUTOFF))


def _slip_of_service(statement: Statement, action: str) -> str | None:
    """Return which action of a statement would cover another one if its service weren't misspelt."""
    service, _, name = action.lower().partition(":")
    for value in statement.actions.values[:_COMPARED]:
        other, _, pattern = value.lower().partition(":")
        if other != service and is_like(name, pattern) and similar(other, [service], 1):
            return value
    return None


def _named_actions(statement: Statement) -> str:
    values = statement.actions.values
    more = f" and {len(values) - _ACTIONS_SHOWN} more" if len(values) > _ACTIONS_SHOWN else ""
    return ", ".join(repr(shortened(value)) for value in values[:_ACTIONS_SHOWN]) + more
