"""Work that the clock makes due: scheduled rotations, each at its own time, and permanent deletions."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import field

from fake_secrets import clock
from fake_secrets.observe.ledger import Ledger
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.service.operations.rotation_start import open_due_rotation
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.store import Store
from fake_secrets.slotted import slotted

__all__ = ["DoneWork", "DueWork", "LeftDueWork"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# How many seconds a call waits for due work that another call of the same event loop has begun.
PATIENCE = 1.0


@slotted
class DoneWork:
    """Due work that was done: the rotations, in order, and the errors of their attempts."""

    rotations: dict[Rotation, None] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list, repr=False)


@slotted
class _Turn:
    """The work that is being done now.

    Args:
        thread: the thread that does it.
        by: the thread that it is done for, if that is another one.
        present: the time that the clock returns to after the current rotation; None between rotations.
        is_awaited: whether other calls of the thread `by` wait for it.
    """

    thread: int
    by: int | None
    present: float | None = None
    is_awaited: bool = True


class DueWork:
    """Does the work that is due in a world. One thread does it at a time.

    Meanwhile the calls of other threads are answered at once, as if nothing were due. They must not wait,
    because a rotation function may be waiting for them.

    Args:
        runner: runs the rotations.
        lock: guards the store; never held while a rotation function runs.
    """

    def __init__(self, runner: RotationRunner, lock: threading.RLock) -> None:
        self._runner = runner
        self._lock = lock
        self._turn: _Turn | None = None
        self._turn_has_ended = threading.Condition(lock)

    def reset(self, store: Store, ledger: Ledger) -> None:
        """Start over with another store and its ledger."""
        self._store = store
        self._ledger = ledger

    def is_due(self) -> bool:
        """Return whether a rotation is due and may be run from here."""
        return self._store.due_rotations.is_due() and self._turn is None and self._runner.may_fall_due()

    def next_due(self) -> float | None:
        """Return when the next rotation is due, in epoch seconds; None if none will ever be due."""
        with self._lock:
            return self._store.due_rotations.next_due()

    def do(self, until: float, by: int | None = None) -> DoneWork:
        """Do the work that is due by a given time, and collect the errors of rotations.

        If it is called from a running rotation, or while another thread does the due work, it starts no
        rotation.

        Args:
            until: the time, in epoch seconds.
            by: the thread that the work is done for, if another thread does it.

        Returns:
            The rotations that were due, and their errors.

        Raises:
            BaseException: if a rotation function raises something that is neither an Exception nor
                SystemExit.
        """
        done, turn = DoneWork(), _Turn(threading.get_ident(), by)
        try:
            if self._takes(turn):
                while (due := self._next(until)) is not None:
                    self._do(due, turn, done)
            self._end(turn)
        except BaseException:
            self._end(turn)
            raise
        if by is not None:
            self.wait(by)
        with self._lock:
            self._store.settle(until)
        return done

    def is_done_by(self, thread: int) -> bool:
        """Return whether due work is being done for a thread, so that other calls of that thread may wait.

        A call from another thread must not wait: it may be made by a rotation function that the
        due work is itself waiting for.
        """
        turn = self._turn
        return turn is not None and turn.by == thread and turn.is_awaited

    def wait(self, thread: int) -> None:
        """Wait until the due work that is being done for a thread is done.

        A rotation function may itself be waiting for the caller, so this gives up after a while.
        """
        with self._lock:
            turn = self._turn
            if turn is None or not self.is_done_by(thread):
                return
            # Not `wait_for`, which never gives up if a test stops the monotonic clock.
            if not self._turn_has_ended.wait(PATIENCE):
                turn.is_awaited = False
                self._turn_has_ended.notify_all()

    def forget_threads_but(self, living: Collection[int]) -> None:
        """Give up the work that a thread was doing, unless the thread is one of the living."""
        with self._lock:
            turn = self._turn
            if turn is None or turn.thread in living:
                return
            if turn.present is not None:
                clock.move_to(turn.present)
            self._end(turn)

    def _takes(self, turn: _Turn) -> bool:
        """Begin a turn, unless another thread does the due work or a rotation is running."""
        with self._lock:
            if self._turn is not None or not self._runner.may_fall_due():
                return False
            self._turn = turn
            return True

    def _end(self, turn: _Turn) -> None:
        with self._lock:
            if self._turn is turn:
                self._turn = None
                self._turn_has_ended.notify_all()

    def _next(self, until: float) -> float | None:
        due = self.next_due()
        return None if due is None or due > until else due

    def _do(self, due: float, turn: _Turn, done: DoneWork) -> None:
        turn.present = clock.now()
        then, claimed = clock.at(due), list[Rotation]()
        try:
            with then:
                rotation = self._open(due, claimed)
                if rotation is not None:
                    done.rotations[rotation] = None
                    if claimed:
                        self._runner.run(rotation, "record")
                    if rotation.error is not None:
                        done.errors.append(rotation.error)
        except BaseException:
            self._runner.recover(claimed)
            then.go_back()
            raise
        turn.present = None

    def _open(self, due: float, claimed: list[Rotation]) -> Rotation | None:
        """Start the rotation of the first secret that is due, or attempt its open one again.

        Args:
            due: the time, in epoch seconds.
            claimed: the caller's own list of what it has claimed, as for `RotationRunner.take_up`.

        Returns:
            The rotation, or None if there is nothing new to report.
        """
        # Under one lock: a fork in between would copy a rotation that is neither due nor begun.
        with self._lock:
            first = self._store.due_rotations.first(due)
            if first is None:
                return None
            secret, now = first[1], clock.now()
            self._store.settle(now)
            # Since it was found due, the secret may have been deleted or the world reset.
            if secret.rotation is None or secret.deleted is not None or not self._store.holds(secret):
                return None
            return self._start(secret, now, claimed)

    def _start(self, secret: StoredSecret, now: float, claimed: list[Rotation]) -> Rotation | None:
        labels, started = secret.labels, None
        try:
            with self._store.all_or_nothing(secret):
                started = open_due_rotation(self._store, secret, now)
                self._store.due_rotations.drop(secret)
                self._store.follow_up(secret, now)
            is_new = secret.labels is not labels
            if is_new:
                self._ledger.record_change(secret, "scheduled rotation")
            if started is None:
                return None
            is_claimed = self._runner.take_up(started, claimed)
        except BaseException:
            if started is not None and secret.labels is not labels:
                self._runner.register(started)
            raise
        is_news = is_claimed or is_new or started.refusal is not None
        return self._runner.of(secret.arn, started.token) if is_news else None


class LeftDueWork(DueWork):
    """The due work of a world that another process serves: it does it, so that nothing is ever due here."""

    def is_due(self) -> bool:
        """Return False."""
        return False
