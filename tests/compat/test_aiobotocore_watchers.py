"""Whoever watches aiobotocore sees a call as with AWS: its handlers, logs, patches and retries."""

import asyncio
import contextvars
import logging
from unittest import mock

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.client
import aiobotocore.config
import aiobotocore.endpoint
import aiobotocore.httpsession
import aiobotocore.parsers
import aiobotocore.session
import aiobotocore.signers
import botocore
import botocore.exceptions

from fake_secrets import mock_stages
from fake_secrets.hook.calls import calling
from fake_secrets.hook.watchers import BETWEEN

pytestmark = pytest.mark.asyncio

SEED = {"app/db": "s3cret"}
KEYS = {"aws_access_key_id": "own", "aws_secret_access_key": "own"}
BROKEN = botocore.exceptions.EndpointConnectionError(endpoint_url="https://aws")
PATCHED = {
    "AioBaseClient._make_request": (aiobotocore.client.AioBaseClient, "_make_request"),
    "AioEndpoint._send_request": (aiobotocore.endpoint.AioEndpoint, "_send_request"),
    "AioEndpoint._send": (aiobotocore.endpoint.AioEndpoint, "_send"),
    "AIOHTTPSession.send": (aiobotocore.httpsession.AIOHTTPSession, "send"),
    "AioRequestSigner.sign": (aiobotocore.signers.AioRequestSigner, "sign"),
    "AioJSONParser.parse": (aiobotocore.parsers.AioJSONParser, "parse"),
}


def secretsmanager(**options):
    session = aiobotocore.session.get_session()
    return session.create_client("secretsmanager", **{"region_name": "us-east-1", **KEYS, **options})


async def read(client):
    return (await client.get_secret_value(SecretId="app/db"))["SecretString"]


async def lane_of(client):
    seen = []

    def look(**_):
        seen.append("fast" if calling.get().is_fast else "wire")

    client.meta.events.register("after-call.secrets-manager", look)
    await read(client)
    client.meta.events.unregister("after-call.secrets-manager", look)
    return seen[-1]


@pytest.fixture
def no_pause(monkeypatch):
    """Let retries follow at once."""
    real_sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: real_sleep(0))


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("event", [event for event in BETWEEN if event != "before-parse"])
async def test_a_handler_of_a_client_is_called(event, is_async):
    seen = []

    async def hear_async(event_name, **_):
        seen.append(event_name)

    def hear(event_name, **_):
        seen.append(event_name)

    with mock_stages(SEED):
        async with secretsmanager() as client:
            client.meta.events.register(event, hear_async if is_async else hear)
            assert await read(client) == "s3cret"
    assert seen == [f"{event}.secrets-manager.GetSecretValue"]


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
async def test_aiobotocores_own_handlers_leave_the_fast_lane(mode):
    config = aiobotocore.config.AioConfig(retries={"mode": mode})
    with mock_stages(SEED):
        async with secretsmanager(config=config) as client:
            assert await lane_of(client) == "fast"


async def test_a_header_is_signed():
    sent = []
    with mock_stages(SEED):
        async with secretsmanager() as client:
            client.meta.events.register(
                "before-sign", lambda request, **_: request.headers.add_header("X-Mine", "1")
            )
            client.meta.events.register("before-send", lambda request, **_: sent.append(request))
            await read(client)
    assert "x-mine" in sent[0].headers["Authorization"].decode()
    assert sent[0].url == "https://secretsmanager.us-east-1.amazonaws.com/"


async def test_a_request_is_unsigned_without_credentials(monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    sent = []
    async with secretsmanager(aws_access_key_id=None, aws_secret_access_key=None) as client:
        client.meta.events.register("before-send", lambda request, **_: sent.append(request))
        with mock_stages(SEED):
            assert await read(client) == "s3cret"
    assert "Authorization" not in sent[0].headers


async def test_the_body_of_a_response_is_logged_at_debug(caplog):
    with mock_stages(SEED):
        async with secretsmanager() as client:
            await read(client)
            assert "s3cret" not in caplog.text
            caplog.set_level(logging.DEBUG, logger="botocore")
            await read(client)
    assert "s3cret" in caplog.text


@pytest.mark.parametrize("is_first", [True, False], ids=["before the world", "inside the world"])
@pytest.mark.parametrize("name", PATCHED)
async def test_a_patch_takes_effect(name, is_first, no_pause):
    patch, world = mock.patch.object(*PATCHED[name], side_effect=BROKEN), mock_stages(SEED)
    first, second = (patch, world) if is_first else (world, patch)
    with first, second:
        async with secretsmanager() as client:
            with pytest.raises(botocore.exceptions.EndpointConnectionError):
                await read(client)


@pytest.mark.parametrize("is_first", [True, False], ids=["before the world", "inside the world"])
async def test_a_patch_that_calls_through_is_answered_by_the_world(is_first):
    seen, world = [], mock_stages(SEED)
    send = aiobotocore.httpsession.AIOHTTPSession.send

    async def spy(session, request):
        seen.append(request.url)
        return await send(session, request)

    patch = mock.patch.object(aiobotocore.httpsession.AIOHTTPSession, "send", spy)
    first, second = (patch, world) if is_first else (world, patch)
    with first, second:
        async with secretsmanager() as client:
            assert await read(client) == "s3cret"
    assert len(seen) == 1


async def test_a_patch_that_sends_in_another_context_raises_the_error_of_a_rotation_once():
    error, attempts = ValueError("a bug in the function"), []

    def handler(event, _):
        attempts.append(event["Step"])
        raise error

    send = aiobotocore.httpsession.AIOHTTPSession.send

    async def elsewhere(session, request):
        return await asyncio.create_task(send(session, request), context=contextvars.Context())

    with (
        mock_stages(SEED) as fake,
        mock.patch.object(aiobotocore.httpsession.AIOHTTPSession, "send", elsewhere),
    ):
        arn = fake.lambda_function(handler)
        async with secretsmanager() as client:
            with pytest.raises(ValueError, match="a bug") as raised:
                await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
    assert raised.value is error
    assert attempts == ["createSecret"]


async def test_an_error_that_may_be_retried_is_retried(no_pause):
    config = aiobotocore.config.AioConfig(retries={"mode": "standard"})
    with mock_stages(SEED) as fake:
        fake.quotas.secrets = 1
        async with secretsmanager(config=config) as client:
            with pytest.raises(client.exceptions.LimitExceededException) as refused:
                await client.create_secret(Name="new")
        assert len(fake.calls) == 3
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 2


async def test_the_raw_response_has_been_read():
    seen = []
    with mock_stages(SEED):
        async with secretsmanager() as client:
            client.meta.events.register("after-call", lambda http_response, **_: seen.append(http_response.raw))
            await read(client)
    assert seen[0].status == 200
    assert b"s3cret" in await seen[0].read()


async def test_httpx_sends_nothing_either():
    pytest.importorskip("httpx2")
    from aiobotocore.httpxsession import HttpxSession

    config = aiobotocore.config.AioConfig(http_session_cls=HttpxSession)
    with mock_stages(SEED, _lane="wire"):
        async with secretsmanager(config=config) as client:
            assert await read(client) == "s3cret"
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                await client.get_secret_value(SecretId="none")
