"""Virtual time: while a check runs, the waits of the rotation function take no time.

Only what a delivery of the function calls is changed, in any of its threads. `asyncio` keeps real time: a
coroutine that sleeps takes as long as it says. So do the time-outs of queues, futures and sockets.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any, Self

from fake_secrets import clock
from fake_secrets.contract.date_control import control_date, real_time
from fake_secrets.contract.own_code import reads_dates
from fake_secrets.contract.places import Place, forget_imports, imports_of
from fake_secrets.contract.waits import Waits
from fake_secrets.observe.entry import RunningStep, rotation_step

__all__ = ["VirtualTime"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Each reading of a clock takes so many seconds, so that a busy poll ends.
_READING = 0.001
# As long as a real wait can be.
_LONGEST = threading.TIMEOUT_MAX
_READINGS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_Clock = Callable[[], float]

# A test may patch it later, so as not to wait.
_sleep_really = time.sleep


class _Reading:
    """A function that reads a clock. It isn't a Python function, which would become a method in a class.

    Args:
        is_virtual: whether it is called in a delivery. It lets time pass then.
        virtual: reads the virtual clock.
        real: what it does elsewhere.
    """

    def __init__(self, is_virtual: Callable[[], bool], virtual: _Clock, real: _Clock) -> None:
        self._is_virtual, self._virtual, self._real = is_virtual, virtual, real

    def __call__(self) -> float:
        # An event loop really waits, so its clock must show that it has.
        caller = sys._getframe(1).f_globals.get("__name__")
        is_event_loop = type(caller) is str and caller.startswith("asyncio.")
        return self._virtual() if not is_event_loop and self._is_virtual() else self._real()


class VirtualTime:
    """Time for the deliveries of a check.

    In a delivery, `time.sleep` and `threading.Event.wait` let virtual time pass and return at once, and the clocks
    of `time` show it. `datetime` shows it if freezegun or time-machine controls the date: the user's own if one is
    active, else time-machine or freezegun for the length of the check, if it is installed. Other threads see that
    date, too; their other clocks are the real ones.

    Use it in a `with` block, once a check, in the thread that runs the deliveries.

    Args:
        modules: the rotation function's own modules. Names that they have imported from `time` are replaced, in
            the defaults of their functions' arguments, too.
    """

    def __init__(self, modules: Collection[ModuleType]) -> None:
        self._modules = tuple(modules)
        self._is_active = False
        self._places: list[Place] = []
        self._undo: list[Callable[[], object]] = []
        # The functions of `time` as they are outside of deliveries.
        self._real: dict[str, Callable[..., float]] = {}
        # The virtual time that each thread has let pass, in nanoseconds. With one number for all, an addition of
        # one thread could undo that of another.
        self._passed: dict[int, int] = {}
        self._begun = 0
        self._start = 0.0
        self._pass_time: Callable[[float], None] = _ignore
        self._waits = Waits(self._elapsed, self.advance)
        self.pauses: dict[RunningStep, Callable[[int], bool]] = {}
        """What lets others go on while a step waits, until a moment of `elapsed`. It returns whether it has."""
        self.reads_real_dates = False
        """Whether a module of the function reads the date, which nothing controls."""

    def __enter__(self) -> Self:
        """Replace the functions.

        Returns:
            The virtual time itself.
        """
        try:
            self._set_up()
        except BaseException:
            self._take_down()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Restore the functions, and the date that the user controls. An interrupted call may be repeated."""
        try:
            self._take_down()
        except BaseException:
            self._take_down()
            raise

    def begin(self, pass_time: Callable[[float], None]) -> None:
        """Begin a scenario: the time is the one of the check's beginning again, but monotonic clocks go on.

        Args:
            pass_time: lets seconds pass in the scenario's world.
        """
        self._pass_time = pass_time
        self._begun = self._elapsed()
        self._waits.begin()
        for place in self._places:
            place.put_up()
        if clock._mover() is None:
            # The world's dates begin at the same time as the function's.
            pass_time(self._start - real_time())
        else:
            clock.move_to(self._start)

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Args:
            seconds: how much.

        Raises:
            BaseException: what ends the function, if it has died or times out here.
        """
        here = threading.get_ident()
        self._passed[here] = self._passed.get(here, 0) + round(seconds * 1e9)
        self._pass_time(seconds)

    @property
    def elapsed(self) -> int:
        """How many nanoseconds have passed since the check has begun."""
        return self._elapsed()

    def _set_up(self) -> None:
        self._real = {name: getattr(time, name) for name in ("sleep", *_READINGS)}
        found = dict(self._real)
        self._start, real = control_date(self._undo)
        self._real |= real
        # time-machine's real clocks fail once it has stopped.
        self._undo.append(lambda: self._real.update(found))
        self.reads_real_dates = clock._mover() is None and any(map(reads_dates, self._modules))
        ours = self._replacements()
        self._undo.append(functools.partial(forget_imports, frozenset(sys.modules), found, ours))
        # freezegun may have replaced what was found.
        known = {id(function): ours[name] for name in ours for function in (found[name], getattr(time, name))}
        self._is_active = True
        self._replace(threading.Event, "wait", self._event_wait(threading.Event.wait))
        for name, function in ours.items():
            self._replace(time, name, function)
        for module in self._modules:
            for owner, name, value in imports_of(module, known):
                self._replace(owner, name, value)

    def _take_down(self) -> None:
        self._is_active = False
        self._waits.end()
        # Each is forgotten after it is undone: an interrupt between them loses none. It may be undone twice.
        while self._undo:
            self._undo[-1]()
            del self._undo[-1]
        self._places.clear()
        self._pass_time = _ignore

    def _replacements(self) -> dict[str, Callable[..., Any]]:
        monotonic, counter = self._real["monotonic_ns"](), self._real["perf_counter_ns"]()
        virtual: dict[str, _Clock] = {
            "time": self._now,
            "time_ns": lambda: round(self._now() * 1e6) * 1000,
            "monotonic": lambda: (monotonic + self._elapsed()) / 1e9,
            "monotonic_ns": lambda: monotonic + self._elapsed(),
            "perf_counter": lambda: (counter + self._elapsed()) / 1e9,
            "perf_counter_ns": lambda: counter + self._elapsed(),
        }
        readings = {
            # What is real is looked up at each call, because it changes at the end of the check.
            name: _Reading(self._begins_reading, virtual[name], functools.partial(self._read_really, name))
            for name in _READINGS
        }
        return {"sleep": self._sleep, **readings}

    def _read_really(self, name: str) -> float:
        return self._real[name]()

    def _replace(self, owner: Any, name: str, ours: Any) -> None:
        place = Place(owner, name, getattr(owner, name), ours)
        self._undo.append(place.take_down)
        place.put_up()
        self._places.append(place)

    def _is_delivery(self) -> bool:
        step = rotation_step.get()
        return step is not None and not step.is_over and self._is_active

    def _begins_reading(self) -> bool:
        if not self._is_delivery():
            return False
        self.advance(_READING)
        return True

    def _elapsed(self) -> int:
        """Return how many nanoseconds have passed in all scenarios."""
        return sum(list(self._passed.values()))

    def _now(self) -> float:
        if clock._mover() is not None:
            return clock._reading()
        return self._start + (self._elapsed() - self._begun) / 1e9

    def _sleep(self, seconds: float, /) -> None:
        # What the real one refuses is left to it.
        if not self._is_delivery() or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST:
            self._real["sleep"](seconds)
        else:
            self._wait(seconds, _pause)

    def _wait(self, seconds: float, look: Callable[[float], bool]) -> bool:
        """Wait as `Waits.wait` does, or let others go on meanwhile."""
        step = rotation_step.get()
        pause = None if step is None else self.pauses.get(step)
        end = self._elapsed() + round(seconds * 1e9)
        if pause is None or not pause(end):
            return self._waits.wait(seconds, look)
        left = end - self._elapsed()
        if left > 0:
            self.advance(left / 1e9)
        return False

    def _event_wait(self, real: Callable[..., bool]) -> Callable[..., bool]:
        @functools.wraps(real)
        def wait(event: threading.Event, timeout: float | None = None) -> bool:
            if timeout is None or not self._is_delivery() or event.is_set() or not 0 < timeout <= _LONGEST:
                return real(event, timeout)
            return self._wait(timeout, lambda step: real(event, step)) or event.is_set()

        return wait


def _pause(seconds: float) -> bool:
    """Really wait, for nothing that could happen."""
    _sleep_really(seconds)
    return False


def _ignore(_: float) -> None:
    """Let time pass before the first scenario."""
