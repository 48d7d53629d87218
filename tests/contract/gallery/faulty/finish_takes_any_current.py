"""Rotate the AUTH token of a cache, which is plain text. The cache accepts the old and the new one for a while."""

import functools
import logging

from boto3 import client
from contract.gallery.doubles import Cache, LoginRefused, cache

FINDS = "manual-value-replaced"
BUG = "Only createSecret asks whether its version is pending, so finishSecret replaces a value put by hand."

SECRET = "initial-auth-token-0001"
SERVICE = Cache

logger = logging.getLogger(__name__)


@functools.lru_cache
def secretsmanager():
    return client("secretsmanager")


def current_token(arn):
    return secretsmanager().get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]


def pending_token(arn, version):
    answer = secretsmanager().get_secret_value(SecretId=arn, VersionId=version, VersionStage="AWSPENDING")
    return answer["SecretString"]


def make_token(arn, version):
    try:
        pending_token(arn, version)
    except secretsmanager().exceptions.ResourceNotFoundException:
        made = secretsmanager().get_random_password(PasswordLength=48, ExcludePunctuation=True)
        secretsmanager().put_secret_value(
            SecretId=arn,
            ClientRequestToken=version,
            SecretString=made["RandomPassword"],
            VersionStages=["AWSPENDING"],
        )


def add_token(arn, version):
    # One request replaces the list, so it may be sent again.
    cache().modify_tokens([current_token(arn), pending_token(arn, version)])


def try_token(arn, version):
    try:
        cache().auth(pending_token(arn, version))
    except LoginRefused as refusal:
        message = f"the cache refuses version {version} of {arn}"
        raise RuntimeError(message) from refusal


def promote_token(arn, version, holder):
    secretsmanager().update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=holder
    )


def lambda_handler(event, context):
    arn, version = event["SecretId"], event["ClientRequestToken"]
    described = secretsmanager().describe_secret(SecretId=arn)
    if described.get("RotationEnabled") is False:
        message = f"rotation of {arn} was cancelled"
        raise RuntimeError(message)
    stages = described["VersionIdsToStages"]
    labels = stages.get(version, [])
    if "AWSCURRENT" in labels:
        return None
    if event["Step"] == "createSecret" and "AWSPENDING" not in labels:
        message = f"version {version} of {arn} isn't pending"
        raise RuntimeError(message)

    if event["Step"] == "createSecret":
        return make_token(arn, version)
    if event["Step"] == "setSecret":
        return add_token(arn, version)
    if event["Step"] == "testSecret":
        return try_token(arn, version)
    if event["Step"] == "finishSecret":
        holder = next(name for name in stages if "AWSCURRENT" in stages[name])
        return promote_token(arn, version, holder)
    message = f"unknown step: {event['Step']}"
    raise ValueError(message)
