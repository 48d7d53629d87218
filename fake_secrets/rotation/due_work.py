"""Work that the clock makes due: scheduled rotations, each at its own time, and permanent deletions."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from fake_secrets import clock
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["DoneWork", "DueWork"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(slots=True)
class DoneWork:
    """Due work that was done: the rotations, in order, and the errors of their attempts."""

    rotations: dict[Rotation, None] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list, repr=False)


class DueWork:
    """Does the work that is due in a world.

    Args:
        runner: runs the rotations.
        lock: guards the store; never held while a rotation function runs.
    """

    def __init__(self, runner: RotationRunner, lock: threading.RLock) -> None:
        self._runner = runner
        self._lock = lock
        self._turn = threading.Lock()
        # The thread that the work is being done for.
        self._by: int | None = None

    def reset(self, store: Store) -> None:
        """Start over with another store."""
        self._store = store

    def is_due(self) -> bool:
        """Return whether a rotation is due and may be run from here."""
        return self._store.due_rotations.is_due() and self._runner.may_fall_due()

    def next_due(self) -> float | None:
        """Return when the next rotation is due, in epoch seconds; None if none will ever be due."""
        with self._lock:
            return self._store.due_rotations.next_due()

    def do(self, until: float, by: int | None = None) -> DoneWork:
        """Do the work that is due by a given time, and collect the errors of rotations.

        If it is called from a running rotation, it starts no other rotation.

        Args:
            until: the time, in epoch seconds.
            by: the thread that the work is done for, if another thread does it.

        Returns:
            The rotations that were due, and their errors.

        Raises:
            BaseException: if a rotation function raises something that is neither an Exception nor
                SystemExit.
        """
        done = DoneWork()
        # With `by`, the caller has already checked. Since then another thread may have begun: wait for it.
        if by is not None or self._runner.may_fall_due():
            with self._turn:
                self._by = by
                try:
                    while (taken := self._take(until)) is not None:
                        with clock.at(taken[0]):
                            self._do(taken[1], done)
                finally:
                    self._by = None
        with self._lock:
            self._store.settle(until)
        return done

    def is_done_by(self, thread: int) -> bool:
        """Return whether due work is being done for a thread, so that other calls of that thread may wait.

        A call from another thread must not wait: it may be made by a rotation function that the
        due work is itself waiting for.
        """
        return self._by == thread

    def wait(self) -> None:
        """Wait until the due work is done."""
        with self._turn:
            pass

    def _take(self, until: float) -> tuple[float, StoredSecret] | None:
        with self._lock:
            return self._store.due_rotations.take(until)

    def _do(self, secret: StoredSecret, done: DoneWork) -> None:
        rotation, is_claimed = self._runner.open_due(secret)
        if rotation is None:
            return
        done.rotations[rotation] = None
        if is_claimed:
            self._runner.run(rotation, "record")
        if rotation.error is not None:
            done.errors.append(rotation.error)
