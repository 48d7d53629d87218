"""Advice for the author of a test: notes on what AWS, and so the fake, refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_secrets.errors import refusal_in
from fake_secrets.hook.requests import REQUEST_ARGUMENTS

if TYPE_CHECKING:
    from fake_secrets.hook.answers import Target

__all__ = ["advise", "advise_on_parts"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def advise(error: Exception, call: Target, args: Any) -> None:
    """Add a note to a refusal that helps the author of the test."""
    if call.world.served_at is not None:
        # This is a fork, and its parent knows why.
        return
    from fake_secrets.hook.misses import why_missed  # noqa: PLC0415 -- many processes see no refusal
    from fake_secrets.hook.refusals import Refused, note_on  # noqa: PLC0415

    operation, members = args if len(args) == REQUEST_ARGUMENTS else ("", {})
    said = refusal_in(error)
    code, message = said.get("Code"), said.get("Message")
    note = denial = None
    if code == "ResourceNotFoundException":
        note = why_missed(members.get("SecretId"), call)
    elif code == "AccessDeniedException":
        note = denial = call.world.rulings.why_denied(call.request_id)
        if note is None and operation == "RotateSecret":
            note = call.world.functions.why_unknown(members.get("RotationLambdaARN"))
    if note is None and isinstance(code, str) and isinstance(message, str) and isinstance(members, dict):
        note = note_on(Refused(call.world, _caller_of(call), operation, members, code, message))
    if note:
        error.add_note(f"fake_secrets: {note}")
        # A report of the test has it too, because tests catch errors. It has the denials anyway.
        if denial is None:
            call.world.ledger.add_note(call.request_id, note)


def advise_on_parts(errors: object, call: Target) -> None:
    """Keep notes on the errors in an answer, for the report of the test: those of BatchGetSecretValue.

    Args:
        errors: the member `Errors` of the answer.
        call: the call.
    """
    parts = [part for part in errors if isinstance(part, dict)] if isinstance(errors, list) else []
    if not parts or call.world.served_at is not None:
        return
    from fake_secrets.hook.misses import why_missed  # noqa: PLC0415 -- as above

    for part in parts:
        is_missing = part.get("ErrorCode") == "ResourceNotFoundException"
        note = why_missed(part.get("SecretId"), call) if is_missing else None
        if note is not None:
            call.world.ledger.add_note(call.request_id, note)


def _caller_of(call: Target) -> tuple[str, str]:
    """Return the account that calls and the region that it calls."""
    return call.world.principals.caller(call.identity, call.partition).account_id, call.region
