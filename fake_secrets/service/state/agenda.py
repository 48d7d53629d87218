"""What is to be done to secrets by the clock: each secret has one date at most."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from fake_secrets import clock
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Agenda"]

_SPARE = 64


class Agenda:
    """Dates of secrets, the earliest first; to look whether one is due costs the same however many there are.

    Args:
        holds: says whether a secret's date still holds: it may have been put off, or be gone.
    """

    def __init__(self, holds: Callable[[StoredSecret, float], bool]) -> None:
        self._holds = holds
        # Serial numbers tell secrets of one date apart, which have no order of their own.
        self._entries: list[tuple[float, int, StoredSecret]] = []
        self._noted: dict[int, float] = {}
        self._serials = itertools.count()

    def note(self, secret: StoredSecret, due: float) -> None:
        """Note a secret's date, epoch seconds, instead of the one that it may have had."""
        if self._noted.get(secret.serial) == due:
            return
        self._noted[secret.serial] = due
        heapq.heappush(self._entries, (due, next(self._serials), secret))
        if len(self._entries) > 2 * len(self._noted) + _SPARE:
            self._entries = [entry for entry in self._entries if self._is_valid(entry)]
            self._noted = {secret.serial: due for due, _, secret in self._entries}
            heapq.heapify(self._entries)

    def is_due(self) -> bool:
        """Say whether there may be something that is due now. It may be asked without a lock."""
        first = self._entries[:1]
        return bool(first) and first[0][0] <= clock.now()

    def next_due(self) -> float | None:
        """Return the earliest date, epoch seconds; None where there is none."""
        while self._entries:
            if self._is_valid(self._entries[0]):
                return self._entries[0][0]
            self._pop()
        return None

    def take(self, until: float) -> tuple[float, StoredSecret] | None:
        """Take the earliest date and its secret, if it is not after some time (epoch seconds)."""
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
