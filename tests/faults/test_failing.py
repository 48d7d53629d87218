"""Calls fail with errors of AWS, as planned."""

import pytest
from botocore.exceptions import ClientError

NAME = "prod/db"


@pytest.fixture
def faults(fake_secrets):
    fake_secrets.add(NAME, "old")
    return fake_secrets.faults


def read(client):
    return client.get_secret_value(SecretId=NAME)


def test_a_throttled_call_is_retried_by_botocore(faults, secretsmanager):
    fault = faults.fail("GetSecretValue", "ThrottlingException", times=2)
    response = read(secretsmanager)
    assert (response["SecretString"], response["ResponseMetadata"]["RetryAttempts"]) == ("old", 2)
    assert fault.hits == 2


def test_an_error_of_a_whole_call_comes_out_whatever_the_retries(faults, secretsmanager):
    faults.fail("GetSecretValue", "InternalServiceError", calls=1)
    with pytest.raises(secretsmanager.exceptions.InternalServiceError) as caught:
        read(secretsmanager)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert read(secretsmanager)["SecretString"] == "old"


def test_an_error_after_the_effect_leaves_the_effect(faults, fake_secrets, secretsmanager):
    faults.fail("PutSecretValue", "AccessDeniedException", after_effect=True)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        secretsmanager.put_secret_value(SecretId=NAME, SecretString="new")
    assert fake_secrets[NAME].value() == "new"
