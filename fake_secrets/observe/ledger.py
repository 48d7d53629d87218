"""The ledger: the calls that a world answered, in order, without secret values."""

from __future__ import annotations

import copy
import itertools
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from fake_secrets.service.rules.constraints import redact
from fake_secrets.service.state.events import KEPT
from fake_secrets.service.state.model import Request, StoredSecret

__all__ = ["SEEDED", "SUCCEEDED", "Call", "Entry", "Ledger", "RunningStep", "call_of", "rotation_step"]

SEEDED = "seeded"
SUCCEEDED = "succeeded"

# How many entries are looked at for every secret that isn't found.
_RECENT = 1000

# What the operation of an entry begins with if it is no call.
_NO_CALL = frozenset("(\N{EM DASH}")


class RunningStep:
    """A step that a rotation function is running. A task that outlives the step still sees it, marked as over.

    Args:
        name: the step's name.
        deadline: when the function times out, in epoch seconds; None if it never does.
        is_recorded: whether the function's errors are recorded, so that any exception may be its death.

    `death` is the exception that has killed the function, if one has. `entries` has what the ledger has
    recorded of the step.
    """

    __slots__ = ("_outer", "deadline", "death", "entries", "is_over", "is_recorded", "name")

    def __init__(self, name: str | None, deadline: float | None = None, *, is_recorded: bool = False) -> None:
        self.name = name
        self.deadline = deadline
        self.is_recorded = is_recorded
        self.is_over = False
        self.death: BaseException | None = None
        self.entries: list[Entry] = []
        self._outer: RunningStep | None = None

    def __enter__(self) -> None:
        """Begin the step here."""
        self._outer = rotation_step.get()
        rotation_step.set(self)

    def __exit__(self, *exception: object) -> None:
        """End the step."""
        self.is_over = True
        rotation_step.set(self._outer)

    def result_of(self, result: object) -> object:
        """Return the function's result, unless the function is dead.

        Raises:
            BaseException: what has killed the function, which went on nevertheless.
        """
        if self.death is not None:
            raise self.death
        return result


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
        return self.operation[0] not in _NO_CALL


def call_of(request: Request) -> Call:
    """Return an attempt that hasn't been answered yet, as a `Call` with an empty outcome."""
    running = rotation_step.get()
    members = request.members if request.shape is None else redact(request.shape, request.members)
    return Call(
        operation=request.operation,
        secret_id=request.members.get("SecretId", request.members.get("Name")),
        outcome="",
        request=copy.deepcopy(members),
        step=None if running is None or running.is_over else running.name,
    )


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

    def record_attempt(self, secret: StoredSecret, number: int) -> None:
        """Record that another attempt of a rotation begins."""
        self._enter(f"\N{EM DASH} attempt {number} \N{EM DASH}", {}, SUCCEEDED, secret)

    def record_delivery(self, secret: StoredSecret, step: str) -> None:
        """Record that a test delivers a step of a rotation by hand."""
        self._enter(f"\N{EM DASH} {step} by hand \N{EM DASH}", {}, SUCCEEDED, secret)

    def record_step(self, secret: StoredSecret, failure: BaseException | None) -> None:
        """Record the end of the running step, if its calls don't show it.

        Args:
            secret: the secret that is rotated.
            failure: the exception that failed the step; None if it passed.
        """
        running = rotation_step.get()
        if failure is not None:
            self._enter("(failed)", {}, type(failure).__name__, secret)
        elif running is not None and not any(entry.is_call for entry in running.entries):
            self._enter("(no call)", {}, SUCCEEDED, secret)

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

    @property
    def count(self) -> int:
        """How many entries there have ever been."""
        return self.dropped + len(self._entries)

    def entries(self, since: int = 0) -> list[Entry]:
        """Return the entries that are still kept, in order, from a `count` on."""
        return list(self._entries)[max(0, since - self.dropped) :]

    def latest(self, secret_id: str) -> StoredSecret | None:
        """Return the latest secret with this name or full ARN, even if it is deleted; None if there is none."""
        secrets = (entry.secret for entry in reversed(list(self._entries)) if entry.secret is not None)
        return next((secret for secret in secrets if secret_id in {secret.name, secret.arn}), None)

    def recent(self, secret_id: str, there: tuple[str, str]) -> StoredSecret | None:
        """Return the latest secret with this name or full ARN among the latest thousand entries, or None.

        The caller holds the world's lock.

        Args:
            secret_id: the name or full ARN.
            there: the secret's account and region.
        """
        for entry in itertools.islice(reversed(self._entries), _RECENT):
            secret = entry.secret
            if (
                secret is not None
                and secret_id in {secret.name, secret.arn}
                and there == (secret.account_id, secret.region)
            ):
                return secret
        return None

    def about(self, secret: StoredSecret) -> list[Entry]:
        """Return the entries about a secret, in order."""
        return [entry for entry in list(self._entries) if entry.secret is secret]

    def _enter(
        self, operation: str, members: Mapping[str, Any], outcome: str, secret: StoredSecret | None
    ) -> None:
        labels: Mapping[str, str] = {} if secret is None else secret.labels
        count = 0 if secret is None else secret.version_count
        running = rotation_step.get()
        if running is not None and running.is_over:
            running = None
        step = None if running is None else running.name
        entry = Entry(operation, members, outcome, step, secret, labels, count)
        if len(self._entries) == KEPT:
            self.dropped += 1
        self._entries.append(entry)
        if running is not None:
            running.entries.append(entry)
