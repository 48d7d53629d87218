"""No secret value is in what a test sees of calls, whatever member holds it and whatever becomes of the call."""

import base64
import contextlib
import gzip
import json

import boto3
import botocore.config
import botocore.handlers
import pytest
from botocore.exceptions import ClientError
from rotators import Rotator

from fake_secrets import UnsupportedOperationError, mock_stages
from fake_secrets.service.state.request_model import Request

MARK = "pl4nt3d-v4lue"
NAME = "prod/db"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
SPELLINGS = (MARK, base64.b64encode(MARK.encode()).decode())


@pytest.fixture(params=["fast", "wire"])
def fake(request):
    with mock_stages({NAME: MARK, "binary": MARK.encode()}, _lane=request.param) as fake:
        yield fake


@pytest.fixture
def client():
    """A client that sends what it gets, even if it's wrong."""
    config = botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return boto3.client("secretsmanager", region_name="us-east-1", config=config)


@pytest.fixture
def shown(fake, tmp_path):
    """Everything that a test sees of the calls and events of the world, as text."""

    def shown():
        calls, trail = fake.calls, fake.trail
        entries = fake._world.ledger.entries()
        texts = [repr(calls), str(calls), repr(trail), repr(entries), *map(str, calls)]
        texts += [repr(fake.timeline(NAME)), str(fake.timeline(NAME)), repr([entry.members for entry in entries])]
        texts += [json.dumps([trail.records, trail.events, trail.service_events])]
        texts += [gzip.decompress(path.read_bytes()).decode() for path in trail.write(tmp_path)]
        return "\n".join(texts)

    return shown


def assert_nowhere(text):
    for spelling in SPELLINGS:
        assert spelling not in text


PLANTED = {
    "create_secret": [
        {"Name": "new", "SecretString": MARK},
        {"Name": "new", "SecretBinary": MARK.encode()},
        {"Name": NAME, "SecretString": MARK},
        {"Name": "no name", "SecretString": MARK},
        {"Name": "new", "SecretString": MARK, "SecretBinary": MARK.encode()},
        {"Name": "new", "SecretString": MARK, "AddReplicaRegions": [{"Region": "eu-west-1"}]},
    ],
    "put_secret_value": [
        {"SecretId": NAME, "SecretString": MARK},
        {"SecretId": "binary", "SecretBinary": MARK.encode()},
        {"SecretId": "missing", "SecretString": MARK},
        {"SecretId": NAME, "SecretString": MARK, "VersionStages": []},
        {"SecretId": NAME, "SecretString": MARK, "ClientRequestToken": TOKEN},
        {"SecretId": NAME, "SecretString": MARK, "RotationToken": f"{TOKEN}-{MARK}"},
        {"SecretId": NAME, "SecretString": {"password": MARK}},
        {"SecretId": NAME, "SecretString": [MARK]},
        {"SecretId": {"SecretString": MARK}},
    ],
    "update_secret": [
        {"SecretId": NAME, "SecretString": MARK},
        {"SecretId": NAME, "SecretBinary": MARK.encode(), "Description": "new"},
        {"SecretId": "missing", "SecretString": MARK},
    ],
    "get_secret_value": [{"SecretId": NAME}, {"SecretId": "binary"}],
    "batch_get_secret_value": [{"SecretIdList": [NAME, "binary", "missing"]}],
}


@pytest.mark.parametrize(
    ("method", "members"), [(method, members) for method, several in PLANTED.items() for members in several]
)
def test_a_value_is_shown_nowhere(fake, client, shown, method, members):
    with contextlib.suppress(ClientError):
        getattr(client, method)(**members)
    assert len(fake.calls) == 1
    assert_nowhere(shown())


def test_a_generated_password_is_shown_nowhere(fake, client, shown):
    password = client.get_random_password()["RandomPassword"]
    assert password not in shown()


def test_the_values_and_tokens_of_a_rotation_are_shown_nowhere(fake, client, shown):
    rotator = Rotator(client)
    fake.rotate(NAME, rotator)
    text = shown()
    assert fake[NAME].value() not in text
    assert not any(event["RotationToken"] in text for event in rotator.events)
    assert_nowhere(text)


def test_a_value_that_a_fault_has_kept_from_the_service_is_shown_nowhere(fake, client, shown):
    fake.faults.fail("PutSecretValue", "InternalServiceError", after_effect=True)
    fake.faults.fail("UpdateSecret", "ThrottlingException")
    for method in (client.put_secret_value, client.update_secret):
        with pytest.raises(ClientError):
            method(SecretId=NAME, SecretString=MARK)
    assert_nowhere(shown())


def test_a_member_of_an_unknown_operation_is_shown_nowhere(fake, client, shown):
    members = {"SecretString": MARK, "Names": [MARK], "Inner": {"Value": MARK}}
    request = Request("PutManySecrets", members, "us-east-1", "aws", "123456789012", "arn:aws:iam::1:root", 0.0)
    with pytest.raises(UnsupportedOperationError):
        fake._world.answer(request, [])
    assert fake.calls[-1].request == {"SecretString": "***", "Names": "***", "Inner": "***"}
    assert_nowhere(shown())
