"""aiobotocore's pauses cost no time either, and its clients forget what faults have taught them."""

import asyncio
from unittest import mock

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.config
import aiobotocore.endpoint
import aiobotocore.session
import botocore.exceptions
import freezegun

from fake_secrets import mock_stages

pytestmark = pytest.mark.asyncio

NAME = "prod/db"
SEED = {NAME: "s3cret"}
KEYS = {"aws_access_key_id": "own", "aws_secret_access_key": "own"}
MODES = ["legacy", "standard", "adaptive"]
FAILURES = {
    "throttling": lambda faults, **amount: faults.fail("GetSecretValue", "ThrottlingException", **amount),
    "500": lambda faults, **amount: faults.fail("GetSecretValue", 500, **amount),
}


ORIGINAL = aiobotocore.endpoint.AioEndpoint._sleep


def http_session(name):
    if name == "aiohttp":
        return {}
    pytest.importorskip("httpx2")
    from aiobotocore.httpxsession import HttpxSession

    return {"http_session_cls": HttpxSession}


def build(mode, library="aiohttp", service="secretsmanager"):
    config = aiobotocore.config.AioConfig(retries={"mode": mode}, **http_session(library))
    return aiobotocore.session.get_session().create_client(service, region_name="us-east-1", config=config, **KEYS)


def handlers_of(client, event):
    return client.meta.events._emitter._handlers.prefix_search(f"{event}.secrets-manager")


def limiter_of(client):
    return handlers_of(client, "before-send")[-1].__self__


def quota_of(client):
    return handlers_of(client, "needs-retry")[0].__self__._retry_quota._quota


async def fail(client, world, calls=6):
    with world.faults.fail("GetSecretValue", "ThrottlingException", times=None) as fault:
        for _ in range(calls):
            with pytest.raises(botocore.exceptions.ClientError):
                await client.get_secret_value(SecretId=NAME)
    return fault


@pytest.fixture
def sleeps():
    """Note for how long somebody sleeps, and let nobody do so."""
    noted, real = [], asyncio.sleep

    async def sleep(seconds, *arguments):
        noted.append(seconds)
        return await real(0, *arguments)

    with mock.patch("asyncio.sleep", sleep):
        yield noted


@pytest.mark.parametrize("library", ["aiohttp", "httpx"])
@pytest.mark.parametrize("plan", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("mode", MODES)
async def test_a_retry_costs_no_time(mode, plan, library, sleeps):
    with mock_stages(SEED) as world:
        plan(world.faults, times=2)
        async with build(mode, library) as client:
            response = await client.get_secret_value(SecretId=NAME)
        assert (response["SecretString"], response["ResponseMetadata"]["RetryAttempts"]) == ("s3cret", 2)
        assert world.faults.slept > 0
    assert not any(sleeps)


@pytest.mark.parametrize("library", ["aiohttp", "httpx"])
async def test_throttled_calls_in_adaptive_mode_return_although_the_clock_stands_still(library):
    with mock_stages(SEED) as world:
        async with build("adaptive", library) as client:
            with freezegun.freeze_time("2026-01-01"):
                assert (await fail(client, world)).hits == 18
        assert 30 < world.faults.slept < 60


async def test_concurrent_calls_wait_for_no_token():
    with mock_stages(SEED) as world:
        async with build("adaptive") as client:
            with freezegun.freeze_time("2026-01-01"):
                fault = world.faults.fail("GetSecretValue", "ThrottlingException", times=10)
                results = await asyncio.gather(
                    *(client.get_secret_value(SecretId=NAME) for _ in range(10)), return_exceptions=True
                )
        assert fault.hits == 10
        assert [result["SecretString"] for result in results] == ["s3cret"] * 10


@pytest.mark.parametrize("mode", MODES)
async def test_the_test_can_let_clients_sleep(mode, sleeps):
    with mock_stages(SEED) as world:
        world.faults.skip_pauses = False
        world.faults.fail("GetSecretValue", "ThrottlingException")
        async with build(mode) as client:
            await client.get_secret_value(SecretId=NAME)
        assert len([pause for pause in sleeps if pause]) == 1
        assert world.faults.slept == 0


async def test_another_service_sleeps(sleeps):
    with mock_stages(SEED) as world:
        async with build("legacy") as client, build("legacy", service="sqs") as other:
            await fail(client, world, calls=1)
            assert aiobotocore.endpoint.AioEndpoint._sleep is not ORIGINAL
            await other._endpoint._sleep(7)
    assert [pause for pause in sleeps if pause] == [7]


async def test_another_service_that_a_handler_of_a_call_calls_sleeps(sleeps):
    with mock_stages(SEED) as world:
        async with build("legacy") as client, build("legacy", service="sqs") as other:

            async def call_another_service(**_):
                await other._endpoint._sleep(7)

            client.meta.events.register("needs-retry.secrets-manager", call_another_service)
            world.faults.fail("GetSecretValue", "ThrottlingException")
            await client.get_secret_value(SecretId=NAME)
        assert world.faults.slept > 0
    assert [pause for pause in sleeps if pause] == [7, 7]


async def test_aiobotocore_is_as_before_after_the_world():
    with mock_stages(SEED) as world:
        async with build("legacy") as client:
            await client.get_secret_value(SecretId=NAME)
            assert aiobotocore.endpoint.AioEndpoint._sleep is ORIGINAL
            await fail(client, world, calls=1)
    assert aiobotocore.endpoint.AioEndpoint._sleep is ORIGINAL


@pytest.mark.parametrize("library", ["aiohttp", "httpx"])
@pytest.mark.parametrize("mode", ["standard", "adaptive"])
async def test_the_retry_quota_is_restored(mode, library):
    async with build(mode, library) as client:
        with mock_stages(SEED) as world:
            await fail(client, world)
            assert quota_of(client).available_capacity < 500
        assert quota_of(client).available_capacity == 500


@pytest.mark.parametrize("library", ["aiohttp", "httpx"])
async def test_the_send_rate_is_restored(library):
    async with build("adaptive", library) as client:
        limiter = limiter_of(client)
        parts = [limiter, limiter._token_bucket, limiter._rate_clocker, limiter._rate_adjustor]
        before = [dict(vars(part)) for part in parts]
        with mock_stages(SEED) as world:
            await fail(client, world)
            assert limiter._enabled
        assert [dict(vars(part)) for part in parts] == before


async def test_the_sleeping_method_takes_seconds():
    assert ORIGINAL.__code__.co_varnames[:2] == ("self", "sleep_amount"), (
        "aiobotocore.endpoint.AioEndpoint._sleep has changed: hook/pausing.py wraps it"
    )
