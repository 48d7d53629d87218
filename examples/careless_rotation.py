"""A rotation function with one mistake, which `fake-secrets check` finds. Don't copy it.

setSecret logs in with the current password only. If Lambda kills the function after it has changed the password,
no retry can log in, and AWSCURRENT stays on a password that no longer works.
"""

import json

import accounts_api
import boto3

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
        create_secret(arn, token, current)
        return
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    if pending["username"] != current["username"]:
        raise ValueError(f"the pending value of {arn} names another user")
    if step == "setSecret":
        set_secret(current, pending)
    elif step == "testSecret":
        if not accounts_api.can_log_in(pending["username"], pending["password"]):
            raise ValueError(f"the pending password of {arn} doesn't work")
    elif step == "finishSecret":
        finish_secret(arn, token, versions)
    else:
        raise ValueError(f"unknown step {step!r}")


def create_secret(arn, token, current):
    """Store a new password in the pending version, unless an earlier attempt has done so."""
    try:
        read(arn, VersionId=token, VersionStage="AWSPENDING")
    except secretsmanager.exceptions.ResourceNotFoundException:
        new = secretsmanager.get_random_password(PasswordLength=24, ExcludePunctuation=True)
        value = json.dumps({**current, "password": new["RandomPassword"]})
        secretsmanager.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )


def set_secret(current, pending):
    """Change the user's password, as the user."""
    user, old, new = current["username"], current["password"], pending["password"]
    accounts_api.change_password(user, old, new)


def finish_secret(arn, token, versions):
    """Make the pending version the current one."""
    old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
    )


def read(arn, **which):
    """Return a version of the secret as a dict."""
    return json.loads(secretsmanager.get_secret_value(SecretId=arn, **which)["SecretString"])
