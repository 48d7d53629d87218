"""Rotate a value that no service has to be told. It begins with a look at the labels of its version."""

import logging

import boto3

FINDS = "finish-not-repeatable"
BUG = (
    "It raises if its version has AWSCURRENT already, so that a rotation whose last answer is lost ends in errors."
)

SECRET = "initial-signing-key"

log = logging.getLogger("rotation.signing")


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager")
    described = client.describe_secret(SecretId=arn)
    if not described["RotationEnabled"]:
        raise ValueError(f"{arn}: rotation is off")
    labels = described["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in labels:
        raise ValueError(f"{arn}: version {token} is current already")
    if "AWSPENDING" not in labels:
        raise ValueError(f"{arn}: version {token} isn't the pending one")
    if step == "createSecret":
        create_secret(client, arn, token)
    elif step == "finishSecret":
        finish_secret(client, arn, token)
    elif step not in {"setSecret", "testSecret"}:
        raise ValueError(f"{step} isn't one of the four steps")


def create_secret(client, arn, token):
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        key = client.get_random_password(PasswordLength=48, ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=key, VersionStages=["AWSPENDING"]
        )


def finish_secret(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
    log.info("%s: AWSCURRENT moved from %s to %s", arn, current, token)
