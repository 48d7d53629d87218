"""freezegun and time-machine: the world reads the clock that they set, wherever they are started."""

import contextlib
import datetime
import functools
import threading
import time
import unittest
from zoneinfo import ZoneInfo

import boto3
import pytest

pytest.importorskip("freezegun")
pytest.importorskip("time_machine")

import freezegun
import time_machine

from fake_secrets import clock, mock_stages

UTC = datetime.UTC
MOMENT = datetime.datetime(2026, 3, 4, 12, 30, 15, 250000, tzinfo=UTC)
LATER = datetime.datetime(2027, 1, 1, tzinfo=UTC)
DAY = datetime.timedelta(days=1)
SEED = {"db": "old"}

NEW_YORK = ZoneInfo("America/New_York")


def by_freezegun(moment, **options):
    return freezegun.freeze_time(moment, ignore=["hypothesis", "_pytest"], **options)


CLOCKS = {"freezegun": by_freezegun, "time-machine": functools.partial(time_machine.travel, tick=False)}


@pytest.fixture(params=CLOCKS)
def stop_clock(request):
    """A function of either package that takes a moment and returns a context manager."""
    return CLOCKS[request.param]


def secretsmanager():
    return boto3.client("secretsmanager", region_name="us-east-1")


def created(name="db"):
    return secretsmanager().describe_secret(SecretId=name)["CreatedDate"]


class TestWhereverTheyWereStarted:
    def test_a_clock_set_before_the_world_is_read(self, stop_clock, lane):
        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            assert created() == MOMENT

    def test_a_clock_set_before_the_first_use_dates_the_seeds(self, stop_clock, lane):
        """Seeds are planted at the first use, so that the clock in the test's body dates them."""
        with mock_stages(SEED, _lane=lane), stop_clock(MOMENT):
            assert created() == MOMENT

    def test_a_clock_set_after_the_first_use_is_read(self, stop_clock, lane):
        with mock_stages(SEED, _lane=lane):
            before = created()
            with stop_clock(LATER):
                secretsmanager().create_secret(Name="new")
                assert (created("new"), created()) == (LATER, before)
            secretsmanager().create_secret(Name="after")
            assert abs(created("after") - datetime.datetime.now(UTC)) < DAY

    def test_a_client_made_before_the_clock_follows_it(self, stop_clock, lane):
        client = secretsmanager()
        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            assert client.describe_secret(SecretId="db")["CreatedDate"] == MOMENT

    def test_the_inner_of_two_clocks_is_read(self, stop_clock, lane):
        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            created()
            with stop_clock(LATER):
                secretsmanager().create_secret(Name="new")
            secretsmanager().create_secret(Name="after")
            assert [created(name) for name in ("db", "new", "after")] == [MOMENT, LATER, MOMENT]

    def test_the_date_header_of_an_answer_follows_the_clock(self, stop_clock, lane):
        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            answer = secretsmanager().list_secrets()
        assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Wed, 04 Mar 2026 12:30:15 GMT"

    @freezegun.freeze_time(MOMENT)
    @mock_stages(SEED)
    def test_decorated_by_freezegun_above_ours(self):
        assert created() == MOMENT

    @mock_stages(SEED)
    @freezegun.freeze_time(MOMENT)
    def test_decorated_by_ours_above_freezeguns(self):
        assert created() == MOMENT

    @time_machine.travel(MOMENT, tick=False)
    @mock_stages(SEED)
    def test_decorated_by_time_machine_above_ours(self):
        assert created() == MOMENT

    @mock_stages(SEED)
    @time_machine.travel(MOMENT, tick=False)
    def test_decorated_by_ours_above_time_machines(self):
        assert created() == MOMENT

    @pytest.mark.fake_secrets(SEED)
    @time_machine.travel(MOMENT, tick=False)
    def test_marked_and_decorated(self, secretsmanager):
        assert secretsmanager.describe_secret(SecretId="db")["CreatedDate"] == MOMENT

    @pytest.mark.time_machine(MOMENT, tick=False)
    def test_marked_by_time_machine(self, fake_secrets):
        fake_secrets.add("db", "x")
        assert created() == MOMENT

    def test_moved_by_time_machines_fixture(self, fake_secrets, time_machine):
        time_machine.move_to(MOMENT, tick=False)
        fake_secrets.add("db", "x")
        assert created() == MOMENT


@mock_stages(SEED)
@freezegun.freeze_time(MOMENT)
class TestClassDecoratedByOursAboveFreezeguns(unittest.TestCase):
    def test_dates_follow_the_clock(self):
        assert created() == MOMENT


@time_machine.travel(MOMENT, tick=False)
@mock_stages(SEED)
class TestClassDecoratedByTimeMachineAboveOurs(unittest.TestCase):
    def test_dates_follow_the_clock(self):
        assert created() == MOMENT


class TestTimeZones:
    """Dates don't depend on the time zone of the clock or the process."""

    @pytest.fixture
    def zone(self, monkeypatch):
        def set_zone(name):
            monkeypatch.setenv("TZ", name)
            time.tzset()

        yield set_zone
        monkeypatch.undo()
        time.tzset()

    @pytest.mark.parametrize("offset", [-8, 5.5, 14], ids=str)
    def test_freezeguns_tz_offset_changes_no_date(self, lane, offset):
        with (
            by_freezegun(MOMENT, tz_offset=datetime.timedelta(hours=offset)),
            mock_stages(SEED, _lane=lane),
        ):
            # This moves only the naive clock.
            assert datetime.datetime.now() - MOMENT.replace(tzinfo=None) == datetime.timedelta(hours=offset)  # noqa: DTZ005
            assert created() == MOMENT

    @pytest.mark.parametrize("name", ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"])
    def test_the_zone_of_the_process_changes_no_date(self, stop_clock, lane, zone, name):
        zone(name)
        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            assert created() == MOMENT

    def test_the_zone_of_time_machines_destination_changes_no_date(self, lane):
        with (
            time_machine.travel(MOMENT.astimezone(NEW_YORK), tick=False),
            mock_stages(SEED, _lane=lane),
        ):
            assert time.tzname == ("EST", "EDT")
            assert created() == MOMENT

    @pytest.mark.parametrize("hours", [-1, 0, 1, 2], ids=lambda hours: f"{hours:+} h")
    @pytest.mark.parametrize("change", ["2026-03-08T07:00Z", "2026-11-01T06:00Z"], ids=["spring", "autumn"])
    def test_the_hours_around_a_change_of_the_clocks_keep_their_order(self, lane, zone, change, hours):
        """This includes the hour that occurs twice in autumn."""
        zone("America/New_York")
        moment = datetime.datetime.fromisoformat(change) + datetime.timedelta(hours=hours, minutes=-30)
        with time_machine.travel(moment, tick=False), mock_stages(SEED, _lane=lane):
            assert created() == moment

    def test_a_day_ends_at_midnight_of_utc(self, stop_clock, lane, zone):
        zone("America/New_York")
        with stop_clock(datetime.datetime(2026, 3, 4, 23, 59, tzinfo=UTC)), mock_stages(SEED, _lane=lane):
            client = secretsmanager()
            client.get_secret_value(SecretId="db")
            accessed = client.describe_secret(SecretId="db")["LastAccessedDate"]
        assert accessed == datetime.datetime(2026, 3, 4, tzinfo=UTC)


class TestThreads:
    def results(self, *functions):
        """Run each function in a thread of its own, and return their results."""
        results = {}

        def run(number, function):
            results[number] = function()

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [results[number] for number in range(len(functions))]

    def test_calls_of_other_threads_follow_the_clock(self, stop_clock, lane):
        def create(number):
            secretsmanager().create_secret(Name=f"secret-{number}")
            return created(f"secret-{number}")

        with stop_clock(MOMENT), mock_stages(SEED, _lane=lane):
            dates = self.results(*(functools.partial(create, number) for number in range(4)))
        assert dates == [MOMENT] * 4

    def test_a_clock_set_in_another_thread_applies_to_every_thread(self, stop_clock, lane):
        stack = contextlib.ExitStack()
        with stack, mock_stages(SEED, _lane=lane):
            self.results(lambda: stack.enter_context(stop_clock(MOMENT)))
            assert created() == MOMENT

    def test_a_world_entered_in_another_thread_follows_the_clock(self, stop_clock, lane):
        def in_a_world():
            with mock_stages(SEED, _lane=lane):
                return created()

        with stop_clock(MOMENT):
            assert self.results(in_a_world) == [MOMENT]

    def test_tz_offset_changes_no_date_in_another_thread(self, lane):
        with by_freezegun(MOMENT, tz_offset=-8), mock_stages(SEED, _lane=lane):
            assert self.results(created) == [MOMENT]


class TestTimePasses:
    def test_a_clock_that_is_moved_moves_the_world(self, stop_clock, lane):
        with stop_clock(MOMENT) as clock, mock_stages(SEED, _lane=lane):
            client = secretsmanager()
            seen = []
            for moment in (MOMENT, MOMENT + DAY, LATER):
                clock.move_to(moment)
                client.put_secret_value(SecretId="db", SecretString="x")
                seen.append(client.describe_secret(SecretId="db")["LastChangedDate"])
        assert seen == [MOMENT, MOMENT + DAY, LATER]

    def test_each_date_of_a_ticking_clock_is_later_than_the_last(self, lane):
        with by_freezegun(MOMENT, auto_tick_seconds=60), mock_stages({}, _lane=lane):
            client, dates = secretsmanager(), []
            for name in "abc":
                client.create_secret(Name=name)
                dates.append(created(name))
        assert sorted(set(dates)) == dates

    def test_a_running_clock_moves_the_world(self):
        with time_machine.travel(MOMENT, tick=True), mock_stages(SEED):
            assert datetime.timedelta(0) <= created() - MOMENT < datetime.timedelta(minutes=1)

    def test_the_recovery_window_ends(self, stop_clock, lane):
        with stop_clock(MOMENT) as clock, mock_stages(SEED, _lane=lane):
            client = secretsmanager()
            deleted = client.delete_secret(SecretId="db", RecoveryWindowInDays=7)["DeletionDate"]
            clock.move_to(MOMENT + 6 * DAY)
            client.describe_secret(SecretId="db")
            clock.move_to(deleted + DAY)
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.describe_secret(SecretId="db")

    def test_old_versions_are_removed(self, stop_clock, lane):
        with stop_clock(MOMENT) as clock, mock_stages(SEED, _lane=lane) as fake:
            client = secretsmanager()
            for value in ("second", "third"):
                client.put_secret_value(SecretId="db", SecretString=value)
            before = len(fake["db"].versions)
            clock.move_to(MOMENT + 2 * DAY)
            client.put_secret_value(SecretId="db", SecretString="fourth")
            assert (before, len(fake["db"].versions)) == (3, 4)
            fake.quotas.versions = 2
            client.put_secret_value(SecretId="db", SecretString="fifth")
            assert len(fake["db"].versions) < 5

    def test_a_rotation_is_dated_by_the_clock(self, stop_clock, lane):
        def handler(event, context):
            client = secretsmanager()
            secret_id, token = event["SecretId"], event["ClientRequestToken"]
            if event["Step"] == "createSecret":
                client.put_secret_value(
                    SecretId=secret_id,
                    ClientRequestToken=token,
                    SecretString="new",
                    VersionStages=["AWSPENDING"],
                )
            if event["Step"] == "finishSecret":
                client.update_secret_version_stage(
                    SecretId=secret_id,
                    VersionStage="AWSCURRENT",
                    MoveToVersionId=token,
                    RemoveFromVersionId=client.get_secret_value(SecretId=secret_id)["VersionId"],
                )

        with stop_clock(MOMENT) as clock, mock_stages(SEED, _lane=lane) as fake:
            created()
            clock.move_to(LATER)
            assert fake.rotate("db", handler).succeeded
            assert secretsmanager().describe_secret(SecretId="db")["LastRotatedDate"] == LATER

    def test_a_clock_may_go_backwards(self, stop_clock, lane):
        with stop_clock(LATER) as clock, mock_stages(SEED, _lane=lane) as fake:
            client = secretsmanager()
            client.get_secret_value(SecretId="db")
            clock.move_to(MOMENT)
            client.put_secret_value(SecretId="db", SecretString="new")
            client.delete_secret(SecretId="db")
            client.restore_secret(SecretId="db")
            assert fake["db"].value("AWSPREVIOUS") == "old"
            assert (created(), client.list_secrets()["SecretList"][0]["LastChangedDate"]) == (LATER, MOMENT)


class TestDueRotations:
    """A rotation that was due earlier sees the time when it was due."""

    @pytest.fixture(params=["freezegun", "time-machine", "time-machine, ticking, in a zone"])
    def stop_clock(self, request):
        if request.param in CLOCKS:
            return CLOCKS[request.param]
        return lambda moment: time_machine.travel(moment.astimezone(NEW_YORK), tick=True)

    def test_the_function_sees_the_due_time_and_the_clock_is_set_back(self, stop_clock, lane):
        seen = []

        def handler(event, context):
            seen.append(datetime.datetime.now(UTC))

        with mock_stages(SEED, _lane=lane) as fake:
            with stop_clock(MOMENT):
                secretsmanager().rotate_secret(
                    SecretId="db",
                    RotationLambdaARN=fake.lambda_function(handler),
                    RotationRules={"AutomaticallyAfterDays": 10},
                    RotateImmediately=False,
                )
            seen.clear()
            with stop_clock(MOMENT + 15 * DAY):
                secretsmanager().list_secrets()
                assert datetime.datetime.now(UTC) - (MOMENT + 15 * DAY) < datetime.timedelta(minutes=1)
        due = datetime.datetime(2026, 3, 14, tzinfo=UTC)
        assert len(seen) == 4
        assert all(datetime.timedelta(0) <= moment - due < datetime.timedelta(minutes=1) for moment in seen)

    def test_the_clock_is_set_back_to_the_microsecond(self):
        odd = MOMENT.replace(microsecond=999_600)
        with time_machine.travel(odd, tick=False):
            with clock.at(MOMENT.timestamp()):
                assert datetime.datetime.now(UTC) == MOMENT
            assert datetime.datetime.now(UTC) == odd

    @pytest.mark.parametrize("since", ["2026-03-06", "2026-10-30"])
    def test_summer_time_does_not_matter(self, since):
        begin = datetime.datetime.fromisoformat(since).replace(tzinfo=NEW_YORK, hour=9)
        with mock_stages(SEED) as fake, time_machine.travel(begin, tick=False) as traveller:
            secretsmanager().rotate_secret(
                SecretId="db",
                RotationLambdaARN=fake.lambda_function(lambda event, context: None),
                RotationRules={"ScheduleExpression": "cron(0 6 * * ? *)"},
                RotateImmediately=False,
            )
            due = []
            for _ in range(5):
                due.append(fake.next_due())
                traveller.shift(DAY)
                fake.run_due()
                secretsmanager().update_secret_version_stage(
                    SecretId="db", VersionStage="AWSPENDING", RemoveFromVersionId=fake.rotations[-1].token
                )
        first = datetime.datetime.fromisoformat(since).replace(tzinfo=UTC, hour=6) + DAY
        assert due == [first + number * DAY for number in range(5)]

    def test_the_time_zone_of_time_machine_stays(self):
        with mock_stages(SEED) as fake, time_machine.travel(MOMENT.astimezone(NEW_YORK), tick=False) as traveller:
            fake.rotate("db", lambda event, context: None)
            secretsmanager().update_secret_version_stage(
                SecretId="db", VersionStage="AWSPENDING", RemoveFromVersionId=fake.rotations[0].token
            )
            rules = {"AutomaticallyAfterDays": 10}
            secretsmanager().rotate_secret(SecretId="db", RotationRules=rules, RotateImmediately=False)
            traveller.shift(15 * DAY)
            secretsmanager().list_secrets()
            assert time.tzname == ("EST", "EDT")
