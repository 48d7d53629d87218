"""Rotate a key that is named after the version, so that a second attempt finds what the first one made."""

import json
import logging

import boto3
from contract.gallery.doubles import NamedKeys, named_keys

FINDS = "current-moved-early"
BUG = "createSecret stores the value without a label, so it becomes current untested."

SECRET = {"name": "initial", "secret": "first-secret-of-a-name-01", "endpoint": "https://vault.vendor.example/v1"}
SERVICE = NamedKeys

logger = logging.getLogger(__name__)


def lambda_handler(event, context):
    client = boto3.client("secretsmanager")
    arn, token, step = (event[key] for key in ("SecretId", "ClientRequestToken", "Step"))
    details = client.describe_secret(SecretId=arn)
    stages = details["VersionIdsToStages"]
    _check(details, token)
    if "AWSCURRENT" in stages[token]:
        return {"step": step, "skipped": True}
    steps = {
        "createSecret": lambda: _create(client, arn, token),
        "setSecret": lambda: _set(client, arn, token, stages),
        "testSecret": lambda: _test(client, arn, token),
        "finishSecret": lambda: _finish(client, arn, token, stages),
    }
    if step not in steps:
        raise ValueError(f"Don't know how to {step}")
    steps[step]()
    return {"step": step, "skipped": False}


def _check(details, token):
    if not details.get("RotationEnabled", True):
        raise PermissionError(f"{details['Name']} isn't rotated")
    labels = details["VersionIdsToStages"].get(token)
    if not labels or not {"AWSCURRENT", "AWSPENDING"} & set(labels):
        raise LookupError(f"{token} isn't a version that {details['Name']} is being rotated to")


def _get(client, arn, **version):
    return json.loads(client.get_secret_value(SecretId=arn, **version)["SecretString"])


def _create(client, arn, token):
    value = _get(client, arn, VersionStage="AWSCURRENT")
    name = f"rotation-{token}"
    secret = named_keys().find(name)
    if secret is None:
        secret = named_keys().create(name)
    # Under one token the same value may be stored any number of times.
    value |= {"name": name, "secret": secret}
    client.put_secret_value(
        SecretId=arn,
        ClientRequestToken=token,
        SecretString=json.dumps(value, sort_keys=True),
    )


def _set(client, arn, token, stages):
    current = _get(client, arn, VersionStage="AWSCURRENT")
    pending = _get(client, arn, VersionId=token, VersionStage="AWSPENDING")
    for name in named_keys().names():
        if name not in {current["name"], pending["name"]}:
            logger.info("deleting key %s, which the last rotation has replaced", name)
            named_keys().delete(name)


def _test(client, arn, token):
    pending = _get(client, arn, VersionId=token, VersionStage="AWSPENDING")
    named_keys().check(pending["name"], pending["secret"])


def _finish(client, arn, token, stages):
    _get(client, arn, VersionId=token, VersionStage="AWSPENDING")
    current = next(version for version in stages if "AWSCURRENT" in stages[version])
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
