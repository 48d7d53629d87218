"""Rotate the user of a database. The application reads the password for each session."""

import json

import boto3
from contract.gallery.good.single_user import SECRET, SERVICE, lambda_handler

__all__ = ["SECRET", "SERVICE", "lambda_handler"]

FINDS = "consumer-locked-out"
BUG = "The application takes the current value, and has no other when the service already has the pending one."


def login_options():
    """Return what the driver's pool logs in with."""
    client = boto3.client("secretsmanager")
    return json.loads(client.get_secret_value(SecretId="prod/rotated")["SecretString"])


CONSUMERS = [login_options]
