"""The only reader of time."""

from __future__ import annotations

import datetime

__all__ = ["SECONDS_PER_DAY", "end_of_day_after", "midnight", "now", "utc"]

SECONDS_PER_DAY = 86_400


def now() -> float:
    """Return the present as epoch seconds, to the millisecond that AWS keeps.

    `datetime.datetime.now` is looked up on its module at each call, so that freezegun and
    time-machine rule it wherever they were started.
    """
    return round(datetime.datetime.now().timestamp(), 3)  # noqa: DTZ005 -- freezegun's aware now() ignores its tz_offset


def midnight(timestamp: float) -> float:
    """Return 00:00:00 UTC of the day of `timestamp` (both epoch seconds)."""
    return float(timestamp // SECONDS_PER_DAY * SECONDS_PER_DAY)


def end_of_day_after(timestamp: float, days: int) -> float:
    """Return 23:59:59 UTC of the day that is `days` days after that of `timestamp` (epoch seconds)."""
    return midnight(timestamp) + (days + 1) * SECONDS_PER_DAY - 1


def utc(timestamp: float) -> datetime.datetime:
    """Return epoch seconds as a tz-aware UTC datetime."""
    return datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC)
