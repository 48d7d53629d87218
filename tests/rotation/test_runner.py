"""Rotations that the clock makes due, that are retried, and that a test runs step by step."""

import collections
import contextlib
import datetime
import itertools
import threading

import boto3
import botocore.exceptions
import pytest
from rotators import Rotator

from fake_secrets import RotationFailedError, RotationNotOpenError, mock_stages

UTC = datetime.UTC
WEEKLY = {"ScheduleExpression": "cron(0 0 ? * MON *)"}
DAILY = {"AutomaticallyAfterDays": 1}
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
DAY = datetime.timedelta(days=1)


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock(freezer_at_noon):
    """A clock that stands at noon on a Thursday."""
    freezer_at_noon.move_to("2026-01-01T12:00:00Z")
    return freezer_at_noon


@pytest.fixture
def db(clock, fake_secrets):
    return fake_secrets.add("prod/db", "old")


@pytest.fixture
def rotator(secretsmanager):
    return Rotator(secretsmanager)


@pytest.fixture
def schedule(fake_secrets, secretsmanager, rotator):
    """Return a function that configures a secret to be rotated by a schedule."""

    def schedule(rules, *, handler=rotator, secret="prod/db"):
        secretsmanager.rotate_secret(
            SecretId=secret,
            RotationLambdaARN=fake_secrets.lambda_function(handler, "rotator"),
            RotationRules=rules,
            RotateImmediately=False,
        )
        rotator.events.clear()

    return schedule


@pytest.fixture
def described(secretsmanager):
    def described(secret="prod/db"):
        return secretsmanager.describe_secret(SecretId=secret)

    return described


def rotated(fake_secrets):
    return [rotation for rotation in fake_secrets.rotations if not rotation.is_test]


class TestDue:
    def test_a_rotation_runs_before_the_first_call_in_its_window(
        self, clock, db, schedule, fake_secrets, described
    ):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        described()
        assert [rotation.succeeded for rotation in rotated(fake_secrets)] == [True]

    def test_the_first_call_in_a_window_sees_the_new_value(self, clock, db, schedule, secretsmanager):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        assert secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"] != "old"

    def test_no_rotation_runs_before_its_window(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-01-04T23:59:59Z")
        described()
        assert rotated(fake_secrets) == []

    def test_no_rotation_runs_without_a_call(self, clock, db, schedule, fake_secrets):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        assert (db.value(), rotated(fake_secrets)) == ("old", [])

    def test_each_scheduled_rotation_has_a_new_uuid_as_token(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-01-12T00:00:00Z")
        described()
        tokens = [rotation.token for rotation in rotated(fake_secrets)]
        assert len(set(tokens)) == 2
        assert all(len(token) == 36 and token == token.lower() for token in tokens)

    def test_a_call_about_another_secret_runs_it(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        secretsmanager.list_secrets()
        assert len(rotated(fake_secrets)) == 1

    def test_a_refused_call_runs_it(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        with pytest.raises(botocore.exceptions.ClientError):
            described("absent")
        assert len(rotated(fake_secrets)) == 1

    def test_each_missed_window_has_its_rotation(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-02-02T00:00:00Z")
        described()
        assert [rotation.succeeded for rotation in rotated(fake_secrets)] == [True] * 5

    def test_each_rotation_is_dated_by_its_window(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-02-01T12:34:56Z")
        described()
        assert [version.created for version in db.versions[1:]] == [
            at("2026-01-05"),
            at("2026-01-12"),
            at("2026-01-19"),
            at("2026-01-26"),
        ]
        assert described()["LastRotatedDate"] == at("2026-01-26")
        assert described()["NextRotationDate"] == at("2026-02-02 23:59:59")

    def test_the_function_sees_the_time_of_its_window(self, clock, db, schedule, rotator, described):
        seen = []

        def handler(event, context):
            seen.append(datetime.datetime.now(UTC))
            rotator(event, context)

        schedule(WEEKLY, handler=handler)
        seen.clear()
        clock.move_to("2026-01-14T08:00:00Z")
        described()
        assert seen == [at("2026-01-05")] * 4 + [at("2026-01-12")] * 4

    def test_the_clock_is_set_back_afterwards(self, clock, db, schedule, described):
        schedule(WEEKLY)
        clock.move_to("2026-01-14T08:00:00Z")
        described()
        assert datetime.datetime.now(UTC) == at("2026-01-14 08:00:00")

    def test_secrets_are_rotated_in_the_order_of_their_dates(self, clock, db, schedule, fake_secrets, described):
        fake_secrets.add("other", "old")
        schedule({"AutomaticallyAfterDays": 3})
        schedule({"AutomaticallyAfterDays": 2}, secret="other")
        clock.move_to("2026-01-06T12:00:00Z")
        described()
        assert [rotation.secret_name for rotation in rotated(fake_secrets)] == ["other", "prod/db", "other"]

    def test_errors_are_recorded_and_not_raised_by_a_clients_call(
        self, clock, db, schedule, rotator, fake_secrets, described
    ):
        schedule(WEEKLY)
        rotator.fails_in = "setSecret"
        clock.move_to("2026-01-05T00:00:00Z")
        described()
        (rotation,) = rotated(fake_secrets)
        assert (rotation.outcome, rotation.error) == ("failed", rotator.error)

    def test_a_keyboard_interrupt_is_raised(self, clock, db, schedule, rotator, described):
        schedule(WEEKLY)
        rotator.fails_in, rotator.error = "setSecret", KeyboardInterrupt()
        clock.move_to("2026-01-05T00:00:00Z")
        with pytest.raises(KeyboardInterrupt):
            described()
        assert datetime.datetime.now(UTC) == at("2026-01-05")

    def test_no_due_rotation_begins_from_a_call_of_a_rotation_function(
        self, clock, db, schedule, fake_secrets, secretsmanager
    ):
        fake_secrets.add("other", "old")
        schedule(WEEKLY)
        order = []

        def slow(event, context):
            clock.move_to("2026-01-05T00:00:00Z")
            secretsmanager.list_secrets()
            order.append([rotation.secret_name for rotation in rotated(fake_secrets)])

        fake_secrets.rotate("other", slow)
        assert order[-1] == ["other"]
        secretsmanager.list_secrets()
        assert [rotation.secret_name for rotation in rotated(fake_secrets)] == ["other", "prod/db"]

    def test_a_window_missed_while_marked_for_deletion_is_skipped(
        self, clock, db, schedule, fake_secrets, secretsmanager
    ):
        schedule(WEEKLY)
        secretsmanager.delete_secret(SecretId="prod/db")
        clock.move_to("2026-01-14T00:00:00Z")
        secretsmanager.restore_secret(SecretId="prod/db")
        secretsmanager.list_secrets()
        assert rotated(fake_secrets) == []
        clock.move_to("2026-01-19T00:00:00Z")
        secretsmanager.list_secrets()
        assert len(rotated(fake_secrets)) == 1

    def test_a_cancelled_rotation_is_never_due(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule(WEEKLY)
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        clock.move_to("2026-02-14T00:00:00Z")
        secretsmanager.list_secrets()
        assert (rotated(fake_secrets), fake_secrets.next_due()) == ([], None)

    def test_a_secret_that_was_deleted_is_never_due(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule(WEEKLY)
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        clock.move_to("2026-02-14T00:00:00Z")
        secretsmanager.list_secrets()
        assert (rotated(fake_secrets), fake_secrets.next_due()) == ([], None)

    def test_putting_a_value_postpones_the_rotation(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule({"AutomaticallyAfterDays": 10})
        clock.tick(5 * DAY)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        clock.move_to("2026-01-15T23:59:59Z")
        secretsmanager.list_secrets()
        assert rotated(fake_secrets) == []
        assert fake_secrets.next_due() == at("2026-01-16")

    def test_an_open_rotation_is_attempted_again_in_the_next_window(
        self, clock, db, schedule, rotator, fake_secrets, described
    ):
        schedule(WEEKLY)
        rotator.fails_in = "testSecret"
        clock.move_to("2026-01-05T00:00:00Z")
        described()
        rotator.fails_in = None
        clock.move_to("2026-01-12T00:00:00Z")
        described()
        (rotation,) = rotated(fake_secrets)
        assert (rotation.attempts, rotation.succeeded) == (2, True)

    def test_the_next_date_may_be_past_after_a_failure(self, clock, db, schedule, rotator, described):
        schedule(WEEKLY)
        rotator.fails_in = "testSecret"
        clock.move_to("2026-01-08T00:00:00Z")
        assert described()["NextRotationDate"] == at("2026-01-05 23:59:59")

    def test_a_pending_label_put_by_hand_blocks_the_rotation(
        self, clock, db, schedule, fake_secrets, secretsmanager
    ):
        schedule(WEEKLY)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=["AWSPENDING"])
        clock.move_to("2026-01-05T00:00:00Z")
        secretsmanager.list_secrets()
        (rotation,) = rotated(fake_secrets)
        assert isinstance(rotation.error, RotationFailedError)
        assert repr(rotation).endswith(": couldn't start because of RotationFailedError>")

    def test_a_scheduled_rotation_appears_in_the_timeline(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        described()
        moments = fake_secrets.timeline("prod/db").moments
        (opening,) = [moment for moment in moments if moment.operation == "(scheduled rotation)"]
        assert opening.stages == (("AWSCURRENT",), (), ("AWSPENDING",))

    def test_due_rotations_of_another_world_are_not_run(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule(WEEKLY)
        clock.move_to("2026-01-05T00:00:00Z")
        with mock_stages(region=fake_secrets.region):
            secretsmanager.list_secrets()
        assert rotated(fake_secrets) == []

    def test_the_wire_lane_runs_due_rotations_too(self, clock):
        with mock_stages({"prod/db": "old"}, _lane="wire") as fake_secrets:
            client = boto3.client("secretsmanager")
            fake_secrets.rotate("prod/db", Rotator(client))
            client.rotate_secret(SecretId="prod/db", RotationRules=WEEKLY, RotateImmediately=False)
            clock.move_to("2026-01-05T00:00:00Z")
            client.list_secrets()
            assert [rotation.succeeded for rotation in rotated(fake_secrets)] == [True, True]


class TestThreeYears:
    @pytest.mark.slow
    def test_weekly_rotations_run_week_by_week(self, clock, db, schedule, fake_secrets, secretsmanager):
        """From 1 January 2026 over the leap day of 2028, week by week."""
        schedule(WEEKLY)
        monday = at("2026-01-05")
        for _ in range(156):
            clock.move_to(monday + datetime.timedelta(hours=9))
            answer = secretsmanager.describe_secret(SecretId="prod/db")
            current = fake_secrets.rotations[-1].token
            assert answer["VersionIdsToStages"][current] == ["AWSCURRENT", "AWSPENDING"]
            assert answer["LastRotatedDate"] == monday
            assert answer["NextRotationDate"] == monday + 8 * DAY - datetime.timedelta(seconds=1)
            monday += 7 * DAY
        assert all(rotation.succeeded for rotation in rotated(fake_secrets))
        assert [record["eventName"] for record in fake_secrets.trail.service_events[2:]] == [
            "RotationStarted",
            "RotationSucceeded",
        ] * 156

    @pytest.mark.slow
    def test_weekly_rotations_run_after_one_jump(self, clock, db, schedule, fake_secrets, described):
        schedule(WEEKLY)
        clock.move_to("2028-12-31T12:00:00Z")
        described()
        times = [
            record["eventTime"]
            for record in fake_secrets.trail.service_events
            if "Succeeded" in record["eventName"]
        ]
        assert times[1:] == [f"{at('2026-01-05') + number * 7 * DAY:%Y-%m-%dT00:00:00Z}" for number in range(156)]

    def test_rotations_run_every_thirty_days(self, clock, db, schedule, fake_secrets, described):
        schedule({"AutomaticallyAfterDays": 30})
        clock.move_to("2028-12-31T12:00:00Z")
        described()
        assert len(rotated(fake_secrets)) == (datetime.date(2028, 12, 31) - datetime.date(2026, 1, 1)).days // 30

    @pytest.mark.parametrize(
        ("expression", "days"),
        [
            ("cron(0 0 L * ? *)", ["01-31", "02-28", "03-31", "04-30"]),
            ("cron(0 0 31 * ? *)", ["01-31", "03-31", "05-31", "07-31"]),
            ("cron(0 0 ? * 6L *)", ["01-30", "02-27", "03-27", "04-24"]),
        ],
    )
    def test_schedules_at_month_ends_run_on_the_right_days(
        self, clock, db, schedule, fake_secrets, described, expression, days
    ):
        schedule({"ScheduleExpression": expression})
        clock.move_to("2026-12-31T23:00:00Z")
        described()
        assert [f"{version.created:%m-%d}" for version in db.versions[1:5]] == days

    def test_a_rotation_runs_on_the_leap_day(self, clock, db, schedule, fake_secrets):
        schedule({"ScheduleExpression": "cron(0 6 29 2 ? *)"})
        assert fake_secrets.next_due() == at("2028-02-29 06:00:00")

    def test_a_schedule_continues_though_every_rotation_fails(
        self, clock, db, schedule, rotator, fake_secrets, described
    ):
        schedule({"ScheduleExpression": "rate(4 hours)"})
        rotator.fails_in = "createSecret"
        clock.move_to("2026-03-01T00:00:00Z")
        described()
        (rotation,) = rotated(fake_secrets)
        assert rotation.attempts == 58 * 6 + 3


class TestRunDue:
    def test_run_due_runs_due_rotations_without_a_call(self, clock, db, schedule, fake_secrets):
        schedule(WEEKLY)
        clock.move_to("2026-01-12T00:00:00Z")
        assert [rotation.succeeded for rotation in fake_secrets.run_due()] == [True, True]

    def test_run_due_returns_nothing_if_nothing_is_due(self, clock, db, schedule, fake_secrets):
        schedule(WEEKLY)
        assert fake_secrets.run_due() == []

    def test_run_due_runs_future_rotations(self, clock, db, schedule, fake_secrets):
        schedule(WEEKLY)
        ran = fake_secrets.run_due(until=at("2026-01-19"))
        assert [rotation.succeeded for rotation in ran] == [True] * 3
        assert datetime.datetime.now(UTC) == at("2026-01-01 12:00:00")
        assert fake_secrets.next_due() == at("2026-01-26")

    def test_run_due_includes_the_moment_of_until(self, clock, db, schedule, fake_secrets):
        schedule(WEEKLY)
        assert fake_secrets.run_due(until=at("2026-01-04 23:59:59")) == []
        assert len(fake_secrets.run_due(until=at("2026-01-05"))) == 1

    def test_run_due_raises_the_first_error_after_all_work_is_done(
        self, clock, db, schedule, rotator, fake_secrets
    ):
        fake_secrets.add("other", "old")
        schedule(WEEKLY)
        schedule(DAILY, secret="other")
        rotator.fails_in = "setSecret"
        clock.move_to("2026-01-05T00:00:00Z")
        with pytest.raises(RuntimeError, match="the database is down"):
            fake_secrets.run_due()
        assert {rotation.secret_name for rotation in rotated(fake_secrets)} == {"other", "prod/db"}

    def test_errors_can_be_recorded(self, clock, db, schedule, rotator, fake_secrets):
        schedule(WEEKLY)
        rotator.fails_in = "setSecret"
        clock.move_to("2026-01-05T00:00:00Z")
        (rotation,) = fake_secrets.run_due(errors="record")
        assert rotation.outcome == "failed"

    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_run_due_records_errors_if_the_world_does(self, clock, db, schedule, rotator, fake_secrets):
        schedule(WEEKLY)
        rotator.fails_in = "setSecret"
        clock.move_to("2026-01-05T00:00:00Z")
        (rotation,) = fake_secrets.run_due()
        assert rotation.outcome == "failed"

    def test_run_due_performs_due_deletions(self, clock, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", RecoveryWindowInDays=7)
        fake_secrets.run_due(until=at("2026-01-08 12:00:00"))
        assert "prod/db" not in fake_secrets

    @pytest.mark.parametrize("until", [datetime.datetime(2027, 1, 1), "2027-01-01", 7])  # noqa: DTZ001
    def test_until_without_a_time_zone_is_refused(self, db, fake_secrets, until):
        with pytest.raises(ValueError, match="isn't a datetime with a time zone"):
            fake_secrets.run_due(until=until)

    def test_run_due_does_nothing_inside_a_rotation(self, clock, db, schedule, fake_secrets):
        fake_secrets.add("other", "old")
        schedule(WEEKLY)
        ran = []

        def slow(event, context):
            clock.move_to("2026-01-05T00:00:00Z")
            ran.append(fake_secrets.run_due())

        fake_secrets.rotate("other", slow)
        assert ran == [[]] * 4

    def test_without_a_clock_library_only_the_service_sees_the_due_time(self, fake_secrets, secretsmanager):
        fake_secrets.add("prod/db", "old")
        fake_secrets.rotate("prod/db", Rotator(secretsmanager))
        secretsmanager.rotate_secret(SecretId="prod/db", RotationRules=DAILY, RotateImmediately=False)
        due = fake_secrets.next_due()
        fake_secrets.run_due(until=due + DAY)
        described = secretsmanager.describe_secret(SecretId="prod/db")
        assert described["LastRotatedDate"] - (due + DAY) < datetime.timedelta(minutes=1)
        assert described["NextRotationDate"] == due + 3 * DAY - datetime.timedelta(seconds=1)

    def test_next_due_is_the_start_of_the_earliest_window(self, clock, db, schedule, fake_secrets):
        fake_secrets.add("other", "old")
        schedule(WEEKLY)
        schedule(DAILY, secret="other")
        assert fake_secrets.next_due() == at("2026-01-02")

    def test_nothing_is_due_without_a_schedule(self, fake_secrets):
        fake_secrets.add("prod/db", "old")
        assert fake_secrets.next_due() is None


@pytest.mark.fake_secrets(rotation_errors="record")
class TestRetries:
    def test_by_default_a_rotation_is_attempted_once(self, db, fake_secrets, rotator):
        rotator.fails_in = "setSecret"
        assert fake_secrets.rotate("prod/db", rotator).attempts == 1

    def test_without_a_delay_the_next_attempt_follows_at_once(self, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts = 3
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator)
        assert rotation.attempts == 3
        assert rotator.steps == ["createSecret", "setSecret"] * 3

    def test_all_attempts_have_the_same_token(self, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts = 3
        rotator.fails_in = "setSecret"
        fake_secrets.rotate("prod/db", rotator)
        assert len({event["ClientRequestToken"] for event in rotator.events}) == 1

    def test_no_attempt_follows_a_successful_one(self, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts = 5
        rotator.fails_in = "setSecret"

        def recovers(event, context):
            if len(rotator.events) == 4:
                rotator.fails_in = None
            rotator(event, context)

        rotation = fake_secrets.rotate("prod/db", recovers)
        assert (rotation.succeeded, rotation.attempts) == (True, 3)

    def test_only_the_last_error_is_raised(self, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts = 2
        errors = iter([RuntimeError("first"), RuntimeError("second")])

        def fails(event, context):
            raise next(errors)

        with pytest.raises(RuntimeError, match="second"):
            fake_secrets.rotate("prod/db", fails, errors="raise")

    def test_with_a_delay_the_next_attempt_is_due_by_the_clock(
        self, clock, db, fake_secrets, secretsmanager, rotator
    ):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 3, 60
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator)
        attempts = []
        for _ in range(5):
            attempts.append(rotation.attempts)
            clock.tick(60)
            secretsmanager.list_secrets()
        assert attempts == [1, 2, 3, 3, 3]

    def test_next_due_includes_the_next_attempt(self, clock, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 90
        rotator.fails_in = "setSecret"
        fake_secrets.rotate("prod/db", rotator)
        assert fake_secrets.next_due() == at("2026-01-01 12:01:30")

    def test_the_next_window_has_a_full_set_of_attempts(
        self, clock, db, schedule, fake_secrets, rotator, described
    ):
        schedule(WEEKLY)
        fake_secrets.retries.max_attempts = 2
        rotator.fails_in = "setSecret"
        clock.move_to("2026-01-12T00:00:00Z")
        described()
        assert [rotation.attempts for rotation in rotated(fake_secrets)] == [4]

    def test_an_unfinished_rotation_is_not_retried(self, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts = 3
        rotator.finishes = False
        assert fake_secrets.rotate("prod/db", rotator).attempts == 1

    def test_a_cancelled_rotation_is_not_retried(self, db, fake_secrets, secretsmanager):
        fake_secrets.retries.max_attempts = 3

        def cancels(event, context):
            secretsmanager.cancel_rotate_secret(SecretId="prod/db")
            raise RuntimeError

        assert fake_secrets.rotate("prod/db", cancels).attempts == 1

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("max_attempts", 0, "'max_attempts' must be a whole number of at least 1"),
            ("delay", -1, "'delay' must be a whole number of at least 0"),
            ("delay", 1.5, "'delay' must be a whole number of at least 0"),
        ],
    )
    def test_impossible_settings_are_refused(self, fake_secrets, name, value, message):
        with pytest.raises(ValueError, match=message):
            setattr(fake_secrets.retries, name, value)

    def test_reset_restores_the_settings(self, fake_secrets):
        fake_secrets.retries.max_attempts = 3
        fake_secrets.reset()
        assert fake_secrets.retries.max_attempts == 1


class TestRotateSecretWhileOneIsOpen:
    @pytest.fixture
    def open_rotation(self, db, fake_secrets, rotator):
        rotator.fails_in = "setSecret"
        return fake_secrets.rotate("prod/db", rotator, errors="record")

    def test_the_call_is_refused_and_the_open_rotation_is_attempted_again(
        self, open_rotation, secretsmanager, rotator
    ):
        rotator.fails_in = None
        with pytest.raises(botocore.exceptions.ClientError, match="That rotation will be reattempted"):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert (open_rotation.succeeded, open_rotation.attempts) == (True, 2)

    def test_the_refusal_is_raised_even_if_the_function_raises_again(self, open_rotation, secretsmanager):
        with pytest.raises(botocore.exceptions.ClientError, match="That rotation will be reattempted"):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert (open_rotation.outcome, open_rotation.attempts) == ("failed", 2)

    def test_a_cancelled_rotation_is_not_attempted_again(
        self, open_rotation, fake_secrets, secretsmanager, rotator
    ):
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        arn = fake_secrets.lambda_function(rotator)
        with pytest.raises(botocore.exceptions.ClientError, match="isn't complete"):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert open_rotation.attempts == 1

    def test_a_pending_label_put_by_hand_is_not_attempted(self, db, fake_secrets, secretsmanager, rotator):
        fake_secrets.rotate("prod/db", rotator)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=["AWSPENDING"])
        rotator.events.clear()
        with pytest.raises(botocore.exceptions.ClientError, match="isn't complete"):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert rotator.steps == []


@pytest.mark.fake_secrets(rotation="manual")
class TestManual:
    @pytest.fixture
    def rotation(self, db, fake_secrets, secretsmanager, rotator):
        arn = fake_secrets.lambda_function(rotator)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        return fake_secrets.rotations[-1]

    def test_rotate_secret_runs_no_step(self, rotation, rotator):
        assert (rotator.steps, rotation.attempts, rotation.next_step) == ([], 0, "createSecret")
        assert repr(rotation).endswith(": started; createSecret is next>")

    def test_a_step_runs_one_step(self, rotation, rotator):
        rotation.step()
        assert rotator.steps == ["createSecret"]
        assert repr(rotation).endswith(": in progress; setSecret is next>")

    def test_four_steps_complete_a_rotation(self, rotation):
        for step in STEPS:
            assert rotation.next_step == step
            rotation.step()
        assert (rotation.succeeded, rotation.attempts, rotation.next_step) == (True, 1, None)

    def test_labels_and_values_can_be_seen_between_steps(self, rotation, db):
        assert (db.stages["AWSPENDING"], db.value("AWSPENDING")) == (rotation.token, None)
        rotation.step()
        assert (db.value(), db.value("AWSPENDING") is None) == ("old", False)

    def test_a_step_after_the_last_is_refused(self, rotation):
        for _ in STEPS:
            rotation.step()
        with pytest.raises(RotationNotOpenError, match="it succeeded"):
            rotation.step()

    def test_rotate_only_starts_the_rotation(self, db, fake_secrets, rotator):
        rotation = fake_secrets.rotate("prod/db", rotator)
        assert (rotation.attempts, rotator.steps) == (0, [])

    def test_the_error_of_a_step_is_raised(self, rotation, rotator):
        rotator.fails_in = "setSecret"
        rotation.step()
        with pytest.raises(RuntimeError, match="the database is down"):
            rotation.step()
        assert (rotation.outcome, rotation.failed_step) == ("failed", "setSecret")

    def test_the_step_after_a_failure_begins_a_new_attempt(self, rotation, rotator):
        rotator.fails_in = "createSecret"
        with pytest.raises(RuntimeError):
            rotation.step()
        rotator.fails_in = None
        rotation.step()
        assert (rotation.attempts, rotation.steps) == (2, ["createSecret"])

    def test_retry_runs_all_steps(self, rotation, rotator):
        rotation.step()
        rotation.retry()
        assert rotator.steps == ["createSecret", *STEPS]
        assert rotation.succeeded

    def test_putting_a_value_between_steps_abandons_the_rotation(self, rotation, db, secretsmanager):
        rotation.step()
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        assert "AWSPENDING" not in db.stages
        assert repr(rotation).endswith(": abandoned because another value became current; setSecret is next>")
        for _ in STEPS[1:]:
            rotation.step()
        assert rotation.outcome == "abandoned"
        assert rotation.was_abandoned
        assert repr(rotation).endswith(": abandoned because another value became current>")

    def test_the_function_finds_rotation_off_after_cancelling(self, db, fake_secrets, secretsmanager):
        seen = []

        def looks(event, context):
            seen.append(secretsmanager.describe_secret(SecretId=event["SecretId"])["RotationEnabled"])

        rotation = fake_secrets.rotate("prod/db", looks)
        rotation.step()
        answer = secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        assert answer["VersionId"] == rotation.token
        rotation.step()
        assert seen == [True, False]

    def test_the_functions_calls_are_refused_after_deleting(self, rotation, secretsmanager, rotator):
        for _ in STEPS[:3]:
            rotation.step()
        secretsmanager.delete_secret(SecretId="prod/db")
        with pytest.raises(botocore.exceptions.ClientError, match="marked for deletion"):
            rotation.step()

    def test_time_can_pass_between_steps(self, rotation, clock, secretsmanager, db):
        rotation.step()
        clock.tick(DAY)
        for _ in STEPS[1:]:
            rotation.step()
        described = secretsmanager.describe_secret(SecretId="prod/db")
        assert described["LastRotatedDate"] == at("2026-01-02 12:00:00")

    def test_rotate_secret_between_steps_is_refused_and_attempts_nothing(self, rotation, secretsmanager, rotator):
        rotation.step()
        with pytest.raises(botocore.exceptions.ClientError, match="isn't complete"):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert (rotator.steps, rotation.attempts) == (["createSecret"], 1)

    def test_a_due_rotation_starts_and_waits_for_the_test(self, clock, db, fake_secrets, secretsmanager, rotator):
        secretsmanager.rotate_secret(
            SecretId="prod/db",
            RotationLambdaARN=fake_secrets.lambda_function(rotator),
            RotationRules=WEEKLY,
            RotateImmediately=False,
        )
        fake_secrets.rotations[-1].step()
        clock.move_to("2026-01-05T00:00:00Z")
        (rotation,) = fake_secrets.run_due()
        assert (rotation.attempts, db.stages["AWSPENDING"]) == (0, rotation.token)
        for _ in STEPS:
            rotation.step()
        assert rotation.succeeded

    def test_a_window_during_a_rotation_starts_nothing(self, clock, rotation, fake_secrets, secretsmanager):
        secretsmanager.describe_secret(SecretId="prod/db")
        rotation.step()
        clock.tick(400 * DAY)
        fake_secrets.run_due()
        assert fake_secrets.rotations == [rotation]

    def test_testing_a_function_takes_one_step(self, db, fake_secrets, secretsmanager, rotator):
        arn = fake_secrets.lambda_function(rotator)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        (rotation,) = fake_secrets.rotations
        assert rotation.next_step == "testSecret"
        assert rotation.step().succeeded
        assert list(db.stages) == ["AWSCURRENT"]

    def test_a_step_from_inside_a_rotation_function_is_refused(self, rotation, fake_secrets):
        fake_secrets.add("other", "old")
        refused = []

        def steps_on(event, context):
            with pytest.raises(RotationNotOpenError, match="a rotation function is running"):
                rotation.step()
            refused.append(event["Step"])

        fake_secrets.rotate("other", steps_on).retry()
        assert refused == STEPS


class TestInline:
    def test_a_step_of_a_failed_rotation_begins_a_new_attempt(self, db, fake_secrets, rotator):
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        rotator.fails_in = None
        assert list(itertools.islice(iter(lambda: rotation.step().next_step, None), 4)) == STEPS[1:]
        assert rotation.succeeded


class TestPendingByOthers:
    """rotation-facts 1.2: Secrets Manager checks who fills AWSPENDING [B]."""

    STRANGER = "arn:aws:iam::123456789012:role/somebody"

    @pytest.fixture
    def filled_by_a_role(self, db, fake_secrets, secretsmanager, rotator):
        def rotate(**proof):
            stranger = boto3.client("secretsmanager", **fake_secrets.credentials(self.STRANGER))

            def handler(event, context):
                if event["Step"] == "createSecret":
                    stranger.put_secret_value(
                        SecretId=event["SecretId"],
                        ClientRequestToken=event["ClientRequestToken"],
                        SecretString="new",
                        VersionStages=["AWSPENDING"],
                        **{name: event.get(name, text) for name, text in proof.items()},
                    )
                else:
                    rotator(event, context)

            return fake_secrets.rotate("prod/db", handler, errors="record")

        return rotate

    def test_another_principal_without_the_rotation_token_fails_the_rotation(
        self, db, filled_by_a_role, fake_secrets
    ):
        rotation = filled_by_a_role()
        (arn,) = {record["additionalEventData"]["SecretId"] for record in fake_secrets.trail.service_events}
        assert (rotation.steps, rotation.failed_step) == (["createSecret"], "createSecret")
        assert str(rotation.error) == fake_secrets.trail.service_events[-1]["errorMessage"]
        assert str(rotation.error).startswith(f"Pending secret version {rotation.token} for Secret {arn} was not")

    def test_another_principal_with_the_rotation_token_is_accepted(self, filled_by_a_role):
        assert filled_by_a_role(RotationToken="").succeeded

    def test_a_wrong_rotation_token_fails_the_rotation(self, filled_by_a_role, fake_secrets):
        rotation = filled_by_a_role(RotationToken_="")
        assert rotation.outcome == "failed"

    @pytest.mark.fake_secrets(rotation="manual")
    def test_a_pending_value_put_by_the_test_fails_the_rotation(self, db, fake_secrets, secretsmanager, rotator):
        rotation = fake_secrets.rotate("prod/db", rotator)
        secretsmanager.put_secret_value(
            SecretId="prod/db", ClientRequestToken=rotation.token, SecretString="x", VersionStages=["AWSPENDING"]
        )
        with pytest.raises(RotationFailedError, match="was not created by Lambda"):
            rotation.step()


class TestTimeOut:
    def test_a_step_that_exceeds_the_time_out_fails(self, clock, db, fake_secrets):
        arn = fake_secrets.lambda_function(lambda event, context: clock.tick(5), "slow", timeout=5)
        with pytest.raises(RotationFailedError, match=r"Task timed out after 5\.00 seconds"):
            boto3.client("secretsmanager").rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert fake_secrets.rotations[0].failed_step == "createSecret"

    def test_a_step_within_the_time_out_passes(self, clock, db, fake_secrets, secretsmanager):
        arn = fake_secrets.lambda_function(lambda event, context: clock.tick(4.9), "quick", timeout=5)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert fake_secrets.rotations[0].steps == STEPS

    def test_a_step_without_a_time_out_may_take_any_time(self, clock, db, fake_secrets):
        assert fake_secrets.rotate("prod/db", lambda event, context: clock.tick(5_000)).steps == STEPS

    def test_no_call_takes_effect_after_the_time_out(self, clock, db, fake_secrets, secretsmanager):
        def late(event, context):
            clock.tick(6)
            with contextlib.suppress(Exception):
                secretsmanager.put_secret_value(SecretId="prod/db", SecretString="late")

        arn = fake_secrets.lambda_function(late, timeout=5)
        with pytest.raises(RotationFailedError):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert db.value() == "old"
        assert [call.operation for call in fake_secrets.calls] == ["RotateSecret"]

    def test_each_step_has_its_own_time_out(self, clock, db, fake_secrets, secretsmanager):
        arn = fake_secrets.lambda_function(lambda event, context: clock.tick(4), timeout=5)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert fake_secrets.rotations[0].steps == STEPS

    @pytest.mark.parametrize("timeout", [0, -1, "3", True, float("nan"), float("inf"), 901])
    def test_an_impossible_time_out_is_refused(self, fake_secrets, timeout):
        with pytest.raises(ValueError, match="isn't a number of seconds above 0"):
            fake_secrets.lambda_function(lambda event, context: None, "f", timeout=timeout)


class TestWhatIsDueStaysDue:
    """Postponed and interrupted rotations run later, and nothing else does."""

    def test_a_restored_secret_is_rotated_in_its_next_window(
        self, clock, db, schedule, fake_secrets, secretsmanager
    ):
        schedule(WEEKLY)
        secretsmanager.delete_secret(SecretId="prod/db")
        assert fake_secrets.next_due() is None
        secretsmanager.restore_secret(SecretId="prod/db")
        assert fake_secrets.next_due() == at("2026-01-05")

    def test_a_rotation_that_was_given_up_is_not_retried(self, clock, db, fake_secrets, secretsmanager, rotator):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=rotation.token
        )
        clock.tick(61)
        assert fake_secrets.run_due() == []
        assert (fake_secrets.rotations, rotation.attempts) == ([rotation], 1)

    def test_a_manual_retry_counts_as_an_attempt(self, clock, db, fake_secrets, rotator):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        with pytest.raises(RuntimeError):
            rotation.retry()
        assert fake_secrets.next_due() is None

    def test_a_rotation_runs_though_a_users_handler_raises(self, db, fake_secrets, rotator):
        client = boto3.client("secretsmanager")
        client.meta.events.register("after-call.secrets-manager.RotateSecret", lambda **_: 1 / 0)
        arn = fake_secrets.lambda_function(rotator)
        with pytest.raises(ZeroDivisionError):
            client.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert fake_secrets.rotations[0].succeeded

    def test_a_rotation_interrupted_before_it_began_is_attempted_again(
        self, db, fake_secrets, secretsmanager, rotator
    ):
        client = boto3.client("secretsmanager")

        def interrupt(**_):
            raise KeyboardInterrupt

        client.meta.events.register("after-call.secrets-manager.RotateSecret", interrupt)
        arn = fake_secrets.lambda_function(rotator)
        with pytest.raises(KeyboardInterrupt):
            client.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        (rotation,) = fake_secrets.rotations
        assert rotation.attempts == 0
        with pytest.raises(botocore.exceptions.ClientError, match="will be reattempted"):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert rotation.succeeded

    def test_a_rotation_started_by_an_interrupted_function_is_attempted_again(
        self, db, fake_secrets, secretsmanager, rotator
    ):
        fake_secrets.add("other", "old")
        arn = fake_secrets.lambda_function(rotator)

        def asks_and_is_interrupted(event, context):
            secretsmanager.rotate_secret(SecretId="other", RotationLambdaARN=arn)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fake_secrets.rotate("prod/db", asks_and_is_interrupted)
        assert fake_secrets.rotations[1].retry().succeeded

    def test_the_error_of_an_attempt_is_raised_though_a_later_one_succeeded(
        self, clock, db, schedule, rotator, fake_secrets
    ):
        def recovers(event, context):
            rotator.fails_in = "setSecret" if len(rotator.events) < 2 else None
            rotator(event, context)

        schedule(WEEKLY, handler=recovers)
        clock.move_to("2026-01-12T00:00:00Z")
        with pytest.raises(RuntimeError, match="the database is down"):
            fake_secrets.run_due()
        (rotation,) = rotated(fake_secrets)
        assert (rotation.attempts, rotation.succeeded) == (2, True)

    @pytest.mark.fake_secrets(rotation="manual")
    def test_in_manual_mode_an_old_error_is_not_raised_again(
        self, clock, db, fake_secrets, secretsmanager, rotator
    ):
        rotator.fails_in = "createSecret"
        secretsmanager.rotate_secret(
            SecretId="prod/db", RotationLambdaARN=fake_secrets.lambda_function(rotator), RotationRules=DAILY
        )
        with pytest.raises(RuntimeError):
            fake_secrets.rotations[0].step()
        clock.tick(2 * DAY)
        assert fake_secrets.run_due() == []

    def test_a_rotation_that_starts_the_next_one_succeeds(self, db, fake_secrets, secretsmanager):
        rotations = []

        def again(event, context):
            Rotator()(event, context)
            if event["Step"] == "finishSecret" and not rotations:
                rotations.append(secretsmanager.rotate_secret(SecretId="prod/db")["VersionId"])

        first = fake_secrets.rotate("prod/db", again)
        assert [rotation.succeeded for rotation in fake_secrets.rotations] == [True, True]
        assert db.stages["AWSPREVIOUS"] == first.token

    def test_the_memory_of_postponed_dates_does_not_grow(self, clock, db, schedule, fake_secrets, secretsmanager):
        schedule({"AutomaticallyAfterDays": 999})
        for number in range(300):
            clock.tick(DAY)
            secretsmanager.put_secret_value(SecretId="prod/db", SecretString=f"{number}")
        assert fake_secrets.next_due() == at("2026-01-01") + 1_299 * DAY

    def test_a_token_used_by_a_test_can_be_used_by_a_rotation(self, db, fake_secrets, secretsmanager, rotator):
        arn = fake_secrets.lambda_function(rotator)
        token = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
        secretsmanager.rotate_secret(
            SecretId="prod/db", RotationLambdaARN=arn, ClientRequestToken=token, RotateImmediately=False
        )
        secretsmanager.rotate_secret(SecretId="prod/db", ClientRequestToken=token)
        assert db.stages["AWSCURRENT"] == token
        assert [(rotation.is_test, rotation.succeeded) for rotation in fake_secrets.rotations] == [
            (True, True),
            (False, True),
        ]

    def test_a_reset_inside_a_function_ends_its_rotation(self, db, fake_secrets):
        fake_secrets.retries.max_attempts = 3
        runs = []

        def resets(event, context):
            runs.append(event["Step"])
            fake_secrets.reset()
            raise RuntimeError

        with pytest.raises(RuntimeError):
            fake_secrets.rotate("prod/db", resets)
        assert runs == ["createSecret"]

    @pytest.mark.parametrize("end", ["cancel", "abandon", "delete and restore"])
    def test_no_attempt_follows_the_end_of_a_rotation(self, clock, db, fake_secrets, secretsmanager, rotator, end):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 3_600
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        if end == "cancel":
            secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        elif end == "abandon":
            secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        else:
            secretsmanager.delete_secret(SecretId="prod/db")
            clock.tick(DAY)
            secretsmanager.restore_secret(SecretId="prod/db")
        assert fake_secrets.next_due() is None
        clock.tick(DAY)
        fake_secrets.run_due()
        assert rotation.attempts == 1

    @pytest.mark.fake_secrets(rotation="manual")
    def test_in_manual_mode_a_repeated_call_gets_the_same_answer(self, db, fake_secrets, secretsmanager, rotator):
        request = {
            "SecretId": "prod/db",
            "RotationLambdaARN": fake_secrets.lambda_function(rotator),
            "ClientRequestToken": "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1",
        }
        first, second = (secretsmanager.rotate_secret(**request)["VersionId"] for _ in range(2))
        assert first == second
        assert len(fake_secrets.rotations) == 1


class TestThreadsOfAFunction:
    def test_calls_of_a_functions_threads_do_not_wait_for_due_work(
        self, clock, db, schedule, fake_secrets, secretsmanager
    ):
        values = []

        def in_a_thread(event, context):
            thread = threading.Thread(
                target=lambda: values.append(secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"])
            )
            thread.start()
            thread.join(10)

        schedule(WEEKLY, handler=in_a_thread)
        values.clear()
        clock.move_to("2026-01-05T00:00:00Z")
        secretsmanager.list_secrets()
        assert values == ["old"] * 4

    def test_a_due_function_may_wait_for_a_thread_whose_call_comes_between_two_due_rotations(
        self, clock, db, schedule, fake_secrets, secretsmanager, monkeypatch
    ):
        """The second function waits for a thread, which makes its call before that function begins."""
        names = ["prod/db", "prod/api", "prod/queue"]
        for name in names[1:]:
            fake_secrets.add(name, "old")
        threads, ends, moments = [], [], []

        @contextlib.contextmanager
        def at_that_moment(moment):
            moments.append(moment)
            if len(moments) == 2:
                threads.append(threading.Thread(target=secretsmanager.list_secrets, daemon=True))
                threads[0].start()
                threads[0].join(2)
            yield

        def waits(event, context):
            for thread in threads:
                thread.join(2)
                ends.append(not thread.is_alive())

        for name in names:
            schedule(WEEKLY, handler=waits, secret=name)
        monkeypatch.setattr("fake_secrets.rotation.due_work.clock.at", at_that_moment)
        clock.move_to("2026-01-05T00:00:00Z")
        assert len(fake_secrets.run_due()) == 3
        assert ends == [True] * 8

    def test_a_due_rotation_runs_once_though_many_threads_call(self, clock, fake_secrets, secretsmanager):
        names = [f"db/{number}" for number in range(4)]
        begun = collections.Counter()

        def counts(event, context):
            begun[event["SecretId"], event["Step"]] += 1

        arn = fake_secrets.lambda_function(counts)
        for name in names:
            fake_secrets.add(name, "old")
            secretsmanager.rotate_secret(
                SecretId=name, RotationLambdaARN=arn, RotationRules=WEEKLY, RotateImmediately=False
            )
        begun.clear()
        clock.move_to("2026-01-05T00:00:00Z")
        start = threading.Barrier(8)

        def call():
            start.wait(10)
            for _ in range(5):
                secretsmanager.list_secrets()

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert set(begun.values()) == {1}
        assert len(begun) == 4 * len(STEPS)

    def test_a_caller_sees_the_results_of_all_the_work_that_was_due(
        self, clock, db, schedule, fake_secrets, secretsmanager, rotator
    ):
        fake_secrets.add("prod/api", "old")
        for name in ("prod/db", "prod/api"):
            schedule(WEEKLY, secret=name)
        clock.move_to("2026-01-05T00:00:00Z")
        values = [
            secretsmanager.get_secret_value(SecretId=name)["SecretString"] for name in ("prod/db", "prod/api")
        ]
        assert "old" not in values


class TestWhatIsShown:
    def test_no_error_shows_a_possible_secret_value(self, fake_secrets):
        fake_secrets.add("prod/db", "old")
        fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
        for misuse in (
            lambda: fake_secrets.managed_rotation("rds!db", {"password": "hunter2"}),
            lambda: fake_secrets.rotate("prod/db", {"password": "hunter2"}),
            lambda: fake_secrets.on_event("hunter2"),
        ):
            with pytest.raises(TypeError) as raised:
                misuse()
            assert "hunter2" not in str(raised.value)

    def test_the_handle_has_no_other_attributes_to_set(self, fake_secrets):
        with pytest.raises(AttributeError):
            fake_secrets.rotation_errors = "record"

    def test_a_note_says_that_a_function_is_not_registered(self, db, fake_secrets, secretsmanager, rotator):
        known = fake_secrets.lambda_function(rotator, "known")
        arn = "arn:aws:lambda:us-east-1:123456789012:function:unknown"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert refused.value.__notes__ == [
            (
                f"fake_secrets: no function is registered under {arn}. Registered functions:\n- {known}\n"
                "Register it with fake_secrets.lambda_function(handler, arn=...)."
            )
        ]

    def test_a_note_names_the_principal_that_filled_pending(self, db, fake_secrets, secretsmanager, rotator):
        stranger = boto3.client("secretsmanager", **fake_secrets.credentials(TestPendingByOthers.STRANGER))

        def handler(event, context):
            stranger.put_secret_value(
                SecretId=event["SecretId"],
                ClientRequestToken=event["ClientRequestToken"],
                SecretString="x",
                VersionStages=["AWSPENDING"],
            )

        rotation = fake_secrets.rotate("prod/db", handler, errors="record")
        assert TestPendingByOthers.STRANGER in rotation.error.__notes__[0]


class TestOddMoments:
    """Rare combinations of events."""

    TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"

    def test_a_name_is_free_once_its_deletion_is_due(self, clock, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db")
        clock.tick(31 * DAY)
        fake_secrets.add("prod/db", "new")
        assert fake_secrets["prod/db"].value() == "new"

    def test_a_further_attempt_does_not_lose_a_window(
        self, clock, db, schedule, fake_secrets, secretsmanager, rotator
    ):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        fake_secrets.add("other", "old")
        schedule(WEEKLY)
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", errors="record")

        def asks_and_is_interrupted(event, context):
            with pytest.raises(botocore.exceptions.ClientError):
                secretsmanager.rotate_secret(SecretId="prod/db")
            raise KeyboardInterrupt

        fake_secrets.retries.max_attempts = 1
        with pytest.raises(KeyboardInterrupt):
            fake_secrets.rotate("other", asks_and_is_interrupted)
        assert fake_secrets.next_due() == at("2026-01-05")
        rotator.fails_in = None
        clock.move_to("2026-01-05T00:00:00Z")
        fake_secrets.run_due()
        assert rotation.succeeded

    @pytest.mark.fake_secrets(rotation="manual")
    def test_a_step_does_not_lose_a_window(self, clock, db, schedule, fake_secrets, rotator):
        schedule(WEEKLY)
        fake_secrets.rotations[-1].step()
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        rotation = fake_secrets.rotate("prod/db")
        rotator.fails_in = "createSecret"
        with pytest.raises(RuntimeError):
            rotation.step()
        rotator.fails_in = None
        rotation.step()
        assert fake_secrets.next_due() == at("2026-01-05")

    @pytest.mark.fake_secrets(rotation="manual")
    def test_an_abandoned_rotation_stays_abandoned(self, db, fake_secrets, secretsmanager, rotator):
        first = fake_secrets.rotate("prod/db", rotator)
        first.step()
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        second = fake_secrets.rotate("prod/db")
        assert (first.was_abandoned, second.was_abandoned) == (True, False)

    def test_a_rotation_is_not_abandoned_once_pending_is_put_back(self, db, fake_secrets, secretsmanager, rotator):
        rotator.fails_in = "setSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", MoveToVersionId=rotation.token
        )
        rotator.fails_in = None
        assert rotation.retry().succeeded

    def test_a_used_token_is_refused_and_events_of_due_work_are_delivered(
        self, clock, db, schedule, fake_secrets, rotator
    ):
        fake_secrets.rotate("prod/db", rotator, token=self.TOKEN)
        schedule(WEEKLY)
        events = []
        fake_secrets.on_event(events.append)
        clock.move_to("2026-01-05T00:00:00Z")
        with pytest.raises(ValueError, match="was used before"):
            fake_secrets.rotate("prod/db", token=self.TOKEN)
        assert len(events) == 3

    @pytest.mark.fake_secrets(rotation="manual")
    @pytest.mark.parametrize("steps", range(5))
    def test_in_manual_mode_the_same_token_gets_the_same_answer_at_every_step(
        self, db, fake_secrets, secretsmanager, rotator, steps
    ):
        rotation = fake_secrets.rotate("prod/db", rotator, token=self.TOKEN)
        for _ in range(steps):
            rotation.step()
        answer = secretsmanager.rotate_secret(SecretId="prod/db", ClientRequestToken=self.TOKEN)
        assert answer["VersionId"] == self.TOKEN
        assert fake_secrets.rotations == [rotation]

    def test_the_timeline_shows_a_label_once(self, db, fake_secrets, secretsmanager, rotator):
        arn = fake_secrets.lambda_function(rotator)
        secretsmanager.rotate_secret(
            SecretId="prod/db", RotationLambdaARN=arn, ClientRequestToken=self.TOKEN, RotateImmediately=False
        )
        fake_secrets.rotate("prod/db", token=self.TOKEN)
        last = fake_secrets.timeline("prod/db").moments[-1]
        assert last.stages == (("AWSPREVIOUS",), (), ("AWSCURRENT", "AWSPENDING"))

    def test_a_due_function_can_reset_the_world_and_join_a_thread(
        self, clock, db, schedule, fake_secrets, secretsmanager, rotator
    ):
        joined = []

        def resets_and_joins(event, context):
            if not rotator.events:
                rotator.events.append(event)
                return
            fake_secrets.reset()
            fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
            clock.tick(8 * DAY)
            thread = threading.Thread(target=secretsmanager.list_secrets, daemon=True)
            thread.start()
            thread.join(10)
            joined.append(not thread.is_alive())

        schedule(WEEKLY, handler=resets_and_joins)
        rotator.events.append("the trial is over")
        clock.move_to("2026-01-05T00:00:00Z")
        secretsmanager.list_secrets()
        assert joined[0]

    @pytest.mark.parametrize("meanwhile", ["deleted", "reset"])
    def test_a_secret_that_is_removed_just_before_its_rotation_is_not_rotated(
        self, clock, db, schedule, fake_secrets, secretsmanager, monkeypatch, meanwhile
    ):
        """Remove the secret just after its rotation was taken from the agenda, as another thread may do."""
        schedule(WEEKLY)

        @contextlib.contextmanager
        def at_that_moment(moment):
            if meanwhile == "reset":
                fake_secrets.reset()
            elif "prod/db" in fake_secrets:
                secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
            yield

        monkeypatch.setattr("fake_secrets.rotation.due_work.clock.at", at_that_moment)
        clock.move_to("2026-01-05T00:00:00Z")
        assert fake_secrets.run_due() == []
        assert rotated(fake_secrets) == []
        assert "RotationStarted" not in {record["eventName"] for record in fake_secrets.trail.service_events}

    def test_testing_a_function_for_a_removed_secret_causes_no_event(self, db, fake_secrets, secretsmanager):
        def deletes(event, context):
            secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)

        arn = fake_secrets.lambda_function(deletes)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        assert fake_secrets.trail.service_events[-1]["eventName"] == "EndSecretVersionDelete"
