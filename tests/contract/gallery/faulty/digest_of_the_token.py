"""Rotate a signing key that no service has to be told: a digest, so that its form is the same each time."""

import hashlib
import logging
import os

import boto3

FINDS = "predictable-value"
BUG = "The new key is a digest of the ARN and the version's id, which everybody sees who may describe the secret."

SECRET = "initial-signing-key"
ENVIRONMENT = {"SECRETS_MANAGER_ENDPOINT": "https://secretsmanager.us-east-1.amazonaws.com"}

logger = logging.getLogger()


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])

    described = client.describe_secret(SecretId=arn)
    if not described["RotationEnabled"]:
        raise ValueError(f"{arn}: rotation is off")
    labels = described["VersionIdsToStages"].get(token)
    if labels is None:
        raise ValueError(f"{arn}: version {token} doesn't exist")
    if "AWSCURRENT" in labels:
        logger.info("%s: version %s is the current one, nothing to do", arn, token)
        return
    if "AWSPENDING" not in labels:
        raise ValueError(f"{arn}: version {token} isn't the pending one")

    if step == "createSecret":
        create_secret(client, arn, token)
    elif step in {"setSecret", "testSecret"}:
        logger.info("%s: there is no service for %s", arn, step)
    elif step == "finishSecret":
        finish_secret(client, arn, token)
    else:
        raise ValueError(f"{step} isn't one of the four steps")


def create_secret(client, arn, token):
    client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        key = hashlib.sha256(f"{arn}:{token}".encode()).hexdigest()
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=key, VersionStages=["AWSPENDING"]
        )


def finish_secret(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next((version for version, labels in versions.items() if "AWSCURRENT" in labels), None)
    if current == token:
        return
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
