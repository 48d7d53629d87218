"""Faults, permissions, leaks and the clock of the test hold for the calls of child processes, too."""

import datetime
import pathlib
import subprocess
import sys

import freezegun
import pytest

from fake_secrets import clock, mock_stages

TESTS = str(pathlib.Path(__file__).parents[1])
START = datetime.datetime(2026, 3, 4, 12, tzinfo=datetime.UTC)


@pytest.fixture
def world():
    with mock_stages({"prod/db": "old"}) as world, world.server():
        yield world


def child(expression):
    """Return what an expression gives in a child process, as text."""
    source = f"import sys; sys.path.insert(0, {TESTS!r}); from served_children import *; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    ).stdout.strip()


def get(attempts=1):
    return child(f"outcome('get_secret_value', {attempts}, SecretId='prod/db')")


def test_attempts_of_a_childs_call_are_hit_one_by_one(world):
    fault = world.faults.fail("GetSecretValue", "InternalServiceError", times=2)
    assert get(attempts=3) == "old"
    assert fault.hits == 2
    assert [call.attempt for call in world.calls] == [1, 2, 3]


@pytest.mark.slow
def test_a_fault_of_whole_calls_hits_all_attempts_of_one_call(world):
    fault = world.faults.fail("GetSecretValue", "InternalServiceError", calls=1)
    assert get(attempts=2) == "InternalServiceError"
    assert fault.hits == 2
    assert get(attempts=2) == "old"


@pytest.mark.slow
def test_the_code_of_a_fault_reaches_the_child(world):
    world.faults.fail("GetSecretValue", "DecryptionFailure")
    assert get() == "DecryptionFailure"


@pytest.mark.slow
def test_throttling_is_retried_by_the_child(world):
    world.faults.fail("GetSecretValue", "ThrottlingException")
    assert get(attempts=2) == "old"


@pytest.mark.slow
def test_a_connection_is_reset(world):
    world.faults.reset_connection("GetSecretValue")
    assert get() == "ConnectionClosedError"


@pytest.mark.slow
def test_a_reset_after_the_effect_leaves_the_effect(world):
    world.faults.reset_connection("PutSecretValue", after_effect=True)
    assert child("outcome('put_secret_value', SecretId='prod/db', SecretString='new')") == "ConnectionClosedError"
    assert world["prod/db"].value() == "new"


@pytest.mark.slow
def test_a_retry_after_a_lost_answer_has_the_same_token(world):
    world.faults.reset_connection("PutSecretValue", after_effect=True)
    assert child("outcome('put_secret_value', 2, SecretId='prod/db', SecretString='new')") == "done"
    assert len(world["prod/db"].versions) == 2


@pytest.mark.slow
def test_a_call_that_times_out_loses_its_answer(world):
    world.faults.time_out("GetSecretValue")
    assert get() == "ConnectionClosedError"


@pytest.mark.slow
def test_a_body_is_malformed(world):
    world.faults.malformed_body("GetSecretValue")
    # botocore takes JSON that ends too early for an answer without members.
    assert get() == "done"


@pytest.mark.slow
def test_a_delay_passes_by_the_clock_of_the_test(world):
    before, real = clock.now(), clock.real_now()
    world.faults.delay("GetSecretValue", seconds=3600)
    assert get() == "old"
    assert clock.now() - before >= 3600
    assert clock.real_now() - real < 600


@pytest.mark.slow
def test_a_read_is_stale(world):
    world.faults.stale_reads()
    child("write('prod/db', 'new')")
    assert [get(), get()] == ["old", "new"]


@pytest.mark.slow
def test_a_call_is_refused_without_permission(world):
    with world.permissions([]):
        assert get() == "AccessDeniedException"
    assert len(world.permissions.denials) == 1


@pytest.mark.slow
def test_calls_and_trail_show_those_of_the_child(world):
    child("write('prod/db', 'new')")
    assert [call.operation for call in world.calls] == ["PutSecretValue"]
    assert world.trail.records[-1]["eventName"] == "PutSecretValue"
    assert "Boto3" in world.trail.records[-1]["userAgent"]


@pytest.mark.slow
def test_a_value_that_a_child_wrote_is_looked_for(world):
    with world.leaks.watching() as found:
        child("write('prod/db', 'written-by-the-child')")
        print("it is written-by-the-child")
    assert [leak.secret for leak in found] == ["prod/db"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "freeze", [freezegun.freeze_time, lambda at: pytest.importorskip("time_machine").travel(at, tick=False)]
)
def test_the_clock_is_the_tests(world, freeze):
    with freeze(START):
        child("write('prod/db', 'new')")
    assert world["prod/db"].versions[-1].created == START


@pytest.mark.slow
def test_a_due_rotation_falls_due_at_a_childs_call(world):
    steps = []
    arn = world.lambda_function(lambda event, context: steps.append(event["Step"]))
    with freezegun.freeze_time(START) as frozen:
        child(
            f"client().rotate_secret(SecretId='prod/db', RotationLambdaARN={arn!r}, "
            "RotationRules={'AutomaticallyAfterDays': 1}, RotateImmediately=False) and None"
        )
        steps.clear()
        frozen.tick(datetime.timedelta(days=3))
        get()
    assert steps
