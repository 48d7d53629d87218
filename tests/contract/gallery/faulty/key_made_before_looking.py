"""Rotate an API key, and revoke the old key after the move. A retry of finishSecret does what a dead one left."""

import json
import logging

import boto3
from contract.gallery.doubles import ApiClient, RoomyKeyApi

FINDS = "orphaned-credential"
BUG = "createSecret makes a key before it looks whether one is stored, and forgets it if so."

SECRET = {"key_id": "AK0000000001", "secret": "first-api-secret-0001"}
SERVICE = RoomyKeyApi

logger = logging.getLogger("vendor-key-rotation")


class VendorKeyRotation:
    """One invocation."""

    def __init__(self, event, client=None):
        self.client = client or boto3.client("secretsmanager")
        self.arn = event["SecretId"]
        self.token = event["ClientRequestToken"]
        self.step = event["Step"]

    def __call__(self):
        if self.step not in {"createSecret", "setSecret", "testSecret", "finishSecret"}:
            raise ValueError(f"{self.step!r} isn't a step")
        description = self.client.describe_secret(SecretId=self.arn)
        if description.get("RotationEnabled") is False:
            raise RuntimeError("The secret isn't rotated any more")
        self.versions = description["VersionIdsToStages"]
        stages = self.versions.get(self.token)
        if stages is None:
            raise RuntimeError("The secret has no such version")
        if "AWSCURRENT" in stages:
            if self.step == "finishSecret":
                self.revoke_old(self.value(VersionId=self.token))
            return
        if "AWSPENDING" not in stages:
            raise RuntimeError("The version isn't pending")
        getattr(self, self.step)()

    def createSecret(self):  # noqa: N802
        current = self.value(VersionStage="AWSCURRENT")
        made = ApiClient(current["key_id"], current["secret"]).create_key()
        try:
            self.pending()
        except self.client.exceptions.ResourceNotFoundException:
            self.client.put_secret_value(
                SecretId=self.arn,
                ClientRequestToken=self.token,
                SecretString=json.dumps({**current, **made}),
                VersionStages=["AWSPENDING"],
            )

    def setSecret(self):  # noqa: N802
        self.pending()

    def testSecret(self):  # noqa: N802
        pending = self.pending()
        ApiClient(pending["key_id"], pending["secret"]).whoami()

    def finishSecret(self):  # noqa: N802
        pending = self.pending()
        current = next(version for version, stages in self.versions.items() if "AWSCURRENT" in stages)
        self.client.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=self.token,
            RemoveFromVersionId=current,
        )
        self.revoke_old(pending)

    def revoke_old(self, new):
        """Revoke the key that the rotation has replaced."""
        api = ApiClient(new["key_id"], new["secret"])
        old = self.value(VersionStage="AWSPREVIOUS")["key_id"]
        if old != new["key_id"] and old in api.list_keys():
            api.delete_key(old)
            logger.info("Revoked key %s", old)

    def value(self, **version):
        answer = self.client.get_secret_value(SecretId=self.arn, **version)
        return json.loads(answer["SecretString"])

    def pending(self):
        return self.value(VersionId=self.token, VersionStage="AWSPENDING")


def lambda_handler(event, context):
    VendorKeyRotation(event)()
