"""What a client learns from faults is forgotten when the world of the faults ends."""

import concurrent.futures
import contextlib
import gc
import itertools
import weakref

import boto3
import botocore.endpoint
import botocore.exceptions
import botocore.retries.bucket
import freezegun
import pytest
from botocore.config import Config
from interrupts import Interrupt, points

from fake_secrets import mock_stages
from fake_secrets.activation.opening import settle
from fake_secrets.hook.clients import SharedClient

NAME = "prod/db"
SEED = {NAME: "s3cret"}


def build(mode):
    return boto3.client("secretsmanager", "us-east-1", config=Config(retries={"mode": mode}))


def fail(client, world, calls=3, error="ThrottlingException"):
    with world.faults.fail("GetSecretValue", error, times=None):
        for _ in range(calls):
            with pytest.raises(botocore.exceptions.ClientError):
                client.get_secret_value(SecretId=NAME)


def handlers_of(client, event):
    return client.meta.events._emitter._handlers.prefix_search(f"{event}.secrets-manager")


def quota_of(client):
    return handlers_of(client, "needs-retry")[0].__self__._retry_quota._quota


def limiter_of(client):
    return handlers_of(client, "before-send")[-1].__self__


def state_of(client):
    """Return all that a client in adaptive mode knows of the past."""
    limiter = limiter_of(client)
    parts = [limiter, limiter._token_bucket, limiter._rate_clocker, limiter._rate_adjustor, quota_of(client)]
    return [dict(vars(part)) for part in parts]


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
class TestRetryQuota:
    def test_it_is_restored(self, mode):
        client = build(mode)
        with mock_stages(SEED) as world:
            fail(client, world, error=500)
            assert quota_of(client).available_capacity < 500
        assert quota_of(client).available_capacity == 500

    def test_what_was_used_before_the_world_stays_used(self, mode):
        client = build(mode)
        quota_of(client).acquire(5)
        with mock_stages(SEED) as world:
            fail(client, world)
        assert quota_of(client).available_capacity == 495

    def test_it_is_restored_by_reset(self, mode):
        client = build(mode)
        with mock_stages(SEED) as world:
            fail(client, world)
            world.reset()
            assert quota_of(client).available_capacity == 500
            fail(client, world)
        assert quota_of(client).available_capacity == 500

    def test_it_runs_out_while_the_world_lasts(self, mode):
        client = build(mode)
        with mock_stages(SEED) as world:
            fail(client, world, calls=60)
            fault = world.faults.fail("GetSecretValue", "ThrottlingException", calls=1)
            with pytest.raises(botocore.exceptions.ClientError):
                client.get_secret_value(SecretId=NAME)
            assert fault.hits == 1
        with mock_stages(SEED) as world:
            fault = world.faults.fail("GetSecretValue", "ThrottlingException", calls=1)
            with pytest.raises(botocore.exceptions.ClientError):
                client.get_secret_value(SecretId=NAME)
            assert fault.hits == 3


class TestSendRate:
    def test_it_is_restored(self):
        client = build("adaptive")
        before = state_of(client)
        with mock_stages(SEED) as world:
            fail(client, world)
            assert limiter_of(client)._enabled
            assert limiter_of(client)._token_bucket.max_rate == 0.5
        assert state_of(client) == before
        assert not limiter_of(client)._enabled
        assert limiter_of(client)._token_bucket.max_rate == 1

    def test_botocores_clock_is_put_back(self):
        client = build("adaptive")
        with mock_stages(SEED) as world:
            fail(client, world)
            fail(client, world)
        assert type(limiter_of(client)._clock) is botocore.retries.bucket.Clock
        assert type(limiter_of(client)._token_bucket._clock) is botocore.retries.bucket.Clock

    def test_it_is_restored_after_a_frozen_clock(self):
        client = build("adaptive")
        before = state_of(client)
        with mock_stages(SEED) as world, freezegun.freeze_time("2036-01-01"):
            fail(client, world)
        assert state_of(client) == before


@pytest.mark.parametrize("leaving", list(itertools.permutations(range(3))))
def test_worlds_may_end_in_any_order(leaving):
    client = build("adaptive")
    before = state_of(client)
    stages = [mock_stages(SEED) for _ in range(3)]
    for stage in stages:
        fail(client, stage.start(), calls=1)
    for at in leaving:
        assert state_of(client) != before
        stages[at].stop()
    assert state_of(client) == before


def test_an_inner_world_forgets_only_its_own_faults():
    client = build("adaptive")
    with mock_stages(SEED) as outer:
        fail(client, outer)
        quota, rate = quota_of(client).available_capacity, vars(limiter_of(client)._rate_adjustor).copy()
        with mock_stages(SEED) as inner:
            fail(client, inner)
            assert quota_of(client).available_capacity < quota
        assert quota_of(client).available_capacity == quota < 500
        assert vars(limiter_of(client)._rate_adjustor) == rate


def test_a_world_that_is_joined_forgets_when_it_ends():
    client = build("standard")
    with mock_stages(SEED) as world:
        with mock_stages():
            fail(client, world)
        assert quota_of(client).available_capacity < 500
    assert quota_of(client).available_capacity == 500


def test_a_world_that_was_never_left_forgets_when_the_plugin_leaves_it():
    client = build("adaptive")
    before = state_of(client)
    needs_retry = botocore.endpoint.Endpoint._needs_retry
    fail(client, mock_stages(SEED).start())
    settle([])
    assert state_of(client) == before
    assert botocore.endpoint.Endpoint._needs_retry is needs_retry


def calling(interrupt, client):
    with mock_stages(SEED) as world:
        world.faults.fail("GetSecretValue", "ThrottlingException", times=None, optional=True)
        with interrupt, contextlib.suppress(botocore.exceptions.ClientError):
            client.get_secret_value(SecretId=NAME)


def leaving(interrupt, client):
    stage = mock_stages(SEED)
    fail(client, stage.start(), calls=1)
    with interrupt:
        stage.stop()


@pytest.mark.slow
@pytest.mark.parametrize("scene", [calling, leaving])
def test_an_interrupt_keeps_nothing_from_being_forgotten(scene):
    client = build("adaptive")
    before = state_of(client)
    needs_retry = botocore.endpoint.Endpoint._needs_retry

    def run(interrupt):
        scene(interrupt, client)
        settle([])

    for at in points(run, 60):
        interrupt = Interrupt(at)
        run(interrupt)
        assert state_of(client) == before, interrupt.place
        assert botocore.endpoint.Endpoint._needs_retry is needs_retry, interrupt.place


def test_threads_may_share_a_client():
    client = build("adaptive")
    before = state_of(client)
    with mock_stages(SEED) as world, freezegun.freeze_time("2026-01-01"):
        fault = world.faults.fail("GetSecretValue", "ThrottlingException", times=40)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(client.get_secret_value, SecretId=NAME) for _ in range(40)]
        assert fault.hits == 40
        assert any(call.exception() is None for call in calls)
    assert state_of(client) == before


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_client_that_tests_share_is_as_new(mode):
    shared = SharedClient(build(mode))
    with mock_stages(SEED) as world:
        fail(shared.client, world)
    assert shared.is_as_new()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_client_is_not_kept_alive(mode):
    with mock_stages(SEED) as world:
        client = build(mode)
        fail(client, world)
        client = weakref.ref(client)
        gc.collect()
        assert client() is None
