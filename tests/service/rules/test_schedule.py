"""Rotation schedules: which rules are refused, and which windows and dates they make."""

import calendar
import datetime
import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from fake_secrets.errors import ServiceError
from fake_secrets.service.rules import schedule
from fake_secrets.service.state.model import RotationState

INVALID = "Invalid schedule expression."
HOURLY = "Rate in hour should be least 4 and less than 24."
DAILY = "Rate in day should be greater than 0 and less than 1000."
DURATION = "Duration must be at least 1 hour, at most 24 hour."
TOO_LONG = "Duration cannot be greater than Rate in hour."
NOT_WITHIN = "Starting hour and duration must be within a day."


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()


def shown(timestamp):
    return datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def rules_of(expression, duration=None):
    return {"ScheduleExpression": expression, **({} if duration is None else {"Duration": duration})}


def refusal(rules):
    with pytest.raises(ServiceError) as refused:
        schedule.check_rules(rules)
    return refused.value.code, refused.value.message


def counted(rules, since):
    rotation = RotationState(None, rules=rules)
    rotation.count_from(at(since))
    return rotation


def starts(expression, since, count):
    windows = schedule.schedule_of(rules_of(expression)).windows(at(since))
    return [shown(window.start) for window in itertools.islice(windows, count)]


class TestRefusals:
    @pytest.mark.parametrize(
        "expression",
        [
            "0 1 * * *",
            "rate(1 minute)",
            "rate(2 weeks)",
            "rate(5)",
            "rate(-5 days)",
            "rate(1.5 days)",
            "cron()",
            "cron(0 10 * * ?)",
            "cron(0 10 * * ? * *)",
            "cron(5 10 * * ? *)",
            "cron(* 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 * * * ? *)",
            "cron(0 */2 * * ? *)",
            "cron(0 8/3 * * ? *)",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(0 10 1 * MON *)",
            "cron(0 10 * * ? 2027)",
            "cron(0 10 0 * ? *)",
            "cron(0 10 32 * ? *)",
            "cron(0 10 15W * ? *)",
            "cron(0 10 L-3 * ? *)",
            "cron(0 10 * 13 ? *)",
            "cron(0 10 * FOO ? *)",
            "cron(0 10 */0 * ? *)",
            "cron(0 10 *-3 * ? *)",
            "cron(0 10 ? * 0 *)",
            "cron(0 10 ? * 8 *)",
            "cron(0 10 ? * 2#6 *)",
            "cron(0 10 31 2 ? *)",
            "cron(0 10 , * ? *)",
        ],
    )
    def test_an_invalid_expression_is_refused(self, expression):
        assert refusal(rules_of(expression)) == ("InvalidParameterException", INVALID)

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ("rate(0 hours)", HOURLY),
            ("rate(3 hours)", HOURLY),
            ("rate(24 hours)", HOURLY),
            ("rate(0 days)", DAILY),
            ("rate(1000 days)", DAILY),
        ],
    )
    def test_a_rate_out_of_bounds_is_refused(self, expression, message):
        assert refusal(rules_of(expression)) == ("InvalidParameterException", message)

    @pytest.mark.parametrize("expression", ["rate(4 hours)", "rate(23 hours)", "rate(1 day)", "rate(999 days)"])
    def test_a_rate_at_its_bounds_is_accepted(self, expression):
        schedule.check_rules(rules_of(expression))

    @pytest.mark.parametrize(
        ("expression", "duration", "message"),
        [
            ("rate(10 days)", "0h", DURATION),
            ("rate(10 days)", "25h", DURATION),
            ("rate(10 days)", "99h", DURATION),
            ("rate(4 hours)", "5h", TOO_LONG),
            ("cron(0 /4 * * ? *)", "5h", TOO_LONG),
            ("cron(0 16 * * ? *)", "9h", NOT_WITHIN),
            ("cron(0 8/8 * * ? *)", "9h", TOO_LONG),
            ("cron(0 4/16 * * ? *)", "5h", NOT_WITHIN),
        ],
    )
    def test_a_duration_that_does_not_fit_is_refused(self, expression, duration, message):
        assert refusal(rules_of(expression, duration)) == ("InvalidParameterException", message)

    @pytest.mark.parametrize(
        ("expression", "duration"),
        [
            ("rate(10 days)", "24h"),
            ("rate(4 hours)", "4h"),
            ("cron(0 16 * * ? *)", "8h"),
            ("cron(0 0 * * ? *)", "24h"),
        ],
    )
    def test_a_duration_that_just_fits_is_accepted(self, expression, duration):
        schedule.check_rules(rules_of(expression, duration))

    def test_days_and_expression_together_are_refused(self):
        message = "You cannot specify both rotation frequency and schedule expression together."
        refused = refusal({"AutomaticallyAfterDays": 1, "ScheduleExpression": "never"})
        assert refused == ("InvalidParameterException", message)

    def test_days_may_have_a_duration(self):
        schedule.check_rules({"AutomaticallyAfterDays": 30, "Duration": "3h"})


class TestNextRotationDate:
    @pytest.mark.parametrize(
        ("rules", "since", "expected"),
        [
            # Observed [A-: rotation-facts 2.2].
            (rules_of("cron(0 0 ? * 2 *)"), "2026-09-07 18:14:58", "2026-09-14 23:59:59"),
            ({"AutomaticallyAfterDays": 30}, "2026-01-22 06:42:22", "2026-02-21 23:59:59"),
            ({"AutomaticallyAfterDays": 30}, "2026-02-03 12:00:00", "2026-03-05 23:59:59"),
            (rules_of("cron(0 16 1,15 * ? *)", "2h"), "2026-09-02 00:00:00", "2026-09-15 17:59:59"),
            # By the rules [B].
            ({"AutomaticallyAfterDays": 30, "Duration": "3h"}, "2026-01-22 06:42:22", "2026-02-21 02:59:59"),
            (rules_of("rate(10 days)"), "2026-12-28 10:00:00", "2027-01-07 23:59:59"),
            (rules_of("rate(10 hours)"), "2026-09-07 18:14:58", "2026-09-08 04:59:59"),
            (rules_of("rate(10 hours)", "3h"), "2026-09-07 18:14:58", "2026-09-08 06:59:59"),
            (rules_of("cron(0 8 * * ? *)"), "2026-09-07 07:59:59", "2026-09-07 23:59:59"),
            (rules_of("cron(0 8 * * ? *)"), "2026-09-07 08:00:00", "2026-09-08 23:59:59"),
            (rules_of("cron(0 /8 * * ? *)"), "2026-09-07 08:00:00", "2026-09-07 16:59:59"),
            (rules_of("cron(0 0 29 2 ? *)"), "2026-01-01 00:00:00", "2028-02-29 23:59:59"),
        ],
    )
    def test_it_is_the_last_second_of_the_next_window(self, rules, since, expected):
        assert shown(counted(rules, since).next_rotation) == expected

    @pytest.mark.parametrize("rules", [None, {}, {"Duration": "3h"}])
    def test_without_a_schedule_there_is_none(self, rules):
        assert counted(rules, "2026-01-01").next_rotation is None


class TestDescribedRules:
    @pytest.mark.parametrize(
        ("expression", "since", "days"),
        [
            ("cron(0 0 ? * 2 *)", "2026-09-07 18:14:58", 7),
            ("rate(10 hours)", "2026-09-07 18:14:58", 1),
            ("rate(10 days)", "2026-09-07 18:14:58", 10),
            ("cron(0 16 1,15 * ? *)", "2026-09-15 18:00:00", 14),
        ],
    )
    def test_an_expression_is_shown_with_its_days(self, expression, since, days):
        described = schedule.describe_rules(rules_of(expression), at(since))
        assert described == {"AutomaticallyAfterDays": days, "ScheduleExpression": expression}

    def test_days_are_shown_unchanged(self):
        rules = {"AutomaticallyAfterDays": 30, "Duration": "3h"}
        assert schedule.describe_rules(rules, at("2026-01-01")) == rules


class TestCronStarts:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("cron(0 8 L * ? *)", ["2026-01-31 08:00:00", "2026-02-28 08:00:00"]),
            ("cron(0 8 SUNL * ? *)", ["2026-01-25 08:00:00", "2026-02-22 08:00:00"]),
            ("cron(0 8 ? * 1L *)", ["2026-01-25 08:00:00", "2026-02-22 08:00:00"]),
            ("cron(0 8 ? * L *)", ["2026-01-03 08:00:00", "2026-01-10 08:00:00"]),
            ("cron(0 8 ? * MON#2 *)", ["2026-01-12 08:00:00", "2026-02-09 08:00:00"]),
            ("cron(0 8 ? * FRI-MON *)", ["2026-01-02 08:00:00", "2026-01-03 08:00:00", "2026-01-04 08:00:00"]),
            ("cron(0 8 ? * mon-wed *)", ["2026-01-05 08:00:00", "2026-01-06 08:00:00"]),
            ("cron(0 8 1 */6 ? *)", ["2026-01-01 08:00:00", "2026-07-01 08:00:00", "2027-01-01 08:00:00"]),
            ("cron(0 8 1 NOV-FEB ? *)", ["2026-01-01 08:00:00", "2026-02-01 08:00:00", "2026-11-01 08:00:00"]),
            ("cron(0 8 1/15 * ? *)", ["2026-01-01 08:00:00", "2026-01-16 08:00:00", "2026-01-31 08:00:00"]),
            ("cron(0 2/10 1 * ? *)", ["2026-01-01 02:00:00", "2026-01-01 12:00:00", "2026-01-01 22:00:00"]),
            ("cron(0 8 31 * ? *)", ["2026-01-31 08:00:00", "2026-03-31 08:00:00", "2026-05-31 08:00:00"]),
        ],
    )
    def test_windows_start_at_the_moments_of_the_fields(self, expression, expected):
        assert starts(expression, "2026-01-01 00:00:00", len(expected)) == expected


HOURS = st.integers(0, 23).map(str) | st.tuples(st.integers(0, 23), st.integers(4, 23)).map(
    lambda t: f"{t[0]}/{t[1]}"
)
MONTHS = st.just("*") | st.lists(st.integers(1, 12).map(str), min_size=1, max_size=3).map(",".join)
MONTH_DAYS = (
    st.just("*")
    | st.just("L")
    | st.integers(1, 31).map(str)
    | st.tuples(st.integers(1, 31), st.integers(1, 31)).map(lambda t: f"{min(t)}-{max(t)}")
)
WEEK_DAYS = (
    st.just("*")
    | st.integers(1, 7).map(str)
    | st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda t: f"{t[0]}#{t[1]}")
    | st.integers(1, 7).map(lambda day: f"{day}L")
)
DAYS = MONTH_DAYS.map(lambda day: (day, "?")) | WEEK_DAYS.map(lambda day: ("?", day))


def is_meant(moment, hours, months, month_day, week_day):
    """Return whether a cron expression matches an hour. Written from the user guide, not from the package."""
    start, _, step = hours.partition("/")
    is_hour = (
        moment.hour == int(start)
        if not step
        else (moment.hour >= int(start) and (moment.hour - int(start)) % int(step) == 0)
    )
    is_month = months == "*" or str(moment.month) in months.split(",")
    last = calendar.monthrange(moment.year, moment.month)[1]
    if month_day != "?":
        low, _, high = month_day.partition("-")
        is_day = month_day == "*" or (
            moment.day == last if low == "L" else int(low) <= moment.day <= int(high or low)
        )
    else:
        sunday_first = (moment.weekday() + 1) % 7 + 1
        if week_day == "*":
            is_day = True
        elif week_day.endswith("L"):
            is_day = sunday_first == int(week_day[:-1]) and moment.day + 7 > last
        else:
            day, _, nth = week_day.partition("#")
            is_day = sunday_first == int(day) and (not nth or (moment.day + 6) // 7 == int(nth))
    return is_hour and is_month and is_day


@pytest.mark.slow
@settings(deadline=None)  # the walk over the calendar is slow on a busy machine
@example("0", "2", ("?", "2#5"), datetime.datetime(2024, 3, 15))  # noqa: DTZ001
@given(HOURS, MONTHS, DAYS, st.datetimes(datetime.datetime(2023, 11, 1), datetime.datetime(2024, 3, 15)))  # noqa: DTZ001
def test_cron_windows_match_a_walk_over_the_calendar(hours, months, days, since):
    since = since.replace(tzinfo=datetime.UTC)
    expression = f"cron(0 {hours} {days[0]} {months} {days[1]} *)"
    try:
        schedule.check_rules(rules_of(expression))
    except ServiceError:
        # Only an expression that never matches is refused.
        assert days[0] in {"30", "31"} or days[0].split("-")[0] in {"30", "31"}
        return
    end = since + datetime.timedelta(days=100)
    hour = since.replace(minute=0, second=0, microsecond=0) + datetime.timedelta(hours=1)
    walked = []
    while hour <= end:
        if is_meant(hour, hours, months, *days):
            walked.append(hour.timestamp())
        hour += datetime.timedelta(hours=1)
    windows = schedule.schedule_of(rules_of(expression)).windows(since.timestamp())
    assert [w.start for w in itertools.takewhile(lambda w: w.start <= end.timestamp(), windows)] == walked


@pytest.mark.parametrize("expression", ["cron(0 8 * * ? *)", "cron(0 0 29 2 ? *)"])
def test_cron_windows_end_with_the_calendar(expression):
    since = datetime.datetime(9999, 12, 29, tzinfo=datetime.UTC).timestamp()
    starts = [window.start for window in schedule.schedule_of(rules_of(expression)).windows(since)]
    assert starts == ([since + (day * 24 + 8) * 3600 for day in range(3)] if "8 *" in expression else [])


SIX = "minutes, hours, day of month, month, day of week, year"
NEITHER = (
    "neither rate(number unit), such as 'rate(10 days)' or 'rate(4 hours)', nor a cron expression of six fields, "
    "such as 'cron(0 8 1 * ? *)'."
)
FIELD_MISTAKES = {
    "cron(30 8 1 * ? *)": "the field minutes of 'cron(30 8 1 * ? *)' is '30'. It may hold only 0.",
    "cron(0 */2 1 * ? *)": (
        "the field hours of 'cron(0 */2 1 * ? *)' is '*/2'. It may hold an hour from 0 to 23, or an increment of "
        "at least 4, such as 0/4."
    ),
    "cron(0 8 32 * ? *)": (
        "the field day of month of 'cron(0 8 32 * ? *)' is '32'. It may hold 1 to 31, *, L, or ?."
    ),
    "cron(0 8 1 13 ? *)": "the field month of 'cron(0 8 1 13 ? *)' is '13'. It may hold 1 to 12, JAN to DEC, or "
    "*.",
    "cron(0 8 ? * moo *)": (
        "the field day of week of 'cron(0 8 ? * moo *)' is 'moo'. It may hold 1 to 7 (SUN to SAT), *, L, or ?."
    ),
    "cron(0 8 1 * ? 2026)": "the field year of 'cron(0 8 1 * ? 2026)' is '2026'. It may hold only *.",
    "cron(0 8 1 * 1 *)": (
        "exactly one of the fields day of month and day of week must be ?, in 'cron(0 8 1 * 1 *)'."
    ),
    "cron(0 8 30 2 ? *)": "'cron(0 8 30 2 ? *)' matches no date.",
    "cron(0 8 * * *)": f"'cron(0 8 * * *)' has 5 fields, separated by single spaces. It needs six: {SIX}.",
    "every day": f"'every day' is {NEITHER}",
    "rate(1 week)": f"'rate(1 week)' is {NEITHER}",
    "rate(3 hours)": "the number of 'rate(3 hours)' is 3. For hours it may be 4 to 23.",
    "rate(1000 days)": "the number of 'rate(1000 days)' is 1000. For days it may be 1 to 999.",
}


class TestMistakes:
    """Which field of a refused schedule is wrong, what it holds, and what it may hold."""

    @pytest.mark.parametrize(("expression", "mistake"), FIELD_MISTAKES.items(), ids=FIELD_MISTAKES.keys())
    def test_the_wrong_field_of_an_expression_is_named(self, expression, mistake):
        refusal(rules_of(expression))
        assert schedule.mistake_in(rules_of(expression)) == mistake

    @pytest.mark.parametrize(
        ("expression", "duration", "longest"),
        [("rate(4 hours)", "5h", 4), ("cron(0 20 1 * ? *)", "6h", 4), ("cron(0 0/6 1 * ? *)", "7h", 6)],
    )
    def test_the_longest_duration_of_a_schedule_is_named(self, expression, duration, longest):
        refusal(rules_of(expression, duration))
        assert schedule.mistake_in(rules_of(expression, duration)) == (
            f"Duration is {duration!r}. The windows of {expression!r} leave room for at most '{longest}h'."
        )

    @pytest.mark.parametrize("rules", [rules_of("rate(9 days)"), {"AutomaticallyAfterDays": 9}, {}])
    @pytest.mark.parametrize("duration", ["0h", "25h", "999h"])
    def test_the_bounds_of_every_duration_are_named(self, rules, duration):
        assert (
            schedule.mistake_in({**rules, "Duration": duration})
            == f"Duration is {duration!r}. It may be '1h' to '24h'."
        )

    @pytest.mark.parametrize(
        "rules",
        [{}, {"AutomaticallyAfterDays": 9}, rules_of("cron(0 8 L * ? *)", "3h"), rules_of("rate(4 hours)", "4h")],
    )
    def test_allowed_rules_have_no_mistake(self, rules):
        schedule.check_rules(rules)
        assert schedule.mistake_in(rules) is None

    @given(st.text("0123456789*/?-,L#WMONJA ", max_size=24))
    @settings(max_examples=200)
    def test_whatever_is_refused_has_a_mistake(self, fields):
        rules = rules_of(f"cron({fields})")
        try:
            schedule.check_rules(rules)
        except ServiceError:
            assert schedule.mistake_in(rules)
        else:
            assert schedule.mistake_in(rules) is None
