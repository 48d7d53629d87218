"""What child processes of the tests run. They know of fake_secrets only by the environment."""

import json
import os
import urllib.request

import boto3
import botocore.config
import botocore.exceptions


def client(attempts=1):
    config = botocore.config.Config(retries={"total_max_attempts": attempts, "mode": "standard"})
    return boto3.client("secretsmanager", config=config)


def read(name):
    return client().get_secret_value(SecretId=name)["SecretString"]


def read_locally(name):
    """Read as code does that has the port of a local helper in its source."""
    url = f"http://localhost:2773/secretsmanager/get?secretId={name}"
    headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
    # Another opener each time: the one of `urlopen` keeps the proxies of its first use.
    opener = urllib.request.build_opener()
    with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return json.load(answer)["SecretString"]


def write(name, value):
    client().put_secret_value(SecretId=name, SecretString=value)


def read_and_write(name):
    found = read(name)
    write(name, f"{found} and new")
    return found


def outcome(operation, attempts=1, **members):
    """Return what a call gives: the response, or the code or the class of its error."""
    try:
        response = getattr(client(attempts), operation)(**members)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except botocore.exceptions.BotoCoreError as error:
        return type(error).__name__
    return response.get("SecretString", "done")


def outcome_in(region, name):
    try:
        return boto3.client("secretsmanager", region_name=region).get_secret_value(SecretId=name)["SecretString"]
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
