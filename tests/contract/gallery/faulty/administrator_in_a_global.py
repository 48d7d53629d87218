"""Rotate by two users that take turns, with the administrator's secret, which is read once."""

import json
import logging
import os

import boto3
from contract.gallery.doubles import Database, LoginRefused, StatementRefused, connect

FINDS = "stale-value-used"
BUG = "It keeps the administrator's password, which its own rotation replaces now and then."

SECRET = {"host": "db.internal", "username": "app", "password": "Old-Password-1", "dbname": "orders"}
OTHER_SECRETS = {"prod/master": {"host": "db.internal", "username": "master", "password": "Master-Password-1"}}
ENVIRONMENT = {"MASTER_SECRET": "prod/master"}
SERVICE = Database

log = logging.getLogger("rotation.alternating")

SUFFIX = "_clone"

# The administrator of each database.
MASTERS = {}


def other_user(username):
    """Return the user whose turn it is after the given one."""
    return username.removesuffix(SUFFIX) if username.endswith(SUFFIX) else username + SUFFIX


class RotationError(Exception):
    """The rotation can't go on."""


class Rotator:
    def __init__(self, client, arn, token):
        self.client, self.arn, self.token = client, arn, token
        self.versions = {}

    def run(self, step):
        steps = {
            "createSecret": self.create_secret,
            "setSecret": self.set_secret,
            "testSecret": self.test_secret,
            "finishSecret": self.finish_secret,
        }
        if step not in steps:
            message = f"unknown step {step}"
            raise ValueError(message)
        if self.is_pending():
            steps[step]()

    def is_pending(self):
        described = self.client.describe_secret(SecretId=self.arn)
        if described.get("RotationEnabled") is False:
            message = f"rotation of {self.arn} is disabled"
            raise RotationError(message)
        self.versions = described.get("VersionIdsToStages", {})
        stages = self.versions.get(self.token, [])
        if "AWSCURRENT" in stages:
            log.info("version %s is current already", self.token)
            return False
        if "AWSPENDING" not in stages:
            message = f"version {self.token} of {self.arn} isn't pending"
            raise RotationError(message)
        return True

    def create_secret(self):
        current = self.current()
        try:
            self.pending()
        except self.client.exceptions.ResourceNotFoundException:
            password = self.client.get_random_password(PasswordLength=30, ExcludePunctuation=True)[
                "RandomPassword"
            ]
            value = {**current, "username": other_user(current["username"]), "password": password}
            self.client.put_secret_value(
                SecretId=self.arn,
                ClientRequestToken=self.token,
                SecretString=json.dumps(value),
                VersionStages=["AWSPENDING"],
            )

    def set_secret(self):
        current, pending = self.checked()
        if self.log_in(pending):
            return
        with self.master(current["host"]) as session:
            if session.user_exists(pending["username"]):
                session.alter_password(pending["username"], pending["password"])
            else:
                session.create_user(pending["username"], pending["password"])
            session.copy_grants(current["username"], pending["username"])

    def test_secret(self):
        _, pending = self.checked()
        with connect(pending["host"], pending["username"], pending["password"]) as session:
            session.query("SELECT now()")

    def finish_secret(self):
        self.pending()
        (current,) = (version for version, stages in self.versions.items() if "AWSCURRENT" in stages)
        self.client.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSCURRENT", MoveToVersionId=self.token, RemoveFromVersionId=current
        )

    def current(self):
        answer = self.client.get_secret_value(SecretId=self.arn, VersionStage="AWSCURRENT")
        return json.loads(answer["SecretString"])

    def pending(self):
        answer = self.client.get_secret_value(SecretId=self.arn, VersionId=self.token, VersionStage="AWSPENDING")
        return json.loads(answer["SecretString"])

    def checked(self):
        """Return the current and the pending value, which must be of the two users of one database."""
        current, pending = self.current(), self.pending()
        if pending["username"] != other_user(current["username"]) or pending["host"] != current["host"]:
            message = "the pending value isn't of the other user of the same database"
            raise RotationError(message)
        return current, pending

    def log_in(self, value):
        """Return whether a value works and has its rights."""
        try:
            with connect(value["host"], value["username"], value["password"]) as session:
                session.query("SELECT now()")
        except (LoginRefused, StatementRefused) as error:
            log.info("the pending user can't work yet: %s", type(error).__name__)
            return False
        return True

    def master(self, host):
        if host not in MASTERS:
            answer = self.client.get_secret_value(SecretId=os.environ["MASTER_SECRET"], VersionStage="AWSCURRENT")
            master = json.loads(answer["SecretString"])
            if master["host"] != host:
                message = "the administrator's secret is of another database"
                raise RotationError(message)
            MASTERS[host] = master
        master = MASTERS[host]
        return connect(host, master["username"], master["password"])


def lambda_handler(event, context):
    client = boto3.client("secretsmanager")
    Rotator(client, event["SecretId"], event["ClientRequestToken"]).run(event["Step"])
