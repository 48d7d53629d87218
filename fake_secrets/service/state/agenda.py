"""The dates on which something must be done to a secret. Each secret has at most one date."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from fake_secrets import clock
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Agenda"]

_SPARE = 64


class Agenda:
    """Dates of secrets, the earliest first. The cost of `is_due` doesn't depend on their number.

    Args:
        holds: returns whether a secret's date is still valid; the secret may have a new date, or none.
    """

    def __init__(self, holds: Callable[[StoredSecret, float], bool]) -> None:
        self._holds = holds
        # Secrets have no order, so serial numbers break ties between equal dates.
        self._entries: list[tuple[float, int, StoredSecret]] = []
        self._noted: dict[int, float] = {}
        self._serials = itertools.count()

    def note(self, secret: StoredSecret, due: float) -> None:
        """Set a secret's date (epoch seconds), replacing the date that it had."""
        if self._noted.get(secret.serial) == due:
            return
        self._noted[secret.serial] = due
        heapq.heappush(self._entries, (due, next(self._serials), secret))
        if len(self._entries) > 2 * len(self._noted) + _SPARE:
            self._entries = [entry for entry in self._entries if self._is_valid(entry)]
            self._noted = {secret.serial: due for due, _, secret in self._entries}
            heapq.heapify(self._entries)

    def is_due(self) -> bool:
        """Return whether something may be due now. Callers don't need the lock."""
        first = self._entries[:1]
        return bool(first) and first[0][0] <= clock.now()

    def next_due(self) -> float | None:
        """Return the earliest date (epoch seconds), or None if there is none."""
        while self._entries:
            if self._is_valid(self._entries[0]):
                return self._entries[0][0]
            self._pop()
        return None

    def take(self, until: float) -> tuple[float, StoredSecret] | None:
        """Remove and return the earliest date and its secret, unless the date is after `until` (epoch seconds)."""
        due = self.next_due()
        return None if due is None or due > until else self._pop()

    def _pop(self) -> tuple[float, StoredSecret]:
        due, _, secret = heapq.heappop(self._entries)
        if self._noted.get(secret.serial) == due:
            del self._noted[secret.serial]
        return due, secret

    def _is_valid(self, entry: tuple[float, int, StoredSecret]) -> bool:
        due, _, secret = entry
        return self._noted.get(secret.serial) == due and self._holds(secret, due)
