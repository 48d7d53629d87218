"""AWS's new SDK for Python, aws-sdk-secrets-manager, against a served world.

It has no botocore in it, so that only the server can answer it. It needs Python 3.12.
"""

import asyncio
import importlib
import inspect

import boto3
import botocore
import freezegun
import pytest
import real_clients
from service_model import NEWER_OPERATIONS

from fake_secrets.service.dispatch import OPERATIONS

# Its release of November 2026 is older than the operations of that month.
KNOWN = OPERATIONS.keys() - NEWER_OPERATIONS

NAME = "MyTestSecret"
CURRENT = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
PREVIOUS = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
VALUE = '{"user":"diegor","password":"EXAMPLE-PASSWORD"}'
# The SDK makes none by itself.
TOKEN = {"client_request_token": "99999999-9999-4999-8999-999999999999"}
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},'
    '"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
)


@pytest.fixture
def models():
    """The module with the SDK's inputs and errors."""
    try:
        return importlib.import_module("aws_sdk_secrets_manager.models")
    except ImportError:
        real_clients.lacks("aws-sdk-secrets-manager must be installed, which needs Python 3.12")


@pytest.fixture
def ask(models, url):
    """A function that makes calls one after the other with one client, and returns their outputs."""
    package = importlib.import_module("aws_sdk_secrets_manager.client")

    async def make(*calls):
        # Endpoint, Region and credentials come from the environment.
        client = package.AsyncSecretsManagerClient()
        try:
            return [
                await getattr(client, botocore.xform_name(operation))(
                    getattr(models, f"{operation}Input")(**members)
                )
                for operation, members in calls
            ]
        finally:
            await client.close()

    return lambda *calls: asyncio.run(make(*calls))


def get(secret_id=NAME):
    return ("GetSecretValue", {"secret_id": secret_id})


def test_its_client_has_the_operations_that_are_served(models):
    client = importlib.import_module("aws_sdk_secrets_manager.client").AsyncSecretsManagerClient
    methods = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}

    assert methods - {"close"} == {botocore.xform_name(operation) for operation in KNOWN}


def test_every_operation_succeeds(ask, models, world):
    tag, region = models.Tag(key="team", value="a"), models.ReplicaRegionType(region="eu-west-3")
    function, about = world.lambda_function(None, "rotate"), {"secret_id": "new"}
    rules = models.RotationRulesType(automatically_after_days=30)
    move = {"version_stage": "AWSCURRENT", "move_to_version_id": PREVIOUS, "remove_from_version_id": CURRENT}

    ask(
        ("CreateSecret", {"name": "new", "secret_string": "one", **TOKEN}),
        ("PutSecretValue", {**about, "secret_string": "two", "client_request_token": "2" * 32}),
        ("GetSecretValue", about),
        ("BatchGetSecretValue", {"secret_id_list": ["new", NAME]}),
        ("UpdateSecret", {**about, "description": "of the SDK", "client_request_token": "3" * 32}),
        ("DescribeSecret", about),
        ("ListSecretVersionIds", about),
        ("ListSecrets", {}),
        ("UpdateSecretVersionStage", {"secret_id": NAME, **move}),
        ("TagResource", {**about, "tags": [tag]}),
        ("UntagResource", {**about, "tag_keys": ["team"]}),
        ("ValidateResourcePolicy", {**about, "resource_policy": POLICY}),
        ("PutResourcePolicy", {**about, "resource_policy": POLICY}),
        ("GetResourcePolicy", about),
        ("DeleteResourcePolicy", about),
        ("ReplicateSecretToRegions", {**about, "add_replica_regions": [region]}),
        ("RemoveRegionsFromReplication", {**about, "remove_replica_regions": ["eu-west-3"]}),
        (
            "RotateSecret",
            {**about, "rotation_lambda_arn": function, "rotation_rules": rules, "client_request_token": "4" * 32},
        ),
        ("CancelRotateSecret", about),
        ("GetRandomPassword", {"password_length": 20}),
        ("DeleteSecret", about),
        ("RestoreSecret", about),
    )

    assert {call.outcome for call in world.calls} == {"succeeded"}
    assert {call.operation for call in world.calls} == KNOWN - {"StopReplicationToReplica"}


def test_a_replica_is_promoted_where_it_is(ask, world):
    world.add("source", "x", region="eu-west-1")
    boto3.client("secretsmanager", region_name="eu-west-1").replicate_secret_to_regions(
        SecretId="source", AddReplicaRegions=[{"Region": "us-west-2"}]
    )

    (promoted,) = ask(("StopReplicationToReplica", {"secret_id": "source"}))

    assert promoted.arn.startswith("arn:aws:secretsmanager:us-west-2:123456789012:secret:source-")


def test_values_dates_and_labels_arrive_as_they_were_stored(ask, world):
    world.add("key", b"\x00\xffkey")

    text, binary = ask(get(), get("key"))

    assert (text.secret_string, binary.secret_binary) == (VALUE, b"\x00\xffkey")
    assert text.created_date == world[NAME].version("AWSCURRENT").created
    assert text.version_stages == ["AWSCURRENT"]


def test_a_text_arrives_as_it_was_sent(ask, world):
    put = ("PutSecretValue", {"secret_id": NAME, "secret_string": "Füße, 鍵, 🔑", **TOKEN})

    assert ask(put, get())[1].secret_string == world[NAME].value() == "Füße, 鍵, 🔑"


def test_a_write_without_a_token_is_refused_because_the_sdk_makes_none(ask, models):
    with pytest.raises(models.InvalidRequestException, match="You must provide a ClientRequestToken value"):
        ask(("PutSecretValue", {"secret_id": NAME, "secret_string": "new"}))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(
            get("absent"),
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
            id="unknown secret",
        ),
        pytest.param(
            ("CreateSecret", {"name": NAME, "secret_string": "x", **TOKEN}),
            "ResourceExistsException",
            f"The operation failed because the secret {NAME} already exists.",
            id="name taken",
        ),
    ],
)
def test_an_error_is_of_its_class_and_has_awss_message(call, error, message, ask, models):
    with pytest.raises(getattr(models, error)) as raised:
        ask(call)

    assert raised.value.message == message


def test_it_does_not_tell_an_error_that_its_model_lacks(ask):
    """As with AWS itself: the code and the message are lost."""
    errors = importlib.import_module("smithy_core.exceptions")

    with pytest.raises(errors.CallError, match=r"Unknown error for operation .*GetSecretValue - status: 400"):
        ask(get(""))


def test_it_retries_the_status_429(ask, world):
    world.faults.fail("GetSecretValue", 429, times=1)

    assert ask(get())[0].secret_string == VALUE


def test_it_does_not_retry_an_internal_error(ask, models, world):
    """As with AWS itself: it retries what it knows as throttling or as a time-out."""
    world.faults.fail("GetSecretValue", "InternalServiceError")

    with pytest.raises(models.InternalServiceError):
        ask(get())

    assert [call.outcome for call in world.calls] == ["InternalServiceError"]


def test_it_tells_a_lost_connection(ask, world):
    world.faults.reset_connection("GetSecretValue")
    errors = importlib.import_module("smithy_core.exceptions")

    with pytest.raises(errors.SmithyError, match="Server disconnected"):
        ask(get())


def test_a_frozen_clock_does_not_disturb_it(ask, world):
    with freezegun.freeze_time("2030-01-01T00:00:00Z", ignore=["hypothesis", "_pytest", "asyncio", "aiohttp"]):
        first, second = ask(get(), get())

    assert first == second
    assert {call.time.year for call in world.calls} == {2030}
