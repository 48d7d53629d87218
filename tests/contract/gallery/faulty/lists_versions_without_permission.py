"""Rotate a value that no service has to be told. finishSecret looks for the current version in their list."""

import logging

import boto3

FINDS = "permission-missing"
BUG = "finishSecret calls ListSecretVersionIds, which the policy of the function's role doesn't allow."

SECRET = "initial-signing-key"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/rotated-??????",
        },
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
    ],
}

log = logging.getLogger("rotation.signing")


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager")
    described = client.describe_secret(SecretId=arn)
    if not described["RotationEnabled"]:
        raise ValueError(f"{arn}: rotation is off")
    labels = described["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in labels:
        return
    if "AWSPENDING" not in labels:
        raise ValueError(f"{arn}: version {token} isn't the pending one")
    if step == "createSecret":
        create_secret(client, arn, token)
    elif step == "finishSecret":
        finish_secret(client, arn, token)
    elif step not in {"setSecret", "testSecret"}:
        raise ValueError(f"{step} isn't one of the four steps")


def create_secret(client, arn, token):
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        key = client.get_random_password(PasswordLength=48, ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=key, VersionStages=["AWSPENDING"]
        )


def finish_secret(client, arn, token):
    versions = client.list_secret_version_ids(SecretId=arn)["Versions"]
    current = next(one["VersionId"] for one in versions if "AWSCURRENT" in one["VersionStages"])
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
    log.info("%s: AWSCURRENT moved from %s to %s", arn, current, token)
