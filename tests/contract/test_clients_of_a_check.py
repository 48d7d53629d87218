"""A function that makes a client in every invocation is checked with few clients."""

import json

import boto3
import botocore.client
import pytest

from fake_secrets import check_rotation

SECRET = {"username": "app", "password": "old-password"}


@pytest.fixture
def made(monkeypatch):
    """Yield a list that gets the name of the service of each client that botocore makes."""
    names = []
    create = botocore.client.ClientCreator.create_client

    def counting(creator, service_name, *args, **kwargs):
        names.append(service_name)
        return create(creator, service_name, *args, **kwargs)

    monkeypatch.setattr(botocore.client.ClientCreator, "create_client", counting)
    return names


def lambda_handler(event, context):
    client = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        try:
            client.get_secret_value(SecretId=arn, VersionId=token)
        except client.exceptions.ResourceNotFoundException:
            value = json.dumps({**SECRET, "password": client.get_random_password()["RandomPassword"]})
            client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
            )
    elif event["Step"] == "finishSecret":
        stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        if current != token:
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )


class FrozenError(Exception):
    def __setattr__(self, name, value):
        raise AttributeError(name)


def refusing_handler(event, context):
    boto3.client("secretsmanager").describe_secret(SecretId=event["SecretId"])
    raise FrozenError


@pytest.mark.slow
def test_clients_of_failed_invocations_are_given_out_again(made):
    report = check_rotation(lambda_handler, secret=SECRET)

    assert len(report.scenarios) > 40
    assert len(made) <= 4


def test_exceptions_that_refuse_changes_are_reported_like_others():
    report = check_rotation(refusing_handler, secret=SECRET)

    assert [violation.name for violation in report.violations] == ["never-succeeds"]
