"""Waits on the virtual clock: when a thread that waits may let time pass, although other threads are at work."""

from __future__ import annotations

import functools
import math
import sys
import threading
from collections.abc import Callable

from fake_secrets.hook import threads
from fake_secrets.observe.entry import rotation_step

__all__ = ["Waits"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# How long a thread really waits before it looks at the others again.
_STEP = 0.001
# For so many steps the others must stand still until they are taken to wait for something.
_PATIENCE = 50
# The same, where they stood still before.
_PATIENCE_AGAIN = 5

_Stacks = tuple[tuple[int, int, int], ...]


class Waits:
    """The threads of a rotation function that wait on the virtual clock.

    Time passes for a waiting thread once no other thread of the function does anything. So a poll for a thread's
    result doesn't time out while that thread works, and a watchdog's timer doesn't fire. If several threads wait,
    the one whose wait ends first goes on first.

    Args:
        elapsed: returns how much virtual time has passed, in nanoseconds.
        advance: lets seconds pass.
    """

    def __init__(self, elapsed: Callable[[], int], advance: Callable[[float], None]) -> None:
        self._elapsed = elapsed
        self._advance = advance
        # When the wait of each thread ends, by the thread's id.
        self._ends: dict[int, int] = {}
        # Where the others were when they last stood still.
        self._still: _Stacks = ()
        self._main: int | None = None
        self._timers: list[threading.Timer] = []

    def begin(self) -> None:
        """Begin a scenario, whose deliveries run in this thread."""
        self.end()
        self._main = threading.get_ident()
        self._still = ()

    def end(self) -> None:
        """End a scenario: cancel the timers that its deliveries have left. Lambda would have stopped them."""
        while self._timers:
            self._timers[-1].cancel()
            del self._timers[-1]

    def wait(self, seconds: float, look: Callable[[float], bool]) -> bool:
        """Wait in a delivery for some virtual time, or until what the thread waits for has happened.

        Args:
            seconds: the virtual time, above 0.
            look: really waits for so many seconds, and returns whether it has happened.

        Returns:
            Whether it has happened.
        """
        here, step = threading.get_ident(), rotation_step.get()
        end = self._elapsed() + round(seconds * 1e9)
        thread = threading.current_thread()
        if isinstance(thread, threading.Timer):
            self._timers.append(thread)
        if self._others(here):
            self._ends[here] = end
            try:
                if self._gives_way(here, seconds, look):
                    return True
            finally:
                self._ends.pop(here, None)
        left = (end - self._elapsed()) / 1e9
        if left > 0 and step is not None and step.is_over:
            # What a thread does after its delivery takes real time.
            return look(left)
        if left > 0:
            self._advance(left)
        return False

    def _gives_way(self, here: int, seconds: float, look: Callable[[float], bool]) -> bool:
        """Let the others work until they stand still, or the wait is over. Return what `look` says."""
        end, step = self._ends[here], rotation_step.get()
        seen, stood = _Stacks(), 0
        # It never really takes longer than it would without the virtual clock.
        for _ in range(math.ceil(seconds / _STEP)):
            if look(_STEP):
                return True
            if self._elapsed() >= end or (step is not None and step.is_over):
                break
            stacks = _stacks_of(self._others(here) - self._ends.keys())
            stood = stood + 1 if stacks == seen else 0
            seen = stacks
            if stacks and stood < (_PATIENCE_AGAIN if stacks == self._still else _PATIENCE):
                continue
            self._still = stacks
            if end <= min(list(self._ends.values()), default=end):
                break
        return False

    def _others(self, here: int) -> set[int]:
        """Return the function's other threads: those that it has started, and the one that runs it."""
        others = {thread.ident for thread in threading.enumerate() if _is_of_function(thread)}
        # The one that runs it doesn't wait for threads unless it has started some.
        idents = {*others, self._main} if here in others else others
        return {ident for ident in idents if ident is not None and ident != here}


def _is_of_function(thread: threading.Thread) -> bool:
    # Such a thread has a `run` of its own, by which its calls are the function's.
    run = vars(thread).get("run")
    return isinstance(run, functools.partial) and run.func is threads._run


def _stacks_of(idents: set[int]) -> _Stacks:
    """Return where some threads are."""
    frames = sys._current_frames()
    return tuple((ident, id(frames[ident]), frames[ident].f_lasti) for ident in sorted(idents) if ident in frames)
