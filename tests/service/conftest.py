"""Fixtures for the tests of operations."""

import boto3
import botocore.config
import botocore.exceptions
import botocore.handlers
import pytest


@pytest.fixture(scope="session")
def _raw_client():
    client = boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        config=botocore.config.Config(parameter_validation=False),
    )
    client.meta.events.unregister("before-parameter-build", botocore.handlers.generate_idempotent_uuid)
    return client


@pytest.fixture
def raw(fake_secrets, _raw_client):
    """A client that sends its arguments unchanged: it validates nothing and adds no token."""
    return _raw_client


@pytest.fixture
def refusal():
    """Return the code and message of a refused call, whose HTTP status must be 400."""

    def refusal(call, **request):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call(**request)
        response = refused.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return response["Error"]["Code"], response["Error"]["Message"]

    return refusal


@pytest.fixture
def answer():
    """Return the response to a call without its ResponseMetadata."""

    def answer(call, **request):
        response = call(**request)
        del response["ResponseMetadata"]
        return response

    return answer
