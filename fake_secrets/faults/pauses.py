"""The pauses that botocore makes between the attempts of a call, and in adaptive mode before each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Pauses"]


class Pauses:
    """The pauses of the clients that call a world. They cost no time unless the test wants them to.

    Args:
        lock: guards the sum.

    `slept` is the sum of the pauses that were skipped, in seconds. `are_skipped` says whether the next ones are
    skipped. `is_over` says whether the world is over.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._forget: Callable[[Pauses], None] | None = None
        self.slept = 0.0
        self.are_skipped = True
        self.is_over = False

    def skip(self, seconds: float) -> None:
        """Count a pause that is skipped."""
        with self._lock:
            self.slept += seconds

    def forget_with(self, forget: Callable[[Pauses], None]) -> None:
        """Set the function that makes clients forget what they learned in this world."""
        self._forget = forget

    def reset(self) -> None:
        """Begin anew: clients forget what they learned, and pauses are skipped."""
        self.slept = 0.0
        self.are_skipped = True
        self._make_clients_forget()

    def end(self) -> None:
        """Make clients forget what they learned, because the world is over. This may be called again."""
        self.is_over = True
        self._make_clients_forget()

    def _make_clients_forget(self) -> None:
        if self._forget is not None:
            self._forget(self)
