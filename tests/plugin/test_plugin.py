"""The pytest plugin, tested by running pytest."""

import functools
import subprocess
import sys

import boto3.session
import botocore.endpoint
import botocore.exceptions
import pytest
from runs_of_pytest import PYTEST_ARGUMENTS, passes
from valid_options import VALID

from fake_secrets import FakeSecrets
from fake_secrets.hook.guard import Guard


def test_the_fixture_is_the_handle(fake_secrets):
    assert isinstance(fake_secrets, FakeSecrets)


def test_the_client_is_a_boto3_client_in_the_worlds_region(secretsmanager, fake_secrets):
    assert type(secretsmanager).__mro__[1].__name__ == "BaseClient"
    assert secretsmanager.meta.region_name == fake_secrets.region


@pytest.mark.slow
def test_tests_share_one_client(run):
    passes(
        run(
            """
            clients = []
            def test_one(secretsmanager):
                clients.append(secretsmanager)
            def test_two(secretsmanager):
                assert secretsmanager is clients[0]
                secretsmanager.create_secret(Name="a")
            """
        ),
        2,
    )


def test_each_test_starts_with_an_empty_world(run):
    passes(
        run(
            """
            import pytest
            @pytest.mark.parametrize("turn", range(2))
            def test_create(secretsmanager, turn):
                secretsmanager.create_secret(Name="a")
            """
        ),
        2,
    )


@pytest.mark.slow
def test_the_client_is_a_botocore_client_if_boto3_is_not_installed(pytester):
    pytester.makeconftest("import sys\nsys.modules['boto3'] = sys.modules['boto3.session'] = None\n")
    pytester.makepyfile(
        """
        def test_client(secretsmanager):
            assert secretsmanager.create_secret(Name="a")["Name"] == "a"
        """
    )
    passes(pytester.runpytest_subprocess(*PYTEST_ARGUMENTS))


class TestMarker:
    def test_its_arguments_configure_the_world(self, run):
        passes(
            run(
                """
                import pytest
                @pytest.mark.fake_secrets({"a": "x"}, region="eu-west-3", account_id="210987654321")
                def test_marked(fake_secrets):
                    assert fake_secrets["a"].value() == "x"
                    assert (fake_secrets.region, fake_secrets.account_id) == ("eu-west-3", "210987654321")
                """
            )
        )

    def test_a_marked_test_needs_no_fixture(self, run):
        passes(
            run(
                """
                import boto3, pytest
                @pytest.mark.fake_secrets({"a": "x"})
                def test_marked():
                    assert boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"] == "x"
                """
            )
        )

    def test_each_argument_comes_from_the_closest_marker(self, run):
        passes(
            run(
                """
                import pytest
                pytestmark = pytest.mark.fake_secrets(region="eu-west-1", account_id="111111111111")
                @pytest.mark.fake_secrets({"a": "class"}, region="eu-west-2")
                class TestSuite:
                    @pytest.mark.fake_secrets({"a": "function"})
                    def test_marked(self, fake_secrets):
                        assert fake_secrets["a"].value() == "function"
                        assert fake_secrets.region == "eu-west-2"
                        assert fake_secrets.account_id == "111111111111"
                """
            )
        )

    def test_a_marker_on_a_parameter_set_applies_to_that_set_only(self, run):
        passes(
            run(
                """
                import pytest
                from fake_secrets import NoActiveWorldError, current

                @pytest.mark.parametrize(
                    "is_marked", [False, pytest.param(True, marks=pytest.mark.fake_secrets({"a": "b"}))]
                )
                def test_sets(is_marked):
                    if is_marked:
                        assert "a" in current()
                    else:
                        with pytest.raises(NoActiveWorldError):
                            current()
                """
            ),
            2,
        )

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ("regoin='eu-west-1'", "doesn't take 'regoin'. It takes:"),
            ("{}, 'eu-west-1'", "doesn't take more than one positional argument. It takes:"),
            ("{}, secrets={}", "doesn't take 'secrets' twice. It takes:"),
        ],
    )
    def test_an_unknown_argument_fails_its_test_only(self, run, arguments, complaint):
        ran = run(
            f"""
            import pytest
            @pytest.mark.fake_secrets({arguments})
            def test_marked():
                pass
            def test_innocent(fake_secrets):
                pass
            """
        )
        ran.assert_outcomes(passed=1, errors=1)
        name = "test_an_unknown_argument_fails_its_test_only.py::test_marked"
        ran.stdout.fnmatch_lines(
            [
                f"{name}: @pytest.mark.fake_secrets {complaint}",
                *VALID,
            ],
            consecutive=True,
        )

    def test_an_unknown_argument_on_a_module_fails_each_of_its_tests(self, run):
        ran = run(
            """
            import unittest, pytest
            pytestmark = pytest.mark.fake_secrets(regoin="eu-west-3")
            def test_function():
                pass
            class TestPlain:
                def test_method(self, fake_secrets):
                    pass
            class TestCases(unittest.TestCase):
                def test_case(self):
                    pass
            """
        )
        ran.assert_outcomes(errors=3)

    def test_an_invalid_value_is_an_error_of_the_test(self, run):
        ran = run(
            """
            import pytest
            @pytest.mark.fake_secrets(account_id="12")
            def test_marked():
                pass
            """
        )
        ran.assert_outcomes(errors=1)
        name = "test_an_invalid_value_is_an_error_of_the_test.py::test_marked"
        ran.stdout.fnmatch_lines([f"{name}: account_id='12' isn't a string of twelve digits"])
        ran.stdout.no_fnmatch_line("*/fake_secrets/*.py:*")

    def test_an_error_of_the_users_mapping_keeps_its_traceback(self, run):
        ran = run(
            """
            import pytest
            class Broken(dict):
                def items(self):
                    raise ValueError("mine")
            @pytest.mark.fake_secrets(Broken(a="x"))
            def test_marked():
                pass
            """
        )
        ran.assert_outcomes(errors=1)
        ran.stdout.fnmatch_lines(['>*raise ValueError("mine")', "E *ValueError: mine"])

    def test_markers_lists_it(self, run):
        run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.fake_secrets(secrets=None, *, region=None, *"])


def test_the_fixture_joins_the_world_of_a_decorated_fixture(run):
    passes(
        run(
            """
            import pytest
            from fake_secrets import current, mock_stages
            @pytest.fixture
            def client(secretsmanager):
                return secretsmanager
            @pytest.fixture
            @mock_stages({"a": "x"})
            def seeded():
                yield
            @pytest.mark.parametrize("number", range(2))
            def test_before(number, fake_secrets, seeded, client):
                assert fake_secrets is current()
                assert fake_secrets["a"].value() == "x"
            def test_after(client, seeded, fake_secrets):
                assert fake_secrets["a"].value() == client.get_secret_value(SecretId="a")["SecretString"]
            """
        ),
        3,
    )


class TestDecoratorAsMarker:
    def test_the_world_opens_before_the_fixtures_run(self, run):
        passes(
            run(
                """
                import boto3, pytest
                from fake_secrets import current, mock_stages

                @pytest.fixture
                def value():
                    return boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"]

                @mock_stages({"a": "x"})
                def test_decorated(value):
                    assert value == "x"
                    current()
                """
            )
        )

    def test_the_fixture_and_the_decorator_share_one_world(self, run):
        passes(
            run(
                """
                from fake_secrets import current, mock_stages

                @mock_stages({"a": "x"})
                def test_decorated(fake_secrets):
                    assert current() is fake_secrets
                    fake_secrets.add("b", "y")
                """
            )
        )

    @pytest.mark.parametrize("decorator", ["mock_stages", "mock_stages()"])
    def test_a_bare_decorator_and_the_fixture_share_one_world(self, run, decorator):
        passes(
            run(
                f"""
                from fake_secrets import current, mock_stages

                @{decorator}
                def test_decorated(fake_secrets):
                    assert current() is fake_secrets
                """
            )
        )

    def test_outer_markers_supply_the_arguments_it_leaves_out(self, run):
        passes(
            run(
                """
                import pytest
                from fake_secrets import current, mock_stages

                @pytest.mark.fake_secrets({"a": "class"}, region="eu-west-3")
                class TestSuite:
                    @mock_stages({"a": "decorator"})
                    def test_decorated(self):
                        assert current().region == "eu-west-3"
                        assert current()["a"].value() == "decorator"
                """
            )
        )

    def test_it_is_found_below_other_decorators(self, run):
        passes(
            run(
                """
                import functools, unittest.mock
                import pytest
                from fake_secrets import current, mock_stages

                def other(function):
                    @functools.wraps(function)
                    def wrapper(*args, **kwargs):
                        return function(*args, **kwargs)
                    return wrapper

                @pytest.mark.parametrize("turn", range(2))
                @other
                @unittest.mock.patch.dict("os.environ", {"A": "b"})
                @mock_stages({"a": "x"})
                def test_decorated(fake_secrets, turn):
                    assert fake_secrets["a"].value() == "x"
                """
            ),
            2,
        )

    @pytest.mark.slow
    def test_it_decorates_a_coroutine_function_under_pytest_asyncio(self, pytester):
        pytester.makepyfile(
            """
            import asyncio, boto3, pytest
            from fake_secrets import mock_stages

            @pytest.fixture
            def value():
                return boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"]

            @pytest.mark.asyncio
            @mock_stages({"a": "x"})
            async def test_decorated(value):
                await asyncio.sleep(0)
                assert value == "x"
            """
        )
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        passes(pytester.runpytest_subprocess("-p", "asyncio", "-p", "no:randomly"))

    def test_the_world_opens_before_a_monkeypatch_that_is_requested_first(self, run):
        passes(
            run(
                """
                import os

                def test_one(monkeypatch, fake_secrets):
                    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
                    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

                def test_two():
                    assert "AWS_DEFAULT_REGION" not in os.environ
                    assert "AWS_ACCESS_KEY_ID" not in os.environ
                """
            ),
            2,
        )

    def test_fixtures_of_wider_scope_are_set_up_before_the_world(self, run):
        passes(
            run(
                """
                import pytest
                from fake_secrets import NoActiveWorldError, current, mock_stages

                @pytest.fixture(scope="module", autouse=True)
                def wide():
                    with pytest.raises(NoActiveWorldError):
                        current()

                @pytest.fixture(autouse=True)
                def narrow():
                    return current()

                @mock_stages({"a": "x"})
                def test_one(wide, narrow):
                    assert narrow is current()

                @mock_stages({"a": "x"})
                def test_two(narrow):
                    assert narrow["a"].value() == "x"
                """
            ),
            2,
        )

    def test_the_bare_fixture_joins_the_world_of_a_wider_fixture(self, run):
        passes(
            run(
                """
                import pytest
                from fake_secrets import mock_stages

                @pytest.fixture(scope="module")
                def world():
                    with mock_stages({"a": "x"}) as fake:
                        yield fake

                def test_joined(world, fake_secrets):
                    assert fake_secrets is world
                """
            )
        )


class TestTracebacks:
    def test_a_refused_seed_shows_no_value(self, run):
        ran = run(
            """
            from fake_secrets import mock_stages
            def test_seed():
                name, value = "a", "".join(["hun", "ter2"])
                with mock_stages({name: {"AWSPREVIOUS": value}}):
                    pass
            """
        )
        ran.stdout.fnmatch_lines(["E *SeedError: secret 'a' has AWSPREVIOUS without AWSCURRENT*"])
        ran.stdout.no_fnmatch_line("*hunter2*")

    def test_a_refused_argument_shows_no_value(self, run):
        ran = run(
            """
            from fake_secrets import mock_stages
            def test_argument():
                with mock_stages({"a": "".join(["hun", "ter2"])}, region=5):
                    pass
            """
        )
        ran.stdout.fnmatch_lines(["E *ValueError: region=5 isn't a region*"])
        ran.stdout.no_fnmatch_line("*hunter2*")

    def test_the_traceback_of_a_rotation_function_has_no_frames_of_ours(self, run):
        ran = run(
            """
            def handler(event, context):
                raise ConnectionError("the database is down")
            def test_rotation(fake_secrets):
                fake_secrets.add("a", "x")
                fake_secrets.rotate("a", handler)
            """
        )
        ran.stdout.fnmatch_lines(
            ["E *ConnectionError: the database is down", "E *raised in createSecret while rotating secret 'a'"]
        )
        ran.stdout.no_fnmatch_line("*runner.py*")


FORGOTTEN = """
    import boto3, pytest
    client = boto3.client("secretsmanager", region_name="us-east-1")
    def test_forgotten():
        client.get_secret_value(SecretId="a")
"""


class TestGuard:
    @pytest.fixture
    def guarded(self, pytester):
        def guarded(source, *arguments, state="error"):
            pytester.makeini(f"[pytest]\nfake_secrets_guard = {state}\n")
            pytester.makepyfile(source)
            return pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-config", *arguments)

        return guarded

    def test_a_forgotten_decorator_is_an_error_that_names_test_and_call(self, guarded):
        ran = guarded(FORGOTTEN)
        ran.assert_outcomes(failed=1)
        test = "test_a_forgotten_decorator_is_an_error_that_names_test_and_call.py::test_forgotten (call)"
        what = f"GetSecretValue was called while no fake_secrets world was active, in {test}."
        advice = (
            "`fake_secrets_guard = error` stopped the call before it could reach AWS. Decorate the test with "
            "@mock_stages, or use the fixture `fake_secrets`. Code that runs before the test's world opens, such "
            "as module imports and setUpClass, needs its own `with mock_stages():`."
        )
        ran.stdout.fnmatch_lines([f"E *OutsideWorldError: {what}", f"E *{advice}"])

    def test_calls_inside_a_world_pass(self, guarded):
        passes(
            guarded(
                """
                import boto3
                from fake_secrets import mock_stages
                client = boto3.client("secretsmanager", region_name="us-east-1")
                @mock_stages({"a": "x"})
                def test_decorated():
                    assert client.get_secret_value(SecretId="a")["SecretString"] == "x"
                @mock_stages({"a": "x"}, _lane="wire")
                def test_by_wire():
                    assert client.get_secret_value(SecretId="a")["SecretString"] == "x"
                """
            ),
            2,
        )

    def test_other_services_pass(self, guarded):
        passes(
            guarded(
                """
                import boto3, botocore.exceptions, pytest
                def test_other_service():
                    client = boto3.client(
                        "sts", region_name="us-east-1", endpoint_url="http://localhost:1",
                        aws_access_key_id="a", aws_secret_access_key="b",
                        config=boto3.session.Config(retries={"max_attempts": 0}),
                    )
                    with pytest.raises((botocore.exceptions.EndpointConnectionError, RuntimeError)):
                        client.get_caller_identity()
                """
            )
        )

    def test_a_refusal_that_code_swallows_fails_its_test(self, guarded):
        ran = guarded(
            """
            import contextlib, boto3
            client = boto3.client("secretsmanager", region_name="us-east-1")
            def test_swallowed():
                with contextlib.suppress(Exception):
                    client.get_secret_value(SecretId="a")
            def test_next():
                pass
            """
        )
        ran.assert_outcomes(failed=1, passed=1)

    def test_a_refusal_that_is_swallowed_on_import_fails_the_run(self, guarded):
        ran = guarded(
            """
            import contextlib, boto3
            with contextlib.suppress(Exception):
                boto3.client("secretsmanager", region_name="us-east-1").list_secrets()
            def test_innocent():
                pass
            """
        )
        ran.assert_outcomes(passed=1)
        assert ran.ret == pytest.ExitCode.TESTS_FAILED
        ran.stdout.fnmatch_lines(["* fake_secrets_guard *", "ListSecrets was called while *"])

    @pytest.mark.parametrize(
        ("part", "outcome"), [("before", {"errors": 1}), ("after", {"passed": 1, "errors": 1})]
    )
    def test_calls_in_set_up_and_tear_down_are_stopped_too(self, guarded, part, outcome):
        ran = guarded(
            f"""
            import boto3, pytest
            client = boto3.client("secretsmanager", region_name="us-east-1")
            @pytest.fixture
            def around():
                if {part == "before"}: client.list_secrets()
                yield
                if {part == "after"}: client.list_secrets()
            def test_innocent(around):
                pass
            """
        )
        ran.assert_outcomes(**outcome)

    @pytest.mark.slow
    def test_a_call_on_import_is_stopped_too(self, guarded, monkeypatch):
        monkeypatch.delenv("PYTEST_CURRENT_TEST")
        ran = guarded(
            """
            import boto3
            boto3.client("secretsmanager", region_name="us-east-1").list_secrets()
            """
        )
        ran.stdout.fnmatch_lines(
            ["E *ListSecrets was called while no fake_secrets world was active, in code outside of the tests."]
        )

    @pytest.mark.slow
    def test_a_call_that_bypasses_every_wrapper_is_stopped(self, guarded):
        ran = guarded(
            """
            import botocore.session
            kept = botocore.client.BaseClient._make_api_call
            client = botocore.session.Session().create_client("secretsmanager", region_name="us-east-1")
            def test_round_every_wrapper():
                kept(client, "ListSecrets", {})
            """
        )
        ran.stdout.fnmatch_lines(["E *OutsideWorldError: ListSecrets was called*"])

    def test_calls_are_sent_if_it_is_off(self, guarded):
        ran = guarded(
            """
            import boto3, botocore.exceptions, pytest
            def test_unguarded():
                client = boto3.client(
                    "secretsmanager", region_name="us-east-1", endpoint_url="http://localhost:1",
                    aws_access_key_id="a", aws_secret_access_key="b",
                    config=boto3.session.Config(retries={"max_attempts": 0}),
                )
                with pytest.raises((botocore.exceptions.EndpointConnectionError, RuntimeError)):
                    client.list_secrets()
            """,
            state="off",
        )
        passes(ran)

    def test_an_invalid_state_is_a_usage_error(self, guarded):
        ran = guarded("", state="on")
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines(["ERROR: fake_secrets_guard must be 'off' or 'error', not 'on'"])

    def test_it_has_no_effect_after_take_down_even_if_another_patch_wraps_it(self):
        guard = Guard(lambda: "a test")
        guard.put_up()
        covered = botocore.endpoint.Endpoint.make_request
        client = boto3.client(
            "secretsmanager",
            region_name="us-east-1",
            endpoint_url="http://localhost:1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=boto3.session.Config(retries={"max_attempts": 0}),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(botocore.endpoint.Endpoint, "make_request", functools.partialmethod(covered))
            guard.take_down()
            with pytest.raises((botocore.exceptions.EndpointConnectionError, RuntimeError)):
                client.list_secrets()
        # The wrapper is removed after the other patch is undone.
        guard.take_down()

    @pytest.mark.slow
    def test_it_is_taken_down_after_the_run(self, guarded):
        before = botocore.endpoint.Endpoint.make_request, botocore.endpoint.Endpoint._send
        guarded(FORGOTTEN)
        assert (botocore.endpoint.Endpoint.make_request, botocore.endpoint.Endpoint._send) == before


class TestInertUntilUsed:
    @pytest.mark.slow
    def test_importing_the_plugin_imports_neither_botocore_nor_wrapt(self):
        program = (
            "import sys, fake_secrets.plugin\n"
            "assert not {'botocore', 'boto3', 'wrapt'} & sys.modules.keys(), sorted(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True)

    @pytest.mark.slow
    def test_a_run_without_fake_secrets_does_not_import_botocore(self, pytester):
        pytester.makepyfile(
            "import sys\ndef test_plain():\n    assert not {'botocore', 'wrapt'} & sys.modules.keys()\n"
        )
        passes(pytester.runpytest_subprocess(*PYTEST_ARGUMENTS))

    @pytest.mark.slow
    def test_it_can_be_switched_off(self, pytester):
        pytester.makepyfile("def test_absent(fake_secrets):\n    pass\n")
        ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-p", "no:fake_secrets")
        ran.assert_outcomes(errors=1)
        ran.stdout.fnmatch_lines(["E *fixture 'fake_secrets' not found"])

    def test_fixtures_describes_the_fixture(self, run):
        ran = run("", "--fixtures")
        ran.stdout.fnmatch_lines(["fake_secrets -- *", "    The handle of a fake AWS Secrets Manager *"])


class TestDoubtfulSeed:
    @pytest.mark.parametrize(
        "source",
        [
            "@pytest.mark.fake_secrets({'AWSCURRENT': 'x'})\ndef test_seed():\n    pass\n",
            "@mock_stages({'AWSCURRENT': 'x'})\ndef test_seed():\n    pass\n",
            "@mock_stages({'AWSCURRENT': 'x'})\nclass TestIt(unittest.TestCase):\n    def test(self): pass\n",
        ],
        ids=["marker", "decorator", "test-case"],
    )
    def test_it_is_a_warning_of_its_test_with_the_line_of_the_seed(self, run, source):
        ran = run(f"import pytest, unittest\nfrom fake_secrets import mock_stages\n{source}", "-W", "always")
        ran.assert_outcomes(passed=1, warnings=1)
        ran.stdout.fnmatch_lines(["*.py:3: FakeSecretsWarning: Secret named like a staging label: 'AWSCURRENT'.*"])
