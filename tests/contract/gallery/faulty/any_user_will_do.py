"""Rotate a database user by the administrator, and repeat each call that fails for a passing reason."""

import json
import logging
import os
import time
from contextlib import closing

import boto3
from botocore.exceptions import ClientError
from contract.gallery.doubles import AccessList, LoginRefused, connect

FINDS = "tampered-value-used"
BUG = "The administrator sets whatever user the pending value names, which may be another one than before."

SECRET = {"host": "db.internal", "username": "app", "password": "Old-Password-1", "port": 5432}
OTHER_SECRETS = {"prod/master": {"username": "master", "password": "Master-Password-1"}}
ENVIRONMENT = {"MASTER_SECRET_ID": "prod/master", "MAX_ATTEMPTS": "4"}
SERVICE = AccessList

logger = logging.getLogger(__name__)

PASSING = {"InternalServiceError", "ThrottlingException"}


def persistently(call, /, *arguments, **members):
    """Make a call until it succeeds, fails for good or has failed MAX_ATTEMPTS times."""
    attempt = 1
    while True:
        try:
            return call(*arguments, **members)
        except (ClientError, ConnectionError) as error:
            is_passing = isinstance(error, ConnectionError) or error.response["Error"]["Code"] in PASSING
            if not is_passing or attempt == int(os.environ["MAX_ATTEMPTS"]):
                raise
            logger.warning("Attempt %d failed with %s", attempt, type(error).__name__)
        time.sleep(2**attempt / 4)
        attempt += 1


class Vault:
    """The secret, as the function uses it."""

    def __init__(self, arn, token):
        self.client = boto3.client("secretsmanager")
        self.arn, self.token = arn, token

    def describe(self):
        return persistently(self.client.describe_secret, SecretId=self.arn)

    def read(self, **which):
        return json.loads(persistently(self.client.get_secret_value, **which)["SecretString"])

    @property
    def current(self):
        return self.read(SecretId=self.arn, VersionStage="AWSCURRENT")

    @property
    def pending(self):
        return self.read(SecretId=self.arn, VersionId=self.token, VersionStage="AWSPENDING")

    @property
    def master(self):
        return self.read(SecretId=os.environ["MASTER_SECRET_ID"], VersionStage="AWSCURRENT")


def create(vault, versions):
    value = vault.current
    try:
        _ = vault.pending
    except vault.client.exceptions.ResourceNotFoundException:
        answer = persistently(vault.client.get_random_password, PasswordLength=24, ExcludePunctuation=True)
        value["password"] = answer["RandomPassword"]
        persistently(
            vault.client.put_secret_value,
            SecretId=vault.arn,
            ClientRequestToken=vault.token,
            SecretString=json.dumps(value),
            VersionStages=["AWSPENDING"],
        )


def apply(vault, versions):
    pending = checked(vault)
    if persistently(works, pending):
        return
    master = vault.master
    with closing(persistently(connect, pending["host"], master["username"], master["password"])) as admin:
        persistently(admin.alter_password, pending["username"], pending["password"])


def test(vault, versions):
    if not persistently(works, checked(vault)):
        raise RuntimeError(f"version {vault.token} can't log in")


def finish(vault, versions):
    checked(vault)
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    persistently(
        vault.client.update_secret_version_stage,
        SecretId=vault.arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=vault.token,
        RemoveFromVersionId=current,
    )


def checked(vault):
    pending = vault.pending
    for key in ("host", "username", "password"):
        if not pending.get(key):
            raise ValueError(f"the pending value has no {key}")
    return pending


def works(value):
    try:
        with closing(connect(value["host"], value["username"], value["password"])):
            return True
    except LoginRefused:
        return False


def lambda_handler(event, context):
    vault = Vault(event["SecretId"], event["ClientRequestToken"])
    described = vault.describe()
    versions = described["VersionIdsToStages"]
    if not described.get("RotationEnabled", True):
        raise ValueError("rotation is disabled")
    if vault.token not in versions:
        raise ValueError("unknown version")
    if "AWSCURRENT" in versions[vault.token]:
        return
    if "AWSPENDING" not in versions[vault.token]:
        raise ValueError("the version isn't pending")
    steps = {"createSecret": create, "setSecret": apply, "testSecret": test, "finishSecret": finish}
    if event["Step"] not in steps:
        raise ValueError(f"unknown step {event['Step']}")
    steps[event["Step"]](vault, versions)
