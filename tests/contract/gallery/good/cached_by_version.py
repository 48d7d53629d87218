"""Rotate the password of one database user, and read each version once."""

import json
import logging
import os

import boto3
from contract.gallery.doubles import Database, LoginRefused, connect

SECRET = {"engine": "postgres", "host": "db.internal", "username": "app", "password": "Old-Password-1"}
SERVICE = Database

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# The value of each version, which never changes.
VALUES = {}

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
        create_secret(arn, token, versions)
    elif step == "setSecret":
        set_secret(arn, token, versions)
    elif step == "testSecret":
        test_secret(arn, token, versions)
    elif step == "finishSecret":
        finish_secret(arn, token, versions)
    else:
        raise ValueError(f"Unknown step {step!r}")


def create_secret(arn, token, versions):
    current = dict(get_secret(arn, holder_of("AWSCURRENT", versions)))
    try:
        get_secret(arn, token)
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


def set_secret(arn, token, versions):
    current = get_secret(arn, holder_of("AWSCURRENT", versions))
    pending = get_secret(arn, token)
    require_same_account(current, pending)

    if can_log_in(pending):
        logger.info("setSecret: the database knows the pending password of %s already", arn)
        return
    with connect(current["host"], current["username"], current["password"]) as connection:
        connection.alter_password(pending["username"], pending["password"])
    logger.info("setSecret: changed the password of user %s", pending["username"])


def test_secret(arn, token, versions):
    pending = get_secret(arn, token)
    require_same_account(get_secret(arn, holder_of("AWSCURRENT", versions)), pending)
    with connect(pending["host"], pending["username"], pending["password"]) as connection:
        connection.query("SELECT 1")


def finish_secret(arn, token, versions):
    get_secret(arn, token)
    current = holder_of("AWSCURRENT", versions)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
    logger.info("finishSecret: AWSCURRENT of %s is on version %s now", arn, token)


def holder_of(stage, versions):
    return next(version for version, stages in versions.items() if stage in stages)


def get_secret(arn, version):
    if version not in VALUES:
        value = secretsmanager.get_secret_value(SecretId=arn, VersionId=version)
        secret = json.loads(value["SecretString"])
        for key in ("host", "username", "password"):
            if key not in secret:
                raise KeyError(f"{key} is missing from version {version} of {arn}")
        VALUES[version] = secret
    return VALUES[version]


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
