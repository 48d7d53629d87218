"""The fixture `fake_secrets_server`, and what is put back if a test forgets its server."""

import os
import subprocess
import sys

import boto3.session
import pytest

from fake_secrets import mock_stages
from fake_secrets.activation import running

# pytest runs in-process below, and afterwards forgets the modules that it imported first.
assert boto3.session
assert mock_stages

OPTIONS = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-o", "asyncio_default_fixture_loop_scope=function")
READ = "import boto3; print(boto3.client('secretsmanager').get_secret_value(SecretId='db')['SecretString'])"


@pytest.mark.slow
@pytest.mark.fake_secrets({"db": "s3cret"})
def test_a_child_reads_the_world_of_the_test(fake_secrets, fake_secrets_server):
    child = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    assert child.stdout == "s3cret\n"
    assert len(fake_secrets.calls) == 1


def test_it_gives_the_url(fake_secrets_server):
    assert os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == fake_secrets_server


def test_the_server_is_gone_after_the_test(pytester):
    pytester.makepyfile("""
        import os

        def test_first(fake_secrets_server):
            pass

        def test_second():
            assert "AWS_ENDPOINT_URL_SECRETS_MANAGER" not in os.environ
    """)
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


FORGETTING = """
    import os, socket
    import pytest
    from fake_secrets import mock_stages

    before, connect, kept = dict(os.environ), socket.socket.connect, []

    def forget(world):
        for served in {served}:
            kept.append(served)
            served.__enter__()

    {test}

    def test_later():
        changed = {{name for name in before.keys() | os.environ if before.get(name) != os.environ.get(name)}}
        assert changed <= {{"PYTEST_CURRENT_TEST"}}
        assert socket.socket.connect == connect
"""
WORLDS = {
    "of the fixture": """
    def test_forgets(fake_secrets):
        forget(fake_secrets)
""",
    "of a block in the test": """
    def test_forgets():
        with mock_stages() as world:
            forget(world)
""",
}
SERVED = {
    "a server": (
        "[world.server()]",
        [
            "*::test_forgets has left a server of fake_secrets running. It is stopped now, so that later tests *",
            "- <server of fake_secrets at http://127.0.0.1:*>",
            "Use `with fake_secrets.server():` or the fixture fake_secrets_server.",
        ],
    ),
    "local endpoints": (
        "[world.local_endpoints('extension')]",
        [
            "*::test_forgets has left local endpoints of fake_secrets running. They are stopped now, so that *",
            "- <local endpoints of fake_secrets at http://127.0.0.1:*, of the extension>",
            "Use `with fake_secrets.local_endpoints():`.",
        ],
    ),
    "both": (
        "[world.server(), world.local_endpoints()]",
        [
            "*::test_forgets has left servers of fake_secrets running. They are stopped now, so that later *",
            "- <server of fake_secrets at http://127.0.0.1:*>",
            "- <local endpoints of fake_secrets at http://127.0.0.1:*, of the agent>",
            "Use `with fake_secrets.server():` and `with fake_secrets.local_endpoints():`.",
        ],
    ),
}


@pytest.mark.parametrize("test", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize(("served", "told"), SERVED.values(), ids=SERVED)
def test_what_a_test_has_left_running_is_stopped_and_fails_the_test(pytester, served, told, test):
    pytester.makepyfile(FORGETTING.format(served=served, test=test.strip()))
    result = pytester.runpytest_inprocess(*OPTIONS)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(told, consecutive=True)
    assert running.everything() == []


def test_the_server_of_a_wider_fixture_stays_for_all_its_tests(pytester):
    pytester.makepyfile("""
        import os
        import pytest
        from fake_secrets import mock_stages

        @pytest.fixture(scope="module")
        def url():
            with mock_stages() as world, world.server() as url:
                yield url

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(url, number):
            assert os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == url
    """)
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


@pytest.mark.slow
def test_the_error_of_a_childs_rotation_fails_the_test(pytester):
    pytester.makepyfile("""
        import subprocess, sys

        def test_it(fake_secrets, fake_secrets_server):
            def rotator(event, context):
                raise ConnectionError("the database is down")

            fake_secrets.add("db", "old")
            arn = fake_secrets.lambda_function(rotator)
            call = f"rotate_secret(SecretId='db', RotationLambdaARN={arn!r})"
            program = f"import boto3; boto3.client('secretsmanager').{call}"
            subprocess.run([sys.executable, "-c", program], check=True)
    """)
    result = pytester.runpytest_inprocess(*OPTIONS)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ConnectionError: the database is down*"])
