"""Rotate the user of a database. Four consumers get a value that works in ways of their own."""

import json
import time

import boto3
from contract.gallery.doubles import LoginRefused, connect
from contract.gallery.good.single_user import SECRET, SERVICE, lambda_handler

__all__ = ["SECRET", "SERVICE", "lambda_handler"]

ATTEMPTS = 10

secretsmanager = boto3.client("secretsmanager")
cache = {}


def read(label="AWSCURRENT"):
    return json.loads(secretsmanager.get_secret_value(SecretId="prod/rotated", VersionStage=label)["SecretString"])


def open_session(value):
    return connect(value["host"], value["username"], value["password"])


def web_server():
    """Read the secret again after each refusal, with a pause in between."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return open_session(read()).close()
        except LoginRefused:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.5)
    return None


def worker():
    """Try the pending value if the service refuses the current one."""
    try:
        session = open_session(read())
    except LoginRefused:
        session = open_session(read("AWSPENDING"))
    session.close()


def nightly_report():
    """Keep the value that has worked, and refresh it if it works no more."""
    try:
        open_session(cache["value"]).close()
    except (KeyError, LoginRefused):
        cache["value"] = working_value()


def working_value():
    """Return a value that works, for a pool of sessions."""
    for label in ("AWSCURRENT", "AWSPENDING"):
        value = read(label)
        try:
            open_session(value).close()
        except LoginRefused:
            continue
        return value
    raise LoginRefused


CONSUMERS = [web_server, worker, nightly_report, working_value]
