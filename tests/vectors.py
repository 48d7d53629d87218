"""Replays the scenarios of data/vectors*.json, which are recorded or documented behaviour of AWS."""

import base64
import functools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import botocore.handlers
from service_model import botocore_knows

OWNER = "123456789012"
DATA = Path(__file__).parent / "data"
SCENARIOS = json.loads((DATA / "vectors.json").read_text())
# Of the API of November 2026.
SCENARIOS_2026 = json.loads((DATA / "vectors-2026.json").read_text())


def steps_of(scenario):
    """Yield the steps of a scenario, those of its rotation functions included."""
    for step in scenario["steps"]:
        yield step
        for inner in step.get("function", {}).values():
            yield from inner


def operations_of(scenario):
    return {step["op"] for step in steps_of(scenario)}


def members_of(scenario):
    """Yield the operations of a scenario, each with every member that it has in a request or an answer."""
    for step in steps_of(scenario):
        yield from ((step["op"], member) for member in (*step["request"], *step["expect"].get("equals", ())))


@functools.cache
def client_of(account_id, *, is_raw):
    """Return a client of an account, or one that sends requests unchecked. It is cached, as building is slow."""
    keys = {} if account_id == OWNER else {"aws_access_key_id": account_id, "aws_secret_access_key": "-"}
    config = botocore.config.Config(parameter_validation=not is_raw)
    client = boto3.client("secretsmanager", region_name="us-east-1", config=config, **keys)
    if is_raw:
        # botocore must not add a token to a raw request.
        client.meta.events.unregister("before-parameter-build", botocore.handlers.generate_idempotent_uuid)
    return client


def is_playable(scenario):
    """Return whether the installed botocore knows everything that a scenario sends and looks at."""
    return all(botocore_knows(operation, member) for operation, member in members_of(scenario))


class Player:
    """Replays one scenario: its symbols, steps and rotation functions."""

    def __init__(self, fake_secrets, frozen_time, scenario):
        self.fake_secrets = fake_secrets
        self.time = frozen_time
        self.scenario = scenario
        self.symbols = dict(scenario.get("bind", {}))
        self.rotation_step = {}

    def play(self):
        if "$fn" in self.symbols:
            self.fake_secrets.lambda_function(self.rotate, arn=self.symbols["$fn"])
        for step in self.scenario["steps"]:
            self.rotation_step = step.get("function", {})
            self.play_step(step)

    def rotate(self, event, _context):
        for step in self.rotation_step.get(event["Step"], ()):
            self.play_step(step)

    def play_step(self, step):
        if "wait_s" in step:
            self.time.tick(timedelta(seconds=step["wait_s"]))
        client = client_of(step.get("account", OWNER), is_raw=bool(step.get("raw")))
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", step["op"]).lower())
        expected = step.get("expect", {})
        try:
            response = method(**self.with_blobs(self.resolve(step["request"])))
        except botocore.exceptions.ClientError as refused:
            assert "error" in expected, refused
            self.check_error(refused.response, expected)
        else:
            assert "error" not in expected, response
            self.check(self.as_json(response), expected)
            for symbol, member in step.get("save", {}).items():
                self.symbols[symbol] = self.picked(self.as_json(response), member)

    def picked(self, response, member):
        name, _, cut = member.partition("[")
        value = response[name]
        start, _, end = cut.rstrip("]").partition(":")
        return value[int(start) if start else None : int(end) if end else None] if cut else value

    def resolve(self, value):
        if isinstance(value, str):
            if value in self.symbols:
                return self.symbols[value]
            for symbol in sorted(self.symbols, key=len, reverse=True):
                value = value.replace(symbol, str(self.symbols[symbol]))
            return value
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, dict):
            return {self.resolve(name): self.resolve(item) for name, item in value.items()}
        return value

    def with_blobs(self, request):
        blob = request.get("SecretBinary")
        return {**request, "SecretBinary": base64.b64decode(blob)} if blob is not None else request

    def as_json(self, value):
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, list):
            return [self.as_json(item) for item in value]
        if isinstance(value, dict):
            return {name: self.as_json(item) for name, item in value.items()}
        return value

    def check_error(self, response, expected):
        assert response["ResponseMetadata"]["HTTPStatusCode"] == expected["status"]
        if expected["error"] is not None:
            assert response["Error"]["Code"] == expected["error"]
        if expected["message"] is not None:
            assert response["Error"]["Message"] == self.resolve(expected["message"])

    def check(self, response, expected):
        handled = {"version_members", "secrets", "versions", "names", "errors", "status"}
        if "status" in expected:
            assert response["ResponseMetadata"]["HTTPStatusCode"] == expected["status"]
        if "versions" in expected:
            listed = {v["VersionId"]: comparable(v.get("VersionStages")) for v in response["Versions"]}
            assert listed == comparable(self.resolve(expected["versions"]))
        for version_id, members in expected.get("version_members", {}).items():
            wanted = self.resolve(version_id)
            (entry,) = [v for v in response["Versions"] if v["VersionId"] == wanted]
            self.check(entry, members)
        for name, members in expected.get("secrets", {}).items():
            (entry,) = [s for s in response["SecretList"] if s["Name"] == name]
            self.check(entry, members)
        if "names" in expected:
            assert [secret["Name"] for secret in response["SecretList"]] == expected["names"]
        if "errors" in expected:
            assert {e["SecretId"]: e["ErrorCode"] for e in response["Errors"]} == expected["errors"]
        for key in expected.keys() - handled:
            getattr(self, f"check_{key}")(response, self.resolve(expected[key]))

    def check_present(self, response, members):
        assert [name for name in members if name not in response] == []

    def check_absent(self, response, members):
        assert [name for name in members if name in response] == []

    def check_equals(self, response, members):
        assert {name: comparable(response.get(name)) for name in members} == comparable(members)

    def check_subset(self, response, members):
        assert_holds(response, members)

    def check_not_equals(self, response, members):
        for name, value in members.items():
            assert comparable(response.get(name)) != comparable(value)

    def check_matches(self, response, members):
        for name, pattern in members.items():
            assert re.search(pattern, response[name]), (name, pattern)

    def check_json_equals(self, response, members):
        assert {name: json.loads(response[name]) for name in members} == members

    def check_after(self, response, members):
        for name, saved in members.items():
            assert response[name] > float(saved)

    def check_offset(self, response, members):
        for name, (saved, seconds, tolerance) in members.items():
            assert abs(response[name] - float(saved) - seconds) <= tolerance

    def check_midnight_utc(self, response, members):
        for name in members:
            moment = datetime.fromtimestamp(response[name], tz=UTC)
            assert (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def assert_holds(value, expected):
    """Assert that nested members have values. Maps may hold more, and lists compare element by element."""
    if isinstance(expected, dict):
        for name, item in expected.items():
            assert_holds(value[name], item)
    elif isinstance(expected, list):
        assert len(value) == len(expected)
        for item, wanted in zip(value, expected, strict=True):
            assert_holds(item, wanted)
    else:
        assert value == expected


def comparable(value):
    """Return the value with lists of strings as sets, because the order of labels doesn't matter."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return frozenset(value)
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items()}
    return value
