"""Thirty-two threads share one world: nothing is lost, and every call keeps its guarantees.

The short form makes about 1,000 calls, not counting those of the rotation function. With FAKE_SECRETS_LONG=1
it makes 10,000 and more.
"""

import collections
import concurrent.futures
import functools
import itertools
import os
import random
import sys
import threading

import boto3
import botocore.config
import botocore.exceptions
import pytest

from fake_secrets import mock_stages

IS_LONG = bool(os.environ.get("FAKE_SECRETS_LONG"))

THREADS = 32
STEPS = 320 if IS_LONG else 30
SHARED = [f"shared/{number}" for number in range(40)]
REGION = "us-east-1"

# Refusals that other threads can cause by working on the same secrets: the secret is marked for deletion,
# or a rotation is open; a label has moved, or a version has none; the name or the token is taken;
# or the secret has the maximum number of versions.
REFUSALS = {
    "InvalidRequestException",
    "InvalidParameterException",
    "ResourceNotFoundException",
    "ResourceExistsException",
    "LimitExceededException",
}


class Work:
    """The random work of one thread, and the answers that it got."""

    def __init__(self, number, fake_secrets, clients, function):
        self.number = number
        self.fake_secrets = fake_secrets
        self.random = random.Random(number)  # noqa: S311 -- a plan of work
        self.clients = clients
        self.function = function
        self.own = f"own/{number}"
        self.calls = 0
        self.values = {}
        self.tags = collections.defaultdict(set)
        self.rotations = []
        self.unforeseen = []

    def run(self):
        self.call("create_secret", Name=self.own, SecretString="0", ClientRequestToken=self.token())
        for _ in range(STEPS - 1):
            getattr(self, self.random.choice(STEPS_OF_WORK))(self.random.choice(SHARED))

    def call(self, operation, **request):
        self.calls += 1
        client = self.random.choice(self.clients)
        try:
            return getattr(client, operation)(**request)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in REFUSALS:
                self.unforeseen.append(error)
            return None

    def token(self):
        return f"{self.number:08}-{self.random.getrandbits(96):024x}"

    def create(self, name):
        self.call("create_secret", Name=name, SecretString="never stored", ClientRequestToken=self.token())

    def put(self, name):
        token, stages = self.token(), self.random.choice([["AWSCURRENT"], [f"LABEL-{self.number % 4}"]])
        answer = self.call(
            "put_secret_value", SecretId=name, ClientRequestToken=token, SecretString=token, VersionStages=stages
        )
        if answer is not None:
            self.values[name, token] = token

    def update(self, name):
        token = self.token()
        answer = self.call(
            "update_secret", SecretId=name, ClientRequestToken=token, SecretString=token, Description=token
        )
        if answer is not None:
            self.values[name, token] = token

    def stage(self, name):
        described = self.call("describe_secret", SecretId=name)
        holders = {
            label: version for version, labels in described["VersionIdsToStages"].items() for label in labels
        }
        label = self.random.choice(sorted(holders))
        self.call(
            "update_secret_version_stage",
            SecretId=name,
            VersionStage=label,
            RemoveFromVersionId=holders[label],
            MoveToVersionId=self.random.choice(sorted(described["VersionIdsToStages"])),
        )

    def get(self, name):
        answer = self.call(
            "get_secret_value", SecretId=name, **self.random.choice([{}, {"VersionStage": "LABEL-0"}])
        )
        if answer is not None:
            assert answer["SecretString"] in {"0", answer["VersionId"]}

    def describe(self, name):
        described = self.call("describe_secret", SecretId=name)
        labels = [label for labels in described["VersionIdsToStages"].values() for label in labels]
        assert labels.count("AWSCURRENT") == 1
        assert len(set(labels)) == len(labels)

    def tag(self, name):
        key = f"tag-of-{self.number}"
        if self.call("tag_resource", SecretId=name, Tags=[{"Key": key, "Value": "there"}]) is not None:
            self.tags[name].add(key)

    def untag(self, name):
        self.call("untag_resource", SecretId=name, TagKeys=["nobody's"])

    def list(self, name):
        found = [secret["Name"] for secret in self.pages_of_shared()]
        # A secret may appear between two pages, but no secret appears twice.
        assert len(set(found)) == len(found)
        assert set(found) == set(SHARED)

    def pages_of_shared(self):
        request = {"Filters": [{"Key": "name", "Values": ["shared/"]}], "MaxResults": 9}
        while True:
            page = self.call("list_secrets", IncludePlannedDeletion=True, **request)
            yield from page["SecretList"]
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]

    def look(self, name):
        """Use the handle, as the test's own thread may do while others make calls."""
        view = self.fake_secrets[name]
        assert view.stages["AWSCURRENT"] in {version.id for version in view.versions}
        for shown in (self.fake_secrets, self.fake_secrets.rotations, self.fake_secrets.timeline(name)):
            assert repr(shown)

    def delete_and_restore(self, name):
        self.call("delete_secret", SecretId=name, RecoveryWindowInDays=7)
        self.call("restore_secret", SecretId=name)

    def delete_and_create(self, name):
        self.call("delete_secret", SecretId=self.own, ForceDeleteWithoutRecovery=True)
        token = self.token()
        answer = self.call("create_secret", Name=self.own, SecretString=token, ClientRequestToken=token)
        assert answer is not None
        self.values = {key: value for key, value in self.values.items() if key[0] != self.own}
        self.values[self.own, token] = token

    def put_own(self, name):
        self.put(self.own)

    def rotate(self, name):
        token = self.token()
        answer = self.call(
            "rotate_secret",
            SecretId=name,
            ClientRequestToken=token,
            RotationLambdaARN=self.function,
            RotationRules={"AutomaticallyAfterDays": 30},
        )
        if answer is not None:
            self.rotations.append(token)


STEPS_OF_WORK = [
    "create",
    "put",
    "put",
    "put_own",
    "update",
    "stage",
    "get",
    "get",
    "describe",
    "tag",
    "untag",
    "list",
    "look",
    "delete_and_restore",
    "delete_and_create",
    "rotate",
]


# RotateSecret's answer while a rotation is open. The open rotation is attempted again.
REATTEMPT = ("RotateSecret", "InvalidRequestException")


def rotation_function(client, calls):
    """Return a function that rotates in four steps, and counts its calls."""

    def counted(operation, **request):
        next(calls)
        return getattr(client, operation)(**request)

    def handler(event, context):
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            counted(
                "put_secret_value",
                SecretId=secret_id,
                ClientRequestToken=token,
                SecretString=token,
                VersionStages=["AWSPENDING"],
            )
        elif event["Step"] == "testSecret":
            counted("get_secret_value", SecretId=secret_id, VersionId=token, VersionStage="AWSPENDING")
        elif event["Step"] == "finishSecret":
            versions = counted("describe_secret", SecretId=secret_id)["VersionIdsToStages"]
            current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
            counted(
                "update_secret_version_stage",
                SecretId=secret_id,
                VersionStage="AWSCURRENT",
                RemoveFromVersionId=current,
                MoveToVersionId=token,
            )

    return handler


@pytest.fixture
def many_switches():
    """Let threads switch a hundred times as often as by default."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 100)
    yield
    sys.setswitchinterval(before)


@functools.cache
def shared_clients():
    # botocore would repeat a call after LimitExceededException, but every call counts here.
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    return [boto3.client("secretsmanager", region_name=REGION, config=config) for _ in range(3)]


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_thirty_two_threads_over_one_world_lose_nothing(many_switches, lane):
    environment = dict(os.environ)
    rotation_calls = itertools.count()
    with mock_stages(dict.fromkeys(SHARED, "0"), rotation_errors="record", _lane=lane) as fake_secrets:
        clients = shared_clients()
        function = fake_secrets.lambda_function(rotation_function(clients[0], rotation_calls), "turns")
        inside = dict(os.environ)
        every = [Work(number, fake_secrets, clients, function) for number in range(THREADS)]
        run_at_once([work.run for work in every])
        assert [error for work in every for error in work.unforeseen] == []
        assert dict(os.environ) == inside
        assert len(fake_secrets.calls) == sum(work.calls for work in every) + next(rotation_calls)
        check_rotations(fake_secrets, every)
        for name in [*SHARED, *(work.own for work in every)]:
            check_secret(fake_secrets, clients[0], name, every)
        listed = [
            secret["Name"]
            for page in clients[0].get_paginator("list_secrets").paginate(MaxResults=10)
            for secret in page["SecretList"]
        ]
        assert len(listed) == len(SHARED) + THREADS
        assert set(listed) == {*SHARED, *(work.own for work in every)}
    assert dict(os.environ) == environment
    print(f"\n{sum(work.calls for work in every)} calls of {THREADS} threads ({lane})")


def run_at_once(functions):
    """Run each function in a thread, all started at once, and raise the first error."""
    start = threading.Barrier(len(functions))

    def run(function):
        start.wait()
        function()

    with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
        for future in [pool.submit(run, function) for function in functions]:
            future.result()


def check_rotations(fake_secrets, every):
    """Check that each acknowledged rotation ran, was repeated only on request, and ended."""
    started = [token for work in every for token in work.rotations]
    assert sorted(rotation.token for rotation in fake_secrets.rotations) == sorted(started)
    attempts = [rotation.attempts for rotation in fake_secrets.rotations]
    refused = [call for call in fake_secrets.calls if (call.operation, call.outcome) == REATTEMPT]
    assert min(attempts) >= 1
    assert sum(attempts) - len(attempts) <= len(refused)
    succeeded = [rotation for rotation in fake_secrets.rotations if rotation.succeeded]
    assert succeeded
    for rotation in succeeded:
        assert fake_secrets[rotation.secret_arn].arn == rotation.secret_arn
        values = {version.id: version.value() for version in fake_secrets[rotation.secret_arn].versions}
        assert values[rotation.token] == rotation.token


def check_secret(fake_secrets, client, name, every):
    """Check that a secret has every acknowledged value and tag, and consistent labels."""
    client.restore_secret(SecretId=name)
    described = client.describe_secret(SecretId=name)
    labels = [label for labels in described["VersionIdsToStages"].values() for label in labels]
    assert len(set(labels)) == len(labels)
    assert labels.count("AWSCURRENT") == 1
    stored = {version.id: version.value() for version in fake_secrets[name].versions}
    for work in every:
        for (secret, token), value in work.values.items():
            assert secret != name or stored[token] == value
    listed = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert {version["VersionId"] for version in listed} == {
        version_id for version_id, value in stored.items() if value is not None
    }
    assert {tag["Key"] for tag in described.get("Tags", [])} == {key for work in every for key in work.tags[name]}
    current = fake_secrets[name].stages["AWSCURRENT"]
    # AWSCURRENT may be on the empty version of an open rotation, which can't be read.
    if stored[current] is not None:
        assert client.get_secret_value(SecretId=name)["VersionId"] == current
