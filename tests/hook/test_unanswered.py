"""A call of another service that fails in a world has a note: a world answers Secrets Manager only."""

import io

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from fake_secrets import mock_stages

NOTE = (
    "fake_secrets: a world answers Secrets Manager only, and this call {} the real s3. Add moto's @mock_aws to "
    "the test, or stub the client: see 'Use moto for the other services' in the documentation."
)
ON_ITS_WAY = NOTE.format("was on its way to")
SENT = NOTE.format("was sent, with the fake credentials of the world, to")


class SocketBlockedError(RuntimeError):
    """Named like the exception of pytest-socket."""


def s3(outcome, **arguments):
    client = boto3.client("s3", "us-east-1", config=Config(retries={"total_max_attempts": 1}), **arguments)

    def answer(request, **_):
        if isinstance(outcome, Exception):
            raise outcome
        body = io.BytesIO(f"<Error><Code>{outcome}</Code></Error>".encode())
        body.stream = lambda: iter([body.getvalue()])
        return AWSResponse(request.url, 403, {}, body)

    client.meta.events.register("before-send.s3", answer)
    return client


def notes_of(client):
    with pytest.raises((ClientError, EndpointConnectionError, ConnectTimeoutError, SocketBlockedError)) as failed:
        client.list_buckets()
    return getattr(failed.value, "__notes__", [])


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="u", error="e"),
        ConnectTimeoutError(endpoint_url="u"),
        SocketBlockedError(),
    ],
    ids=lambda error: type(error).__name__,
)
@mock_stages
def test_a_call_that_finds_no_network_has_a_note(error):
    assert notes_of(s3(error)) == [ON_ITS_WAY]


@mock_stages
def test_a_call_whose_fake_key_is_refused_has_a_note():
    assert notes_of(s3("InvalidAccessKeyId")) == [SENT]


@mock_stages
def test_a_call_with_keys_of_its_own_that_is_refused_has_none():
    assert notes_of(s3("InvalidAccessKeyId", aws_access_key_id="x", aws_secret_access_key="x")) == []


@mock_stages
def test_other_errors_have_none():
    assert notes_of(s3("AccessDenied")) == []


@mock_stages
def test_a_call_to_a_server_of_ones_own_has_none():
    error = EndpointConnectionError(endpoint_url="u", error="e")
    assert notes_of(s3(error, endpoint_url="http://127.0.0.1:1")) == []


def test_outside_of_a_world_there_is_none():
    error = EndpointConnectionError(endpoint_url="u", error="e")
    client = s3(error, aws_access_key_id="x", aws_secret_access_key="x")
    assert notes_of(client) == []


def test_beside_moto_there_is_none():
    moto = pytest.importorskip("moto")
    with moto.mock_aws(), mock_stages():
        assert notes_of(s3(EndpointConnectionError(endpoint_url="u", error="e"))) == []
