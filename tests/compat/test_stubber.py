"""botocore's Stubber answers for its own client; the world answers all other clients."""

import boto3
import pytest
from botocore.exceptions import ClientError, StubAssertionError, UnStubbedResponseError
from botocore.stub import Stubber

from fake_secrets import mock_stages

SEED = {"app/db": "s3cret"}


def secretsmanager():
    return boto3.client("secretsmanager", region_name="us-east-1")


def value_by(client):
    return client.get_secret_value(SecretId="app/db")["SecretString"]


@pytest.fixture(params=["before the world", "inside", "inside, on a client that has called"])
def stubbed(request, lane):
    """Return a client with a Stubber, another client, and the world of both."""
    client, other = secretsmanager(), secretsmanager()
    stubber = Stubber(client)
    if request.param == "before the world":
        stubber.activate()
    with mock_stages(SEED, _lane=lane) as fake:
        if request.param.endswith("called"):
            value_by(client)
            fake.reset()
        stubber.activate()
        yield client, stubber, other, fake
        stubber.deactivate()


def test_a_stubbed_response_is_the_answer(stubbed):
    client, stubber, other, fake = stubbed
    stubber.add_response("get_secret_value", {"SecretString": "stubbed"}, {"SecretId": "app/db"})
    assert (value_by(client), value_by(other)) == ("stubbed", "s3cret")
    stubber.assert_no_pending_responses()
    assert len(fake.calls) == 1


def test_a_stubbed_error_is_raised(stubbed):
    client, stubber, other, _ = stubbed
    stubber.add_client_error("get_secret_value", "InternalServiceError", "down", http_status_code=500)
    with pytest.raises(ClientError, match="down") as raised:
        value_by(client)
    assert raised.value.response["Error"]["Code"] == "InternalServiceError"
    assert value_by(other) == "s3cret"


def test_a_stubbed_modelled_error_is_the_clients_exception(stubbed):
    client, stubber, _, _ = stubbed
    stubber.add_client_error("get_secret_value", "ResourceNotFoundException", "stubbed")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="stubbed") as raised:
        value_by(client)
    assert not hasattr(raised.value, "__notes__")


def test_a_call_that_the_stubber_does_not_expect_is_the_stubbers_error(stubbed):
    client, stubber, _, fake = stubbed
    with pytest.raises(UnStubbedResponseError):
        value_by(client)
    stubber.add_response("get_secret_value", {"SecretString": "stubbed"}, {"SecretId": "another"})
    with pytest.raises(StubAssertionError):
        value_by(client)
    assert fake.calls == []


def test_a_stubbed_rotation_runs_no_function(stubbed):
    client, stubber, _, fake = stubbed
    arn = fake.lambda_function(lambda event, context: pytest.fail("called"), "rotates")
    stubber.add_response("rotate_secret", {"Name": "app/db"})
    client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
    assert fake.rotations == []


def test_the_world_answers_again_once_the_stubber_is_deactivated(stubbed):
    client, stubber, _, _ = stubbed
    stubber.deactivate()
    assert value_by(client) == "s3cret"


def test_a_stubber_that_outlives_the_world_keeps_answering(lane):
    client = secretsmanager()
    with mock_stages(SEED, _lane=lane):
        stubber = Stubber(client)
        stubber.add_response("get_secret_value", {"SecretString": "first"})
        stubber.add_response("get_secret_value", {"SecretString": "second"})
        stubber.activate()
        values = [value_by(client)]
    values.append(value_by(client))
    stubber.deactivate()
    assert values == ["first", "second"]
