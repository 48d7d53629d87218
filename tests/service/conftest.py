"""What the tests of operations share."""

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
    """A client that sends what it is given: no validation of its own, no automatic token."""
    return _raw_client


@pytest.fixture
def refusal():
    """Return code and message of a call that is refused, with HTTP status 400 as ever."""

    def refusal(call, **request):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call(**request)
        response = refused.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return response["Error"]["Code"], response["Error"]["Message"]

    return refusal


@pytest.fixture
def answer():
    """Return the answer to a call without its ResponseMetadata."""

    def answer(call, **request):
        response = call(**request)
        del response["ResponseMetadata"]
        return response

    return answer
