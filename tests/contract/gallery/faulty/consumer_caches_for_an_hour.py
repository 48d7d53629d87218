"""Rotate the user of a database. The application that logs in as this user reads the password every hour."""

import json
import time

import boto3
from contract.gallery.doubles import LoginRefused, connect
from contract.gallery.good.single_user import SECRET, SERVICE, lambda_handler

__all__ = ["SECRET", "SERVICE", "lambda_handler"]

FINDS = "consumer-locked-out"
BUG = "The application tries again after a refusal, but with the value of its cache, which is valid for an hour."

ATTEMPTS = 5
VALID_SECONDS = 3600

secretsmanager = boto3.client("secretsmanager")
cache = {}


def credential():
    if cache.get("until", 0) <= time.monotonic():
        text = secretsmanager.get_secret_value(SecretId="prod/rotated")["SecretString"]
        cache.update(value=json.loads(text), until=time.monotonic() + VALID_SECONDS)
    return cache["value"]


def open_session():
    for attempt in range(1, ATTEMPTS + 1):
        value = credential()
        try:
            return connect(value["host"], value["username"], value["password"])
        except LoginRefused:
            if attempt == ATTEMPTS:
                raise
            time.sleep(2**attempt)
    return None


def report():
    with open_session() as connection:
        connection.query("SELECT 1")


CONSUMERS = [report]
