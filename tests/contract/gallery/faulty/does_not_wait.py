"""Rotate the user of a cluster, as its administrator."""

import json
import logging

import boto3
from contract.gallery.doubles import Cluster, LoginRefused, connect

FINDS = "needs-a-retry"
BUG = "testSecret doesn't wait until the new password takes effect."

SECRET = {"host": "cluster.internal", "username": "app", "password": "Old-Password-1"}
OTHER_SECRETS = {"prod/cluster-admin": {"username": "master", "password": "Master-Password-1"}}
TAGS = {"AdminSecret": "prod/cluster-admin"}
SERVICE = Cluster

logger = logging.getLogger(__name__)
sm = boto3.client("secretsmanager")

EXCLUDED = "/@\"'\\ "


def get_value(secret_id, **version):
    response = sm.get_secret_value(SecretId=secret_id, **version)
    return json.loads(response["SecretString"])


def get_pending(arn, token):
    current = get_value(arn, VersionStage="AWSCURRENT")
    pending = get_value(arn, VersionId=token, VersionStage="AWSPENDING")
    if pending["username"] != current["username"]:
        raise RuntimeError("AWSPENDING is of user %s" % pending["username"])
    if pending["host"] != current["host"]:
        raise RuntimeError("AWSPENDING is of host %s" % pending["host"])
    return pending


def is_accepted(value):
    try:
        connect(value["host"], value["username"], value["password"]).close()
    except LoginRefused:
        return False
    else:
        return True


def create_secret(arn, token, metadata):
    value = get_value(arn, VersionStage="AWSCURRENT")
    try:
        get_value(arn, VersionId=token, VersionStage="AWSPENDING")
    except sm.exceptions.ResourceNotFoundException:
        answer = sm.get_random_password(PasswordLength=40, ExcludeCharacters=EXCLUDED)
        value["password"] = answer["RandomPassword"]
        sm.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
        )


def set_secret(arn, token, metadata):
    pending = get_pending(arn, token)
    if is_accepted(pending):
        return
    tags = {tag["Key"]: tag["Value"] for tag in metadata["Tags"]}
    admin = get_value(tags["AdminSecret"], VersionStage="AWSCURRENT")
    connection = connect(pending["host"], admin["username"], admin["password"])
    try:
        connection.alter_password(pending["username"], pending["password"])
    finally:
        connection.close()


def test_secret(arn, token, metadata):
    pending = get_pending(arn, token)
    if not is_accepted(pending):
        raise RuntimeError("the cluster doesn't know version %s" % token)


def finish_secret(arn, token, metadata):
    get_pending(arn, token)
    versions = metadata["VersionIdsToStages"]
    current = [version for version in versions if "AWSCURRENT" in versions[version]]
    sm.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current[0]
    )


HANDLERS = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}


def lambda_handler(event, context):
    arn, token = event["SecretId"], event["ClientRequestToken"]
    metadata = sm.describe_secret(SecretId=arn)
    if not metadata.get("RotationEnabled", True):
        raise ValueError("Secret %s isn't enabled for rotation" % arn)
    stages = metadata["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in stages:
        logger.info("Version %s is set as AWSCURRENT already", token)
        return
    if "AWSPENDING" not in stages:
        raise ValueError("Version %s isn't set as AWSPENDING" % token)
    HANDLERS[event["Step"]](arn, token, metadata)
