"""Rotate an API key, and revoke the old key after the move. A retry of finishSecret does what a dead one left."""

import json
import logging

import boto3
from contract.gallery.doubles import ApiClient, KeyApi

SECRET = {"key_id": "AK0000000001", "secret": "first-api-secret-0001"}
SERVICE = KeyApi
TIMEOUT = 60

# No invocation that could still store a key runs for longer.
LONGEST_RUN = TIMEOUT

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
                self.revoke_all_but(self.value(VersionId=self.token))
            return
        if "AWSPENDING" not in stages:
            raise RuntimeError("The version isn't pending")
        getattr(self, self.step)()

    def createSecret(self):  # noqa: N802
        current = self.value(VersionStage="AWSCURRENT")
        try:
            self.pending()
        except self.client.exceptions.ResourceNotFoundException:
            # Only one key is in use now. Another one is of an attempt that died before it stored it, or of another
            # invocation, which is about to.
            made = self.revoke_all_but(current, older_than=LONGEST_RUN).create_key()
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
        # A read of AWSCURRENT may not see the move yet.
        self.revoke_all_but(pending)

    def revoke_all_but(self, kept, older_than=0):
        """Revoke all keys of some age but one. Return a session with that one."""
        api = ApiClient(kept["key_id"], kept["secret"])
        for key_id in api.list_keys(older_than):
            if key_id != kept["key_id"]:
                api.delete_key(key_id)
                logger.info("Revoked key %s", key_id)
        return api

    def value(self, **version):
        answer = self.client.get_secret_value(SecretId=self.arn, **version)
        return json.loads(answer["SecretString"])

    def pending(self):
        return self.value(VersionId=self.token, VersionStage="AWSPENDING")


def lambda_handler(event, context):
    VendorKeyRotation(event)()
