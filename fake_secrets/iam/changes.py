"""The smallest change of policies that would allow a call which nothing allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fake_secrets.arns import ANY_SUFFIX, SECRET_ARN, SUFFIX, SUFFIX_LENGTH, role_of_session
from fake_secrets.iam.coverage import EVERY_RESOURCE
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layer, Layers, is_federated
from fake_secrets.iam.policy import Statement

__all__ = ["Change", "can_extend", "pattern_of", "smallest_change"]


@dataclass(frozen=True, slots=True)
class Change:
    """A statement that is to be added to a layer.

    Args:
        layer: the layer. If it has no policy yet, the statement makes one.
        statement: the statement, as in a policy's document.
    """

    layer: Layer
    statement: Mapping[str, Any]


def smallest_change(check: Check, caller: Caller, layers: Layers, decision: Decision) -> tuple[Change, ...]:
    """Return what has to be added so that a call is allowed: one statement for each layer that lacks it.

    It allows this action on this resource and nothing else. Of a secret, only the suffix is left open.

    Returns:
        nothing if the call is allowed already, or if no addition can allow it: after a Deny, and for an action
        without a resource that a service calls, because only resource policies allow anything to a service.
    """
    if decision.effect != "implicit_deny" or ("resource" in decision.layers and check.resource == EVERY_RESOURCE):
        return ()
    missing = list(decision.layers)
    if "identity" in missing and is_federated(caller) and layers.session is None:
        # Without a session policy, what the identity policies allow doesn't reach the session.
        missing.append("session")
    return tuple(Change(layer, _statement(check, caller, layer)) for layer in missing)


def can_extend(statement: Statement, element: Literal["Action", "Resource"], change: Change, check: Check) -> bool:
    """Return whether a longer Action or Resource of a statement can replace a change, and allows nothing else.

    A statement allows each of its actions on each of its resources, so its other element must have nothing beyond
    the change. So must the Principal of a resource policy.

    Args:
        statement: an Allow of the change's layer.
        element: the element that gets the action or the resource of the change.
        change: the change.
        check: what is to be allowed.
    """
    actions, resources = statement.actions, statement.resources
    extended, other = (actions, resources) if element == "Action" else (resources, actions)
    if element == "Action":
        wanted = {str(change.statement["Resource"]), check.resource}
        is_narrow = wanted.issuperset(other.values)
    else:
        is_narrow = {check.action.lower()}.issuperset(map(str.lower, other.values))
    if extended.is_negated or other.is_negated or statement.conditions or not is_narrow:
        return False
    principals = change.statement.get("Principal")
    named = statement.principals
    return principals is None or (not named.is_negated and set(named.values) == set(principals.values()))


def pattern_of(resource: str) -> str:
    """Return the pattern for a resource that leaves the suffix of a secret's ARN open."""
    if SECRET_ARN.fullmatch(resource) and SUFFIX.fullmatch(resource[-SUFFIX_LENGTH:]):
        return resource[:-SUFFIX_LENGTH] + ANY_SUFFIX
    return resource


def _statement(check: Check, caller: Caller, layer: Layer) -> Mapping[str, Any]:
    if layer == "resource":
        # A secret's policy is about this secret, whatever its suffix.
        return {
            "Effect": "Allow",
            "Principal": _principal(caller),
            "Action": check.action,
            "Resource": EVERY_RESOURCE,
        }
    return {"Effect": "Allow", "Action": check.action, "Resource": pattern_of(check.resource)}


def _principal(caller: Caller) -> Mapping[str, str]:
    if not caller.arn.startswith("arn:"):
        return {"Service": caller.arn}
    return {"AWS": caller.role or role_of_session(caller.arn) or caller.arn}
