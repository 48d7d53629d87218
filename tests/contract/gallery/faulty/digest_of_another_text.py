"""Rotate a directory's service account, whose password the directory knows by its digest."""

import hashlib
import json
import logging

import boto3
from contract.gallery.doubles import Directory, directory

FINDS = "dead-current"
BUG = "It sends the digest of the quoted JSON text instead of that of the password."

SECRET = {"user": "svc-report", "password": "Old-Password-1", "realm": "CORP"}
SERVICE = Directory

logger = logging.getLogger(__name__)
secretsmanager = boto3.client("secretsmanager")


class Rotation:
    def __init__(self, arn, token):
        self.arn, self.token = arn, token

    def labels(self):
        described = secretsmanager.describe_secret(SecretId=self.arn)
        if not described.get("RotationEnabled", True):
            raise RuntimeError("Rotation is off")
        return described["VersionIdsToStages"]

    def read(self, **version):
        value = secretsmanager.get_secret_value(SecretId=self.arn, **version)
        return json.loads(value["SecretString"])

    def current(self):
        return self.read(VersionStage="AWSCURRENT")

    def pending(self):
        pending = self.read(VersionId=self.token, VersionStage="AWSPENDING")
        if pending["user"] != self.current()["user"]:
            raise RuntimeError("The pending value is of another user")
        return pending

    def create(self):
        value = self.current()
        try:
            self.read(VersionId=self.token, VersionStage="AWSPENDING")
            return
        except secretsmanager.exceptions.ResourceNotFoundException:
            logger.info("Making a new password for %s", value["user"])
        value["password"] = secretsmanager.get_random_password(PasswordLength=20)["RandomPassword"]
        secretsmanager.put_secret_value(
            SecretId=self.arn,
            ClientRequestToken=self.token,
            SecretString=json.dumps(value),
            VersionStages=["AWSPENDING"],
        )

    def set(self):
        pending = self.pending()
        directory().store_digest(pending["user"], digest(pending["password"]))

    def test(self):
        pending = self.pending()
        if directory().digest_of(pending["user"]) != digest(pending["password"]):
            raise RuntimeError("The directory has another password")

    def finish(self, current):
        self.pending()
        secretsmanager.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSCURRENT", MoveToVersionId=self.token, RemoveFromVersionId=current
        )


def digest(password):
    return hashlib.sha256(json.dumps(password).encode()).hexdigest()


def lambda_handler(event, context):
    rotation = Rotation(event["SecretId"], event["ClientRequestToken"])
    labels = rotation.labels()
    mine = labels.get(rotation.token, ())
    if "AWSCURRENT" in mine:
        return
    if "AWSPENDING" not in mine:
        raise RuntimeError(f"Version {rotation.token} isn't pending")
    step = event["Step"]
    if step == "createSecret":
        rotation.create()
    elif step == "setSecret":
        rotation.set()
    elif step == "testSecret":
        rotation.test()
    elif step == "finishSecret":
        rotation.finish(next(version for version in labels if "AWSCURRENT" in labels[version]))
    else:
        raise RuntimeError(f"Step {step} isn't known")
