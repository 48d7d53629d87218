"""What falls due by the clock: rotations, each at its time, and permanent deletions."""

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
    """What was due and has been done: the rotations, in order, and all that their attempts have raised."""

    rotations: dict[Rotation, None] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list, repr=False)


class DueWork:
    """Does what is due in a world.

    Args:
        runner: what runs rotations.
        lock: guards the store; never held while a rotation function runs.
    """

    def __init__(self, runner: RotationRunner, lock: threading.RLock) -> None:
        self._runner = runner
        self._lock = lock
        self._turn = threading.Lock()
        # The thread on whose behalf it is done now.
        self._by: int | None = None

    def reset(self, store: Store) -> None:
        """Begin anew, with another store."""
        self._store = store

    def is_due(self) -> bool:
        """Say whether a rotation is due that may be run from here."""
        return self._store.due_rotations.is_due() and self._runner.may_fall_due()

    def next_due(self) -> float | None:
        """Return when the next rotation is due, epoch seconds; None where none ever is."""
        with self._lock:
            return self._store.due_rotations.next_due()

    def do(self, until: float, by: int | None = None) -> DoneWork:
        """Do what is due by some time, and keep what it raises; nothing from a rotation that runs.

        Args:
            until: epoch seconds.
            by: the thread on whose behalf it is done, if another one does it.

        Raises:
            BaseException: what is neither an Exception nor SystemExit.
        """
        done = DoneWork()
        # On somebody's behalf it was asked before whether it may be done; by now another may do it.
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
        """Say whether due work is being done on behalf of a thread, whose other calls may wait for it.

        Calls from elsewhere may be those of a rotation function, for which it waits itself.
        """
        return self._by == thread

    def wait(self) -> None:
        """Wait until it is done."""
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
