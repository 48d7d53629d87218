"""Rotate the key of an API with two keys at most. The key of an attempt that died is revoked before the next."""

import json
import logging

import boto3
from contract.gallery.doubles import ApiClient, KeyApi

FINDS = "old-destroyed-early"
BUG = "testSecret revokes the current key, which is in use until finishSecret."

SECRET = {"key_id": "AK0000000001", "secret": "first-api-secret-0001", "account": "acme"}
SERVICE = KeyApi

# The time-out of the function, in seconds.
LONGEST_RUN = 60

logger = logging.getLogger()


def lambda_handler(event, context):
    client = boto3.client("secretsmanager")
    arn = event["SecretId"]
    token = event["ClientRequestToken"]
    step = event["Step"]
    logger.info("%s of %s, version %s", step, arn, token)

    secret = client.describe_secret(SecretId=arn)
    if "RotationEnabled" in secret and not secret["RotationEnabled"]:
        raise ValueError("Rotation is switched off for " + arn)
    stages = secret["VersionIdsToStages"].get(token)
    if stages is None:
        raise ValueError("No version " + token)
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError("Not pending: version " + token)

    match step:
        case "createSecret":
            _create(client, arn, token)
        case "setSecret":
            # The key works as soon as it is made.
            _require_key(client, arn, token)
        case "testSecret":
            _test(client, arn, token)
        case "finishSecret":
            _finish(client, arn, token, secret["VersionIdsToStages"])
        case _:
            raise ValueError("Unknown step " + step)


def _read(client, arn, **version):
    return json.loads(client.get_secret_value(SecretId=arn, **version)["SecretString"])


def _create(client, arn, token):
    current = _read(client, arn, VersionStage="AWSCURRENT")
    try:
        _read(client, arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        api = ApiClient(current["key_id"], current["secret"])
        # A younger key may be that of another invocation, which is about to store it.
        for key_id in api.list_keys(older_than=LONGEST_RUN):
            if key_id != current["key_id"]:
                logger.info("Revoking key %s, which is no longer used", key_id)
                api.delete_key(key_id)
        made = api.create_key()
        client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**current, **made}),
            VersionStages=["AWSPENDING"],
        )


def _require_key(client, arn, token):
    pending = _read(client, arn, VersionId=token, VersionStage="AWSPENDING")
    if not {"key_id", "secret"} <= pending.keys():
        raise KeyError("The pending value of " + arn + " isn't a key")


def _test(client, arn, token):
    pending = _read(client, arn, VersionId=token, VersionStage="AWSPENDING")
    current = _read(client, arn, VersionStage="AWSCURRENT")
    api = ApiClient(pending["key_id"], pending["secret"])
    if api.whoami()["account"] != current["account"]:
        raise ValueError("The new key is of another account")
    if current["key_id"] in api.list_keys():
        logger.info("Key %s works, revoking key %s", pending["key_id"], current["key_id"])
        api.delete_key(current["key_id"])


def _finish(client, arn, token, versions):
    _require_key(client, arn, token)
    for version_id, stages in versions.items():
        if "AWSCURRENT" in stages:
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=version_id
            )
            break
