"""Answers get lost on their way, before or after the effect."""

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from rotators import Rotator

from fake_secrets import mock_stages

NAME = "prod/db"
BEFORE_ONLY = {
    "connect time-out": (lambda faults: faults.time_out("PutSecretValue", connecting=True), "ConnectTimeoutError"),
    "DNS failure": (lambda faults: faults.fail_dns("PutSecretValue"), "EndpointConnectionError"),
}
BOTH = {
    "read time-out": (lambda faults, **when: faults.time_out("PutSecretValue", **when), "ReadTimeoutError"),
    "connection reset": (
        lambda faults, **when: faults.reset_connection("PutSecretValue", **when),
        "ConnectionClosedError",
    ),
    "HTTP status": (lambda faults, **when: faults.fail("PutSecretValue", 504, **when), "ClientError"),
    "modelled error": (
        lambda faults, **when: faults.fail("PutSecretValue", "InternalServiceError", **when),
        "InternalServiceError",
    ),
}


@pytest.fixture
def world():
    with mock_stages({NAME: "old"}) as world:
        yield world


@pytest.fixture
def once(world):
    """A client that makes one attempt a call."""
    return boto3.client("secretsmanager", config=Config(retries={"total_max_attempts": 1}))


def put(client):
    try:
        client.put_secret_value(SecretId=NAME, SecretString="new")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        return type(error).__name__
    return None


@pytest.mark.parametrize(("plan", "raised"), [*BEFORE_ONLY.values(), *BOTH.values()], ids=[*BEFORE_ONLY, *BOTH])
def test_without_the_effect_nothing_is_stored(world, once, plan, raised):
    plan(world.faults)
    assert put(once) == raised
    assert world[NAME].value() == "old"


@pytest.mark.parametrize(("plan", "raised"), BOTH.values(), ids=BOTH)
def test_after_the_effect_the_value_is_stored(world, once, plan, raised):
    plan(world.faults, after_effect=True)
    assert put(once) == raised
    assert world[NAME].value() == "new"


@pytest.mark.parametrize(("plan", "raised"), BOTH.values(), ids=BOTH)
def test_a_call_that_botocore_repeats_after_its_effect_stores_one_version(world, plan, raised):
    plan(world.faults, after_effect=True)
    assert put(boto3.client("secretsmanager")) is None
    assert [version.value() for version in world[NAME].versions] == ["old", "new"]


def test_a_refusal_of_the_service_stands_after_the_effect(world, once):
    world.faults.fail("GetSecretValue", "InternalServiceError", after_effect=True)
    with pytest.raises(once.exceptions.ResourceNotFoundException):
        once.get_secret_value(SecretId="no/such")


def test_the_rotation_runs_although_its_answer_is_lost(world, once):
    world.faults.time_out("RotateSecret", after_effect=True)
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        once.rotate_secret(
            SecretId=NAME,
            RotationLambdaARN=world.lambda_function(Rotator(), "rotate"),
            RotationRules={"AutomaticallyAfterDays": 1},
        )
    assert [rotation.succeeded for rotation in world.rotations] == [True]


def test_a_repeated_rotate_secret_starts_one_rotation(world):
    client = boto3.client("secretsmanager")
    world.faults.time_out("RotateSecret", after_effect=True)
    response = client.rotate_secret(
        SecretId=NAME,
        RotationLambdaARN=world.lambda_function(Rotator(), "rotate"),
        RotationRules={"AutomaticallyAfterDays": 1},
    )
    assert response["ResponseMetadata"]["RetryAttempts"] == 1
    assert [rotation.token for rotation in world.rotations] == [response["VersionId"]]


def test_a_malformed_body_meets_botocores_parser(world, once):
    world.faults.malformed_body("GetSecretValue")
    response = once.get_secret_value(SecretId=NAME)
    assert "SecretString" not in response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_status_has_a_page_as_a_load_balancer_has(world, once):
    world.faults.fail("GetSecretValue", 503, message="Busy")
    with pytest.raises(botocore.exceptions.ClientError, match=r"\(503\).*: Service Unavailable") as caught:
        once.get_secret_value(SecretId=NAME)
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/html"


def test_a_pause_is_asked_for_in_a_header(world, once):
    world.faults.fail("GetSecretValue", "ThrottlingException", retry_after=1.5)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        once.get_secret_value(SecretId=NAME)
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-retry-after"] == "1500"


@pytest.mark.parametrize("status", [400, 503])
def test_an_error_code_may_have_another_status(world, once, status):
    world.faults.fail("GetSecretValue", "ThrottlingException", status=status, message="Slow down")
    with pytest.raises(botocore.exceptions.ClientError, match="Slow down") as caught:
        once.get_secret_value(SecretId=NAME)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_the_effect_of_an_error_after_it_is_recorded_as_the_service_saw_it(world, once):
    world.faults.fail("PutSecretValue", "InternalServiceError", after_effect=True)
    put(once)
    (call,) = world.calls
    assert (call.outcome, call.fault) == ("succeeded", "InternalServiceError after the effect")


LOST = {
    "reset": lambda faults: faults.reset_connection("PutSecretValue"),
    "time-out": lambda faults: faults.time_out("PutSecretValue"),
    "DNS": lambda faults: faults.fail_dns("PutSecretValue"),
    "page": lambda faults: faults.fail("PutSecretValue", 503),
}


@pytest.mark.parametrize("plan", LOST.values(), ids=LOST)
def test_an_attempt_that_never_got_there_is_in_the_timeline_but_no_call(world, once, plan):
    fault = plan(world.faults)
    put(once)
    assert world.calls == []
    moment = world.timeline(NAME).moments[-1]
    assert (moment.operation, moment.fault) == ("(PutSecretValue)", repr(fault)[len("<fault ") :].split(" on ")[0])


def test_a_call_that_kills_its_function_before_its_effect_is_in_the_timeline(world):
    world.faults.crash_before("GetSecretValue", step="createSecret")
    world.rotate(NAME, lambda *_: boto3.client("secretsmanager").get_secret_value(SecretId=NAME), errors="record")
    rows = [(moment.step, moment.operation, moment.fault) for moment in world.timeline(NAME).moments[2:4]]
    assert rows == [
        ("createSecret", "(GetSecretValue)", "crash before the effect"),
        ("createSecret", "(failed)", None),
    ]


def test_an_answered_attempt_has_one_row(world, once):
    world.faults.fail("PutSecretValue", "ThrottlingException")
    put(once)
    assert [moment.operation for moment in world.timeline(NAME).moments] == ["(seed)", "PutSecretValue"]
