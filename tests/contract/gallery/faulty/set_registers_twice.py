"""Rotate a key pair that is kept as a file in SecretBinary, and registered at a Git server."""

import logging
import os
import secrets

import boto3
from contract.gallery.doubles import (
    FIRST_PAIR,
    KeyRegistry,
    LoginRefused,
    answer_to,
    key_registry,
    pair_of,
    parse_pair,
)

FINDS = "set-not-repeatable"
BUG = "setSecret registers the key again where it is registered, which the registry refuses."

SECRET = FIRST_PAIR
SERVICE = KeyRegistry

LOG = logging.getLogger("deploy-key-rotation")


class NotPending(Exception):  # noqa: N818
    """Another version is being rotated, or none."""


def lambda_handler(event, context):
    client = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"])
    arn, token = event["SecretId"], event["ClientRequestToken"]
    step = STEPS.get(event["Step"])
    if step is None:
        raise ValueError(f"{event['Step']} is no step of a rotation")
    description = client.describe_secret(SecretId=arn)
    if not description.get("RotationEnabled", True):
        raise NotPending(arn)
    labels = description["VersionIdsToStages"]
    if "AWSCURRENT" in labels.get(token, ()):
        LOG.info("%s has been rotated", arn)
    elif "AWSPENDING" in labels.get(token, ()):
        step(client, arn, token, labels)
    else:
        raise NotPending(token)


def read_current(client, arn):
    return client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretBinary"]


def read_pending(client, arn, token):
    return client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretBinary"]


def create_secret(client, arn, token, labels):
    read_current(client, arn)
    try:
        read_pending(client, arn, token)
    except client.exceptions.ResourceNotFoundException:
        pair = pair_of(secrets.randbits(120))
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretBinary=pair, VersionStages=["AWSPENDING"]
        )


def set_secret(client, arn, token, labels):
    _, current = parse_pair(read_current(client, arn))
    _, pending = parse_pair(read_pending(client, arn, token))
    registry = key_registry()
    registered = registry.registered()
    registry.register(pending, f"rotation {token}")
    # The pair before the current one has been out of use since the last rotation.
    for public in registered:
        if public not in {current, pending}:
            registry.remove(public)


def test_secret(client, arn, token, labels):
    private, public = parse_pair(read_pending(client, arn, token))
    registry = key_registry()
    try:
        registry.login(public, answer_to(registry.challenge(), private))
    except LoginRefused:
        LOG.exception("the registry refuses the new key of %s", arn)
        raise


def finish_secret(client, arn, token, labels):
    parse_pair(read_pending(client, arn, token))
    holder = [version for version, names in labels.items() if "AWSCURRENT" in names]
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=holder[0]
    )


STEPS = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}
