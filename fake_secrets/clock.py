"""The clock. No other module reads the time.

It is that of the machine, or of freezegun or time-machine. A planned delay moves the clock of these libraries. If
neither controls the clock, the delay's world runs ahead of it.
"""

from __future__ import annotations

import datetime
import sys
import time
import weakref
from collections.abc import Callable
from contextvars import ContextVar

__all__ = [
    "LATEST",
    "SECONDS_PER_DAY",
    "at",
    "end_of_day_after",
    "forget_passed_time",
    "from_iso",
    "iso",
    "midnight",
    "move_to",
    "now",
    "pass_time",
    "passed_time",
    "real_now",
    "set_world_here",
    "utc",
]

SECONDS_PER_DAY = 86_400
_DAY = float(SECONDS_PER_DAY)

# The last second that has a date in every time zone: 9999-12-30T23:59:59 UTC. Python's dates end on the next day,
# and AWS's don't end. A client converts the dates of an answer to the local time zone.
LATEST = 253_402_214_399.0
# The last second that has a date in UTC.
_LATEST_UTC = LATEST + SECONDS_PER_DAY

# In a tuple, where freezegun doesn't replace them. If it was active during the import, the class is its own.
_GENUINE = (datetime.datetime if type(datetime.datetime) is type else None, time.time)

# The seconds by which `at` shifts `now` while neither freezegun nor time-machine controls the clock.
_shift: ContextVar[float] = ContextVar("fake_secrets_clock_shift", default=0.0)

# The seconds by which worlds run ahead of the clock while neither library controls it.
_leads: weakref.WeakKeyDictionary[object, float] = weakref.WeakKeyDictionary()
# The same without the dictionary's methods, which are written in Python.
_ahead = _leads.data  # type: ignore[attr-defined]  # unknown to the stubs
# Returns the world that answers here, or None.
_world_here: list[Callable[[], object]] = []


def now() -> float:
    """Return the current time as epoch seconds, rounded to milliseconds as AWS does.

    Each call looks at `datetime.datetime` in its module, so freezegun and time-machine control it no
    matter when they were started.
    """
    genuine, seconds = _GENUINE
    # The same time in fewer steps. time-machine changes what the functions of both modules return.
    reading = seconds() if datetime.datetime is genuine else _reading()
    if _ahead:
        reading += _lead()
    # Not with `round`, which is a call, and makes text of the number if it is told how many digits to keep.
    return ((reading + _shift.get()) * 1000 + 0.5) // 1 / 1000


def real_now() -> float:
    """Return the time of the machine as epoch seconds, whatever freezegun and time-machine do."""
    hatch = getattr(sys.modules.get("time_machine"), "escape_hatch", None)
    if hatch is not None and hatch.is_travelling():
        seconds: float = hatch.time.time()
        return seconds
    frozen = sys.modules.get("freezegun.api")
    return _GENUINE[1]() if frozen is None else frozen.real_time()


def pass_time(seconds: float, world: object) -> None:
    """Let time pass, without waiting.

    If freezegun or time-machine controls the clock, that clock is moved, for every thread. Otherwise the world
    runs ahead of the clock from now on. The caller holds the world's lock.

    Args:
        seconds: how much time passes.
        world: the world.
    """
    move = _mover()
    if move is None:
        _leads[world] = _leads.get(world, 0.0) + seconds
    else:
        move(_reading() + seconds)


def passed_time(world: object) -> float:
    """Return the seconds by which a world runs ahead of the clock."""
    return _leads.get(world, 0.0)


def forget_passed_time(world: object) -> None:
    """Let a world run ahead of the clock no longer."""
    _leads.pop(world, None)


def set_world_here(world_here: Callable[[], object]) -> None:
    """Set the function that returns the world that answers where it is called, or None."""
    _world_here[:] = [world_here]


class at:  # noqa: N801 -- it is called like a function
    """Set the clock to a moment for the length of a `with` block.

    If freezegun or time-machine controls the clock, that clock is moved, for every thread. At the
    end of the block it is moved back to the time before the block. If the clock has passed that
    time inside the block, it stays where it is. Otherwise only `now` is shifted, in this context.

    Args:
        moment: epoch seconds.
    """

    def __init__(self, moment: float) -> None:
        self._moment = moment
        self._move = _mover()
        self._present = _reading()
        self._shift = _shift.get()
        self._is_back = False

    def __enter__(self) -> None:
        if self._move is None:
            _shift.set(self._moment - self._present - _lead())
        else:
            self._move(self._moment)

    def __exit__(self, *exception: object) -> None:
        self.go_back()

    def go_back(self) -> None:
        """End the block, unless it has ended already: an interrupt may have kept it from that."""
        if self._is_back:
            return
        if self._move is None:
            _shift.set(self._shift)
        else:
            # Work that began shortly before the present may have moved the clock past it.
            is_ahead = self._moment > self._present
            self._move(self._present if is_ahead else max(self._present, _reading()))
        self._is_back = True


def move_to(moment: float) -> None:
    """Move the clock of freezegun or time-machine to a moment, if either controls the clock.

    Args:
        moment: epoch seconds.
    """
    move = _mover()
    if move is not None:
        move(moment)


def _lead() -> float:
    """Return the seconds by which the world here runs ahead."""
    world = _world_here[0]() if _ahead and _mover() is None else None
    return 0.0 if world is None else _leads.get(world, 0.0)


def _reading() -> float:
    # Without a time zone, because freezegun's aware now() ignores its tz_offset.
    return datetime.datetime.now().timestamp()  # noqa: DTZ005


def from_iso(text: object) -> float | None:
    """Return the epoch seconds of a time as ISO 8601 writes it, or None if it is none, or has no time zone."""
    try:
        moment = datetime.datetime.fromisoformat(text)  # type: ignore[arg-type]  # anything else is a TypeError
    except (TypeError, ValueError):
        return None
    return None if moment.tzinfo is None else moment.timestamp()


def midnight(timestamp: float) -> float:
    """Return 00:00:00 UTC of the day of `timestamp` (both epoch seconds)."""
    return timestamp // _DAY * _DAY


def end_of_day_after(timestamp: float, days: int) -> float:
    """Return 23:59:59 UTC, `days` days after the day of `timestamp` (both epoch seconds)."""
    return midnight(timestamp) + (days + 1) * SECONDS_PER_DAY - 1


def utc(timestamp: float) -> datetime.datetime:
    """Return epoch seconds as a tz-aware UTC datetime, or the last one that there is."""
    return datetime.datetime.fromtimestamp(min(timestamp, _LATEST_UTC), tz=datetime.UTC)


def iso(timestamp: float) -> str:
    """Return epoch seconds as AWS writes dates in text, such as ``2026-03-04T12:00:00Z``."""
    # Not with strftime, which writes years before 1000 with fewer than four digits.
    return utc(timestamp).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _mover() -> Callable[[float], None] | None:
    """Return a function that moves the clock of freezegun or time-machine, or None if neither is active."""
    frozen = getattr(sys.modules.get("freezegun.api"), "freeze_factories", None)
    if frozen:
        factory = frozen[-1]
        return lambda moment: factory.move_to(utc(moment))
    time_machine = sys.modules.get("time_machine")
    # The names in version 3 and in version 2.
    travellers = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    if travellers:
        # Not `move_to`, which forgets the traveller's time zone.
        traveller = travellers[-1]
        return lambda moment: traveller.shift(datetime.timedelta(microseconds=round((moment - _reading()) * 1e6)))
    return None
