"""The fixture `secretsmanager`: what a test does to the client doesn't reach the next test."""

from unittest.mock import Mock, patch

import boto3.session
import botocore.config
import botocore.exceptions
import botocore.stub
import pytest

from fake_secrets import mock_stages
from fake_secrets.hook.clients import SharedClient

MODES = ["legacy", "standard", "adaptive"]


def build(mode="standard"):
    config = botocore.config.Config(retries={"mode": mode})
    keys = {"aws_access_key_id": "own", "aws_secret_access_key": "own"}
    # A session of its own, because the clients of a session share their exceptions.
    return boto3.session.Session(**keys).client("secretsmanager", region_name="us-east-1", config=config)


@pytest.fixture(params=MODES)
def shared(request):
    return SharedClient(build(request.param))


def stub(client):
    botocore.stub.Stubber(client).activate()


def add_handler(client):
    client.meta.events.register("before-call.secrets-manager", lambda **_: None)


def add_handler_for_all(client):
    client.meta.events.register_first("before-call", lambda **_: None)


def remove_handler(client):
    client.meta.events.unregister("request-created.secrets-manager", client._request_signer.handler)


def use_up_retries(client):
    (handler, *_) = client.meta.events._emitter._handlers.prefix_search("needs-retry.secrets-manager")
    handler.__self__._retry_quota._quota.acquire(5)


def lower_the_send_rate(client):
    handlers = client.meta.events._emitter._handlers.prefix_search("before-send.secrets-manager")
    handlers[-1].__self__._token_bucket.max_rate = 0.5


CHANGES = {
    "stubber": stub,
    "handler": add_handler,
    "handler of every service": add_handler_for_all,
    "handler removed": remove_handler,
    "method": lambda client: setattr(client, "get_secret_value", Mock()),
    "method of its class": lambda client: setattr(type(client), "get_secret_value", Mock()),
    "_make_api_call": lambda client: setattr(client, "_make_api_call", Mock()),
    "_make_request": lambda client: setattr(client, "_make_request", Mock()),
    "endpoint": lambda client: setattr(client, "_endpoint", Mock()),
    "method of the endpoint": lambda client: setattr(client._endpoint, "make_request", Mock()),
    "host": lambda client: setattr(client._endpoint, "host", "https://example.org"),
    "HTTP session": lambda client: setattr(client._endpoint.http_session, "send", Mock()),
    "credentials": lambda client: setattr(client._request_signer, "_credentials", Mock()),
    "key of the credentials": lambda client: setattr(client._request_signer._credentials, "access_key", "other"),
    "config": lambda client: setattr(client.meta.config, "retries", {"mode": "legacy"}),
    "config changed in place": lambda client: client.meta.config.retries.update(total_max_attempts=9),
    "exception": lambda client: setattr(client.exceptions, "ResourceNotFoundException", KeyError),
    "exceptions": lambda client: setattr(client, "_exceptions", Mock()),
    "serializer": lambda client: setattr(client._serializer, "serialize_to_request", Mock()),
    "retry quota": use_up_retries,
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_client_is_not_as_new(change):
    shared = SharedClient(build())
    change(shared.client)
    assert not shared.is_as_new()


def test_a_client_whose_send_rate_was_lowered_is_not_as_new():
    shared = SharedClient(build("adaptive"))
    lower_the_send_rate(shared.client)
    assert not shared.is_as_new()


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_a_client_that_was_only_used_is_as_new(shared, lane):
    client = shared.client
    with mock_stages({"db": "x"}, _lane=lane):
        client.get_secret_value(SecretId="db")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId="other")
        with pytest.raises(botocore.exceptions.ParamValidationError):
            client.get_secret_value()
        assert list(client.get_paginator("list_secrets").paginate())
        assert client.can_paginate("list_secrets")
        assert client.generate_presigned_url("get_secret_value", Params={"SecretId": "db"})
    client.close()
    is_adaptive = client.meta.config.retries["mode"] == "adaptive"
    # There, each request counts for the rate.
    assert shared.is_as_new() or (is_adaptive and lane == "wire")


@pytest.mark.slow
def test_a_client_is_as_new_once_a_change_is_undone():
    shared = SharedClient(build())
    with patch.object(shared.client, "get_secret_value"):
        assert not shared.is_as_new()
    with botocore.stub.Stubber(shared.client):
        assert not shared.is_as_new()
    assert shared.is_as_new()


def test_our_own_handlers_in_a_world_of_several_tests_are_no_change():
    shared = SharedClient(build())
    with mock_stages({"db": "x"}):
        shared.client.get_secret_value(SecretId="db")
        assert shared.is_as_new()
        assert shared.is_as_new()


@pytest.mark.slow
def test_the_next_test_gets_a_client_as_new_and_an_unchanged_one_is_shared(pytester):
    pytester.makepyfile("""
from botocore.stub import Stubber
seen = []

def test_one(secretsmanager):
    seen.append(secretsmanager)
    secretsmanager.create_secret(Name="db", SecretString="x")

def test_two(secretsmanager):
    assert secretsmanager is seen[0]
    Stubber(secretsmanager).activate()

def test_three(secretsmanager):
    assert secretsmanager is not seen[0]
    secretsmanager.create_secret(Name="db", SecretString="x")
    secretsmanager.create_secret = None

def test_four(secretsmanager):
    secretsmanager.create_secret(Name="db", SecretString="x")
""")
    pytester.runpytest_inprocess(
        "-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:asyncio"
    ).assert_outcomes(passed=4)
