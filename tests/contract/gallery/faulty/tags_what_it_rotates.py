"""Rotate a token of a service that only compares it with the secret, and tag the secret with who rotated it."""

import secrets

import boto3

FINDS = "needs-more-permissions"
BUG = "finishSecret calls TagResource, which the permissions that AWS documents don't include."

SECRET = "tok-0000-initial-webhook-token"

secretsmanager = boto3.client("secretsmanager")


class Rotation:
    def __init__(self, event):
        self.secret = {"SecretId": event["SecretId"]}
        self.token = event["ClientRequestToken"]
        self.step = event["Step"]

    def run(self, name):
        described = secretsmanager.describe_secret(**self.secret)
        if not described.get("RotationEnabled"):
            raise RuntimeError("rotation is disabled")
        self.versions = described["VersionIdsToStages"]
        stages = self.versions.get(self.token, [])
        if "AWSCURRENT" in stages:
            return
        if "AWSPENDING" not in stages:
            raise RuntimeError("the version isn't pending")
        if self.step == "createSecret":
            self.create()
        elif self.step == "finishSecret":
            self.finish(name)
        elif self.step not in {"setSecret", "testSecret"}:
            raise RuntimeError(f"no step {self.step}")

    def create(self):
        try:
            self.pending()
        except secretsmanager.exceptions.ResourceNotFoundException:
            secretsmanager.put_secret_value(
                **self.secret,
                ClientRequestToken=self.token,
                SecretString=f"tok-{secrets.token_urlsafe(32)}",
                VersionStages=["AWSPENDING"],
            )

    def finish(self, name):
        self.pending()
        secretsmanager.tag_resource(**self.secret, Tags=[{"Key": "RotatedBy", "Value": name}])
        (current,) = (version for version, stages in self.versions.items() if "AWSCURRENT" in stages)
        secretsmanager.update_secret_version_stage(
            **self.secret, VersionStage="AWSCURRENT", MoveToVersionId=self.token, RemoveFromVersionId=current
        )

    def pending(self):
        secretsmanager.get_secret_value(**self.secret, VersionId=self.token, VersionStage="AWSPENDING")


def lambda_handler(event, context):
    Rotation(event).run(context.function_name)
