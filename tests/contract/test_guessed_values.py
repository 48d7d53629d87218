"""Values that can be guessed, and those that the service makes: only the former are the function's fault."""

import io
import json
import random
import string

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

    def new_password(self):
        self.count += 1
        return io.BytesIO(json.dumps({"password": f"Made-By-The-Server-{self.count}"}).encode())


def rotating(make):
    """Return a rotation function that makes its values with `make`."""

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
                value = json.dumps({**SECRET, "password": make(token)})
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


def found(make):
    return [
        one.name for one in check_rotation(rotating(make), secret=SECRET, service=Server, only="plain").violations
    ]


def test_a_value_by_the_module_random_is_predictable_although_the_service_shows_it_afterwards():
    assert found(lambda token: "".join(random.choices(string.ascii_letters, k=20))) == ["predictable-value"]  # noqa: S311


def test_a_value_that_the_service_makes_is_not():
    assert found(lambda token: json.loads(Server.made.new_password().getvalue())["password"]) == []


@pytest.mark.parametrize("make", [lambda token: SECRET["password"], lambda token: token], ids=["current", "token"])
def test_the_old_value_and_the_version_id_are_predictable(make):
    assert "predictable-value" in found(make)
