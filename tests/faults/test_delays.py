"""Calls take long, by the test's clock, as planned."""

import datetime
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from freezegun import freeze_time

from fake_secrets import mock_stages
from fake_secrets.errors import FaultError, RotationFailedError

NAME = "prod/db"
START = datetime.datetime(2026, 3, 4, 12, tzinfo=datetime.UTC)


@pytest.fixture
def faults(fake_secrets):
    fake_secrets.add(NAME, "old")
    return fake_secrets.faults


@pytest.fixture
def client(secretsmanager):
    return secretsmanager


def put(client, text="new"):
    return client.put_secret_value(SecretId=NAME, SecretString=text)


def changed(client):
    return client.describe_secret(SecretId=NAME)["LastChangedDate"]


def wall():
    return datetime.datetime.now(datetime.UTC)


def impatient(seconds, attempts=1):
    return boto3.client(
        "secretsmanager", config=Config(read_timeout=seconds, retries={"total_max_attempts": attempts})
    )


CLOCKS = {
    "freezegun": lambda: freeze_time(START),
    "freezegun ticking": lambda: freeze_time(START, tick=True),
    "time-machine": lambda: pytest.importorskip("time_machine").travel(START, tick=False),
    "time-machine ticking": lambda: pytest.importorskip("time_machine").travel(START),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_delay_moves_the_tests_clock_for_every_thread(clock):
    seen = []
    with CLOCKS[clock](), mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        fault = fake_secrets.faults.delay("PutSecretValue", 40)
        put(client)
        thread = threading.Thread(target=lambda: seen.append(wall()))
        thread.start()
        thread.join(10)
        assert (seen[0] - START).total_seconds() == pytest.approx(40, abs=5)
        assert (changed(client) - START).total_seconds() == pytest.approx(40, abs=5)
        assert fault.hits == 1


def test_nobody_sleeps(faults, client):
    before = time.monotonic()
    faults.delay("*", datetime.timedelta(days=1))
    put(client)
    assert time.monotonic() - before < 60


def test_without_a_library_the_clock_of_the_world_runs_ahead(faults, fake_secrets, client):
    faults.delay("GetSecretValue", 40)
    response = client.get_secret_value(SecretId=NAME)
    date = datetime.datetime.strptime(
        response["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S %Z"
    ).replace(tzinfo=datetime.UTC)
    put(client)
    for moment in (date, changed(client), fake_secrets.calls[-1].time):
        assert (moment - wall()).total_seconds() == pytest.approx(40, abs=5)


def test_threads_of_a_world_that_runs_ahead_do_too(faults, client):
    faults.delay("GetSecretValue", 40)
    threads = [
        threading.Thread(target=lambda call=call: call(SecretId=NAME))
        for call in (client.get_secret_value, client.describe_secret)
    ]
    for thread in threads:
        thread.start()
        thread.join(10)
    thread = threading.Thread(target=lambda: put(client))
    thread.start()
    thread.join(10)
    assert (changed(client) - wall()).total_seconds() == pytest.approx(40, abs=5)


def test_other_worlds_do_not_run_ahead(faults, fake_secrets, client):
    faults.delay("GetSecretValue", 40)
    client.get_secret_value(SecretId=NAME)
    with mock_stages({NAME: "inner"}):
        put(client)
        assert (changed(client) - wall()).total_seconds() == pytest.approx(0, abs=5)
    put(client)
    assert (changed(client) - wall()).total_seconds() == pytest.approx(40, abs=5)
    with freeze_time(START):
        put(client, "frozen")
        assert changed(client) == START


def test_a_reset_world_runs_ahead_no_longer(client, fake_secrets):
    fake_secrets.add(NAME, "old")
    fake_secrets.faults.delay("GetSecretValue", 40)
    client.get_secret_value(SecretId=NAME)
    fake_secrets.reset()
    fake_secrets.add(NAME, "old")
    put(client)
    assert (changed(client) - wall()).total_seconds() == pytest.approx(0, abs=5)


def test_delays_add_up(faults, client):
    faults.delay("*", 10, times=3)
    put(client, "1")
    put(client, "2")
    assert (changed(client) - wall()).total_seconds() == pytest.approx(20, abs=5)


def test_a_client_waits_no_longer_than_its_read_time_out(faults, client):
    with freeze_time(START):
        faults.delay("PutSecretValue", 40)
        with pytest.raises(ReadTimeoutError):
            put(impatient(30))
        assert wall() == START + datetime.timedelta(seconds=30)
        # The service has done it nevertheless.
        assert client.get_secret_value(SecretId=NAME)["SecretString"] == "new"


def test_a_delay_of_just_the_read_time_out_is_too_long_for_a_client(faults):
    faults.delay("GetSecretValue", 40, times=2)
    with pytest.raises(ReadTimeoutError):
        impatient(40).get_secret_value(SecretId=NAME)
    assert impatient(40.5).get_secret_value(SecretId=NAME)["SecretString"] == "old"


def test_botocore_retries_after_a_read_time_out(faults):
    faults.delay("GetSecretValue", 40, times=2)
    response = impatient(30, attempts=3).get_secret_value(SecretId=NAME)
    assert (response["SecretString"], response["ResponseMetadata"]["RetryAttempts"]) == ("old", 2)


def test_a_client_without_a_read_time_out_waits_for_any_time(faults):
    faults.delay("GetSecretValue", 10**6)
    assert impatient(None).get_secret_value(SecretId=NAME)["SecretString"] == "old"


@pytest.mark.parametrize("clock", [None, *CLOCKS])
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_rotation_function_times_out_at_the_delayed_call(clock, after_effect):
    reached = []

    def rotate(event, context):
        client = boto3.client("secretsmanager")
        before = context.get_remaining_time_in_millis()
        try:
            client.put_secret_value(
                SecretId=NAME,
                ClientRequestToken=event["ClientRequestToken"],
                SecretString="new",
                VersionStages=["AWSPENDING"],
            )
        finally:
            reached.append((before, context.get_remaining_time_in_millis()))
        reached.append("the end")

    with CLOCKS[clock]() if clock else threading.Lock(), mock_stages({NAME: "old"}) as fake_secrets:
        arn = fake_secrets.lambda_function(rotate, timeout=30)
        fake_secrets.faults.delay("PutSecretValue", 30, after_effect=after_effect, step="createSecret")
        with pytest.raises(RotationFailedError, match=r"Task timed out after 30\.00 seconds"):
            fake_secrets.rotate(NAME, arn)
        assert len(reached) == 1
        assert reached[0][0] > 25_000
        # Without a library, the clock runs on.
        assert reached[0][1] < 1_000
        pending = fake_secrets[NAME].version("AWSPENDING")
        assert pending.secret_string == ("new" if after_effect else None)


def test_a_shorter_delay_only_lets_time_pass_for_a_rotation_function(fake_secrets):
    fake_secrets.add(NAME, "old")
    left = []

    def handler(event, context):
        boto3.client("secretsmanager").get_secret_value(SecretId=NAME)
        left.append(context.get_remaining_time_in_millis())

    fake_secrets.faults.delay("GetSecretValue", 20)
    fake_secrets.invoke(fake_secrets.lambda_function(handler, timeout=30), {})
    assert 5_000 < left[0] <= 10_000


@pytest.mark.parametrize("clock", [None, "freezegun", "time-machine"])
def test_a_rotation_that_falls_due_by_a_delay_runs_before_the_next_call(clock):
    with CLOCKS[clock]() if clock else threading.Lock(), mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        arn = fake_secrets.lambda_function(None, "rotator")
        rules = {"AutomaticallyAfterDays": 1}
        client.rotate_secret(SecretId=NAME, RotationLambdaARN=arn, RotationRules=rules, RotateImmediately=False)
        fake_secrets.faults.delay("GetSecretValue", datetime.timedelta(days=2))
        impatient(None).get_secret_value(SecretId=NAME)
        assert "AWSPENDING" not in fake_secrets[NAME].stages
        client.get_secret_value(SecretId=NAME)
        assert "AWSPENDING" in fake_secrets[NAME].stages


def test_a_delay_and_an_error_hit_the_same_attempt(faults, client):
    with freeze_time(START):
        error = faults.fail("GetSecretValue", "AccessDeniedException")
        delay = faults.delay("GetSecretValue", 40)
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.get_secret_value(SecretId=NAME)
        assert (error.hits, delay.hits, wall() - START) == (1, 1, datetime.timedelta(seconds=40))


def test_a_stale_read_can_be_delayed(faults, client):
    put(client)
    faults.stale_reads()
    faults.delay("GetSecretValue", 40)
    assert client.get_secret_value(SecretId=NAME)["SecretString"] == "old"


def test_a_delay_after_the_effect_leaves_the_date_of_the_effect(faults, fake_secrets, client):
    with freeze_time(START):
        faults.delay("PutSecretValue", 40, after_effect=True)
        put(client)
        assert (changed(client), wall() - START) == (START, datetime.timedelta(seconds=40))
        call = fake_secrets.calls.of("PutSecretValue")[-1]
        assert (call.time, call.fault) == (START, "delay of 40 s after the effect")


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), datetime.timedelta(0)], ids=str)
def test_a_delay_that_takes_no_time_or_never_ends_is_refused(faults, seconds):
    with pytest.raises(FaultError, match="isn't a number of seconds above 0"):
        faults.delay("GetSecretValue", seconds)


@pytest.mark.parametrize("seconds", ["40", None, True])
def test_a_delay_of_another_type_is_refused(faults, seconds):
    with pytest.raises(TypeError, match=f"^seconds is a number or a timedelta, not {seconds!r}$"):
        faults.delay("GetSecretValue", seconds)


def test_two_delays_of_an_attempt_add_up_against_the_read_time_out(faults):
    client = impatient(60)
    faults.delay("GetSecretValue", 40)
    faults.delay("*", 40)
    with pytest.raises(ReadTimeoutError):
        client.get_secret_value(SecretId=NAME)


def test_a_client_that_never_connects_meets_no_read_time_out(faults):
    faults.delay("GetSecretValue", 70)
    faults.fail_dns("GetSecretValue")
    with pytest.raises(EndpointConnectionError):
        impatient(60).get_secret_value(SecretId=NAME)


def test_a_function_is_stopped_when_its_time_is_over_and_the_timeline_shows_the_delay():
    with freeze_time(START), mock_stages({NAME: "old"}, rotation_errors="record") as fake_secrets:

        def function(event, context):
            boto3.client("secretsmanager").get_secret_value(SecretId=NAME)

        fake_secrets.faults.delay("GetSecretValue", 40, step="createSecret")
        rotation = fake_secrets.rotate(NAME, fake_secrets.lambda_function(function, "slow", timeout=3))
        assert (rotation.ended_at - rotation.started_at).total_seconds() == 3
        assert "planned: delay of 40 s" in str(fake_secrets.timeline(NAME))
