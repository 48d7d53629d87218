"""Advice for the author of a test: where to find what AWS, and so the fake, says it doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_secrets.hook.requests import REQUEST_ARGUMENTS

if TYPE_CHECKING:
    from fake_secrets.hook.answers import Target

__all__ = ["advise"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def advise(error: Exception, call: Target, args: Any) -> None:
    """Add a note to a refusal that tells the author of the test where the secret or function is."""
    operation, members = args if len(args) == REQUEST_ARGUMENTS else ("", {})
    # Each copy of botocore has a ClientError of its own.
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    note = None
    if code == "ResourceNotFoundException":
        note = _other_place(members.get("SecretId"), call)
    elif code == "AccessDeniedException" and operation == "RotateSecret":
        note = call.world.functions.why_unknown(members.get("RotationLambdaARN"))
    if note:
        error.add_note(f"fake_secrets: {note}")


def _other_place(secret_id: object, call: Target) -> str | None:
    places = call.world.contents.places_of(secret_id) if isinstance(secret_id, str) else []
    asked = (call.world.principals.caller(call.identity, call.partition).account_id, call.region)
    if not places or asked in places:
        return None
    listed = " and ".join(
        region if account_id == asked[0] else f"{region} of account {account_id} (use its ARN)"
        for account_id, region in sorted(places)
    )
    return f"{secret_id!r} is in {listed}; this client calls {call.region}"
