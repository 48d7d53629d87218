"""A Lambda rotation function that rotates the password of one user of a small API."""

import json
import logging

import accounts_api
import boto3

logger = logging.getLogger(__name__)

secretsmanager = boto3.client("secretsmanager")


def lambda_handler(event, context):
    """Run one step of a rotation; Secrets Manager calls this four times."""
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    logger.info("%s of %s, request %s", step, arn, context.aws_request_id)

    secret = secretsmanager.describe_secret(SecretId=arn)
    if not secret["RotationEnabled"]:
        raise ValueError(f"rotation of {arn} is off")
    labels = secret["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in labels:
        return
    if "AWSPENDING" not in labels:
        raise ValueError(f"version {token} of {arn} isn't the pending version")

    steps = {
        "createSecret": create_secret,
        "setSecret": set_secret,
        "testSecret": test_secret,
        "finishSecret": finish_secret,
    }
    steps[step](arn, token)


def create_secret(arn, token):
    """Store a new password in the pending version, unless an earlier attempt has done so."""
    current = read(arn, VersionStage="AWSCURRENT")
    try:
        read(arn, VersionId=token, VersionStage="AWSPENDING")
    except secretsmanager.exceptions.ResourceNotFoundException:
        new = secretsmanager.get_random_password(PasswordLength=24, ExcludeCharacters="/@\"'\\")
        secretsmanager.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**current, "password": new["RandomPassword"]}),
            VersionStages=["AWSPENDING"],
        )


def set_secret(arn, token):
    """Change the user's password to the pending one, unless an earlier attempt has done so."""
    current = read(arn, VersionStage="AWSCURRENT")
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    if pending["username"] != current["username"]:
        raise ValueError(f"the pending value of {arn} names another user")
    if not accounts_api.can_log_in(pending["username"], pending["password"]):
        accounts_api.change_password(pending["username"], current["password"], pending["password"])


def test_secret(arn, token):
    """Log in with the pending password."""
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    if not accounts_api.can_log_in(pending["username"], pending["password"]):
        raise ValueError(f"the pending password of {arn} doesn't work")


def finish_secret(arn, token):
    """Make the pending version the current one."""
    versions = secretsmanager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def read(arn, **which):
    """Return a version of the secret as a dict."""
    return json.loads(secretsmanager.get_secret_value(SecretId=arn, **which)["SecretString"])
