"""Calls that come over HTTP: which requests are attempts of one call, and how long a call is remembered."""

import json

import pytest

from fake_secrets import mock_stages
from fake_secrets.hook import served
from fake_secrets.hook.requests import Sent
from fake_secrets.hook.served import ServedCalls


@pytest.fixture
def world():
    with mock_stages({"db": "s3cret"}) as handle:
        yield handle


@pytest.fixture
def calls(world):
    return ServedCalls(world._world, lambda error: None)


def read(calls, name="db", **headers):
    """Ask for a value with some headers, whose names have underscores here."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return calls.answer("GetSecretValue", Sent("/", given, json.dumps({"SecretId": name})))


def test_attempts_are_numbered_as_the_client_says(world, calls):
    read(calls, amz_sdk_invocation_id="a", amz_sdk_request="attempt=3; max=5")
    assert [call.attempt for call in world.calls] == [3]


@pytest.mark.parametrize("header", ["", "attempt=", "attempt=x; max=3", "ttl=1; max=3", "attempt=99999999999"])
def test_a_number_that_makes_no_sense_counts_as_the_first(world, calls, header):
    read(calls, amz_sdk_request=header)
    assert [call.attempt for call in world.calls] == [1]


def test_a_call_that_was_answered_is_forgotten(calls):
    read(calls, amz_sdk_invocation_id="a", amz_sdk_request="attempt=1; max=3")
    assert len(calls._open) == 0


def test_a_call_that_was_refused_is_remembered_for_its_next_attempt(calls):
    read(calls, "absent", amz_sdk_invocation_id="a", amz_sdk_request="attempt=1; max=3")
    assert len(calls._open) == 1


def test_a_call_that_made_its_last_attempt_is_forgotten(calls):
    read(calls, "absent", amz_sdk_invocation_id="a", amz_sdk_request="attempt=3; max=3")
    assert len(calls._open) == 0


def test_no_more_than_the_latest_calls_are_remembered(calls, monkeypatch):
    monkeypatch.setattr(served, "_MOST_CALLS", 3)
    for number in range(10):
        read(calls, "absent", amz_sdk_invocation_id=str(number))
    assert [key[0] for key in calls._open] == ["7", "8", "9"]


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_id_that_was_copied_makes_no_attempt_of_another_call(world, calls, attempt):
    for region in "us-east-1", "eu-west-1":
        authorization = f"AWS4-HMAC-SHA256 Credential=111122223333/20260101/{region}/secretsmanager/aws4_request"
        given = {"amz_sdk_invocation_id": "1", "amz_sdk_request": f"attempt={attempt}"}
        read(calls, "absent", Authorization=authorization, **given)
    assert [call.region for call in world.calls] == ["us-east-1", "eu-west-1"]


def test_a_request_without_an_id_is_not_remembered(calls):
    read(calls, "absent")
    assert len(calls._open) == 0
