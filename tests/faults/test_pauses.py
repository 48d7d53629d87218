"""The pauses of botocore's back-off and of its rate limiter cost no time, unless the test wants them."""

import logging
import threading
import time
from unittest import mock

import boto3
import botocore.awsrequest
import botocore.endpoint
import botocore.exceptions
import botocore.retries.bucket
import freezegun
import pytest
from botocore.config import Config
from rotators import Rotator

from fake_secrets import mock_stages

NAME = "prod/db"
MODES = ["legacy", "standard", "adaptive"]
RETRIES = {"legacy": 4, "standard": 2, "adaptive": 2}
FAILURES = {
    "throttling": lambda faults, **amount: faults.fail("GetSecretValue", "ThrottlingException", **amount),
    "500": lambda faults, **amount: faults.fail("GetSecretValue", 500, **amount),
    "lost connection": lambda faults, **amount: faults.reset_connection("GetSecretValue", **amount),
}
ERRORS = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)


def build(mode, service="secretsmanager", **options):
    return boto3.client(service, "us-east-1", config=Config(retries={"mode": mode}), **options)


def read(client):
    return client.get_secret_value(SecretId=NAME)


def fail(client):
    with pytest.raises(ERRORS) as caught:
        read(client)
    return caught.value


@pytest.fixture
def world():
    with mock_stages({NAME: "s3cret"}) as world:
        yield world


@pytest.fixture
def sleep():
    """Python's sleep, which only takes notes."""
    with mock.patch("time.sleep") as sleep:
        yield sleep


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def other_service():
    """Build a client of another service whose calls fail, without a network."""

    def build_failing(mode="legacy"):
        client = build(mode, "sqs", aws_access_key_id="own", aws_secret_access_key="own")

        def refuse(request, **_):
            return botocore.awsrequest.AWSResponse(request.url, 500, {}, mock.Mock(stream=lambda: [b"{}"]))

        client.meta.events.register("before-send.sqs", refuse)
        return client

    return build_failing


@pytest.mark.parametrize("plan", FAILURES.values(), ids=FAILURES)
class TestRetries:
    def test_a_retry_costs_no_time(self, world, mode, plan, sleep):
        plan(world.faults, times=2)
        metadata = read(build(mode))["ResponseMetadata"]
        assert metadata["RetryAttempts"] == 2
        assert world.faults.slept > 0
        assert not sleep.called

    def test_the_last_attempt_is_the_last(self, world, mode, plan, sleep):
        fault = plan(world.faults, times=None)
        error = fail(build(mode))
        if isinstance(error, botocore.exceptions.ClientError):
            metadata = error.response["ResponseMetadata"]
            assert (metadata["RetryAttempts"], metadata["MaxAttemptsReached"]) == (RETRIES[mode], True)
        assert fault.hits == RETRIES[mode] + 1
        assert not sleep.called

    def test_handlers_hear_of_each_attempt(self, world, mode, plan):
        client, heard = build(mode), []
        client.meta.events.register("needs-retry.secrets-manager", lambda attempts, **_: heard.append(attempts))
        plan(world.faults, times=2)
        read(client)
        assert heard == [1, 2, 3]

    def test_the_log_tells_how_long_botocore_would_sleep(self, world, mode, plan, caplog):
        plan(world.faults, times=1)
        with caplog.at_level(logging.DEBUG, "botocore.endpoint"):
            read(build(mode))
        (pause,) = [record.args[0] for record in caplog.records if "to retry, sleeping for" in record.msg]
        assert pause == world.faults.slept or mode == "adaptive"


class TestWaitsOfTheRateLimiter:
    def throttle(self, world, client, calls=6):
        with world.faults.fail("GetSecretValue", "ThrottlingException", times=None) as fault:
            for _ in range(calls):
                assert fail(client).response["Error"]["Code"] == "ThrottlingException"
        return fault

    def test_throttled_calls_return_although_the_clock_stands_still(self, world):
        client = build("adaptive")
        with freezegun.freeze_time("2026-01-01"):
            assert self.throttle(world, client).hits == 18
            assert 30 < world.faults.slept < 60

    def test_throttled_calls_return_under_time_machine(self, world):
        time_machine = pytest.importorskip("time_machine")
        client = build("adaptive")
        with time_machine.travel(0, tick=False):
            assert self.throttle(world, client).hits == 18
        assert 30 < world.faults.slept < 60

    def test_a_clock_that_was_moved_back_is_no_reason_to_wait_for_years(self, world):
        client = build("adaptive")
        with freezegun.freeze_time("2026-01-01") as clock:
            self.throttle(world, client, calls=1)
            clock.move_to("2016-01-01")
            self.throttle(world, client)
        with freezegun.freeze_time("2006-01-01"):
            self.throttle(world, client)
        assert world.faults.slept < 200

    def test_the_clock_of_the_test_does_not_move(self, world):
        client = build("adaptive")
        with freezegun.freeze_time("2026-01-01"):
            self.throttle(world, client)
            assert time.time() == 1767225600
            assert {call.time.timestamp() for call in world.calls[1:]} == {1767225600}

    def test_the_send_rate_is_that_of_a_client_that_sleeps(self, world):
        """The client that sleeps gets the same answers, and its sleeps and waits move a clock of its own."""
        with freezegun.freeze_time("2026-01-01") as clock:
            clients = [build("adaptive"), build("adaptive")]
            skipping, sleeping = map(limiter_of, clients)
            for client in clients:
                backoff_of(client)._random = lambda: 0.5
            self.throttle(world, clients[0])
            slept = world.faults.slept
            clock.move_to("2026-01-01")
            world.faults.skip_pauses = False
            passed = []

            def sleep(seconds):
                passed.append(seconds)
                # As a clock that ticks, it passes the time at which the rate limiter awakes.
                clock.tick(seconds + 1e-6)

            condition = sleeping._token_bucket._new_fill_rate_condition
            with mock.patch("time.sleep", sleep), mock.patch.object(condition, "wait", sleep):
                self.throttle(world, clients[1])
        assert sum(passed) == pytest.approx(slept, abs=0.01)
        assert sleeping._token_bucket.max_rate == pytest.approx(skipping._token_bucket.max_rate, abs=0.001)
        rates = [limiter._rate_clocker.measured_rate for limiter in (sleeping, skipping)]
        assert rates[0] == pytest.approx(rates[1], abs=0.001)

    def test_a_client_of_another_world_waits(self, world):
        """Its bucket is as botocore made it."""
        client = build("adaptive")
        self.throttle(world, build("adaptive"), calls=2)
        bucket = limiter_of(client)._token_bucket
        assert "_acquire" not in vars(bucket)
        assert type(bucket._clock) is botocore.retries.bucket.Clock


def limiter_of(client):
    handlers = client.meta.events._emitter._handlers.prefix_search("before-send.secrets-manager")
    return handlers[-1].__self__


def backoff_of(client):
    handlers = client.meta.events._emitter._handlers.prefix_search("needs-retry.secrets-manager")
    return handlers[0].__self__._retry_policy._retry_backoff


class TestWantedSleeps:
    @pytest.mark.slow
    def test_the_test_can_let_clients_sleep(self, world, mode, sleep):
        world.faults.skip_pauses = False
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(build(mode))
        assert sleep.call_count == 1
        assert world.faults.slept == 0

    def test_a_patch_of_the_name_in_botocore_gets_the_sleeps(self, world):
        world.faults.skip_pauses = False
        world.faults.fail("GetSecretValue", "ThrottlingException", times=2)
        with mock.patch("botocore.endpoint.time") as patched:
            read(build("standard"))
        assert patched.sleep.call_count == 2

    def test_reset_skips_pauses_again(self, world, sleep):
        world.faults.fail("GetSecretValue", "ThrottlingException", times=2)
        read(build("legacy"))
        world.faults.skip_pauses = False
        world.reset()
        assert (world.faults.slept, world.faults.skip_pauses) == (0, True)
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(build("legacy"))
        assert world.faults.slept > 0
        assert not sleep.called

    def test_a_new_world_has_slept_nothing(self, world):
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(build("legacy"))
        with mock_stages({NAME: "x"}) as inner:
            assert inner.faults.slept == 0
            inner.faults.fail("GetSecretValue", "ThrottlingException")
            read(build("legacy"))
            assert inner.faults.slept > 0


class TestEveryCallOfAWorld:
    def test_an_error_of_the_service_itself(self, sleep):
        with mock_stages({NAME: "x"}) as world:
            world.quotas.secrets = 1
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                build("standard").create_secret(Name="other", SecretString="x")
            assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2
            assert world.faults.slept > 0
        assert not sleep.called

    def test_a_call_that_bypasses_our_wrapper(self, sleep):
        make_api_call = botocore.client.BaseClient._make_api_call
        with mock_stages({NAME: "x"}) as world:
            world.faults.fail("GetSecretValue", "ThrottlingException", times=2)
            make_api_call(build("legacy"), "GetSecretValue", {"SecretId": NAME})
            assert world.faults.slept > 0
        assert not sleep.called

    def test_a_call_of_a_thread(self, world, sleep):
        world.faults.fail("GetSecretValue", "ThrottlingException", times=2)
        thread = threading.Thread(target=read, args=[build("legacy")])
        thread.start()
        thread.join(20)
        assert world.faults.slept > 0
        assert not sleep.called

    def test_a_call_of_a_rotation_function(self, world, sleep):
        fault = world.faults.fail("PutSecretValue", "ThrottlingException", step="createSecret")
        assert world.rotate(NAME, Rotator(build("legacy"))).succeeded
        assert fault.hits == 1
        assert world.faults.slept > 0
        assert not sleep.called


class TestOthers:
    """Whoever isn't answered by a world sleeps as ever."""

    def test_another_service_sleeps(self, world, other_service, sleep):
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(build("legacy"))
        with pytest.raises(botocore.exceptions.ClientError):
            other_service().list_queues()
        assert sleep.call_count == 4

    def test_another_service_that_a_handler_of_a_call_calls_sleeps(self, world, other_service, sleep):
        client, other = build("legacy"), other_service()

        def call_another_service(**_):
            with pytest.raises(botocore.exceptions.ClientError):
                other.list_queues()

        client.meta.events.register("needs-retry.secrets-manager", call_another_service)
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(client)
        # At both attempts.
        assert sleep.call_count == 8
        assert world.faults.slept > 0

    def test_the_users_own_sleeps_stay(self, world, sleep):
        client = build("legacy")

        def sleep_a_while(**_):
            time.sleep(7)

        client.meta.events.register("needs-retry.secrets-manager", sleep_a_while)
        world.faults.fail("GetSecretValue", "ThrottlingException")
        read(client)
        assert sleep.mock_calls == [mock.call(7)] * 2

    def test_botocore_has_the_real_module(self, world):
        world.faults.fail("GetSecretValue", "ThrottlingException")
        client, seen = build("legacy"), []
        client.meta.events.register("needs-retry", lambda **_: seen.append(botocore.endpoint.time is time))
        read(client)
        assert seen == [True, True]

    def test_an_attempt_after_the_world_sleeps(self, other_service, sleep):
        needs_retry = botocore.endpoint.Endpoint._needs_retry
        client = build("legacy")
        with mock_stages({NAME: "x"}) as world:
            read(client)
            assert botocore.endpoint.Endpoint._needs_retry is needs_retry
            world.faults.fail("GetSecretValue", "ThrottlingException")
            read(client)
            assert botocore.endpoint.Endpoint._needs_retry is not needs_retry
        assert botocore.endpoint.Endpoint._needs_retry is needs_retry


def test_retry_after_is_a_header(world, mode):
    world.faults.fail("GetSecretValue", "ThrottlingException", retry_after=1.5, calls=1)
    headers = fail(build(mode)).response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-retry-after"] == "1500"
