"""The only reader of time."""

from __future__ import annotations

import contextlib
import datetime
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar

__all__ = ["SECONDS_PER_DAY", "at", "end_of_day_after", "midnight", "now", "utc"]

SECONDS_PER_DAY = 86_400

# Seconds that `at` has moved our own reading by, where nobody rules the process's clock.
_shift: ContextVar[float] = ContextVar("fake_secrets_clock_shift", default=0.0)


def now() -> float:
    """Return the present as epoch seconds, to the millisecond that AWS keeps.

    `datetime.datetime.now` is looked up on its module at each call, so that freezegun and
    time-machine rule it wherever they were started.
    """
    return round(_reading() + _shift.get(), 3)


@contextlib.contextmanager
def at(moment: float) -> Iterator[None]:
    """Have it be some moment, for the length of a `with` block.

    Where freezegun or time-machine rules the clock it is moved, for everybody, and moved back
    afterwards: to the time that it was, or to the time inside, if that has passed it. Else only
    `now` is shifted, for this context.

    Args:
        moment: epoch seconds.
    """
    move = _mover()
    if move is None:
        reset = _shift.set(moment - _reading())
        try:
            yield
        finally:
            _shift.reset(reset)
        return
    present = _reading()
    move(moment)
    try:
        yield
    finally:
        # What has begun late may end later than it is.
        move(present if moment > present else max(present, _reading()))


def _reading() -> float:
    # Not with a time zone: freezegun's aware now() ignores its tz_offset.
    return datetime.datetime.now().timestamp()  # noqa: DTZ005


def midnight(timestamp: float) -> float:
    """Return 00:00:00 UTC of the day of `timestamp` (both epoch seconds)."""
    return float(timestamp // SECONDS_PER_DAY * SECONDS_PER_DAY)


def end_of_day_after(timestamp: float, days: int) -> float:
    """Return 23:59:59 UTC of the day that is `days` days after that of `timestamp` (epoch seconds)."""
    return midnight(timestamp) + (days + 1) * SECONDS_PER_DAY - 1


def utc(timestamp: float) -> datetime.datetime:
    """Return epoch seconds as a tz-aware UTC datetime."""
    return datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC)


def _mover() -> Callable[[float], None] | None:
    """Return what moves the clock of freezegun or time-machine, or None where neither rules."""
    frozen = getattr(sys.modules.get("freezegun.api"), "freeze_factories", None)
    if frozen:
        factory = frozen[-1]
        return lambda moment: factory.move_to(utc(moment))
    time_machine = sys.modules.get("time_machine")
    # As version 3 calls it, and version 2.
    travellers = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    if travellers:
        # Not its move_to, which forgets the traveller's time zone.
        traveller = travellers[-1]
        return lambda moment: traveller.shift(datetime.timedelta(microseconds=round((moment - _reading()) * 1e6)))
    return None
