"""The smallest change of policies that would allow a call which nothing allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH, role_of_session
from fake_secrets.iam.coverage import EVERY_RESOURCE
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layer, Layers, is_federated

__all__ = ["Change", "pattern_of", "smallest_change"]


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


def pattern_of(resource: str) -> str:
    """Return the pattern for a resource that leaves the suffix of a secret's ARN open."""
    if SECRET_ARN.fullmatch(resource) and SUFFIX.fullmatch(resource[-SUFFIX_LENGTH:]):
        return f"{resource[:-SUFFIX_LENGTH]}-??????"
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
