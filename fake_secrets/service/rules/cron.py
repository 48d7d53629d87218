"""The cron expressions of Secrets Manager: six fields, on the hour, in UTC."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Cron", "mistake_in_cron", "parse_cron"]

_HOURS = 24
_MIN_HOURS_APART = 4
_FIELDS = 6
_FIELD_NAMES = ("minutes", "hours", "day of month", "month", "day of week", "year")
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_MONTH_NAMES: Mapping[str, int] = {name.upper(): number for name, number in _MONTHS.items()}
_DAY_NAMES: Mapping[str, int] = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)
}
# The next 29 February that is a Monday, the fifth of its month, may be forty years away.
_MAX_DAYS = 366 * 40 + 1

_HOUR = re.compile(r"(\d{1,2})|(?:(\d{1,2})|\*)?/(\d{1,2})", re.ASCII)
# Groups: first, last, step.
_RANGE = re.compile(r"(\*|[0-9A-Z]+)(?:-([0-9A-Z]+))?(?:/(\d{1,2}))?", re.ASCII)
_LAST_WEEKDAY = re.compile(r"([0-9A-Z]+)L", re.ASCII)
_NTH_WEEKDAY = re.compile(r"([0-9A-Z]+)#([1-5])", re.ASCII)

IsDay = Callable[[datetime.date], bool]


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression.

    Args:
        hours: the hours of each day, ascending.
        months: the months, 1 to 12.
        is_day: returns whether a day, in one of the months, matches.
    """

    hours: tuple[int, ...]
    months: frozenset[int]
    is_day: IsDay

    def starts_after(self, moment: datetime.datetime) -> Iterator[datetime.datetime]:
        """Yield the expression's moments after `moment`, ascending.

        The iterator ends if the expression never matches again, and at the end of the year 9999.

        Args:
            moment: a datetime in UTC.
        """
        day = moment.date()
        idle = 0
        while idle < _MAX_DAYS:
            if day.month in self.months and self.is_day(day):
                idle = 0
                for hour in self.hours:
                    start = datetime.datetime.combine(day, datetime.time(hour), tzinfo=datetime.UTC)
                    if start > moment:
                        yield start
            if day == datetime.date.max:
                return
            idle += 1
            day += datetime.timedelta(days=1)


def parse_cron(expression: str) -> Cron | None:
    """Parse the inside of ``cron(...)``. Return None if Secrets Manager doesn't accept it.

    Args:
        expression: minutes, hours, day of month, month, day of week, year.

    Source: rotation-facts 2.1 [B]: minutes are 0, and years are ``*``. Hours are one hour, or an
        increment of at least four. Either day of month or day of week is ``?``. An expression
        that never matches a date isn't accepted [D].
    """
    fields = expression.upper().split(" ")
    if len(fields) != _FIELDS:
        return None
    minutes, hour_field, month_day, month_field, week_day, year = fields
    if minutes != "0" or year != "*" or (month_day == "?") is (week_day == "?"):
        return None
    hours, months = _hours(hour_field), _months(month_field)
    is_day = _of_week(week_day) if month_day == "?" else _of_month(month_day)
    if hours is None or months is None or is_day is None:
        return None
    cron = Cron(hours, months, is_day)
    some_moment = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    return cron if next(cron.starts_after(some_moment), None) else None


def mistake_in_cron(expression: str) -> str | None:
    """Return which field of the inside of ``cron(...)`` is wrong, and what it may hold; None if none is.

    Args:
        expression: what `parse_cron` takes.
    """
    fields = expression.upper().split(" ")
    if len(fields) != _FIELDS:
        return (
            f"'cron({expression})' has {len(fields)} fields, separated by single spaces. It needs six: "
            f"{', '.join(_FIELD_NAMES)}"
        )
    minutes, hours, month_day, month, week_day, year = fields
    checks = (
        (minutes == "0", "only 0"),
        (_hours(hours) is not None, "an hour from 0 to 23, or an increment of at least 4, such as 0/4"),
        (month_day == "?" or _of_month(month_day) is not None, "1 to 31, *, L, or ?"),
        (_months(month) is not None, "1 to 12, JAN to DEC, or *"),
        (week_day == "?" or _of_week(week_day) is not None, "1 to 7 (SUN to SAT), *, L, or ?"),
        (year == "*", "only *"),
    )
    for name, text, (is_right, allowed) in zip(_FIELD_NAMES, expression.split(" "), checks, strict=True):
        if not is_right:
            return f"the field {name} of 'cron({expression})' is {text!r}. It may hold {allowed}"
    if (month_day == "?") is (week_day == "?"):
        return f"exactly one of the fields day of month and day of week must be ?, in 'cron({expression})'"
    return None if parse_cron(expression) else f"'cron({expression})' matches no date"


def _months(field: str) -> frozenset[int] | None:
    return _numbers(field, range(1, 13), _MONTH_NAMES)


def _hours(field: str) -> tuple[int, ...] | None:
    match = _HOUR.fullmatch(field)
    if match is None:
        return None
    hour, first, step = match.groups()
    if hour is not None:
        return (int(hour),) if int(hour) < _HOURS else None
    if int(first or 0) >= _HOURS or int(step) < _MIN_HOURS_APART:
        return None
    return tuple(range(int(first or 0), _HOURS, int(step)))


def _numbers(field: str, allowed: range, names: Mapping[str, int]) -> frozenset[int] | None:
    """Parse a list of numbers, names, ranges and increments. A range may wrap around the end."""
    numbers: set[int] = set()
    for part in field.split(","):
        found = _of_range(part, allowed, names)
        if found is None:
            return None
        numbers |= found
    return frozenset(numbers)


def _of_range(part: str, allowed: range, names: Mapping[str, int]) -> set[int] | None:
    match = _RANGE.fullmatch(part)
    if match is None:
        return None
    low, high, step = match.groups()
    if low == "*" and high:
        return None
    first = allowed[0] if low == "*" else _number(low, allowed, names)
    is_open = low == "*" or step is not None
    last = _number(high, allowed, names) if high else (allowed[-1] if is_open else first)
    if first is None or last is None or (step is not None and int(step) == 0):
        return None
    span = (last - first) % len(allowed)
    return {allowed[(first - allowed[0] + offset) % len(allowed)] for offset in range(0, span + 1, int(step or 1))}


def _number(text: str, allowed: range, names: Mapping[str, int]) -> int | None:
    number = names.get(text, int(text) if text.isdigit() else -1)
    return number if number in allowed else None


def _of_month(field: str) -> IsDay | None:
    """Parse the day of month. ``SUNL`` is the last Sunday, as it is in the day of week [B]."""
    if field == "L":
        return _is_last
    last = _LAST_WEEKDAY.fullmatch(field)
    if last is not None:
        return _last_weekday(last[1])
    days = _numbers(field, range(1, 32), {})
    return None if days is None else lambda day: day.day in days


def _of_week(field: str) -> IsDay | None:
    if field == "L":
        return lambda day: _weekday(day) == _DAY_NAMES["SAT"]
    last, nth = _LAST_WEEKDAY.fullmatch(field), _NTH_WEEKDAY.fullmatch(field)
    if last is not None:
        return _last_weekday(last[1])
    if nth is not None:
        return _nth_weekday(nth[1], int(nth[2]))
    days = _numbers(field, range(1, 8), _DAY_NAMES)
    return None if days is None else lambda day: _weekday(day) in days


def _weekday(day: datetime.date) -> int:
    """Return the day of the week, 1 for Sunday."""
    return day.isoweekday() % 7 + 1


def _days_left(day: datetime.date) -> int:
    return calendar.monthrange(day.year, day.month)[1] - day.day


def _is_last(day: datetime.date) -> bool:
    return _days_left(day) == 0


def _last_weekday(name: str) -> IsDay | None:
    weekday = _number(name, range(1, 8), _DAY_NAMES)
    return None if weekday is None else lambda day: _weekday(day) == weekday and _days_left(day) < 7  # noqa: PLR2004


def _nth_weekday(name: str, nth: int) -> IsDay | None:
    weekday = _number(name, range(1, 8), _DAY_NAMES)
    return None if weekday is None else lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == nth
