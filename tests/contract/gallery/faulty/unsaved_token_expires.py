"""Renew the bearer token of an API before it expires. Each token lives for an hour."""

import json
import logging

import boto3
from contract.gallery.doubles import TokenService, token_service

FINDS = "orphan-expires"
BUG = "A createSecret that dies before it stores the new token leaves one that nobody knows, for an hour."

SECRET = {"client_id": "reports", "access_token": "initial-bearer-token-1"}
SERVICE = TokenService

logger = logging.getLogger(__name__)


def lambda_handler(event, context):
    client = boto3.client("secretsmanager")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = client.describe_secret(SecretId=arn)
    versions = described["VersionIdsToStages"]
    if not described.get("RotationEnabled", True):
        raise RuntimeError("the secret isn't renewed any more")
    if token not in versions:
        raise RuntimeError("the secret has no such version")
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise RuntimeError("the version isn't pending")

    if step == "createSecret":
        renew(client, arn, token)
    elif step == "setSecret":
        logger.info("the token works as soon as it is issued")
    elif step == "testSecret":
        require_active(client, arn, token)
    elif step == "finishSecret":
        require_active(client, arn, token)
        old = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
    else:
        raise ValueError("unknown step " + step)


def renew(client, arn, token):
    current = json.loads(client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        issued = token_service().issue(current["client_id"])
        value = {**current, "access_token": issued["access_token"]}
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
        )


def require_active(client, arn, token):
    answer = client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    if not token_service().introspect(json.loads(answer["SecretString"])["access_token"])["active"]:
        raise RuntimeError("the new token doesn't work")
