"""Schedules of rotations: which RotationRules are allowed, and the windows that they make."""

from __future__ import annotations

import datetime
import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets import clock
from fake_secrets.errors import ServiceError

if TYPE_CHECKING:
    from fake_secrets.service.rules.cron import Cron

__all__ = [
    "Schedule",
    "Window",
    "check_rules",
    "describe_rules",
    "mistake_in",
    "schedule_of",
]

# The members of RotationRules, in the order of the service's model.
_MEMBERS = ("AutomaticallyAfterDays", "Duration", "ScheduleExpression")
_SECONDS_PER_HOUR = 3600
_HOURS_PER_DAY = 24
_DURATIONS = range(1, 25)
_HOURLY_RATES = range(4, 24)
_DAILY_RATES = range(1, 1000)

_RATE = re.compile(r"rate\((\d+) (hours?|days?)\)", re.ASCII)
_CRON = re.compile(r"cron\((.+)\)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A rotation window in epoch seconds. It ends just before `end`."""

    start: float
    end: float


class Schedule(Protocol):
    """The schedule that RotationRules make."""

    def windows(self, since: float, after: float | None = None) -> Iterator[Window]:
        """Yield the windows that follow an event, ascending. Those of a cron expression end in the year 9999.

        Args:
            since: the event, epoch seconds: a rotation, a value put by hand, or a new configuration.
            after: skip windows that don't start after this, epoch seconds.
        """


@dataclass(frozen=True, slots=True)
class _Daily:
    """A window every `days` days after the day of the event, from 00:00 UTC [A-: rotation-facts 2.2]."""

    days: int
    duration: int | None

    def windows(self, since: float, after: float | None = None) -> Iterator[Window]:
        for start in _every(self.days * clock.SECONDS_PER_DAY, clock.midnight(since), after):
            yield Window(start, start + (self.duration or _HOURS_PER_DAY) * _SECONDS_PER_HOUR)


@dataclass(frozen=True, slots=True)
class _Hourly:
    """A window every `hours` hours after the hour of the event."""

    hours: int
    duration: int | None

    def windows(self, since: float, after: float | None = None) -> Iterator[Window]:
        hour = since // _SECONDS_PER_HOUR * _SECONDS_PER_HOUR
        for start in _every(self.hours * _SECONDS_PER_HOUR, hour, after):
            yield Window(start, start + (self.duration or 1) * _SECONDS_PER_HOUR)


@dataclass(frozen=True, slots=True)
class _ByCron:
    """A window at each moment of a cron expression."""

    cron: Cron
    duration: int | None

    def windows(self, since: float, after: float | None = None) -> Iterator[Window]:
        for moment in self.cron.starts_after(clock.utc(since if after is None else max(since, after))):
            start = moment.timestamp()
            yield Window(start, self._end(start, moment))

    def _end(self, start: float, moment: datetime.datetime) -> float:
        if self.duration is not None:
            return start + self.duration * _SECONDS_PER_HOUR
        if len(self.cron.hours) > 1:
            return start + _SECONDS_PER_HOUR
        return start + (_HOURS_PER_DAY - moment.hour) * _SECONDS_PER_HOUR


def check_rules(rules: Mapping[str, Any]) -> None:
    """Refuse RotationRules that Secrets Manager refuses.

    Args:
        rules: RotationRules as sent.

    Raises (in the order checked; the order after M18 is unknown on AWS [D]):
        InvalidParameterException (400): both days and an expression are given, M18 [C]; the
            expression is invalid, M19; the rate is out of bounds, M20, M21; the Duration is out of
            bounds, M22, longer than the time between two windows, M23, or goes beyond the UTC
            day, M24 [texts C, code D].

    Source: rotation-facts 2.1 [B, C].
    """
    if "AutomaticallyAfterDays" in rules and "ScheduleExpression" in rules:
        raise _refusal("You cannot specify both rotation frequency and schedule expression together.")
    schedule = schedule_of(rules)
    if schedule is not None:
        _check_duration(schedule)


def schedule_of(rules: Mapping[str, Any] | None) -> Schedule | None:
    """Return the schedule of RotationRules, or None if they have none.

    Raises:
        InvalidParameterException (400): M19, M20, M21, M22; see `check_rules`.
    """
    if not rules:
        return None
    duration = _duration(rules)
    expression = rules.get("ScheduleExpression")
    if expression is not None:
        return _read(expression, duration)
    days = rules.get("AutomaticallyAfterDays")
    return None if days is None else _Daily(days, duration)


def describe_rules(rules: Mapping[str, Any], since: float) -> dict[str, Any]:
    """Return RotationRules as DescribeSecret shows them: with AutomaticallyAfterDays beside an expression.

    Args:
        rules: RotationRules as stored.
        since: the event that the next rotation is counted from, epoch seconds.

    Source: rotation-facts 2.2: the days are the time between two windows, at least one [C, A-].
        The two windows are the next one and the one after it [D].
    """
    schedule = schedule_of(rules)
    described = {name: rules[name] for name in _MEMBERS if name in rules}
    if schedule is None or "ScheduleExpression" not in rules:
        return described
    two = list(itertools.islice(schedule.windows(since), 2))
    # At the end of the year 9999, count from another event: any two windows will do.
    first, second = two if len(two) > 1 else itertools.islice(schedule.windows(0.0), 2)
    days = max(1, int((second.start - first.start) // clock.SECONDS_PER_DAY))
    return {"AutomaticallyAfterDays": days, **described}


def mistake_in(rules: Mapping[str, Any]) -> str | None:
    """Return which part of RotationRules is wrong, what it holds and what it may hold; None if none is.

    Args:
        rules: RotationRules as sent, which `check_rules` has refused.
    """
    expression, text = rules.get("ScheduleExpression"), rules.get("Duration")
    mistake = None if expression is None else _mistake_in_expression(expression)
    if mistake is not None or text is None:
        return None if mistake is None else f"{mistake}."
    hours = int(text.removesuffix("h"))
    if hours not in _DURATIONS:
        return f"Duration is {text!r}. It may be '1h' to '24h'."
    longest = max((long for long in _DURATIONS if _fits({**rules, "Duration": f"{long}h"})), default=0)
    if hours <= longest:
        return None
    return f"Duration is {text!r}. The windows of {expression!r} leave room for at most '{longest}h'."


def _mistake_in_expression(expression: str) -> str | None:
    rate, cron = _RATE.fullmatch(expression), _CRON.fullmatch(expression)
    if rate is not None:
        number, unit = int(rate[1]), "hours" if rate[2].startswith("hour") else "days"
        allowed = _HOURLY_RATES if unit == "hours" else _DAILY_RATES
        if number in allowed:
            return None
        return f"the number of {expression!r} is {number}. For {unit} it may be {allowed[0]} to {allowed[-1]}"
    if cron is not None:
        from fake_secrets.service.rules.cron import mistake_in_cron  # noqa: PLC0415 -- as in `_parse`

        return mistake_in_cron(cron[1])
    return (
        f"{expression!r} is neither rate(number unit), such as 'rate(10 days)' or 'rate(4 hours)', nor a cron "
        "expression of six fields, such as 'cron(0 8 1 * ? *)'"
    )


def _fits(rules: Mapping[str, Any]) -> bool:
    try:
        check_rules(rules)
    except ServiceError:
        return False
    return True


def _every(seconds: int, base: float, after: float | None) -> Iterator[float]:
    """Yield base plus one, two, ... times `seconds`, but only moments later than `after`."""
    passed = 0 if after is None else (after - base) // seconds
    for count in itertools.count(max(1, int(passed) + 1)):
        yield base + count * seconds


def _read(expression: str, duration: int | None) -> Schedule:
    rate, cron = _RATE.fullmatch(expression), _CRON.fullmatch(expression)
    if rate is not None:
        return _of_rate(int(rate[1]), rate[2], duration)
    parsed = None if cron is None else _parse(cron[1])
    if parsed is None:
        raise _refusal("Invalid schedule expression.")
    return _ByCron(parsed, duration)


@functools.lru_cache(maxsize=256)
def _parse(expression: str) -> Cron | None:
    # Imported late: few tests need cron expressions, and the module is slow to import.
    from fake_secrets.service.rules.cron import parse_cron  # noqa: PLC0415

    return parse_cron(expression)


def _of_rate(number: int, unit: str, duration: int | None) -> Schedule:
    if unit.startswith("hour"):
        if number not in _HOURLY_RATES:
            raise _refusal("Rate in hour should be least 4 and less than 24.")
        return _Hourly(number, duration)
    if number not in _DAILY_RATES:
        raise _refusal("Rate in day should be greater than 0 and less than 1000.")
    return _Daily(number, duration)


def _duration(rules: Mapping[str, Any]) -> int | None:
    """Return Duration in hours. The service model's pattern has checked its form already."""
    if "Duration" not in rules:
        return None
    hours = int(rules["Duration"].removesuffix("h"))
    if hours not in _DURATIONS:
        raise _refusal("Duration must be at least 1 hour, at most 24 hour.")
    return hours


def _check_duration(schedule: Schedule) -> None:
    if isinstance(schedule, _Hourly) and (schedule.duration or 1) > schedule.hours:
        raise _refusal("Duration cannot be greater than Rate in hour.")
    if isinstance(schedule, _ByCron) and schedule.duration is not None:
        hours = schedule.cron.hours
        apart = min((later - earlier for earlier, later in itertools.pairwise(hours)), default=_HOURS_PER_DAY)
        if schedule.duration > apart:
            raise _refusal("Duration cannot be greater than Rate in hour.")
        if hours[-1] + schedule.duration > _HOURS_PER_DAY:
            raise _refusal("Starting hour and duration must be within a day.")


def _refusal(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)
