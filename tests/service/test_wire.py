"""Bodies and headers as they would be on the wire (api-facts 1)."""

import base64
import email.utils
import json
import uuid

import boto3
import botocore.config
import pytest
from minimal_requests import POLICY, method_of, request_of
from service_model import CALLABLE

from fake_secrets import mock_stages

V1 = "11111111-1111-4111-8111-111111111111"
NO_TOKEN = "You must provide a ClientRequestToken value. We recommend a UUID-type value."


class Wire:
    """Sends bodies unchanged and keeps the HTTP response."""

    def __init__(self):
        options = botocore.config.Config(parameter_validation=False)
        self.client = boto3.client("secretsmanager", region_name="us-east-1", config=options)
        self.client.meta.events.register_last("before-call.secrets-manager.*", self.replace_body)
        self.client.meta.events.register_last("after-call.secrets-manager.*", self.keep_response)

    def replace_body(self, params, **_):
        params["body"] = self.body

    def keep_response(self, http_response, **_):
        self.response = http_response

    def send(self, operation, members):
        """Return the HTTP response to a request with these members."""
        self.body = json.dumps(members).encode()
        try:
            method_of(self.client, operation)(**request_of(operation))
        except self.client.exceptions.ClientError:
            assert self.response.status_code == 400
        else:
            assert self.response.status_code == 200
        return self.response


@pytest.fixture(params=["fast", "wire"])
def world(request, freezer_at_noon):
    freezer_at_noon.tick(0.123456)
    with mock_stages(_lane=request.param) as world:
        world.add("app/db", "x", version_ids={"AWSCURRENT": V1}, arn_suffix="a1b2c3", tags={"a": "b"})
        yield world


@pytest.fixture(scope="module")
def _wire():
    return Wire()


@pytest.fixture
def send(world, _wire):
    return _wire.send


@pytest.fixture
def parsed(send):
    return lambda operation, members: json.loads(send(operation, members).content)


def test_headers_of_a_success(send):
    response = send("DescribeSecret", {"SecretId": "app/db"})
    headers = response.headers
    assert str(uuid.UUID(headers["x-amzn-RequestId"])) == headers["x-amzn-RequestId"]
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["Content-Length"] == str(len(response.content))
    assert email.utils.parsedate_to_datetime(headers["Date"]).isoformat() == "2026-03-04T12:00:00+00:00"


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource"])
def test_a_response_without_members_has_an_empty_body(send, operation):
    response = send(operation, request_of(operation))
    assert (response.content, response.headers["Content-Length"]) == (b"", "0")


def test_a_modelled_error_has_its_type_and_a_capital_message(parsed):
    assert parsed("DescribeSecret", {"SecretId": "none"}) == {
        "__type": "ResourceNotFoundException",
        "Message": "Secrets Manager can't find the specified secret.",
    }


def test_dates_are_epoch_seconds_to_the_millisecond(parsed):
    described = parsed("DescribeSecret", {"SecretId": "app/db"})
    assert described["CreatedDate"] == described["LastChangedDate"] == 1772625600.123


def test_bytes_are_standard_base64(parsed, world):
    world.add("bin", b"\xfb\xff\xfe")
    assert parsed("GetSecretValue", {"SecretId": "bin"})["SecretBinary"] == "+//+"
    sent = base64.b64encode(b"\xff\xef\xbe").decode()
    parsed("PutSecretValue", {"SecretId": "bin", "SecretBinary": sent, "ClientRequestToken": "2" * 32})
    assert world["bin"].value() == b"\xff\xef\xbe"


@pytest.mark.parametrize("operation", CALLABLE)
def test_no_member_is_null_or_an_empty_string(send, world, operation):
    def texts(value):
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from texts(inner)
        else:
            yield value

    world.add("bare")
    for secret_id in ("app/db", "bare"):
        content = send(operation, request_of(operation, secret_id)).content
        assert not {None, ""} & set(texts(json.loads(content or "{}")))


@pytest.mark.parametrize("operation", CALLABLE)
def test_unknown_and_null_members_are_ignored(world, send, operation):
    outcomes = []
    for extra in ({}, {"Unknown": "x", "Limit": 3, "Description": None, "VersionId": None, "Filters": None}):
        world.reset()
        world.add("app/db", "x", version_ids={"AWSCURRENT": V1}, arn_suffix="a1b2c3")
        content = send(operation, {**request_of(operation), **extra}).content
        answer = json.loads(content or "{}")
        # Some values are made up anew for each call.
        outcomes.append((answer.get("__type"), sorted(answer)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("secret_id", ["app/db", "none"])
def test_rotate_secret_ignores_a_value_and_misses_the_token(parsed, secret_id):
    members = {"SecretId": secret_id, "SecretString": "x", "Description": "mine"}
    assert parsed("RotateSecret", members) == {"__type": "InvalidParameterException", "Message": NO_TOKEN}


def test_a_policy_is_a_string(parsed):
    parsed("PutResourcePolicy", {"SecretId": "app/db", "ResourcePolicy": POLICY})
    assert parsed("GetResourcePolicy", {"SecretId": "app/db"})["ResourcePolicy"] == POLICY
