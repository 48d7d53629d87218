"""`mock_stages`: call forms, joining, shadowing, seeding, environment."""

import asyncio
import contextvars
import inspect
import os
import random
import threading
import unittest
from datetime import UTC, datetime

import boto3
import freezegun
import pytest

from fake_secrets import FakeSecrets, NoActiveWorldError, SeedError, current, mock_stages
from fake_secrets.world import stack


def names_in_world():
    return [secret.name for secret in current()._world.store]


def value_of(name):
    return boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]


@mock_stages
def bare():
    """Docstring."""
    return current()


@mock_stages()
def bare_called():
    return current()


@mock_stages({"a": "x"})
def seeded():
    return value_of("a")


@mock_stages({"a": "x"})
async def coroutine(value=1):
    await asyncio.sleep(0)
    return value, value_of("a")


class TestDecorator:
    @pytest.mark.parametrize("function", [bare, bare_called])
    def test_a_function_runs_in_a_world(self, function):
        assert isinstance(function(), FakeSecrets)

    @pytest.mark.slow
    def test_a_function_finds_its_seed(self):
        assert seeded() == "x"

    def test_a_coroutine_function_runs_in_a_world(self):
        assert asyncio.run(coroutine(2)) == (2, "x")

    def test_a_decorated_coroutine_function_is_still_one(self):
        assert inspect.iscoroutinefunction(coroutine)

    def test_no_world_is_active_after_the_call(self):
        bare()
        with pytest.raises(NoActiveWorldError, match="no fake_secrets world is active"):
            current()

    def test_each_call_starts_with_the_seed_only(self):
        @mock_stages({"a": "x"})
        def add():
            current().add("b", "y")
            return names_in_world()

        assert add() == add() == ["a", "b"]

    def test_name_docstring_and_signature_are_kept(self):
        assert (bare.__name__, bare.__doc__) == ("bare", "Docstring.")
        assert str(inspect.signature(coroutine)) == "(value=1)"

    def test_no_argument_is_injected(self):
        @mock_stages
        def function(*args, **kwargs):
            return args, kwargs

        assert function() == ((), {})

    def test_a_method_runs_in_a_world(self):
        class Suite:
            @mock_stages({"a": "x"})
            def method(self):
                return self, value_of("a")

        suite = Suite()
        assert suite.method() == (suite, "x")

    def test_a_recursive_call_joins_its_own_world(self):
        @mock_stages({"a": "x"})
        def recursive(depth):
            if depth:
                return recursive(depth - 1)
            return [value_of("a")]

        assert recursive(2) == ["x"]

    def test_an_exception_propagates(self):
        @mock_stages
        def fails():
            raise KeyError

        with pytest.raises(KeyError):
            fails()


def generator():
    yield


async def async_generator():
    yield


def coroutine_behind_a_function():
    return coroutine()


def generator_behind_a_function():
    return generator()


@pytest.fixture
def some_fixture():
    """A fixture."""


class TestUndecoratable:
    @pytest.mark.parametrize(
        ("decorated", "message"),
        [
            (some_fixture, "put it below @pytest.fixture, next to the function"),
            (7, "takes a function or class to decorate, or a mapping of secrets, not int"),
        ],
    )
    @pytest.mark.parametrize("decorator", [mock_stages, mock_stages({})], ids=["bare", "called"])
    def test_the_message_says_what_to_do(self, decorator, decorated, message):
        with pytest.raises(TypeError, match=message):
            decorator(decorated)

    def test_the_message_does_not_show_the_refused_object(self):
        with pytest.raises(TypeError) as refused:
            mock_stages([("a", "hunter2")])
        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize("hidden", [coroutine_behind_a_function, generator_behind_a_function])
    def test_a_function_hidden_by_another_decorator_is_refused_when_it_is_called(self, hidden):
        with pytest.raises(TypeError, match="Put mock_stages below the other decorators, next to the function"):
            mock_stages(hidden)()

    def test_unknown_arguments_are_refused(self):
        with pytest.raises(TypeError, match="unexpected keyword argument 'regoin'"):
            mock_stages(regoin="us-east-1")


@mock_stages({"a": "x"})
def talking_generator():
    """Yield the values sent to it and the errors thrown into it, each with the value of the secret."""
    heard = None
    while heard != "end":
        try:
            heard = yield heard, value_of("a")
        except KeyError:
            heard = "KeyError"
    return "returned"


@mock_stages({"a": "x"})
async def talking_async_generator():
    heard = None
    while heard != "end":
        try:
            heard = yield heard, value_of("a")
        except KeyError:
            heard = "KeyError"


def is_active():
    return bool(stack._entries)


class TestGenerators:
    def test_a_decorated_generator_function_is_still_one(self):
        assert inspect.isgeneratorfunction(talking_generator)
        assert inspect.isasyncgenfunction(talking_async_generator)

    def test_a_world_is_active_from_the_first_step_to_the_last(self):
        generator = talking_generator()
        assert not is_active()
        next(generator)
        assert is_active()
        with pytest.raises(StopIteration) as ended:
            generator.send("end")
        assert ended.value.value == "returned"
        assert not is_active()

    def test_sent_values_and_thrown_errors_reach_the_generator(self):
        generator = talking_generator()
        heard = [next(generator), generator.send("sent"), generator.throw(KeyError())]
        assert heard == [(None, "x"), ("sent", "x"), ("KeyError", "x")]
        generator.close()
        assert not is_active()

    def test_sent_values_and_thrown_errors_reach_an_asynchronous_generator(self):
        async def talk():
            generator = talking_async_generator()
            assert not is_active()
            heard = [
                await generator.__anext__(),
                await generator.asend("sent"),
                await generator.athrow(KeyError()),
            ]
            assert is_active()
            await generator.aclose()
            return heard

        assert asyncio.run(talk()) == [(None, "x"), ("sent", "x"), ("KeyError", "x")]
        assert not is_active()

    def test_the_world_is_left_when_an_asynchronous_generator_ends(self):
        async def talk():
            generator = talking_async_generator()
            await generator.__anext__()
            with pytest.raises(StopAsyncIteration):
                await generator.asend("end")

        asyncio.run(talk())
        assert not is_active()

    def test_an_exception_of_an_asynchronous_generator_propagates(self):
        @mock_stages
        async def fails():
            yield 1
            raise LookupError

        async def go_through():
            return [item async for item in fails()]

        with pytest.raises(LookupError):
            asyncio.run(go_through())
        assert not is_active()


class TestClasses:
    def test_a_plain_class_is_unchanged(self):
        class Suite:
            def method(self):
                return is_active()

        assert mock_stages({"a": "x"})(Suite) is Suite
        assert Suite().method() is False

    @pytest.mark.parametrize("base", [unittest.TestCase, unittest.IsolatedAsyncioTestCase])
    def test_a_test_case_runs_in_a_world_without_pytest(self, base):
        seen = []

        @mock_stages({"a": "x"})
        class Suite(base):
            def setUp(self):
                self.addCleanup(lambda: seen.append(value_of("a")))
                seen.append(value_of("a"))

            def test(self):
                seen.append(value_of("a"))

        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Suite).run(result)
        assert (result.testsRun, result.errors, result.failures) == (1, [], [])
        assert seen == ["x"] * 3
        assert not is_active()

    def test_a_test_case_runs_in_a_world_with_debug_too(self):
        seen = []

        @mock_stages({"a": "x"})
        class Suite(unittest.TestCase):
            def test(self):
                seen.append(value_of("a"))

        Suite("test").debug()
        assert seen == ["x"]

    def test_each_argument_comes_from_the_closest_decorated_test_case(self):
        seen = []

        @mock_stages({"a": "far"}, region="eu-west-3")
        class Base(unittest.TestCase):
            def test(self):
                seen.append((value_of("a"), current().region, len(stack._entries)))

        @mock_stages({"a": "close"})
        class Suite(Base):
            pass

        Suite("test").run()
        assert seen == [("close", "eu-west-3", 1)]

    def test_a_decorated_test_of_a_decorated_test_case_has_one_world(self):
        seen = []

        @mock_stages({"a": "class"}, region="eu-west-3")
        class Suite(unittest.TestCase):
            def setUp(self):
                seen.append((value_of("a"), current()))

            @mock_stages({"a": "test"})
            def test(self):
                seen.append((value_of("a"), current()))

        Suite("test").run()
        assert seen[0] == seen[1]
        assert (seen[0][0], seen[0][1].region) == ("test", "eu-west-3")

    def test_each_test_of_a_test_case_starts_with_the_seed(self):
        @mock_stages({"a": "x"})
        class Suite(unittest.TestCase):
            def test_one(self):
                current().add("b", "y")

            test_two = test_one

        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Suite).run(result)
        assert result.wasSuccessful()


class TestStartAndStop:
    def test_they_open_and_close_a_world(self):
        world = mock_stages({"a": "x"})
        assert isinstance(world.start(), FakeSecrets)
        assert value_of("a") == "x"
        world.stop()
        assert not is_active()

    def test_each_start_needs_its_own_stop(self):
        world = mock_stages({"a": "x"})
        assert world.start() is world.start()
        world.stop()
        assert is_active()
        world.stop()
        assert not is_active()

    def test_stop_without_start_is_refused(self):
        with pytest.raises(NoActiveWorldError, match=r"call start\(\) on it first"):
            mock_stages().stop()


def test_async_with_opens_a_world():
    async def body():
        async with mock_stages({"a": "x"}) as fake:
            return isinstance(fake, FakeSecrets), value_of("a")

    assert asyncio.run(body()) == (True, "x")
    assert not is_active()


class TestContextManager:
    def test_it_returns_the_handle(self):
        with mock_stages({"a": "x"}) as fake:
            assert isinstance(fake, FakeSecrets)
            assert fake["a"].value() == "x"

    def test_the_same_object_can_be_entered_again_later(self):
        world = mock_stages({"a": "x"})
        with world as fake:
            fake.add("b", "y")
        with world as fake, pytest.raises(LookupError):
            fake["b"]

    def test_the_same_object_entered_inside_itself_joins_its_world(self):
        world = mock_stages({"a": "x"})
        with world as outer, world as inner:
            assert inner is outer

    def test_leaving_the_inner_entry_keeps_the_world(self):
        world = mock_stages({"a": "x"})
        with world as outer:
            with world:
                pass
            assert current() is outer

    def test_each_thread_leaves_the_world_it_entered(self):
        bare, entered, left = mock_stages(), threading.Event(), threading.Event()

        def other_thread():
            with mock_stages({"a": "x"}), bare:
                entered.set()
                left.wait(10)

        with bare as first:
            thread = threading.Thread(target=other_thread)
            thread.start()
            entered.wait(10)
        handles = [entry.opened.handle for entry in stack._entries]
        left.set()
        thread.join()
        assert first not in handles

    def test_it_can_be_left_in_another_context_than_the_one_it_was_entered_in(self):
        world = mock_stages({"a": "x"})
        contextvars.copy_context().run(world.__enter__)
        contextvars.copy_context().run(world.__exit__, None, None, None)
        with pytest.raises(NoActiveWorldError):
            current()


class TestJoiningAndShadowing:
    def test_bare_joins_the_innermost_world(self):
        with mock_stages({"a": "x"}) as outer, mock_stages() as inner:
            assert inner is outer

    def test_a_joined_world_is_not_rolled_back(self):
        with mock_stages({"a": "x"}) as outer:
            with mock_stages() as inner:
                inner.add("b", "y")
            assert outer["b"].value() == "y"

    @pytest.mark.parametrize(
        "arguments", [{"secrets": None}, {"secrets": {}}, {"region": None}, {"account_id": "123456789012"}]
    )
    def test_any_argument_opens_a_new_world_even_with_its_default_value(self, arguments):
        with mock_stages({"a": "x"}) as outer, mock_stages(**arguments) as inner:
            assert inner is not outer
            assert names_in_world() == []

    def test_the_outer_world_answers_again_after_the_inner_one_is_left(self):
        with mock_stages({"a": "outer"}):
            with mock_stages({"a": "inner"}):
                assert value_of("a") == "inner"
            assert value_of("a") == "outer"

    def test_an_object_with_an_active_world_joins_it_from_inside_a_shadowing_world(self):
        world = mock_stages({"a": "x"})
        with world as first, mock_stages({}), world as again:
            assert again is first
            assert current() is first


class TestSeeding:
    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            ("text", {"SecretString": "text"}),
            (b"\0\1", {"SecretBinary": b"\0\1"}),
            ({"username": "app"}, {"SecretString": '{"username": "app"}'}),
        ],
    )
    def test_each_type_of_value_is_stored(self, value, stored):
        with mock_stages({"a": value}):
            answer = boto3.client("secretsmanager").get_secret_value(SecretId="a")
        assert {name: answer[name] for name in answer if name.startswith("Secret")} == stored

    def test_none_is_a_secret_without_a_value(self):
        with mock_stages({"a": None}) as fake:
            assert fake["a"].stages == {}

    def test_a_dict_with_a_staging_label_is_a_label_map(self):
        with mock_stages({"a": {"AWSCURRENT": "new", "AWSPREVIOUS": "old", "LIVE": "old"}}) as fake:
            assert fake["a"].value() == "new"
            assert fake["a"].value("AWSPREVIOUS") == "old"
            assert fake["a"].value("LIVE") == "old"

    def test_the_dates_of_the_seed_follow_the_frozen_clock(self):
        with mock_stages({"a": "x"}) as fake, freezegun.freeze_time("2020-02-29T00:00:00Z"):
            assert fake["a"].versions[0].created == datetime(2020, 2, 29, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("seed", "error", "message"),
        [
            ({"no name": "x"}, SeedError, "can't be a secret's name"),
            ({"": "x"}, SeedError, "can't be a secret's name"),
            ({"a": ""}, SeedError, "has 0 bytes; AWS accepts 1 to 65536"),
            ({"a": "x" * 65537}, SeedError, "has 65537 bytes; AWS accepts 1 to 65536"),
            ({"a": 7}, TypeError, "must be a str, bytes or a dict, not int"),
            ({"a": {"key": object()}}, TypeError, "isn't JSON"),
            ({"a": {"key": float("nan")}}, TypeError, "isn't JSON"),
            ({"a": {"AWSPREVIOUS": "x"}}, SeedError, "AWSPREVIOUS without AWSCURRENT"),
            ({"a": {"AWSCURRENT": None}}, SeedError, "has no value under AWSCURRENT"),
            ({"a": {"AWSCURRENT": "x", "": "y"}}, SeedError, "can't be a staging label"),
            ({"a": {f"L{n}": "x" for n in range(20)} | {"AWSCURRENT": "x"}}, SeedError, "has 21 staging labels"),
            (["a"], TypeError, "or a mapping of secrets, not list"),
        ],
    )
    def test_an_impossible_seed_is_refused_on_entry(self, seed, error, message):
        with pytest.raises(error, match=message):
            mock_stages(seed).__enter__()

    def test_a_refusal_shows_no_secret_value(self):
        with pytest.raises(TypeError) as refused:
            mock_stages({"a": {"password": {"hunter2"}}}).__enter__()
        shown = str(refused.value) + repr(refused.value.__cause__) + str(refused.value.__suppress_context__)
        assert "hunter2" not in shown
        assert refused.value.__suppress_context__


class TestOtherArguments:
    def test_region_sets_the_region_of_seeds(self):
        with mock_stages({"a": "x"}, region="eu-west-3") as fake:
            assert fake.region == "eu-west-3"
            assert fake["a"].arn.startswith("arn:aws:secretsmanager:eu-west-3:123456789012:secret:a-")

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")],
    )
    def test_the_region_determines_the_partition(self, region, partition):
        with mock_stages({"a": "x"}, region=region) as fake:
            created = boto3.client("secretsmanager").create_secret(Name="b")
            assert fake["a"].arn.split(":")[1] == created["ARN"].split(":")[1] == partition

    def test_account_id_sets_the_owner_of_seeds(self):
        with mock_stages({"a": "x"}, account_id="210987654321") as fake:
            assert fake.account_id == "210987654321"
            assert ":210987654321:" in fake["a"].arn

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"account_id": 123456789012}, "isn't a string of twelve digits"),
            ({"account_id": "12345"}, "isn't a string of twelve digits"),
            ({"region": "Paris, France"}, "isn't a region"),
            ({"region": "nowhere"}, "isn't a region"),
            ({"rotation": "later"}, "rotation='later' isn't a choice. The choices are:"),
            ({"rotation_errors": "ignore"}, "rotation_errors='ignore' isn't a choice. The choices are:"),
        ],
    )
    def test_an_invalid_argument_is_refused_on_entry(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            mock_stages(**arguments).__enter__()


class TestEnvironment:
    def test_fake_credentials_replace_real_ones(self, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
        with mock_stages():
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            assert "real" not in [os.environ[name] for name in names]

    @pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
    def test_profiles_are_hidden(self, monkeypatch, name):
        monkeypatch.setenv(name, "production")
        with mock_stages():
            assert name not in os.environ
        assert os.environ[name] == "production"

    def test_credentials_are_not_looked_up_in_instance_metadata(self, monkeypatch):
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        with mock_stages():
            assert os.environ["AWS_EC2_METADATA_DISABLED"] == "true"
        assert "AWS_EC2_METADATA_DISABLED" not in os.environ

    @pytest.mark.parametrize(
        ("variables", "region"),
        [
            ({}, "us-east-1"),
            ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
            ({"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-1"}, "eu-west-2"),
        ],
    )
    def test_the_region_comes_from_the_environment_by_default(self, monkeypatch, variables, region):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with mock_stages() as fake:
            assert fake.region == os.environ["AWS_DEFAULT_REGION"] == region

    def test_rotation_templates_find_an_endpoint(self):
        with mock_stages(region="eu-west-3"):
            endpoint = os.environ["SECRETS_MANAGER_ENDPOINT"]
        assert endpoint == "https://secretsmanager.eu-west-3.amazonaws.com"

    def test_an_endpoint_set_by_the_user_is_kept(self, monkeypatch):
        monkeypatch.setenv("SECRETS_MANAGER_ENDPOINT", "http://localhost:4566")
        with mock_stages():
            assert os.environ["SECRETS_MANAGER_ENDPOINT"] == "http://localhost:4566"

    def test_leaving_a_nested_world_restores_the_environment_of_the_outer_one(self):
        before = dict(os.environ)
        with mock_stages(region="eu-west-1"):
            outer = dict(os.environ)
            with mock_stages(region="eu-west-2"):
                assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-2"
            assert dict(os.environ) == outer
        assert dict(os.environ) == before

    def test_variables_set_by_the_test_are_kept(self, monkeypatch):
        with mock_stages():
            monkeypatch.setenv("MY_OWN", "1")
        assert os.environ["MY_OWN"] == "1"


class TestRandomSeed:
    def made(self, seed):
        with mock_stages({"seeded": "x"}, random_seed=seed) as fake:
            client = boto3.client("secretsmanager", region_name="us-east-1")
            created = client.create_secret(Name="created", SecretString="x")
            put = client.put_secret_value(SecretId="seeded", SecretString="y")
            password = client.get_random_password()["RandomPassword"]
            rotation = fake.rotate("seeded", lambda event, context: None)
            ids = [version.id for version in fake["seeded"].versions]
            return (
                fake["seeded"].arn,
                ids,
                created["ARN"],
                created["VersionId"],
                put["VersionId"],
                password,
                rotation.token,
            )

    def test_the_same_seed_gives_the_same_ids_suffixes_tokens_and_passwords(self):
        assert self.made(7) == self.made(7)

    @pytest.mark.parametrize("seeds", [(7, 8), (None, None)])
    def test_another_seed_or_none_gives_different_ones(self, seeds):
        first, second = map(self.made, seeds)
        assert all(one != other for one, other in zip(first, second, strict=True))

    def test_reset_restarts_the_sequence(self):
        with mock_stages({"a": "x"}, random_seed=7) as fake:
            client = boto3.client("secretsmanager", region_name="us-east-1")
            first = client.get_random_password()["RandomPassword"]
            fake.reset()
            assert client.get_random_password()["RandomPassword"] == first

    def test_a_token_in_the_request_is_kept(self):
        with mock_stages(random_seed=7):
            client = boto3.client("secretsmanager", region_name="us-east-1")
            reply = client.create_secret(Name="a", SecretString="x", ClientRequestToken="1" * 32)
            assert reply["VersionId"] == "1" * 32

    def test_the_global_generator_is_not_touched(self):
        state = random.getstate()
        self.made(7)
        assert random.getstate() == state

    @pytest.mark.parametrize("seed", ["7", 1.5, True])
    def test_a_seed_that_is_no_int_is_refused(self, seed):
        with pytest.raises(ValueError, match="isn't a whole number"), mock_stages(random_seed=seed):
            pass
