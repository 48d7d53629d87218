"""A folder as a user of the command has it: rotation functions, and a service double."""

import importlib
import json
import sys
from unittest import mock

from fake_secrets.contract.families import plain

SECRET = {"username": "app", "password": "first-password-1"}
# How many scenarios the family `plain` has for a function that nothing keeps from rotating.
PLAIN = len(list(plain.scenarios(mock.Mock(obstacles=()))))

GOOD = '''\
"""Rotates the password of the database `doubles.Database`."""

import json
import os

import boto3

from doubles import log_in, change

sm = boto3.client("secretsmanager")
REALM = os.environ.get("REALM", "test")


def value_of(arn, **version):
    return json.loads(sm.get_secret_value(SecretId=arn, **version)["SecretString"])


def works(value):
    try:
        log_in(value["password"])
    except PermissionError:
        return False
    return True


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    about = sm.describe_secret(SecretId=arn)
    if not about["RotationEnabled"]:
        raise ValueError("rotation is off")
    labels = about["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in labels:
        return
    if "AWSPENDING" not in labels:
        raise ValueError("another token")
    current = value_of(arn)
    if step == "createSecret":
        try:
            value_of(arn, VersionId=token, VersionStage="AWSPENDING")
        except sm.exceptions.ResourceNotFoundException:
            current["password"] = sm.get_random_password(ExcludePunctuation=True)["RandomPassword"]
            sm.put_secret_value(
                SecretId=arn,
                ClientRequestToken=token,
                SecretString=json.dumps(current),
                VersionStages=["AWSPENDING"],
            )
        return
    pending = value_of(arn, VersionId=token, VersionStage="AWSPENDING")
    if pending["username"] != current["username"]:
        raise ValueError("another user")
    if step == "setSecret":
        if not works(pending):
            change(current["password"], pending["password"])
    elif step == "testSecret":
        log_in(pending["password"])
    elif step == "finishSecret":
        versions = about["VersionIdsToStages"]
        old = next(version for version in versions if "AWSCURRENT" in versions[version])
        sm.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
        sm.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=token)
    else:
        raise ValueError(f"unknown step {step}")
'''

# createSecret looks for another version than the one that it stores.
FAULTY = GOOD.replace(
    'VersionId=token, VersionStage="AWSPENDING")\n        except', "VersionId='x' * 32)\n        except"
)

_STORES = "            sm.put_secret_value("
LEAKY = FAULTY.replace(_STORES, f"            print('made', current['password'])\n{_STORES}")

DOUBLES = '''\
"""A database with one user."""

def log_in(given):
    Database.latest.log_in(given)


def change(old, new):
    Database.latest.change(old, new)


class Database:
    latest = None

    def __init__(self):
        self.password = "first-password-1"
        Database.latest = self

    def log_in(self, given):
        if given != self.password:
            raise PermissionError("login refused")

    def change(self, old, new):
        self.log_in(old)
        self.password = new

    def accepts(self, value):
        return value["password"] == self.password

    def accepted(self):
        return [{"password": self.password}]

    def drop(self, value):
        self.password = None
'''

CHECK = ["check", "rotation:lambda_handler", "--secret", json.dumps(SECRET), "--service", "doubles:Database"]
NAMES = ("rotation", "faulty", "leaky", "doubles")


def fill(folder):
    """Write the files."""
    (folder / "rotation.py").write_text(GOOD)
    (folder / "faulty.py").write_text(FAULTY)
    (folder / "leaky.py").write_text(LEAKY)
    (folder / "doubles.py").write_text(DOUBLES)
    (folder / "secret.json").write_text(json.dumps(SECRET))


def forget(*names):
    """Let modules be imported anew."""
    for name in (*NAMES, *names):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
