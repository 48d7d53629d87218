"""Near misses: the statements that nearly allow a call, and what keeps each from it."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.evaluation import Caller, Check
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.iam.naming import naming_of
from fake_secrets.iam.policy import Policy, Statement
from fake_secrets.iam.reasons import why_it_fails, why_not_covered

__all__ = ["NearMiss", "near_misses"]

_SHOWN = 2
_ACTIONS_SHOWN = 3


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
    """Return at most two statements that nearly allow a call, the nearest first."""
    found = (
        miss
        for policy in policies
        for rule in policy.rules
        if not rule.is_deny and (miss := _miss(check, caller, policy, rule)) is not None
    )
    return heapq.nsmallest(_SHOWN, found, key=lambda miss: miss.distance)


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
    if has_resource and is_named and _is_about_same_service(statement, check.action):
        is_excluded = statement.actions.is_negated
        why = "its NotAction excludes it" if is_excluded else f"its Action is {_named_actions(statement)}"
        return NearMiss(policy, statement, "Action", f"covers the resource, but {why}", 4)
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


def _is_about_same_service(statement: Statement, action: str) -> bool:
    service = action.partition(":")[0].lower()
    return any(value.lower().startswith(f"{service}:") for value in statement.actions.values)


def _named_actions(statement: Statement) -> str:
    values = statement.actions.values
    more = f" and {len(values) - _ACTIONS_SHOWN} more" if len(values) > _ACTIONS_SHOWN else ""
    return ", ".join(repr(shortened(value)) for value in values[:_ACTIONS_SHOWN]) + more
