"""The guard lets calls pass that go to a server on this machine, and says what to do about servers elsewhere."""

import textwrap

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS

HEAD = """
import boto3, pytest, threading
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, HTTPClientError
from fake_secrets import OutsideWorldError, mock_stages

def client(url=None):
    return boto3.client(
        "secretsmanager", "us-east-1", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id="x", aws_secret_access_key="x",
    )
"""


@pytest.fixture
def guarded(pytester):
    def guarded(source):
        pytester.makeini("[pytest]\nfake_secrets_guard = error\n")
        pytester.makepyfile(test_app=HEAD + textwrap.dedent(source))
        return pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-config")

    return guarded


def test_calls_to_a_server_on_this_machine_pass(guarded):
    guarded(
        """
        @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3", "[::1]", "LOCALHOST"])
        def test_it(host):
            with pytest.raises((HTTPClientError, EndpointConnectionError)):  # nobody listens there
                client(f"http://{host}:1").list_secrets()

        def test_by_environment(monkeypatch):
            monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            with pytest.raises(EndpointConnectionError):
                client().list_secrets()
        """
    ).assert_outcomes(passed=6)


def test_calls_to_a_server_of_moto_pass_and_those_in_a_world_are_still_answered(guarded):
    pytest.importorskip("moto.server", exc_type=ImportError)
    guarded(
        """
        from moto.server import ThreadedMotoServer

        @pytest.fixture
        def url():
            server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
            server.start()
            yield "http://{}:{}".format(*server.get_host_and_port())
            server.stop()

        def test_it(url):
            client(url).create_secret(Name="a", SecretString="of moto")
            with mock_stages({"a": "x"}):
                assert client(url).get_secret_value(SecretId="a")["SecretString"] == "x"
            assert client(url).get_secret_value(SecretId="a")["SecretString"] == "of moto"
        """
    ).assert_outcomes(passed=1)


ELSEWHERE = (
    " The client's endpoint is at {!r}, and the guard lets calls to servers on this machine pass only. To call a "
    "server elsewhere, run its tests with `-o fake_secrets_guard=off`."
)


@pytest.mark.parametrize("host", ["localstack", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1"])
def test_a_call_to_a_server_elsewhere_is_stopped_and_told_the_way_out(guarded, host):
    ran = guarded(f"def test_it():\n    client('http://user:word@{host}:4566').list_secrets()\n")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines([f"E *own `with mock_stages():`.{ELSEWHERE.format(host)}"])


@pytest.mark.parametrize("url", [None, "https://vpce-1.secretsmanager.us-east-1.vpce.amazonaws.com"])
def test_a_call_to_aws_is_stopped_and_told_to_open_a_world_only(guarded, url):
    ran = guarded(f"def test_it():\n    client({url!r}).list_secrets()\n")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["E *such as module imports and setUpClass, needs its own `with mock_stages():`."])
