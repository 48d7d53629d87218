"""The clock of a served world: it ticks on by itself, can be moved, and does the work that falls due."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets import clock

if TYPE_CHECKING:
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["ServedClock"]

# How often the clock looks for due work, in seconds.
_TICK = 0.5


class ServedClock:
    """The clock of a served world. Times are epoch seconds.

    From `start` to `stop`, a thread does the work that falls due, so that a schedule needs no call.

    Args:
        fake_secrets: the handle of the world.
        tell: called with a sentence if the due work raises something.
        worked: called after each look for due work.
    """

    def __init__(self, fake_secrets: FakeSecrets, tell: Callable[[str], None], worked: Callable[[], None]) -> None:
        self._fake_secrets = fake_secrets
        self._world = fake_secrets._world
        self._tell = tell
        self._worked = worked
        # Where it is going, if it is being moved.
        self._goal = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake_secrets clock", daemon=True)

    def now(self) -> float:
        """Return the world's time."""
        return clock.now()

    def set(self, moment: float) -> None:
        """Set the clock, whatever falls due until then. It may be set back, so this is for an empty world only."""
        with self._world._lock:
            clock.pass_time(moment - clock.now(), self._world)

    def advance(self, seconds: float) -> None:
        """Let time pass, and do the work that falls due in it, each at its own time.

        Raises:
            ValueError: if the number is below 0.
        """
        if not seconds >= 0:
            msg = "the clock can't be moved back"
            raise ValueError(msg)
        with self._world._lock:
            # From where it is going already: two moves at the same time add up.
            self._goal = min(max(self._goal, clock.now()) + seconds, clock.LATEST)
            until = self._goal
        self._go_to(until)

    def move_to(self, moment: float) -> None:
        """Move the clock to a later time, and do the work that falls due until then.

        Raises:
            ValueError: if the clock is past that time.
        """
        with self._world._lock:
            now = clock.now()
            if moment < now:
                msg = f"the clock is at {clock.iso(now)} already, and can't be moved back"
                raise ValueError(msg)
            until = min(moment, clock.LATEST)
            self._goal = max(self._goal, until)
        self._go_to(until)

    def _go_to(self, until: float) -> None:
        self._do_due_work(until)
        with self._world._lock:
            clock.pass_time(max(0.0, until - clock.now()), self._world)
        self._do_due_work()

    def start(self) -> None:
        """Begin to do due work without a call."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no more due work."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_TICK):
            self._do_due_work()

    def _do_due_work(self, until: float | None = None) -> None:
        try:
            moment = None if until is None else datetime.datetime.fromtimestamp(until, tz=datetime.UTC)
            self._fake_secrets.run_due(moment, errors="record")
            self._worked()
        except BaseException as error:  # noqa: BLE001 -- a rotation function may raise anything, and the clock goes on
            self._tell(f"due work raised {type(error).__name__}")
