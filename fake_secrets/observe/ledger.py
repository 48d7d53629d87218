"""The ledger: the calls that a world answered, in order, without secret values."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from fake_secrets.service.rules.constraints import redact
from fake_secrets.service.state.events import KEPT
from fake_secrets.service.state.model import Request, StoredSecret

__all__ = ["SEEDED", "SUCCEEDED", "Call", "Entry", "Ledger", "RunningStep", "rotation_step"]

SEEDED = "seeded"
SUCCEEDED = "succeeded"


class RunningStep:
    """A step that a rotation function is running. A task that outlives the step still sees it, marked as over.

    Args:
        name: the step's name.
        deadline: when the function times out, in epoch seconds; None if it never does.
    """

    __slots__ = ("deadline", "is_over", "name")

    def __init__(self, name: str, deadline: float | None = None) -> None:
        self.name = name
        self.deadline = deadline
        self.is_over = False


# The step that is running here. The ledger notes it with each call.
rotation_step: ContextVar[RunningStep | None] = ContextVar("fake_secrets_rotation_step", default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a world answered.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        secret_id: the SecretId as sent, or the Name of CreateSecret; None if the request has neither.
        outcome: ``succeeded``, or AWS's error code, such as ``ResourceNotFoundException``. A call that
            the fake doesn't support has ``UnsupportedOperationError``.
        request: the members of the request as sent. Sensitive values read ``***``.
        step: the rotation step that made the call, such as ``createSecret``; None for any other call.
    """

    operation: str
    secret_id: str | None
    outcome: str
    request: Mapping[str, Any]
    step: str | None


@dataclass(slots=True)
class Entry:
    """What the ledger keeps of one call, or of a change without a call: the secret and its labels afterwards."""

    operation: str
    members: Mapping[str, Any]
    outcome: str
    step: str | None
    secret: StoredSecret | None
    labels: Mapping[str, str]
    version_count: int

    @property
    def is_call(self) -> bool:
        """Whether this is a call, and not a change without a call."""
        return not self.operation.startswith("(")


class Ledger:
    """The latest calls of one world. It keeps more of them than a test makes."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        # How many of the oldest entries are no longer kept.
        self.dropped = 0

    def record(self, request: Request, secret: StoredSecret | None, outcome: str) -> None:
        """Record a call that was answered.

        Args:
            request: the call.
            secret: the secret that the call was about; None if it names no existing secret.
            outcome: ``succeeded`` or an error code.
        """
        shape, members = request.shape, request.members
        if shape is not None and not (request.is_plain or shape.is_plainly_right(members)):
            members = redact(shape, members)
        self._enter(request.operation, members, outcome, secret)

    def record_change(self, secret: StoredSecret, what: str) -> None:
        """Record a change of a secret without a call, such as ``seed`` or ``scheduled rotation``."""
        self._enter(f"({what})", {}, SEEDED if what == "seed" else SUCCEEDED, secret)

    def calls(self) -> list[Call]:
        """Return the calls, in order."""
        return [
            Call(
                operation=entry.operation,
                secret_id=entry.members.get("SecretId", entry.members.get("Name")),
                outcome=entry.outcome,
                request=copy.deepcopy(dict(entry.members)),
                step=entry.step,
            )
            for entry in list(self._entries)
            if entry.is_call
        ]

    def latest(self, secret_id: str) -> StoredSecret | None:
        """Return the latest secret with this name or full ARN, even if it is deleted; None if there is none."""
        secrets = (entry.secret for entry in reversed(list(self._entries)) if entry.secret is not None)
        return next((secret for secret in secrets if secret_id in {secret.name, secret.arn}), None)

    def about(self, secret: StoredSecret) -> list[Entry]:
        """Return the entries about a secret, in order."""
        return [entry for entry in list(self._entries) if entry.secret is secret]

    def _enter(
        self, operation: str, members: Mapping[str, Any], outcome: str, secret: StoredSecret | None
    ) -> None:
        labels: Mapping[str, str] = {} if secret is None else secret.labels
        count = 0 if secret is None else secret.version_count
        running = rotation_step.get()
        step = None if running is None or running.is_over else running.name
        self.dropped += len(self._entries) == KEPT
        self._entries.append(Entry(operation, members, outcome, step, secret, labels, count))
