"""What a test sees of the calls that a world answered: `Call`."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fake_secrets import clock
from fake_secrets.observe.ledger import Entry, rotation_step
from fake_secrets.service.rules.constraints import redact
from fake_secrets.service.state.model import Request

__all__ = ["Call", "call_of", "calls_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a world answered.

    If a client repeats a call, as botocore does after some errors, each attempt that was answered is a call here.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        secret_id: the SecretId as sent, or the Name of CreateSecret; None if the request has neither.
        outcome: ``succeeded``, or AWS's error code, such as ``ResourceNotFoundException``. A call that
            the fake doesn't support has ``UnsupportedOperationError``.
        request: the members of the request as sent. Sensitive values read ``***``.
        step: the rotation step that made the call, such as ``createSecret``; None for any other call.
        time: when the call was answered, tz-aware UTC.
        attempt: which attempt of its call this is, as sent by the client: 1, 2 and so on.
        principal: the ARN of the caller.
        account_id: the caller's account, twelve digits.
        region: the region that was called.
        rotation: the version id of the rotation whose step made the call; None for any other call.
        fault: what the test has planned for the call, such as a throttled attempt; None if it has
            planned nothing.
    """

    operation: str
    secret_id: str | None
    outcome: str
    request: Mapping[str, Any]
    step: str | None
    time: datetime.datetime
    attempt: int
    principal: str
    account_id: str
    region: str
    rotation: str | None
    fault: str | None


def calls_of(entries: Iterable[Entry]) -> list[Call]:
    """Return the calls among the ledger's entries, in order."""
    return [
        _call(entry.request, entry.members, entry.outcome, entry.step, entry.rotation)
        for entry in entries
        if entry.is_call
    ]


def call_of(request: Request) -> Call:
    """Return an attempt that hasn't been answered yet, as a `Call` with an empty outcome."""
    running = rotation_step.get()
    members = request.members if request.shape is None else redact(request.shape, request.members)
    if running is None or running.is_over:
        return _call(request, members, "", None, None)
    return _call(request, members, "", running.name, running.rotation)


def _call(
    request: Request, members: Mapping[str, Any], outcome: str, step: str | None, rotation: str | None
) -> Call:
    return Call(
        operation=request.operation,
        secret_id=members.get("SecretId", members.get("Name")),
        outcome=outcome,
        request=copy.deepcopy(members),
        step=step,
        time=clock.utc(request.now),
        attempt=request.attempt,
        principal=request.principal,
        account_id=request.account_id,
        region=request.region,
        rotation=rotation,
        fault=request.fault,
    )
