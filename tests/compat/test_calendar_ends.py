"""The clock stands near the first or the last year that Python's dates have."""

import datetime
import time

import boto3
import pytest

pytest.importorskip("freezegun")
pytest.importorskip("time_machine")

import freezegun
import time_machine
from rotators import Rotator

from fake_secrets import clock, mock_stages
from fake_secrets.iam.evaluation import Caller
from fake_secrets.service.rules.condition_keys import keys_of_circumstances

UTC = datetime.UTC
LATEST = datetime.datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)
RULES = {
    "days": {"AutomaticallyAfterDays": 1000},
    "rate in days": {"ScheduleExpression": "rate(999 days)"},
    "rate in hours": {"ScheduleExpression": "rate(23 hours)"},
    "monthly": {"ScheduleExpression": "cron(0 8 1 * ? *)"},
    "daily": {"ScheduleExpression": "cron(0 0 * * ? *)", "Duration": "2h"},
    "on leap days": {"ScheduleExpression": "cron(0 0 29 2 ? *)"},
}


def by_freezegun(moment):
    return freezegun.freeze_time(moment, ignore=["hypothesis", "_pytest"])


def by_time_machine(moment):
    return time_machine.travel(moment, tick=False)


@pytest.fixture(params=[by_freezegun, by_time_machine])
def stop_clock(request):
    return request.param


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "America/Anchorage"])
def zone(request, monkeypatch):
    """The local time zone, in which clients show dates: the earliest, the latest or UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


def at(*date):
    return datetime.datetime(*date, tzinfo=UTC)


class TestTheLastDays:
    @pytest.mark.usefixtures("zone")
    def test_the_date_of_a_deletion_stays_within_the_calendar(self, stop_clock, lane):
        with stop_clock(at(9999, 12, 30)), mock_stages({"db": "x"}, _lane=lane):
            assert client().delete_secret(SecretId="db", RecoveryWindowInDays=30)["DeletionDate"] == LATEST
            described = client().describe_secret(SecretId="db")
            assert described["DeletedDate"] == at(9999, 12, 30)

    def test_a_secret_can_be_restored_whose_deletion_is_beyond_the_calendar(self, stop_clock):
        with stop_clock(at(9999, 12, 30, 12)), mock_stages({"db": "x"}) as fake_secrets:
            client().delete_secret(SecretId="db", RecoveryWindowInDays=7)
            with stop_clock(at(9999, 12, 31)):
                client().restore_secret(SecretId="db")
                assert fake_secrets["db"].deleted is None

    @pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
    def test_a_rotation_beyond_the_calendar_has_no_date(self, stop_clock, rules):
        with stop_clock(at(9999, 12, 31)), mock_stages({"db": "x"}) as fake_secrets:
            function = fake_secrets.lambda_function(Rotator())
            client().rotate_secret(SecretId="db", RotationLambdaARN=function, RotationRules=rules)
            described = client().describe_secret(SecretId="db")
            assert "NextRotationDate" not in described
            assert described["RotationRules"].items() >= rules.items()
            assert [listed["Name"] for listed in client().list_secrets()["SecretList"]] == ["db"]
            assert fake_secrets.next_due() is None
            assert fake_secrets.run_due() == []
            assert fake_secrets.rotate("db").succeeded

    @pytest.mark.usefixtures("zone")
    def test_the_last_rotation_of_the_calendar_has_a_date(self, stop_clock, lane):
        with stop_clock(at(9999, 12, 28, 1)), mock_stages({"db": "x"}, _lane=lane) as fake_secrets:
            rules = {"AutomaticallyAfterDays": 2}
            function = fake_secrets.lambda_function(Rotator())
            client().rotate_secret(SecretId="db", RotationLambdaARN=function, RotationRules=rules)
            assert client().describe_secret(SecretId="db")["NextRotationDate"] == LATEST
            assert fake_secrets.next_due() == at(9999, 12, 30)
            with stop_clock(at(9999, 12, 30)):
                (rotation,) = fake_secrets.run_due()
                assert rotation.succeeded
                assert fake_secrets.next_due() is None

    def test_an_attempt_beyond_the_calendar_is_due_at_its_end(self, stop_clock):
        seeds = {"db": "x"}
        with stop_clock(at(9999, 12, 31)), mock_stages(seeds, rotation_errors="record") as fake_secrets:
            fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 10**9
            fake_secrets.rotate("db", Rotator(fails_in="createSecret"))
            assert fake_secrets.next_due() == at(9999, 12, 31, 23, 59, 59)

    def test_what_the_handle_shows_has_dates(self, stop_clock):
        with stop_clock(at(9999, 12, 31)), mock_stages({"db": "x"}) as fake_secrets:
            assert fake_secrets.rotate("db", Rotator()).succeeded
            assert {version.created for version in fake_secrets["db"].versions} == {at(9999, 12, 31)}
            assert fake_secrets.trail.service_events[-1]["eventTime"] == "9999-12-31T00:00:00Z"
            assert fake_secrets.trail.events[-1]["time"] == "9999-12-31T00:00:00Z"
            assert "finishSecret" in str(fake_secrets.timeline("db"))


EARLY = [at(1, 1, 3), at(999, 12, 31), at(1900, 1, 1), at(1969, 12, 31), at(1979, 6, 1)]


@pytest.mark.parametrize("moment", EARLY, ids=str)
class TestEarlyYears:
    @pytest.mark.usefixtures("zone")
    def test_a_client_shows_dates(self, stop_clock, moment):
        with stop_clock(moment), mock_stages({"db": "x"}):
            described = client().describe_secret(SecretId="db")
            assert (described["CreatedDate"], described["LastChangedDate"]) == (moment, moment)
            deleted = client().delete_secret(SecretId="db", RecoveryWindowInDays=7)
            assert deleted["DeletionDate"] == moment + datetime.timedelta(days=7)

    def test_a_schedule_counts_from_then(self, stop_clock, lane, moment):
        with stop_clock(moment), mock_stages({"db": "x"}, _lane=lane) as fake_secrets:
            function = fake_secrets.lambda_function(Rotator())
            rules = {"AutomaticallyAfterDays": 10}
            client().rotate_secret(SecretId="db", RotationLambdaARN=function, RotationRules=rules)
            assert fake_secrets.next_due() == moment + datetime.timedelta(days=10)

    def test_dates_in_text_have_years_of_four_digits(self, stop_clock, moment):
        with stop_clock(moment), mock_stages({"db": "x"}) as fake_secrets:
            fake_secrets.rotate("db", Rotator())
            expected = f"{moment.replace(tzinfo=None).isoformat()}Z"
            assert fake_secrets.trail.service_events[-1]["eventTime"] == expected
            assert fake_secrets.trail.events[-1]["time"] == expected


def test_a_policys_condition_compares_a_date_of_four_digits():
    moment = at(999, 12, 31).timestamp()
    caller = Caller("arn:aws:iam::123456789012:root", "123456789012")
    keys = keys_of_circumstances(caller=caller, region="us-east-1", now=moment)
    assert keys["aws:currenttime"] == "0999-12-31T00:00:00Z"


def test_a_date_beyond_the_calendar_is_shown_as_its_end():
    assert clock.utc(1e15) == at(9999, 12, 31, 23, 59, 59)
    assert clock.utc(clock.LATEST) == LATEST
