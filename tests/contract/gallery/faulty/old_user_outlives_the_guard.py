"""Give each rotation a database user of its own, and drop the one that it replaces."""

import json
import os
from contextlib import contextmanager

import boto3
from botocore.exceptions import ClientError
from contract.gallery.doubles import Database, connect

FINDS = "clean-up-lost"
BUG = "If finishSecret dies after the move, a retry returns at once and the old user keeps its access for good."

SECRET = {"host": "db.internal", "username": "app", "password": "Old-Password-1"}
OTHER_SECRETS = {"prod/master": {"username": "master", "password": "Master-Password-1"}}
ENVIRONMENT = {"MASTER_ARN": "prod/master"}
SERVICE = Database


def lambda_handler(event, context):
    sm = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    meta = sm.describe_secret(SecretId=arn)
    stages = meta["VersionIdsToStages"].get(token, [])
    if not meta.get("RotationEnabled", True) or not stages:
        raise RuntimeError("There is nothing to rotate")
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise RuntimeError("Another version is pending")
    steps = {"createSecret": create, "setSecret": set_, "testSecret": test, "finishSecret": finish}
    if event["Step"] not in steps:
        raise RuntimeError("No such step")
    steps[event["Step"]](sm, arn, token, meta["VersionIdsToStages"])


def create(sm, arn, token, versions):
    current = value_of(sm, arn, VersionStage="AWSCURRENT")
    try:
        value_of(sm, arn, VersionId=token, VersionStage="AWSPENDING")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        password = sm.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        value = {**current, "username": user_of(token), "password": password}
        sm.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
        )


def set_(sm, arn, token, versions):
    current, pending = both(sm, arn, token)
    with administrator(sm, current["host"]) as admin:
        if admin.user_exists(pending["username"]):
            admin.alter_password(pending["username"], pending["password"])
        else:
            admin.create_user(pending["username"], pending["password"])
        admin.copy_grants(current["username"], pending["username"])


def test(sm, arn, token, versions):
    _, pending = both(sm, arn, token)
    with connect(pending["host"], pending["username"], pending["password"]) as session:
        session.query("SELECT current_user")


def finish(sm, arn, token, versions):
    current, _ = both(sm, arn, token)
    old = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    sm.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
    )
    with administrator(sm, current["host"]) as admin:
        if admin.user_exists(current["username"]):
            admin.drop_user(current["username"])


def user_of(token):
    return "app_" + token.replace("-", "")[:16].lower()


def both(sm, arn, token):
    current = value_of(sm, arn, VersionStage="AWSCURRENT")
    pending = value_of(sm, arn, VersionId=token, VersionStage="AWSPENDING")
    if pending["username"] != user_of(token) or pending["host"] != current["host"]:
        raise RuntimeError("The pending value isn't of this rotation")
    return current, pending


def value_of(sm, arn, **version):
    return json.loads(sm.get_secret_value(SecretId=arn, **version)["SecretString"])


@contextmanager
def administrator(sm, host):
    master = value_of(sm, os.environ["MASTER_ARN"], VersionStage="AWSCURRENT")
    session = connect(host, master["username"], master["password"])
    try:
        yield session
    finally:
        session.close()
