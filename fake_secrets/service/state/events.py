"""What happens in the service besides the answers to calls: what CloudTrail and EventBridge tell."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.service.rules.stages import AWSPENDING, AWSPREVIOUS
from fake_secrets.service.state.model import StoredSecret

__all__ = [
    "KEPT",
    "LABEL_UPDATED",
    "EventLog",
    "ServiceEvent",
    "label_events",
    "rotation_event",
    "version_events",
]

# How much of what happened a world keeps: of events, of calls, of rotations.
KEPT = 100_000

LABEL_UPDATED = "Secret Label Updated"

_UNTOLD_LABELS = frozenset({AWSPENDING, AWSPREVIOUS})


@dataclass(slots=True)
class ServiceEvent:
    """One event.

    Args:
        name: what happened.
        secret: to which secret.
        time: when, epoch seconds.
        version_id: to which version: of a rotation it is the token.
        detail: the error message of a failure; the label that was updated.
    """

    name: str
    secret: StoredSecret
    time: float
    version_id: str
    detail: str | None = None


class EventLog:
    """What happened, in order: the latest, up to a number that no test reaches by itself."""

    def __init__(self) -> None:
        self._events: deque[ServiceEvent] = deque(maxlen=KEPT)
        self.count = 0

    def __getitem__(self, number: int) -> ServiceEvent:
        """Return the event of a number, counted from 0, which is kept still."""
        return self._events[number - self.dropped]

    @property
    def dropped(self) -> int:
        """How many of the oldest are kept no longer."""
        return self.count - len(self._events)

    def add(self, events: Sequence[ServiceEvent]) -> None:
        """Add what has happened, in order."""
        self.count += len(events)
        self._events.extend(events)

    def numbered(self) -> list[tuple[int, ServiceEvent]]:
        """Return the events that are kept, with their numbers."""
        return list(enumerate(list(self._events), self.dropped))


def rotation_event(
    what: Literal["Started", "Succeeded", "Failed", "Abandoned"],
    secret: StoredSecret,
    token: str,
    now: float,
    *,
    is_test: bool = False,
    message: str | None = None,
) -> ServiceEvent:
    """Return the event of a rotation, or of a trial of its function.

    Source: rotation-facts 3.3 [A, B].
    """
    return ServiceEvent(f"{'Test' if is_test else ''}Rotation{what}", secret, now, token, message)


def version_events(
    name: Literal["StartSecretVersionDelete", "CancelSecretVersionDelete", "EndSecretVersionDelete"],
    secret: StoredSecret,
    now: float,
) -> list[ServiceEvent]:
    """Return the events of a secret's deletion, one for each version.

    Source: rotation-facts 3.3 [B]: that a deletion starts with DeleteSecret, is cancelled with
        RestoreSecret, and ends when the secret is gone for good [D].
    """
    return [ServiceEvent(name, secret, now, version_id) for version_id in secret.versions]


def label_events(secret: StoredSecret, now: float) -> list[ServiceEvent]:
    """Return an event for each staging label that has come to a version since the last time.

    Source: rotation-facts 3.3: all labels but AWSPENDING and AWSPREVIOUS [B], on creation too [C];
        that a label which only goes isn't told [D].
    """
    before, secret.announced = secret.announced, secret.labels
    return [
        ServiceEvent(LABEL_UPDATED, secret, now, version_id, label)
        for label, version_id in secret.labels.items()
        if before.get(label) != version_id and label not in _UNTOLD_LABELS
    ]
