"""The steps of a rotation function that concern Secrets Manager, for tests that only differ in the service."""

import json

import boto3


def with_new_password(client, current, token):
    return {**current, "password": client.get_random_password(ExcludePunctuation=True)["RandomPassword"]}


def rotation_function(set_value, test_value, new_value=with_new_password, after=None):
    """Return a rotation function.

    Args:
        set_value: called with the current and the pending value.
        test_value: called with the pending value.
        new_value: makes the pending value from the client, the current value and the token.
        after: called with the old and the new value when AWSCURRENT has moved.
    """

    def lambda_handler(event, context):
        client = boto3.client("secretsmanager")
        arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
        versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if "AWSCURRENT" in versions.get(token, []):
            return
        if "AWSPENDING" not in versions.get(token, []):
            msg = f"version {token} of {arn} isn't being rotated"
            raise ValueError(msg)
        current = read(client, arn, VersionStage="AWSCURRENT")
        if step == "createSecret":
            create(client, arn, token, current, new_value)
            return
        pending = read(client, arn, VersionId=token, VersionStage="AWSPENDING")
        kept = ("host", "username") if new_value is with_new_password else ()
        if any(pending.get(name) != current.get(name) for name in kept):
            msg = f"the pending value of {arn} is for another host or user"
            raise ValueError(msg)
        if step == "setSecret":
            set_value(current, pending)
        elif step == "testSecret":
            test_value(pending)
        elif step == "finishSecret":
            old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
            )
            if after is not None:
                after(current, pending)
        else:
            msg = f"unknown step {step!r}"
            raise ValueError(msg)

    return lambda_handler


def create(client, arn, token, current, new_value):
    try:
        read(client, arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps(new_value(client, current, token)),
            VersionStages=["AWSPENDING"],
        )


def read(client, arn, **which):
    return json.loads(client.get_secret_value(SecretId=arn, **which)["SecretString"])


def names(deviations):
    return [one.name for one in deviations]
