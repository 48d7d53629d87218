"""Rotate an encryption key that is kept as it is. For secrets whose teams give the role other permissions."""

import json

import boto3
from botocore.exceptions import ClientError

FINDS = "current-moved-early"
BUG = "If PutSecretValue is denied, createSecret stores the new value with UpdateSecret, which makes it current."

SECRET = {"algorithm": "HS512", "key": "initial-key-of-the-first-release"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecret",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": "arn:aws:secretsmanager:*:123456789012:secret:prod/*",
        },
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
    ],
}

client = boto3.client("secretsmanager")


def is_denied(error):
    return error.response["Error"]["Code"] == "AccessDeniedException"


def store(arn, token, text):
    try:
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=text, VersionStages=["AWSPENDING"]
        )
    except ClientError as error:
        if not is_denied(error):
            raise
        client.update_secret(SecretId=arn, ClientRequestToken=token, SecretString=text)


def create(arn, token):
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        value = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
        value["key"] = client.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
        store(arn, token, json.dumps(value))


def check(arn, token):
    answer = client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    if not json.loads(answer["SecretString"])["key"]:
        raise ValueError("the new key is empty")


def finish(arn, token):
    check(arn, token)
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = client.describe_secret(SecretId=arn)
    if not described.get("RotationEnabled", False):
        raise ValueError("rotation is switched off")
    stages = described["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError("this version isn't pending")
    {"createSecret": create, "setSecret": check, "testSecret": check, "finishSecret": finish}[step](arn, token)
