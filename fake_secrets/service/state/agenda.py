"""The dates at which the service must act on secrets: at most one for each secret."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from fake_secrets import clock
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Agenda"]

_SPARE = 64


class Agenda:
    """The dates of secrets, earliest first.

    `is_due` takes the same time however many dates there are.

    Args:
        holds: returns whether a secret's date is still valid. The date may have been put off, or
            the secret may be gone.
    """

    def __init__(self, holds: Callable[[StoredSecret, float], bool]) -> None:
        self._holds = holds
        # The serial number breaks ties: secrets have no order of their own.
        self._entries: list[tuple[float, int, StoredSecret]] = []
        self._noted: dict[int, float] = {}
        self._serials = itertools.count()

    def note(self, secret: StoredSecret, due: float) -> None:
        """Set a secret's date (epoch seconds). It replaces the secret's earlier date."""
        if self._noted.get(secret.serial) == due:
            return
        # An entry is valid only once it is noted, so that an interrupted `note` can be repeated.
        heapq.heappush(self._entries, (due, next(self._serials), secret))
        self._noted[secret.serial] = due
        if len(self._entries) > 2 * len(self._noted) + _SPARE:
            valid = [entry for entry in self._entries if self._is_valid(entry)]
            heapq.heapify(valid)
            self._entries, self._noted = valid, {secret.serial: due for due, _, secret in valid}

    def is_due(self) -> bool:
        """Return whether something may be due now. You can call this without holding a lock."""
        if not self._entries:
            return False
        # Another thread may empty the list meanwhile.
        first = self._entries[:1]
        return bool(first) and first[0][0] <= clock.now()

    def next_due(self) -> float | None:
        """Return the earliest date in epoch seconds, or None if there is none."""
        while self._entries:
            due, _, secret = entry = self._entries[0]
            if self._is_valid(entry):
                return due
            if self._noted.get(secret.serial) == due:
                self.drop(secret)
            heapq.heappop(self._entries)
        return None

    def first(self, until: float) -> tuple[float, StoredSecret] | None:
        """Return the earliest date and its secret, unless the date is after `until`.

        The caller drops it after acting on it: a date that is dropped first would be lost in an interrupt.

        Args:
            until: epoch seconds.

        Returns:
            The date and the secret, or None if no date is due by `until`.
        """
        due = self.next_due() if self._entries else None
        return None if due is None or due > until else (due, self._entries[0][2])

    def drop(self, secret: StoredSecret) -> None:
        """Drop a secret's date."""
        self._noted.pop(secret.serial, None)

    def _is_valid(self, entry: tuple[float, int, StoredSecret]) -> bool:
        due, _, secret = entry
        return self._noted.get(secret.serial) == due and self._holds(secret, due)
