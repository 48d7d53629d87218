"""Rotate the password of a database user, as that user. A circuit breaker spares calls that can't succeed."""

import json
import logging

import boto3
from botocore.exceptions import ClientError
from contract.gallery.doubles import Database, LoginRefused, connect

FINDS = "retry-refused"
BUG = "After one denied PutSecretValue, the execution environment refuses the secret for as long as it lives."

SECRET = {"host": "db.internal", "username": "app", "password": "Old-Password-1"}
SERVICE = Database

log = logging.getLogger("rotation.breaker")


class CircuitOpenError(Exception):
    """The last attempt has shown that the role lacks a permission."""


class Breaker:
    def __init__(self):
        self.blocked = set()

    def check(self, arn):
        if arn in self.blocked:
            raise CircuitOpenError("the role may not store values of this secret")

    def open(self, arn):
        self.blocked.add(arn)


breaker = Breaker()


class Step:
    def __init__(self, event):
        self.client = boto3.client("secretsmanager")
        self.arn, self.token = event["SecretId"], event["ClientRequestToken"]

    def is_open(self):
        """Return whether there is something left to do."""
        described = self.client.describe_secret(SecretId=self.arn)
        if not described.get("RotationEnabled", True):
            raise ValueError("rotation is off")
        self.versions = described["VersionIdsToStages"]
        stages = self.versions.get(self.token)
        if stages is None or not {"AWSCURRENT", "AWSPENDING"} & set(stages):
            raise ValueError("the version isn't pending")
        return "AWSCURRENT" not in stages

    def read(self, **which):
        return json.loads(self.client.get_secret_value(SecretId=self.arn, **which)["SecretString"])

    def current(self):
        return self.read(VersionStage="AWSCURRENT")

    def pending(self):
        pending, current = self.read(VersionId=self.token, VersionStage="AWSPENDING"), self.current()
        if (pending["host"], pending["username"]) != (current["host"], current["username"]):
            raise ValueError("the pending value is of another user")
        return pending

    def create_secret(self):
        breaker.check(self.arn)
        try:
            self.pending()
        except self.client.exceptions.ResourceNotFoundException:
            password = self.client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
            self.store({**self.current(), "password": password})

    def store(self, value):
        try:
            self.client.put_secret_value(
                SecretId=self.arn,
                ClientRequestToken=self.token,
                SecretString=json.dumps(value),
                VersionStages=["AWSPENDING"],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                breaker.open(self.arn)
            raise

    def set_secret(self):
        pending, current = self.pending(), self.current()
        try:
            connect(pending["host"], pending["username"], pending["password"]).close()
        except LoginRefused:
            with connect(current["host"], current["username"], current["password"]) as session:
                session.alter_password(pending["username"], pending["password"])

    def test_secret(self):
        pending = self.pending()
        with connect(pending["host"], pending["username"], pending["password"]) as session:
            session.query("SELECT 1")

    def finish_secret(self):
        self.pending()
        current = next(version for version, stages in self.versions.items() if "AWSCURRENT" in stages)
        self.client.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSCURRENT", MoveToVersionId=self.token, RemoveFromVersionId=current
        )


STEPS = {
    "createSecret": Step.create_secret,
    "setSecret": Step.set_secret,
    "testSecret": Step.test_secret,
    "finishSecret": Step.finish_secret,
}


def lambda_handler(event, context):
    run = STEPS[event["Step"]]
    step = Step(event)
    if step.is_open():
        run(step)
