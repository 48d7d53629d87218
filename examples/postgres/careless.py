"""A rotation function with two mistakes, which the rotation contract finds. Don't copy it.

It changes the password with a statement that it formats as a text, and it never tries the pending password.
"""

import json

import boto3
import psycopg

secretsmanager = boto3.client("secretsmanager")


def lambda_handler(event, context):
    """Run one step of a rotation."""
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = secretsmanager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSCURRENT" in versions.get(token, []):
        return
    if "AWSPENDING" not in versions.get(token, []):
        raise ValueError(f"version {token} of {arn} isn't the pending version")
    current = read(arn, VersionStage="AWSCURRENT")
    if step == "createSecret":
        try:
            read(arn, VersionId=token, VersionStage="AWSPENDING")
        except secretsmanager.exceptions.ResourceNotFoundException:
            new = secretsmanager.get_random_password(PasswordLength=32)
            value = json.dumps({**current, "password": new["RandomPassword"]})
            secretsmanager.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
            )
        return
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    if step == "setSecret":
        with log_in(current) as connection:
            connection.execute(f"ALTER ROLE {pending['username']} PASSWORD '{pending['password']}'")
    elif step == "testSecret":
        log_in(pending).close()
    elif step == "finishSecret":
        old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
        secretsmanager.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
    else:
        raise ValueError(f"unknown step {step!r}")


def log_in(value):
    """Log in to the database."""
    return psycopg.connect(
        host=value["host"],
        port=value["port"],
        dbname=value["dbname"],
        user=value["username"],
        password=value["password"],
    )


def read(arn, **which):
    """Return a version of the secret as a dict."""
    return json.loads(secretsmanager.get_secret_value(SecretId=arn, **which)["SecretString"])
