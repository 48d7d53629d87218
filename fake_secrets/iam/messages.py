"""What AWS answers to a caller whose policies don't allow a call."""

from __future__ import annotations

from fake_secrets.arns import role_of_session, session_arn
from fake_secrets.iam.evaluation import Caller, Decision, Layer

__all__ = ["denial"]

# The session of a caller that is known by its role only.
_SESSION_NAME = "fake-secrets"

_DENYING = {
    "identity": "an identity-based policy",
    "resource": "a resource-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
}
_SILENT = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}


def denial(caller: Caller, action: str, resource: str | None, decision: Decision) -> str:
    """Return the message of an AccessDeniedException.

    Args:
        caller: who makes the call.
        action: the action that is denied.
        resource: the resource as AWS shows it; None for an action without a resource.
        decision: the decision. Of several layers, the first is named [D: iam-facts 6].

    Source: rotation-facts 4.4 and iam-facts 6 [C; B for session policies].
    """
    where = "" if resource is None else f" on resource: {resource}"
    return (
        f"User: {_shown(caller)} is not authorized to perform: {action}{where} "
        f"{_reason(action, decision.layers[0], is_explicit=decision.effect == 'explicit_deny')}"
    )


def _reason(action: str, layer: Layer, *, is_explicit: bool) -> str:
    if is_explicit:
        return f"with an explicit deny in {_DENYING[layer]}"
    return f"because no {_SILENT[layer]} allows the {action} action"


def _shown(caller: Caller) -> str:
    """Return the ARN that AWS shows. A role makes no calls itself, only by a session."""
    if caller.role is None or role_of_session(caller.arn) is not None:
        return caller.arn
    return session_arn(caller.arn, _SESSION_NAME)
