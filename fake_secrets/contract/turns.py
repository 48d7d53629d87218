"""Turns: two threads of which one runs at a time, until it hands over to the other."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Literal, Self

__all__ = ["FIRST", "SECOND", "GivenUp", "SeparateStates", "Turns", "Who"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Who = Literal[0, 1]
FIRST: Who = 0
SECOND: Who = 1

# How long a thread really waits before it looks at the other again, in seconds.
_STEP = 0.002
# So many times it must find that the other computes next to nothing, until it takes it to wait for something. That
# is a second of real time in all, and a database that is only slow answers sooner.
_PATIENCE = 500
# The same, where one has stood still before.
_PATIENCE_AGAIN = 100
# So much is next to nothing, in seconds of the processor's time: a driver may wait in a loop.
_IDLE = 0.005
# How long a second thread that was given up may take to end, in seconds.
_FAREWELL = 5.0


class GivenUp(BaseException):
    """Ends the second thread, because nobody waits for it any more."""


class Turns:
    """Two threads that take turns: the one that enters it, which is the first, and a second one.

    The first has the turn until it hands over. Whoever waits for its turn also gets it when the other one ends,
    and when it stands still because it waits for something, such as a lock, that the waiting one holds.

    Args:
        second: what the second thread does.
        switching: called by the thread that gets the turn, with itself, before it goes on.
        known: where threads have stood still before. What is found is added.

    `other_waits` is whether the one that has the turn got it because the other one stands still.
    """

    def __init__(
        self,
        second: Callable[[], object],
        switching: Callable[[Who], object] = lambda _: None,
        known: set[object] | None = None,
    ) -> None:
        self._second = second
        self._switching = switching
        self._known = set[object]() if known is None else known
        self.other_waits = False
        self._turn: Who = FIRST
        # Who has run last: the turn may come before the second thread waits for it.
        self._latest: Who = FIRST
        self._is_over = False
        self._is_given_up = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="second", daemon=True)
        self._idents: list[int | None] = [None, None]

    def __enter__(self) -> Self:
        """Start the second thread, which waits for its turn."""
        self._idents[FIRST] = threading.get_ident()
        try:
            self._thread.start()
        except BaseException:
            # It may run already, and nobody would end it.
            self.give_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the second thread go on to its end, and raise what it has raised.

        If the block ends with an exception, the second thread is given up.
        """
        try:
            while error is None and not self._is_over:
                self.hand_over(FIRST)
        finally:
            self.give_up()
        if self._error is not None and error is None:
            raise self._error

    def give_up(self) -> None:
        """End the second thread, at its next turn at the latest. An interrupted call may be repeated."""
        with self._changed:
            self._is_given_up = True
            self._changed.notify_all()
        if self._idents[SECOND] is not None:
            self._thread.join(_FAREWELL)

    def hand_over(self, who: Who) -> None:
        """Give the turn to the other one, and wait until it comes back.

        Args:
            who: the one that calls this.
        """
        with self._changed:
            if not self._is_over:
                self._turn = _other(who)
                self._changed.notify_all()
        self.wait(who)

    def wait(self, who: Who) -> None:
        """Wait for the turn, if the other one has it.

        Args:
            who: the one that calls this.

        Raises:
            BaseException: in the second thread, if it was given up.
        """
        if self._turn == who == self._latest and not self._is_given_up:
            return
        patience, other_waits = _Patience(self._known), False
        with self._changed:
            while self._turn != who and not self._is_over:
                if self._is_given_up and who == SECOND:
                    raise GivenUp
                self._changed.wait(_STEP)
                if not self._is_given_up and patience.is_at_end(self._idents[_other(who)]):
                    other_waits = True
                    break
            self._turn = self._latest = who
            self.other_waits = other_waits
        if self._is_given_up and who == SECOND:
            raise GivenUp
        self._switching(who)

    def _run(self) -> None:
        self._idents[SECOND] = threading.get_ident()
        try:
            with _event_loop():
                self.wait(SECOND)
                self._second()
        except GivenUp:
            return
        except BaseException as error:  # noqa: BLE001 -- it is raised where the first one ends
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._turn = FIRST
                self._changed.notify_all()


@contextlib.contextmanager
def _event_loop() -> Iterator[None]:
    """Give this thread an event loop, as the main thread has one, if asyncio is in use."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        yield
        return
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class _Patience:
    """Finds out whether a thread stands still: it computes next to nothing for a while.

    Args:
        known: where threads have stood still before; a place that is found is added.
    """

    def __init__(self, known: set[object]) -> None:
        self._known = known
        self._looks = 0
        self._since = 0.0

    def is_at_end(self, ident: int | None) -> bool:
        """Look at a thread, and return whether it has stood still for so long that it waits for something.

        Args:
            ident: the thread; None if it hasn't begun.
        """
        frame = None if ident is None else sys._current_frames().get(ident)
        if frame is None or ident is None:
            return False
        done = _done(ident, frame)
        # Not by a clock: those of `time` are virtual in a delivery.
        self._looks += 1
        if self._looks == 1 or abs(done - self._since) > _IDLE:
            self._looks, self._since = 1, done
        # The stack of a thread that runs changes while it is looked at, and tells nothing.
        if self._looks < _PATIENCE_AGAIN:
            return False
        place = _place_of(frame)
        if self._looks < (_PATIENCE_AGAIN if place in self._known else _PATIENCE):
            return False
        self._known.add(place)
        return True


def _place_of(frame: FrameType | None) -> object:
    """Return the functions that have led a thread to where it is, but not their lines: some wait in a loop."""
    codes = []
    # To look at the frames of another thread makes objects. If the collector ran then, that thread could go on in
    # the meantime and leave a frame that is being looked at, and Python 3.11 has crashed here.
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        while frame is not None:
            codes.append(frame.f_code)
            frame = frame.f_back
    finally:
        if is_collecting:
            gc.enable()
    return tuple(codes)


def _done(ident: int, frame: FrameType) -> float:
    """Return how long a thread has computed, in seconds; where the platform can't tell, a number for its place."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return id(frame) + frame.f_lasti if clock_of is None else time.clock_gettime(clock_of(ident))


class SeparateStates:
    """The states that each of two threads which take turns finds and leaves, though both use the same objects.

    Args:
        take: takes the state that the objects have, and returns a function that gives them that state again.
    """

    def __init__(self, take: Callable[[], Callable[[], object]]) -> None:
        self._take = take
        self._restores = [take()] * 2

    def switch_to(self, who: Who) -> None:
        """Exchange the state of the one that has run for that of the one that goes on."""
        self._restores[_other(who)] = self._take()
        self._restores[who]()


def _other(who: Who) -> Who:
    return SECOND if who == FIRST else FIRST
