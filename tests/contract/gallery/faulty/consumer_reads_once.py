"""Rotate the user of a database. The application that logs in as this user reads the password when it starts."""

import functools
import json

import boto3
from contract.gallery.doubles import connect
from contract.gallery.good.single_user import SECRET, SERVICE, lambda_handler

__all__ = ["SECRET", "SERVICE", "lambda_handler"]

FINDS = "consumer-locked-out"
BUG = "The application caches the password until it is started again."


@functools.cache
def credential():
    client = boto3.client("secretsmanager")
    return json.loads(client.get_secret_value(SecretId="prod/rotated")["SecretString"])


def orders():
    value = credential()
    with connect(value["host"], value["username"], value["password"]) as connection:
        connection.query("SELECT * FROM orders")


CONSUMERS = [orders]
