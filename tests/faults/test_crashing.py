"""Rotation functions die where a test plans it, and dead functions change nothing any more."""

import concurrent.futures
import threading

import boto3
import pytest

from fake_secrets import FaultError, FunctionCrash, RotationFailedError, mock_stages

NAME = "prod/db"
POOL = concurrent.futures.ThreadPoolExecutor(1)


@pytest.fixture
def world():
    with mock_stages({NAME: "old"}, rotation_errors="record") as world:
        yield world


def put(client, event):
    client.put_secret_value(
        SecretId=event["SecretId"],
        ClientRequestToken=event["ClientRequestToken"],
        SecretString="new",
        VersionStages=["AWSPENDING"],
    )


def tag(client, event, key):
    client.tag_resource(SecretId=event["SecretId"], Tags=[{"Key": key, "Value": ""}])


def swallowing(event, context):
    client = boto3.client("secretsmanager")
    try:
        put(client, event)
    except BaseException:  # noqa: BLE001 -- as a bad function does
        tag(client, event, "after")


def test_the_call_takes_effect_and_then_the_function_dies(world):
    fault = world.faults.crash_after("PutSecretValue")
    rotation = world.rotate(NAME, swallowing)
    assert (rotation.failed_step, fault.hits) == ("createSecret", 1)
    assert world[NAME].value("AWSPENDING") == "new"


def test_before_the_effect_nothing_is_stored(world):
    world.faults.crash_before("PutSecretValue")
    world.rotate(NAME, swallowing)
    assert world[NAME].value("AWSPENDING") is None


def test_a_dead_function_that_handles_everything_changes_nothing_more(world):
    world.faults.crash_after("PutSecretValue")
    world.rotate(NAME, swallowing)
    assert world[NAME].tags == {}


def test_the_death_comes_out_of_the_call_as_a_failed_rotation():
    with mock_stages({NAME: "old"}) as world:
        world.faults.crash_after("PutSecretValue")
        client = boto3.client("secretsmanager")
        arn = world.lambda_function(swallowing)
        with pytest.raises(RotationFailedError, match="the rotation function died in createSecret") as caught:
            client.rotate_secret(SecretId=NAME, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1})
    assert isinstance(caught.value.__cause__, FunctionCrash)


@pytest.mark.parametrize("start", ["thread", "own pool", "older pool"])
def test_threads_that_a_dead_function_has_started_change_nothing_more(world, start):
    is_dead, ended = threading.Event(), threading.Event()
    raised = []

    def later(event):
        is_dead.wait(30)
        try:
            tag(boto3.client("secretsmanager"), event, "by a thread")
        except BaseException as error:  # noqa: BLE001 -- whatever it is
            raised.append(error)
        finally:
            ended.set()

    def function(event, context):
        if start == "thread":
            threading.Thread(target=later, args=[event]).start()
        else:
            pool = POOL if start == "older pool" else concurrent.futures.ThreadPoolExecutor(1)
            pool.submit(later, event)
            if start == "own pool":
                pool.shutdown(wait=False)
        put(boto3.client("secretsmanager"), event)

    POOL.submit(int).result(30)
    world.faults.crash_after("PutSecretValue")
    world.rotate(NAME, function)
    is_dead.set()
    assert ended.wait(30)
    assert [type(error) for error in raised] == [FunctionCrash]
    assert world[NAME].tags == {}


def test_the_calls_of_a_functions_threads_belong_to_its_step(world):
    def function(event, context):
        thread = threading.Thread(target=tag, args=[boto3.client("secretsmanager"), event, "by a thread"])
        thread.start()
        thread.join(30)

    world.invoke(function, {"SecretId": NAME, "ClientRequestToken": "x" * 32, "Step": "createSecret"})
    assert [call.step for call in world.calls] == ["createSecret"]


def test_the_next_invocation_is_alive(world):
    world.faults.crash_after("PutSecretValue")
    rotation = world.rotate(NAME, lambda event, context: put(boto3.client("secretsmanager"), event))
    rotation.retry()
    assert rotation.failed_step != "createSecret"


def test_a_crash_outside_of_a_rotation_function_is_refused_when_the_call_comes(world):
    world.faults.crash_after("GetSecretValue")
    with pytest.raises(
        FaultError, match="crash_after met a call of GetSecretValue that no rotation function makes"
    ):
        boto3.client("secretsmanager").get_secret_value(SecretId=NAME)


def test_an_invoked_function_dies_too(world):
    world.faults.crash_after("PutSecretValue")
    with pytest.raises(RotationFailedError, match="died in createSecret"):
        world.invoke(swallowing, {"SecretId": NAME, "ClientRequestToken": "x" * 32, "Step": "createSecret"})


@pytest.mark.parametrize("death", ["crash", "time-out"])
def test_a_rotation_that_a_dying_function_has_started_runs_all_the_same(world, death):
    world.add("other", "old")
    other = world.lambda_function(lambda event, context: None, "other")

    def function(event, context):
        boto3.client("secretsmanager").rotate_secret(
            SecretId="other", RotationLambdaARN=other, RotationRules={"AutomaticallyAfterDays": 1}
        )

    if death == "crash":
        world.faults.crash_after("RotateSecret", step="createSecret")
    else:
        world.faults.delay("RotateSecret", 10, step="createSecret", after_effect=True)
    rotation = world.rotate(NAME, world.lambda_function(function, "starting", timeout=3))
    assert rotation.failed_step == "createSecret"
    (started,) = [rotation for rotation in world.rotations if rotation.secret_name == "other"]
    assert started.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]


def dying():
    raise FunctionCrash


def test_what_the_test_handles_when_the_rotation_begins_kills_no_function(world):
    try:
        dying()
    except FunctionCrash:
        rotation = world.rotate(NAME, lambda event, context: put(boto3.client("secretsmanager"), event))
    assert rotation.failed_step != "createSecret"
