"""The moments of a timeline: what each entry of the ledger shows of a secret's versions."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.observe.entry import Entry
from fake_secrets.observe.ledger import SEEDED, SUCCEEDED
from fake_secrets.service.rules.stages import by_version
from fake_secrets.service.state.events import LABEL_UPDATED, ServiceEvent
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Moment", "State", "moments_of"]

State = Literal["stored", "empty", "removed"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of a timeline: a call, or a change without a call, and the labels afterwards.

    Args:
        operation: the API operation of a call. A change without a call is in parentheses: ``(seed)``,
            ``(scheduled rotation)``, ``(managed rotation)`` or ``(end of test)``. So is the end of a step that
            made no call, ``(no call)``, or that failed, ``(failed)``. A retry of a rotation begins with a row
            such as ``— attempt 2 —``, and a step that a test delivers with ``— createSecret by hand —``.
        step: the rotation step of the row, such as ``createSecret``; None for any other row.
        outcome: ``succeeded``, ``seeded``, an error code, or the type of the exception that failed the step.
        stages: the labels of each version that had been created by then, in the order of creation. An empty
            tuple means that the version had no label: it was deprecated, or no longer existed.
        states: what each of these versions was: ``stored``, ``empty`` if it had no value yet, or ``removed``
            if it no longer existed.
        attempt: 1, or 2 and so on if botocore repeated the call.
        fault: the fault that the test had planned for the call; None if there was none.
        events: the names of the service events that followed, such as ``RotationSucceeded``. The cells show
            the labels, so their events are left out.
    """

    operation: str
    step: str | None
    outcome: str
    stages: tuple[tuple[str, ...], ...]
    states: tuple[State, ...]
    attempt: int = 1
    fault: str | None = None
    events: tuple[str, ...] = ()

    @property
    def is_divider(self) -> bool:
        """Whether the row only says what begins here, such as another attempt of a rotation."""
        return self.operation.startswith("\N{EM DASH}")

    @property
    def failure(self) -> str | None:
        """The error code, or the type of the exception; None if nothing failed."""
        return None if self.outcome in {SUCCEEDED, SEEDED} else self.outcome


def moments_of(
    secret: StoredSecret, entries: Sequence[Entry], events: Iterable[tuple[int, ServiceEvent]] = ()
) -> list[Moment]:
    """Return a moment for each entry about a secret.

    Args:
        secret: the secret.
        entries: the ledger's entries about it, in order.
        events: the events about it, with their numbers. Each belongs to the latest entry before it.
    """
    followed = _followed(entries, events)
    versions = _Versions(secret)
    moments: list[Moment] = []
    stages: tuple[tuple[str, ...], ...] = ()
    states: tuple[State, ...] = ()
    before: Entry | None = None
    for at, entry in enumerate(entries):
        if before is None or _has_changed(before, entry):
            stages, states = versions.after(entry)
        before = entry
        moment = Moment(
            operation=entry.operation,
            step=entry.step,
            outcome=entry.outcome,
            stages=stages,
            states=states,
            attempt=entry.attempt,
            fault=entry.fault,
            events=tuple(dict.fromkeys(followed.get(at, ()))),
        )
        moments.append(moment)
    return moments


def _has_changed(before: Entry, after: Entry) -> bool:
    """Return whether a secret's versions or labels may have changed between two entries. Most calls only read."""
    return (
        after.labels is not before.labels
        or after.empty is not before.empty
        or (after.version_count, after.living) != (before.version_count, before.living)
    )


class _Versions:
    """The versions that a secret ever had."""

    def __init__(self, secret: StoredSecret) -> None:
        self._history = secret.history
        self._removed = list(secret.removed)
        # The oldest removed versions may be forgotten already.
        self._forgotten = secret.version_count - len(secret.versions) - len(self._removed)

    def after(self, entry: Entry) -> tuple[tuple[tuple[str, ...], ...], tuple[State, ...]]:
        """Return the labels and the state of each version after an entry."""
        versions = {serial: version for serial, version in self._history.items() if serial < entry.version_count}
        # After a test of the function, its version id may be used again. The labels belong to the latest version.
        latest = {version: serial for serial, version in versions.items()}
        gone = set(self._removed[: max(0, entry.version_count - entry.living - self._forgotten)])
        labels = by_version(entry.labels)
        stages: list[tuple[str, ...]] = []
        states: list[State] = []
        for serial, version in versions.items():
            is_there = latest[version] == serial and serial not in gone
            stages.append(tuple(labels.get(version, ())) if is_there else ())
            states.append(_state(entry, version) if is_there else "removed")
        return tuple(stages), tuple(states)


def _followed(entries: Sequence[Entry], events: Iterable[tuple[int, ServiceEvent]]) -> dict[int, list[str]]:
    """Return the names of the events that followed each entry, by the entry's index."""
    counts = [entry.event_count for entry in entries]
    followed: dict[int, list[str]] = {}
    for number, event in events:
        at = bisect.bisect_right(counts, number) - 1
        if at >= 0 and event.name != LABEL_UPDATED:
            followed.setdefault(at, []).append(event.name)
    return followed


def _state(entry: Entry, version: str) -> State:
    return "empty" if version in entry.empty else "stored"
