"""The ledger: every call of a world, in order, without secret values."""

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
    """A step of a rotation function. A task that it leaves behind still finds it, when it is over.

    Args:
        name: the step's name.
        deadline: when the function times out, epoch seconds; None if it doesn't.
    """

    __slots__ = ("deadline", "is_over", "name")

    def __init__(self, name: str, deadline: float | None = None) -> None:
        self.name = name
        self.deadline = deadline
        self.is_over = False


# The step that is running here, so that a call knows its caller.
rotation_step: ContextVar[RunningStep | None] = ContextVar("fake_secrets_rotation_step", default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a world answered.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        secret_id: SecretId (CreateSecret: Name) as sent; None where the operation has none.
        outcome: ``succeeded``, or the error code that was answered.
        request: the members as sent; sensitive values read ``***``.
        step: the rotation step that made the call, such as ``createSecret``; None outside.
    """

    operation: str
    secret_id: str | None
    outcome: str
    request: Mapping[str, Any]
    step: str | None


@dataclass(slots=True)
class Entry:
    """What the ledger keeps of one call, or of a change without one: the secret and its labels afterwards."""

    operation: str
    members: Mapping[str, Any]
    outcome: str
    step: str | None
    secret: StoredSecret | None
    labels: Mapping[str, str]
    version_count: int

    @property
    def is_call(self) -> bool:
        """Whether it is a call, and not what became of a secret without one."""
        return not self.operation.startswith("(")


class Ledger:
    """The calls of one world: the latest, up to a number that no test's own calls reach."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0

    @property
    def dropped(self) -> int:
        """How many of the oldest entries are kept no longer."""
        return self._count - len(self._entries)

    def record(self, request: Request, secret: StoredSecret | None, outcome: str) -> None:
        """Record a call after it was answered.

        Args:
            request: the call.
            secret: the secret it was about, if it names one that exists.
            outcome: ``succeeded`` or an error code.
        """
        shape, members = request.shape, request.members
        if shape is not None and not shape.is_plainly_right(members):
            members = redact(shape, members)
        self._enter(request.operation, members, outcome, secret)

    def record_change(self, secret: StoredSecret, what: str) -> None:
        """Record what became of a secret without a call, such as ``seed`` or ``scheduled rotation``."""
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
        """Return the latest secret that had this name or full ARN, deleted or not."""
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
        self._count += 1
        self._entries.append(Entry(operation, members, outcome, step, secret, labels, count))
