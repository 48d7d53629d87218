"""Which attempts a fault hits, and how many."""

import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fake_secrets import mock_stages

REFUSED = "AccessDeniedException"
OTHER_ROLE = "arn:aws:iam::123456789012:role/other"


@pytest.fixture
def world():
    with mock_stages({"prod/db": "old", "prod/api": "key"}) as world:
        yield world


@pytest.fixture
def client(world):
    return boto3.client("secretsmanager")


def is_refused(client, operation="get_secret_value", **members):
    try:
        getattr(client, operation)(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] == REFUSED
        return True
    return False


def test_another_operation_passes(world, client):
    world.faults.fail("PutSecretValue", REFUSED, optional=True)
    assert not is_refused(client, SecretId="prod/db")


def test_a_star_stands_for_every_operation(world, client):
    world.faults.fail("*", REFUSED, times=2)
    assert is_refused(client, SecretId="prod/db")
    assert is_refused(client, "list_secrets")


@pytest.mark.parametrize("planned", ["name", "ARN", "partial ARN", "Secret"])
@pytest.mark.parametrize("asked", ["name", "ARN", "partial ARN"])
def test_a_secret_is_the_same_however_it_is_named(world, client, planned, asked):
    secret = world["prod/db"]
    forms = {"name": secret.name, "ARN": secret.arn, "partial ARN": secret.arn[:-7], "Secret": secret}
    world.faults.fail("GetSecretValue", REFUSED, secret_id=forms[planned])
    assert not is_refused(client, SecretId="prod/api")
    assert is_refused(client, SecretId=forms[asked])


@pytest.mark.parametrize("operation", ["CreateSecret", "*"])
def test_a_secret_need_not_exist_yet(world, client, operation):
    world.faults.fail(operation, REFUSED, secret_id="new")
    assert not is_refused(client, "create_secret", Name="newer", SecretString="x")
    assert is_refused(client, "create_secret", Name="new", SecretString="x")


def test_a_batch_names_each_of_its_secrets(world, client):
    world.faults.fail("BatchGetSecretValue", REFUSED, secret_id="prod/api")
    assert not is_refused(client, "batch_get_secret_value", SecretIdList=["prod/db"])
    assert is_refused(client, "batch_get_secret_value", SecretIdList=["prod/db", "prod/api"])


def test_a_name_means_the_secret_of_the_worlds_own_region(world):
    world.add("twin", "x")
    world.add("twin", "x", region="eu-west-3")
    world.faults.fail("GetSecretValue", REFUSED, secret_id="twin")
    assert not is_refused(boto3.client("secretsmanager", region_name="eu-west-3"), SecretId="twin")
    assert is_refused(boto3.client("secretsmanager"), SecretId="twin")


@pytest.mark.parametrize("principal", [OTHER_ROLE, "210987654321"])
def test_a_principal_is_a_caller_or_an_account(world, client, principal):
    caller = principal if principal.startswith("arn:") else f"arn:aws:iam::{principal}:role/app"
    other = boto3.client("secretsmanager", **world.credentials(caller))
    world.faults.fail("ListSecrets", REFUSED, principal=principal)
    assert not is_refused(client, "list_secrets")
    assert is_refused(other, "list_secrets")


def test_a_step_is_one_of_a_rotation_function(world, client):
    refused = []

    def function(event, context):
        if is_refused(boto3.client("secretsmanager"), SecretId=event["SecretId"]):
            refused.append(event["Step"])

    world.faults.fail("GetSecretValue", REFUSED, step="setSecret", times=None)
    client.rotate_secret(
        SecretId="prod/db",
        RotationLambdaARN=world.lambda_function(function),
        RotationRules={"AutomaticallyAfterDays": 1},
    )
    assert not is_refused(client, SecretId="prod/db")
    assert refused == ["setSecret"]


def test_a_predicate_sees_the_call_without_its_secret_values(world, client):
    seen = []

    def when(call):
        seen.append(call.request)
        return "AWSPENDING" in call.request.get("VersionStages", ())

    world.faults.fail("PutSecretValue", REFUSED, when=when)
    assert not is_refused(client, "put_secret_value", SecretId="prod/db", SecretString="new")
    assert is_refused(
        client, "put_secret_value", SecretId="prod/db", SecretString="new", VersionStages=["AWSPENDING"]
    )
    assert [request["SecretString"] for request in seen] == ["***", "***"]


def test_a_predicate_may_call_the_world_from_another_thread(world, client):
    def when(call):
        threads = [threading.Thread(target=world["prod/db"].value) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return not any(thread.is_alive() for thread in threads)

    world.faults.fail("GetSecretValue", REFUSED, when=when)
    assert is_refused(client, SecretId="prod/db")


def test_an_exception_of_a_predicate_comes_out_of_the_call(world, client):
    world.faults.fail("GetSecretValue", REFUSED, when=lambda call: call.nothing, optional=True)
    with pytest.raises(AttributeError) as caught:
        client.get_secret_value(SecretId="prod/db")
    assert "raised by `when` of the fault planned at " in caught.value.__notes__[0]


def test_it_hits_as_often_as_planned(world, client):
    fault = world.faults.fail("GetSecretValue", REFUSED, times=2)
    assert [is_refused(client, SecretId="prod/db") for _ in range(3)] == [True, True, False]
    assert fault.hits == 2


def test_without_a_limit_it_hits_for_ever(world, client):
    world.faults.fail("GetSecretValue", REFUSED, times=None)
    assert all(is_refused(client, SecretId="prod/db") for _ in range(20))


def test_matching_attempts_pass_first(world, client):
    fault = world.faults.fail("GetSecretValue", REFUSED, after=2)
    outcomes = [is_refused(client, SecretId=name) for name in ("prod/db", "prod/api", "prod/db", "prod/db")]
    assert (outcomes, fault.hits) == ([False, False, True, False], 1)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_calls_are_counted_with_all_their_attempts(world, mode):
    client = boto3.client("secretsmanager", config=Config(retries={"mode": mode, "max_attempts": 2}))
    fault = world.faults.fail("GetSecretValue", "InternalServiceError", calls=2)
    for _ in range(2):
        with pytest.raises(client.exceptions.InternalServiceError):
            client.get_secret_value(SecretId="prod/db")
    assert client.get_secret_value(SecretId="prod/db")["ResponseMetadata"]["RetryAttempts"] == 0
    assert fault.hits == 6


def test_the_first_of_two_errors_hits_and_the_other_waits(world, client):
    first = world.faults.fail("GetSecretValue", REFUSED)
    second = world.faults.fail("*", REFUSED)
    assert is_refused(client, SecretId="prod/db")
    assert (first.hits, second.hits) == (1, 0)
    assert is_refused(client, SecretId="prod/db")
    assert second.hits == 1


def test_a_block_ends_the_fault(world, client):
    with world.faults.fail("GetSecretValue", REFUSED, times=None) as fault:
        assert is_refused(client, SecretId="prod/db")
    assert not is_refused(client, SecretId="prod/db")
    assert fault.hits == 1


def test_cancelled_it_hits_no_more(world, client):
    fault = world.faults.fail("GetSecretValue", REFUSED, times=None)
    fault.cancel()
    assert not is_refused(client, SecretId="prod/db")


def test_a_reset_cancels_all_faults(world, client):
    world.faults.fail("GetSecretValue", REFUSED, times=None, optional=True)
    world.reset()
    assert not is_refused(client, SecretId="prod/db")


def test_a_world_leaves_no_fault_to_the_next(client):
    with mock_stages({"prod/db": "x"}) as inner:
        inner.faults.fail("GetSecretValue", REFUSED, optional=True)
    assert not is_refused(client, SecretId="prod/db")


@pytest.mark.slow
def test_calls_of_threads_are_hit_exactly_as_often_as_planned(world):
    fault = world.faults.fail("GetSecretValue", REFUSED, times=5)
    refused = []

    def read():
        client = boto3.session.Session().client("secretsmanager", region_name="us-east-1")
        refused.extend(is_refused(client, SecretId="prod/db") for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (refused.count(True), len(refused), fault.hits) == (5, 20, 5)


def test_a_planned_error_is_in_the_record_with_its_fault(world, client):
    world.faults.fail("GetSecretValue", "ThrottlingException", times=2)
    client.get_secret_value(SecretId="prod/db")
    assert [(call.attempt, call.outcome, call.fault) for call in world.calls] == [
        (1, "ThrottlingException", "ThrottlingException"),
        (2, "ThrottlingException", "ThrottlingException"),
        (3, "succeeded", None),
    ]


def test_an_attempt_that_never_got_there_is_in_no_record(world, client):
    world.faults.reset_connection("GetSecretValue")
    client.get_secret_value(SecretId="prod/db")
    assert [(call.attempt, call.outcome) for call in world.calls] == [(2, "succeeded")]


def test_the_repr_shows_what_is_planned(world):
    fault = world.faults.fail("GetSecretValue", REFUSED, secret_id="prod/db", optional=True, when=bool)
    assert repr(fault) == (
        "<fault AccessDeniedException on GetSecretValue, secret_id='prod/db', when=..., hits 0>"
    )
    assert repr(world.faults) == f"<Faults [{fault!r}]>"


def test_a_fault_of_calls_that_are_over_stands_no_longer(world, client):
    world.faults.fail("GetSecretValue", "InternalServiceError", calls=1)
    with pytest.raises(client.exceptions.InternalServiceError):
        client.get_secret_value(SecretId="prod/db")
    client.get_secret_value(SecretId="prod/db")
    assert repr(world.faults) == "<Faults []>"


def test_the_calls_of_a_predicate_meet_no_faults(world, client):
    world.faults.fail(
        "GetSecretValue", REFUSED, when=lambda call: client.get_secret_value(SecretId=call.secret_id)
    )
    assert is_refused(client, SecretId="prod/db")


def test_a_predicate_may_cancel_its_fault(world, client):
    fault = world.faults.fail("GetSecretValue", REFUSED, when=lambda call: fault.cancel() is None)
    assert not is_refused(client, SecretId="prod/db")
    assert fault.hits == 0
