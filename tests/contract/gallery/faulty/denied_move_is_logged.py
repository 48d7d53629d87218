"""Rotate a database user's password, as that user. What the role may not do, an alarm tells the operators."""

import json
import logging
import os

import boto3
from botocore.exceptions import ClientError
from contract.gallery.doubles import Database, LoginRefused, connect

FINDS = "swallowed-error"
BUG = "finishSecret leaves a denied move of AWSCURRENT to the operators, and ends as if it had moved the label."

SECRET = {"host": "db.internal", "username": "app", "password": "Old-Password-1", "dbname": "orders"}
SERVICE = Database

logger = logging.getLogger("rotation")

sm = boto3.client("secretsmanager")


def value_of(arn, **which):
    return json.loads(sm.get_secret_value(SecretId=arn, **which)["SecretString"])


def values_of(arn, token):
    """Return the current and the pending value, which must be of the same user."""
    current = value_of(arn, VersionStage="AWSCURRENT")
    pending = value_of(arn, VersionId=token, VersionStage="AWSPENDING")
    if any(current[key] != pending[key] for key in ("host", "username")):
        raise ValueError("the pending value is of another user")
    return current, pending


def log_in(value):
    return connect(value["host"], value["username"], value["password"])


def create_secret(arn, token, versions):
    current = value_of(arn, VersionStage="AWSCURRENT")
    try:
        value_of(arn, VersionId=token, VersionStage="AWSPENDING")
    except sm.exceptions.ResourceNotFoundException:
        excluded = os.environ.get("EXCLUDE_CHARACTERS", "/@\"'\\")
        current["password"] = sm.get_random_password(ExcludeCharacters=excluded)["RandomPassword"]
        sm.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(current), VersionStages=["AWSPENDING"]
        )


def set_secret(arn, token, versions):
    current, pending = values_of(arn, token)
    try:
        log_in(pending).close()
    except LoginRefused:
        with log_in(current) as session:
            session.alter_password(pending["username"], pending["password"])


def test_secret(arn, token, versions):
    _, pending = values_of(arn, token)
    with log_in(pending) as session:
        session.query("SELECT 1")


def finish_secret(arn, token, versions):
    values_of(arn, token)
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    try:
        sm.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        logger.critical("The role may not move AWSCURRENT of %s: ask the platform team", arn)


STEPS = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}


def lambda_handler(event, context):
    arn, token = event["SecretId"], event["ClientRequestToken"]
    described = sm.describe_secret(SecretId=arn)
    if not described.get("RotationEnabled", True):
        raise ValueError("rotation is off")
    versions = described["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("unknown version")
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("not pending")
    STEPS[event["Step"]](arn, token, versions)
