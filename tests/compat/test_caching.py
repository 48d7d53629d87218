"""aws-secretsmanager-caching: its cache, its refresh and its decorators."""

import datetime

import boto3
import botocore.session
import freezegun
import pytest

pytest.importorskip("aws_secretsmanager_caching")

import aws_secretsmanager_caching as caching
from aws_secretsmanager_caching.cache.items import SecretCacheObject

from fake_secrets import mock_stages

REGION = "us-east-1"
MOMENT = datetime.datetime(2026, 3, 4, 12)  # noqa: DTZ001 -- freezegun reads it as UTC
# The cache refreshes at a random time between half of the interval and all of it.
INTERVAL = 600

CLIENTS = {
    "boto3": lambda: boto3.client("secretsmanager", region_name=REGION),
    "botocore": lambda: botocore.session.Session().create_client("secretsmanager", region_name=REGION),
}


@pytest.fixture
def clock():
    with freezegun.freeze_time(MOMENT, ignore=["hypothesis", "_pytest"]) as clock:
        yield clock


def cache_of(client=None):
    config = caching.SecretCacheConfig(secret_refresh_interval=INTERVAL)
    return caching.SecretCache(config=config, client=client or CLIENTS["boto3"]())


def operations(fake):
    return [call.operation for call in fake.calls]


def rotates(event, context):
    client = CLIENTS["boto3"]()
    secret_id, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=secret_id, ClientRequestToken=token, SecretString="rotated", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        client.update_secret_version_stage(
            SecretId=secret_id,
            VersionStage="AWSCURRENT",
            MoveToVersionId=token,
            RemoveFromVersionId=client.get_secret_value(SecretId=secret_id)["VersionId"],
        )


class TestReading:
    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    @pytest.mark.parametrize("kind", CLIENTS)
    def test_a_cache_with_any_client_is_answered(self, lane, kind, is_first):
        cache = cache_of(CLIENTS[kind]()) if is_first else None
        with mock_stages({"db": "s3cret"}, _lane=lane):
            cache = cache or cache_of(CLIENTS[kind]())
            assert cache.get_secret_string("db") == "s3cret"

    @pytest.mark.slow
    def test_a_cache_that_makes_its_own_client_finds_the_worlds_region(self, lane):
        with mock_stages({"db": "s3cret"}, region="eu-west-3", _lane=lane) as fake:
            assert caching.SecretCache().get_secret_string("db") == "s3cret"
            assert operations(fake) == ["DescribeSecret", "GetSecretValue"]

    def test_a_binary_value_is_read(self, lane):
        with mock_stages({"db": b"\x00\xff"}, _lane=lane):
            cache = cache_of()
            assert (cache.get_secret_binary("db"), cache.get_secret_string("db")) == (b"\x00\xff", None)

    @pytest.mark.parametrize(("label", "value"), [("AWSCURRENT", "new"), ("AWSPREVIOUS", "old"), ("BLUE", None)])
    def test_the_value_of_a_label_is_read(self, lane, label, value):
        with mock_stages({"db": {"AWSCURRENT": "new", "AWSPREVIOUS": "old"}}, _lane=lane):
            assert cache_of().get_secret_string("db", label) == value

    def test_a_refusal_is_the_clients_modelled_exception(self, lane):
        with mock_stages({}, _lane=lane):
            client = CLIENTS["boto3"]()
            with pytest.raises(
                client.exceptions.ResourceNotFoundException, match="can't find the specified secret"
            ):
                cache_of(client).get_secret_string("absent")


class TestRefreshing:
    def test_a_second_read_makes_no_call(self, clock):
        with mock_stages({"db": "s3cret"}) as fake:
            cache = cache_of()
            for _ in range(2):
                cache.get_secret_string("db")
            assert operations(fake) == ["DescribeSecret", "GetSecretValue"]

    def test_a_rotation_is_seen_after_the_refresh_interval(self, clock):
        with mock_stages({"db": "old"}) as fake:
            cache = cache_of()
            seen = [cache.get_secret_string("db")]
            assert fake.rotate("db", rotates).succeeded
            for seconds in (INTERVAL / 2 - 1, INTERVAL / 2 + 1):
                clock.tick(seconds)
                seen.append(cache.get_secret_string("db"))
        assert seen == ["old", "old", "rotated"]

    def test_the_previous_value_is_seen_after_the_refresh_interval(self, clock):
        with mock_stages({"db": "old"}) as fake:
            cache = cache_of()
            cache.get_secret_string("db")
            fake.rotate("db", rotates)
            clock.tick(INTERVAL)
            assert cache.get_secret_string("db", "AWSPREVIOUS") == "old"

    def test_a_cached_version_is_not_read_again(self, clock):
        with mock_stages({"db": "s3cret"}) as fake:
            cache = cache_of()
            cache.get_secret_string("db")
            clock.tick(INTERVAL)
            cache.get_secret_string("db")
            assert operations(fake) == ["DescribeSecret", "GetSecretValue", "DescribeSecret"]

    @pytest.mark.slow
    def test_a_forced_refresh_sees_a_rotation_at_once(self, monkeypatch):
        monkeypatch.setattr(SecretCacheObject, "FORCE_REFRESH_JITTER_SLEEP", 0)
        with mock_stages({"db": "old"}) as fake:
            cache = cache_of()
            seen = [cache.get_secret_string("db")]
            fake.rotate("db", rotates)
            assert cache.refresh_secret_now("db")
            seen.append(cache.get_secret_string("db"))
        assert seen == ["old", "rotated"]

    def test_a_refusal_is_cached_for_a_second_and_then_longer(self, clock):
        with mock_stages({}) as fake:
            client = CLIENTS["boto3"]()
            cache = cache_of(client)
            for seconds in (0, 0.5, 0.6, 1, 1.1):
                clock.tick(seconds)
                with pytest.raises(client.exceptions.ResourceNotFoundException):
                    cache.get_secret_string("db")
            assert operations(fake) == ["DescribeSecret"] * 3
            fake.add("db", "s3cret")
            clock.tick(4)
            assert cache.get_secret_string("db") == "s3cret"

    def test_a_deletion_is_noticed_after_the_recovery_window(self, clock):
        with mock_stages({"db": "s3cret"}):
            client = CLIENTS["boto3"]()
            cache = cache_of(client)
            cache.get_secret_string("db")
            client.delete_secret(SecretId="db", RecoveryWindowInDays=7)
            clock.tick(datetime.timedelta(days=9))
            # The cache keeps returning its value, although the refresh was refused.
            assert cache.get_secret_string("db") == "s3cret"
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                cache_of(client).get_secret_string("db")


class TestWorlds:
    def test_a_cache_that_outlives_its_world_keeps_its_values(self):
        """A cache in a module must therefore be made again for each test."""
        cache = cache_of()
        seen = []
        for value in ("first", "second"):
            with mock_stages({"db": value}):
                seen.append((cache.get_secret_string("db"), cache_of().get_secret_string("db")))
        assert seen == [("first", "first"), ("first", "second")]


class TestDecorators:
    def test_a_string_is_injected_as_the_first_argument(self, lane):
        with mock_stages({"db": "s3cret"}, _lane=lane):

            @caching.InjectSecretString("db", cache_of())
            def function(secret, *args):
                return secret, args

            assert function("argument") == ("s3cret", ("argument",))

    def test_a_method_gets_the_string_after_self(self, lane):
        class Service:
            @caching.InjectSecretString("db", cache_of())
            def method(self, secret):
                return secret

        with mock_stages({"db": "s3cret"}, _lane=lane):
            assert Service().method() == "s3cret"

    def test_members_are_injected_by_keyword(self, lane):
        with mock_stages({"db": {"username": "app", "password": "s3cret"}}, _lane=lane):

            @caching.InjectKeywordedSecretString("db", cache_of(), user="username", secret="password")
            def function(user, secret):
                return user, secret

            assert function() == ("app", "s3cret")

    @pytest.mark.parametrize(
        ("value", "message"), [("no JSON", "isn't|is not valid JSON"), ({"a": "b"}, "does not contain key")]
    )
    def test_a_value_of_another_shape_raises_the_decorators_own_error(self, lane, value, message):
        with mock_stages({"db": value}, _lane=lane):

            @caching.InjectKeywordedSecretString("db", cache_of(), user="username")
            def function(user):
                pytest.fail("called")

            with pytest.raises(RuntimeError, match=message):
                function()
