"""The progress of a check: who watches it, and how much time it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Deadline", "Progress", "Watcher"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A scenario that is about to run.

    Args:
        family: its family.
        scenario: its id.
        done: how many scenarios have run.
        total: how many there are; None before the dry run, from which the scenarios follow.
        in_family: how many there are in the family; None before the dry run.
    """

    family: str
    scenario: str
    done: int = 0
    total: int | None = None
    in_family: int | None = None


Watcher = Callable[[Progress], object]


class Deadline:
    """The moment after which no further scenario begins.

    Args:
        seconds: how much real time is left; None for no end.
    """

    def __init__(self, seconds: float | None) -> None:
        # Kept here, because the check replaces the functions of `time`, and freezegun those in modules.
        self._now = time.perf_counter
        self._end = None if seconds is None else self._now() + seconds

    @property
    def is_over(self) -> bool:
        """Whether there is no time left."""
        return self._end is not None and self._now() >= self._end
