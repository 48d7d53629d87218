"""A check takes the other secrets of a function by name or by ARN, as the function asks for them."""

import json
import re

import boto3
import pytest

from fake_secrets import check_rotation

PLACE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
VALUE = "hunter2hunter2"


def rotates_reading(secret_id):
    """Return a rotation function whose createSecret needs another secret."""

    def handler(event, context):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            assert client.get_secret_value(SecretId=secret_id)["SecretString"] == VALUE
            new = {"password": client.get_random_password()["RandomPassword"]}
            client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(new), VersionStages=["AWSPENDING"]
            )
        elif event["Step"] == "finishSecret":
            old = client.get_secret_value(SecretId=arn)["VersionId"]
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
            )

    return handler


def check(other_secrets, reads="prod/admin", **arguments):
    secret = {"password": "the-old-password"}
    return check_rotation(
        rotates_reading(reads), secret=secret, other_secrets=other_secrets, region="us-east-1", **arguments
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("prod/admin-AbCdEf", "prod/admin-AbCdEf"),
        (f"{PLACE}prod/admin-AbCdEf", f"{PLACE}prod/admin-AbCdEf"),
        (f"{PLACE}prod/admin-AbCdEf", "prod/admin"),
        (f"{PLACE}prod/admin", f"{PLACE}prod/admin"),
    ],
)
def test_the_function_finds_another_secret_as_it_was_given(given, read):
    assert check({given: VALUE}, read, only="plain.three-times").passed


def test_what_a_role_may_do_is_said_of_the_name_of_a_secret_that_was_given_by_arn():
    report = check({f"{PLACE}prod/admin-AbCdEf": VALUE}, f"{PLACE}prod/admin-AbCdEf", only="permissions")
    assert "permissions.without-GetSecretValue-of-prod/admin" in report.scenarios


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            [f"{PLACE}prod/admin-AbCdEf".replace("us-east-1", "eu-west-1")],
            "is in region eu-west-1, but the contract's secret is in us-east-1: give region='eu-west-1'.",
        ),
        (
            [f"{PLACE}prod/admin-AbCdEf".replace("123456789012", "111122223333")],
            "is in account 111122223333, but the contract's secret is in 123456789012: give account_id=",
        ),
        (
            [f"{PLACE}a".replace("arn:aws:", "arn:aws-cn:")],
            f"has another partition than the region us-east-1: {PLACE}a",
        ),
        (["arn:aws:s3:::prod"], "is neither a secret's name nor an ARN such as "),
        (["prod/admin", f"{PLACE}prod/admin-AbCdEf"], "other_secrets= gives the secret 'prod/admin' twice"),
    ],
)
def test_an_arn_under_which_the_function_would_find_nothing_is_refused(given, said):
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        check(dict.fromkeys(given, VALUE))
    assert VALUE not in str(raised.value)
