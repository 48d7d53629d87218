"""Rotate the password of one database user, as that user. One branch for each step."""

import json
import logging
import os

import boto3
from contract.gallery.doubles import Database, LoginRefused, connect

FINDS = "stale-value-used"
BUG = "It keeps the current value, and renews it only at the end of its own rotations."

SECRET = {"engine": "postgres", "host": "db.internal", "username": "app", "password": "Old-Password-1"}
SERVICE = Database

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# The current value of each secret, so that it is read once.
CURRENT = {}

secretsmanager = boto3.client("secretsmanager")


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]

    metadata = secretsmanager.describe_secret(SecretId=arn)
    if not metadata.get("RotationEnabled", True):
        logger.error("Rotation of %s is switched off", arn)
        raise ValueError(f"Rotation of {arn} is switched off")
    versions = metadata["VersionIdsToStages"]
    if token not in versions:
        raise ValueError(f"{arn} has no version {token}")
    if "AWSCURRENT" in versions[token]:
        logger.info("%s was rotated to version %s before", arn, token)
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError(f"Version {token} of {arn} isn't pending")

    if step == "createSecret":
        create_secret(arn, token)
    elif step == "setSecret":
        set_secret(arn, token)
    elif step == "testSecret":
        test_secret(arn, token)
    elif step == "finishSecret":
        finish_secret(arn, token, versions)
    else:
        raise ValueError(f"Unknown step {step!r}")


def create_secret(arn, token):
    current = dict(get_current(arn))
    try:
        get_secret(arn, "AWSPENDING", token)
    except secretsmanager.exceptions.ResourceNotFoundException:
        current["password"] = secretsmanager.get_random_password(
            PasswordLength=32, ExcludeCharacters=os.environ.get("EXCLUDE_CHARACTERS", "/@\"'\\")
        )["RandomPassword"]
        secretsmanager.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(current), VersionStages=["AWSPENDING"]
        )
        logger.info("createSecret: stored a new password for %s in version %s", arn, token)
    else:
        logger.info("createSecret: version %s of %s has a password already", token, arn)


def set_secret(arn, token):
    current = get_current(arn)
    pending = get_secret(arn, "AWSPENDING", token)
    require_same_account(current, pending)

    if can_log_in(pending):
        logger.info("setSecret: the database knows the pending password of %s already", arn)
        return
    with connect(current["host"], current["username"], current["password"]) as connection:
        connection.alter_password(pending["username"], pending["password"])
    logger.info("setSecret: changed the password of user %s", pending["username"])


def test_secret(arn, token):
    pending = get_secret(arn, "AWSPENDING", token)
    require_same_account(get_current(arn), pending)
    with connect(pending["host"], pending["username"], pending["password"]) as connection:
        connection.query("SELECT 1")


def finish_secret(arn, token, versions):
    pending = get_secret(arn, "AWSPENDING", token)
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
    CURRENT[arn] = pending
    logger.info("finishSecret: AWSCURRENT of %s is on version %s now", arn, token)


def get_current(arn):
    if arn not in CURRENT:
        CURRENT[arn] = get_secret(arn, "AWSCURRENT")
    return CURRENT[arn]


def get_secret(arn, stage, token=None):
    version = {"VersionId": token} if token else {}
    value = secretsmanager.get_secret_value(SecretId=arn, VersionStage=stage, **version)
    secret = json.loads(value["SecretString"])
    for key in ("host", "username", "password"):
        if key not in secret:
            raise KeyError(f"{key} is missing from the {stage} value of {arn}")
    return secret


def can_log_in(secret):
    try:
        connect(secret["host"], secret["username"], secret["password"]).close()
    except LoginRefused:
        return False
    return True


def require_same_account(current, pending):
    for key in ("host", "username"):
        if current[key] != pending[key]:
            raise ValueError(f"The pending value is for another {key} than the current one")
