"""Events of rotations, deletions and labels, as CloudTrail and EventBridge deliver them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from fake_secrets.service.rules.stages import AWSPENDING, AWSPREVIOUS
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.slotted import slotted

__all__ = [
    "KEPT",
    "LABEL_UPDATED",
    "EventLog",
    "ServiceEvent",
    "label_events",
    "rotation_event",
    "version_events",
]

# A world keeps this many events, this many calls and this many rotations.
KEPT = 100_000

LABEL_UPDATED = "Secret Label Updated"

_UNTOLD_LABELS = frozenset({AWSPENDING, AWSPREVIOUS})


@slotted
class ServiceEvent:
    """One event.

    Args:
        name: the event's name.
        secret: the secret that it happened to.
        time: when it happened, epoch seconds.
        version_id: the version that it happened to. A rotation's version id is its token.
        detail: the error message of a failure, or the label that was updated.
    """

    name: str
    secret: StoredSecret
    time: float
    version_id: str
    detail: str | None = None


class EventLog:
    """The events in order. Only the last `KEPT` are kept; few tests have so many."""

    def __init__(self) -> None:
        self.kept: deque[ServiceEvent] = deque(maxlen=KEPT)
        # How many of the oldest events have been dropped.
        self.dropped = 0

    def __getitem__(self, number: int) -> ServiceEvent:
        """Return the event with a number, counted from 0. It must still be kept."""
        return self.kept[number - self.dropped]

    @property
    def count(self) -> int:
        """How many events there were."""
        return self.dropped + len(self.kept)

    def add(self, events: Sequence[ServiceEvent]) -> None:
        """Add events, in order."""
        excess = len(self.kept) + len(events) - KEPT
        if excess > 0:
            self.dropped += excess
        self.kept.extend(events)

    def cut(self, count: int) -> None:
        """Remove the latest events, so that there were no more than `count`."""
        while self.kept and self.count > count:
            self.kept.pop()

    def numbered(self) -> list[tuple[int, ServiceEvent]]:
        """Return the kept events with their numbers."""
        return list(enumerate(list(self.kept), self.dropped))


def rotation_event(
    what: Literal["Started", "Succeeded", "Failed", "Abandoned"],
    secret: StoredSecret,
    token: str,
    now: float,
    *,
    is_test: bool = False,
    message: str | None = None,
) -> ServiceEvent:
    """Return an event of a rotation, or of a test of its function.

    Source: rotation-facts 3.3 [A, B].
    """
    return ServiceEvent(f"{'Test' if is_test else ''}Rotation{what}", secret, now, token, message)


def version_events(
    name: Literal["StartSecretVersionDelete", "CancelSecretVersionDelete", "EndSecretVersionDelete"],
    secret: StoredSecret,
    now: float,
) -> list[ServiceEvent]:
    """Return the events of a secret's deletion, one for each version.

    Source: rotation-facts 3.3 [B]. A deletion starts with DeleteSecret, is cancelled by
        RestoreSecret, and ends when the secret is removed for good [D].
    """
    return [ServiceEvent(name, secret, now, version_id) for version_id in secret.versions]


def label_events(secret: StoredSecret, now: float) -> list[ServiceEvent]:
    """Return an event for each staging label that was attached to a version since the last call.

    Source: rotation-facts 3.3: all labels except AWSPENDING and AWSPREVIOUS [B], on creation too
        [C]. A label that is only removed makes no event [D].
    """
    before, secret.announced = secret.announced, secret.labels
    return [
        ServiceEvent(LABEL_UPDATED, secret, now, version_id, label)
        for label, version_id in secret.labels.items()
        if before.get(label) != version_id and label not in _UNTOLD_LABELS
    ]
