"""aiobotocore: due rotations, further attempts and events also come with awaited calls."""

import asyncio
import datetime
import linecache
import os
import subprocess
import sys
import threading

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.session
import boto3
import botocore.exceptions
import freezegun
from rotators import Rotator

from fake_secrets import RotationWarning, mock_stages

UTC = datetime.UTC
DAILY = {"AutomaticallyAfterDays": 1}


def secretsmanager():
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return aiobotocore.session.get_session().create_client("secretsmanager", region_name="us-east-1", **keys)


@pytest.fixture
def rotator():
    return Rotator(boto3.client("secretsmanager", region_name="us-east-1"))


@pytest.fixture(params=["fast", "wire"])
def lane(request):
    return request.param


@pytest.mark.asyncio
async def test_a_rotation_that_is_due_runs_before_an_awaited_call(rotator, lane):
    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            await client.rotate_secret(
                SecretId="db", RotationLambdaARN=fake.lambda_function(rotator), RotationRules=DAILY
            )
            clock.move_to("2026-01-04T12:00:00Z")
            described = await client.describe_secret(SecretId="db")
    assert [rotation.succeeded for rotation in fake.rotations] == [True] * 4
    assert described["LastRotatedDate"] == datetime.datetime(2026, 1, 4, tzinfo=UTC)


@pytest.mark.asyncio
async def test_a_due_function_runs_outside_the_event_loops_thread(lane):
    threads = []
    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            arn = fake.lambda_function(lambda event, context: threads.append(threading.current_thread()))
            await client.rotate_secret(
                SecretId="db", RotationLambdaARN=arn, RotationRules=DAILY, RotateImmediately=False
            )
            clock.move_to("2026-01-02T12:00:00Z")
            await client.list_secrets()
    assert len(threads) == 5
    assert threading.current_thread() not in threads


@pytest.mark.asyncio
async def test_rotate_secret_attempts_an_open_rotation_again(rotator, lane):
    async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
        rotator.fails_in = "setSecret"
        with pytest.raises(RuntimeError):
            await client.rotate_secret(SecretId="db", RotationLambdaARN=fake.lambda_function(rotator))
        rotator.fails_in = None
        with pytest.raises(botocore.exceptions.ClientError, match="will be reattempted"):
            await client.rotate_secret(SecretId="db")
        (rotation,) = fake.rotations
        assert (rotation.attempts, rotation.succeeded) == (2, True)


@pytest.mark.asyncio
async def test_an_event_is_delivered_before_the_awaited_call_returns(lane):
    async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
        events = []
        fake.on_event(events.append)
        await client.put_secret_value(SecretId="db", SecretString="new")
        assert [event["detail-type"] for event in events] == ["Secret Label Updated"]


@pytest.mark.asyncio
async def test_a_manual_rotation_is_only_started(rotator, lane):
    async with mock_stages({"db": "old"}, rotation="manual", _lane=lane) as fake, secretsmanager() as client:
        await client.rotate_secret(SecretId="db", RotationLambdaARN=fake.lambda_function(rotator))
        assert rotator.steps == []
        assert fake.rotations[0].step().next_step == "setSecret"


@pytest.mark.asyncio
async def test_concurrent_calls_all_see_the_rotation_that_was_due(rotator, lane):
    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            await client.rotate_secret(
                SecretId="db", RotationLambdaARN=fake.lambda_function(rotator), RotationRules=DAILY
            )
            clock.move_to("2026-01-02T12:00:00Z")
            described = await asyncio.gather(*(client.describe_secret(SecretId="db") for _ in range(4)))
    assert {answer["LastRotatedDate"] for answer in described} == {datetime.datetime(2026, 1, 2, tzinfo=UTC)}


@pytest.mark.asyncio
async def test_a_thread_of_a_due_function_does_not_wait_for_that_function(lane):
    values = []

    async def read():
        async with secretsmanager() as client:
            values.append((await client.get_secret_value(SecretId="db"))["SecretString"])

    def in_a_thread(event, context):
        thread = threading.Thread(target=lambda: asyncio.run(read()))
        thread.start()
        thread.join(20)

    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            arn = fake.lambda_function(in_a_thread)
            await client.rotate_secret(
                SecretId="db", RotationLambdaARN=arn, RotationRules=DAILY, RotateImmediately=False
            )
            clock.move_to("2026-01-02T12:00:00Z")
            await asyncio.wait_for(client.list_secrets(), 60)
    assert values == ["old"] * 5


@pytest.mark.asyncio
async def test_a_due_function_may_use_the_callers_loop(lane):
    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            loop, values = asyncio.get_running_loop(), []

            def on_the_loop(event, context):
                call = client.get_secret_value(SecretId="db")
                values.append(asyncio.run_coroutine_threadsafe(call, loop).result(20)["SecretString"])

            arn = fake.lambda_function(on_the_loop)
            await client.rotate_secret(
                SecretId="db", RotationLambdaARN=arn, RotationRules=DAILY, RotateImmediately=False
            )
            clock.move_to("2026-01-02T12:00:00Z")
            await client.list_secrets()
            assert [rotation.error for rotation in fake.rotations] == [None, None]
    assert values == ["old"] * 5


@pytest.mark.asyncio
async def test_a_due_function_may_wait_for_another_task_of_the_callers_loop(lane):
    wanted, values = asyncio.Event(), []

    async def read_on_request(client):
        await wanted.wait()
        values.append((await client.get_secret_value(SecretId="db"))["SecretString"])

    with freezegun.freeze_time("2026-01-01T12:00:00Z", real_asyncio=True) as clock:
        async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
            loop, is_read = asyncio.get_running_loop(), threading.Event()
            reader = asyncio.create_task(read_on_request(client))
            reader.add_done_callback(lambda _: is_read.set())

            def waits_for_the_reader(event, context):
                if len(fake.rotations) > 1:  # the first is the trial
                    loop.call_soon_threadsafe(wanted.set)
                    assert is_read.wait(20)

            await client.rotate_secret(
                SecretId="db",
                RotationLambdaARN=fake.lambda_function(waits_for_the_reader),
                RotationRules=DAILY,
                RotateImmediately=False,
            )
            clock.move_to("2026-01-02T12:00:00Z")
            await asyncio.wait_for(client.list_secrets(), 60)
            await reader
            assert fake.rotations[-1].error is None
    assert values == ["old"]


FORK = """
import asyncio, os, signal, threading

import aiobotocore.session
import boto3

from fake_secrets import RotationWarning, mock_stages

client = boto3.client("secretsmanager", region_name="us-east-1")
is_inside, go_on = threading.Event(), threading.Event()


def handler(event, context):
    is_inside.set()
    assert go_on.wait(10)


async def main():
    session = aiobotocore.session.get_session()
    with mock_stages({"db": "old"}, rotation_errors="record") as fake:
        async with session.create_client("secretsmanager", region_name="us-east-1") as awaited:
            arn = fake.lambda_function(handler)
            rotating = asyncio.create_task(awaited.rotate_secret(SecretId="db", RotationLambdaARN=arn))
            await asyncio.to_thread(is_inside.wait, 10)
            child = os.fork()
            if not child:
                signal.alarm(10)
                value = client.get_secret_value(SecretId="db")["SecretString"]
                print("child", value, fake.rotations[0].outcome, flush=True)
                os._exit(0)
            print("status", os.waitpid(child, 0)[1])
            go_on.set()
            await rotating
            print("parent", fake.rotations[0].outcome)


asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_fork_does_not_wait_for_an_awaited_call():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["child old failed", "status 0", "parent unfinished"], done.stderr


@pytest.mark.asyncio
async def test_the_warning_of_a_finding_points_at_the_awaited_call(lane, recwarn):
    async with mock_stages({"db": "old"}, _lane=lane) as fake, secretsmanager() as client:
        arn = fake.lambda_function(lambda event, context: None)
        await client.rotate_secret(SecretId="db", RotationLambdaARN=arn)
    warning = recwarn.pop(RotationWarning)
    assert "await client.rotate_secret(SecretId" in linecache.getline(warning.filename, warning.lineno)
