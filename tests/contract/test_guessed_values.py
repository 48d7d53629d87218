"""Values that can be guessed, and those that the service makes: only the former are the function's fault."""

import base64
import hashlib
import hmac
import io
import json
import os
import random
import secrets
import string
import time
import uuid

import boto3
import pytest

from fake_secrets import check_rotation

SECRET = {"username": "app", "password": "First-Password-1"}


class Session:
    """A connection that leads to the server, as the objects of drivers do."""

    def __init__(self, server):
        self.server = server

    def change(self, password):
        self.server.password = password


class Server:
    made = None

    def __init__(self):
        self.password = SECRET["password"]
        self.count = 1

    def __enter__(self):
        Server.made = self
        return self

    def __exit__(self, *exception):
        Server.made = None

    def accepts(self, value):
        return value["password"] == self.password

    def connect(self, password):
        if password != self.password:
            raise PermissionError(password)
        return Session(self)

    def master_key(self):
        return "Known-To-The-Server-Only"

    def new_password(self):
        self.count += 1
        return io.BytesIO(json.dumps({"password": f"Made-By-The-Server-{self.count}"}).encode())


def rotating(make, more=dict):
    """Return a rotation function that makes its passwords with `make`, and what is beside them with `more`."""

    def handler(event, context):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn, token = event["SecretId"], event["ClientRequestToken"]
        pending = {"SecretId": arn, "VersionId": token, "VersionStage": "AWSPENDING"}
        versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if "AWSCURRENT" in versions[token]:
            return
        if event["Step"] == "createSecret":
            try:
                client.get_secret_value(**pending)
            except client.exceptions.ResourceNotFoundException:
                value = json.dumps({**SECRET, "password": make(token), **more()})
                client.put_secret_value(
                    SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
                )
        elif event["Step"] == "finishSecret":
            old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
            )
        else:
            new = json.loads(client.get_secret_value(**pending)["SecretString"])["password"]
            current = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])["password"]
            try:
                Server.made.connect(new)
            except PermissionError:
                Server.made.connect(current).change(new)

    return handler


def found(make, **options):
    report = check_rotation(rotating(make), secret=SECRET, service=Server, only="plain", **options)
    return [one.name for one in report.violations]


def signed(key, token):
    return hmac.new(key.encode(), token.encode(), "sha256").hexdigest()


def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


def current_password():
    return json.loads(client().get_secret_value(SecretId="prod/rotated")["SecretString"])["password"]


def key_of_another_secret():
    return client().get_secret_value(SecretId="prod/master-key")["SecretString"]


def test_a_value_by_the_module_random_is_predictable_although_the_service_shows_it_afterwards():
    assert found(lambda token: "".join(random.choices(string.ascii_letters, k=20))) == ["predictable-value"]  # noqa: S311


def test_a_value_that_the_service_makes_is_not():
    assert found(lambda token: json.loads(Server.made.new_password().getvalue())["password"]) == []


@pytest.mark.parametrize("make", [lambda token: SECRET["password"], lambda token: token], ids=["current", "token"])
def test_the_old_value_and_the_version_id_are_predictable(make):
    assert "predictable-value" in found(make)


KNOWN = {
    "digest": lambda token: hashlib.sha256(token.encode()).hexdigest(),
    "seed": lambda token: random.Random(token).randbytes(16).hex(),  # noqa: S311
    "name": lambda token: str(uuid.uuid5(uuid.UUID(token), SECRET["username"])),
    "time": lambda token: hashlib.sha256(f"{token} {time.time()}".encode()).hexdigest(),
    "old value": lambda token: signed(current_password(), token),
}
UNKNOWN = {
    "secrets": lambda token: secrets.token_urlsafe(24),
    "urandom": lambda token: base64.b64encode(os.urandom(24)).decode(),
    "uuid": lambda token: str(uuid.uuid4()),
    "digest of more": lambda token: hashlib.sha256(f"{token}{secrets.token_hex(16)}".encode()).hexdigest(),
    "GetRandomPassword": lambda token: client().get_random_password(ExcludePunctuation=True)["RandomPassword"],
    "digest of GetRandomPassword": lambda token: signed(client().get_random_password()["RandomPassword"], token),
    "key of the service": lambda token: signed(Server.made.master_key(), token),
    "key of another secret": lambda token: signed(key_of_another_secret(), token),
    "key of the environment": lambda token: signed(os.environ["PASSWORD_PEPPER"], token),
}


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_a_value_that_is_made_of_what_others_know_is_predictable(make):
    assert found(make) == ["predictable-value"]


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_a_value_with_anything_in_it_that_nobody_knows_is_not(make):
    options = {
        "other_secrets": {"prod/master-key": "Known-To-The-Function-Only"},
        "environment": {"PASSWORD_PEPPER": "Known-To-The-Function-Only"},
    }
    assert found(make, **options) == []


def test_a_key_in_a_variable_of_the_process_that_the_function_names_is_unknown(monkeypatch):
    monkeypatch.setenv("PASSWORD_PEPPER", "Known-To-The-Function-Only")
    assert found(UNKNOWN["key of the environment"]) == []


def test_a_key_in_json_in_a_variable_is_unknown():
    environment = {"APP_CONFIG": json.dumps({"hmac_key": "Known-To-The-Function-Only"})}
    make = lambda token: signed(json.loads(os.environ["APP_CONFIG"])["hmac_key"], token)  # noqa: E731
    assert found(make, environment=environment) == []


def test_a_key_of_another_secret_that_a_library_keeps_is_unknown():
    def kept(token):
        # Not in a global of the function's module, which each scenario puts back.
        if not hasattr(hashlib, "fake_secrets_test_key"):
            hashlib.fake_secrets_test_key = key_of_another_secret()
        return signed(hashlib.fake_secrets_test_key, token)

    try:
        assert found(kept, other_secrets={"prod/master-key": "Known-To-The-Function-Only"}) == []
    finally:
        del hashlib.fake_secrets_test_key


def test_a_variable_that_names_a_secret_of_the_check_is_no_key():
    environment = {"MASTER_SECRET": "prod/master-key"}
    options = {"other_secrets": {"prod/master-key": "x" * 20}, "environment": environment}
    assert found(KNOWN["digest"], **options) == ["predictable-value"]


def test_the_line_that_stores_a_predictable_value_is_told():
    report = check_rotation(rotating(KNOWN["digest"]), secret=SECRET, service=Server, only="plain.same-token")

    (violation,) = report.violations
    assert violation.detail == "createSecret makes the same value again from the same token, old value and time"
    assert "put_secret_value" in violation.source


def test_a_date_beside_a_value_of_the_service_is_not_predictable():
    def made(token):
        return json.loads(Server.made.new_password().getvalue())["password"]

    rotate = rotating(made, lambda: {"rotated_at": str(int(time.time())), "comment": "rotated"})
    report = check_rotation(rotate, secret=SECRET, service=Server, only="plain")
    assert report.violations == (), str(report)
