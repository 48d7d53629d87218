"""`with fake_secrets.server():`: the environment, the life of the server, and the errors that it has kept."""

import os
import socket
import subprocess
import sys
import urllib.request

import boto3
import pytest

import fake_secrets as package
from fake_secrets import mock_stages
from fake_secrets.activation import running
from fake_secrets.errors import PortTakenError

VARIABLES = (
    "AWS_ENDPOINT_URL_SECRETS_MANAGER", "SECRETS_MANAGER_ENDPOINT", "NO_PROXY", "no_proxy",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_REGION",
)  # fmt: skip
CHILD = """
import boto3
client = boto3.client("secretsmanager")
print(client.get_secret_value(SecretId="prod/db")["SecretString"])
client.put_secret_value(SecretId="prod/db", SecretString="new")
"""
ROTATE = """
import boto3
boto3.client("secretsmanager").rotate_secret(SecretId="prod/db")
"""


def run(source, *, check=True):
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=check)


def environment():
    return {name: os.environ.get(name) for name in VARIABLES}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
@pytest.mark.fake_secrets({"prod/db": "old"})
def test_a_child_process_reads_and_writes_the_world_of_the_test(fake_secrets):
    with fake_secrets.server():
        child = run(CHILD)

    assert child.stdout == "old\n"
    assert fake_secrets["prod/db"].value() == "new"
    assert [call.operation for call in fake_secrets.calls] == ["GetSecretValue", "PutSecretValue"]


class TestEnvironment:
    def test_both_variables_have_the_url(self, fake_secrets):
        with fake_secrets.server() as url:
            assert os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == url
            assert os.environ["SECRETS_MANAGER_ENDPOINT"] == url

    @pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
    def test_no_proxy_is_used_for_the_server(self, fake_secrets, name):
        with fake_secrets.server():
            assert os.environ[name] == "127.0.0.1,localhost"

    @pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
    def test_hosts_without_a_proxy_keep_theirs(self, fake_secrets, monkeypatch, name):
        monkeypatch.setenv(name, "example.org")
        with fake_secrets.server():
            assert os.environ[name] == "example.org,127.0.0.1,localhost"

    @pytest.mark.slow
    def test_a_child_asks_the_server_although_there_is_a_proxy(self, fake_secrets, monkeypatch):
        for name in "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy":
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        fake_secrets.add("prod/db", "old")
        with fake_secrets.server():
            assert run(CHILD).stdout == "old\n"

    def test_what_would_hide_the_endpoint_is_hidden(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        with fake_secrets.server():
            assert "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" not in os.environ
        assert os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "true"

    @pytest.mark.fake_secrets(region="eu-west-3")
    def test_sdks_that_want_aws_region_get_that_of_the_world(self, fake_secrets):
        with fake_secrets.server():
            assert os.environ["AWS_REGION"] == "eu-west-3"

    @pytest.mark.fake_secrets(region="eu-west-3")
    def test_children_in_other_sdks_look_in_the_region_of_the_world_too(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("AWS_REGION", "ap-south-1")
        with fake_secrets.server():
            assert os.environ["AWS_REGION"] == os.environ["AWS_DEFAULT_REGION"] == "eu-west-3"
        assert os.environ["AWS_REGION"] == "ap-south-1"

    def test_everything_is_put_back(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://elsewhere")
        before = dict(os.environ)
        with fake_secrets.server():
            pass
        assert dict(os.environ) == before

    def test_everything_is_put_back_after_an_error(self, fake_secrets):
        before = dict(os.environ)
        with pytest.raises(LookupError), fake_secrets.server():
            raise LookupError
        assert dict(os.environ) == before

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_servers_are_left_in_any_order(self, fake_secrets, order):
        before = dict(os.environ)
        servers = [fake_secrets.server(), fake_secrets.server()]
        urls = [server.__enter__() for server in servers]
        first, last = order
        servers[first].__exit__(None, None, None)
        assert os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == urls[last]
        servers[last].__exit__(None, None, None)
        assert dict(os.environ) == before

    def test_the_world_may_be_left_before_its_server(self):
        before = dict(os.environ)
        world = mock_stages({"prod/db": "old"})
        server = world.start().server()
        server.__enter__()
        world.stop()
        server.__exit__(None, None, None)
        assert dict(os.environ) == before


class TestLife:
    @pytest.mark.slow
    def test_a_world_that_was_left_is_still_served(self):
        world = mock_stages({"prod/db": "old"})
        handle = world.start()
        with handle.server() as url:
            world.stop()
            with pytest.MonkeyPatch.context() as patch:
                for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
                    patch.setenv(name, "own")
                patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
                patch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
                run(CHILD)
        assert handle["prod/db"].value() == "new"

    @pytest.mark.slow
    @pytest.mark.fake_secrets({"prod/db": "old"})
    def test_a_world_that_was_reset_is_served_anew(self, fake_secrets):
        with fake_secrets.server():
            run(CHILD)
            fake_secrets.reset()
            assert run(CHILD).stdout == "old\n"
        assert len(fake_secrets.calls) == 2

    @pytest.mark.slow
    @pytest.mark.fake_secrets({"prod/db": "old"})
    def test_two_servers_serve_the_same_world(self, fake_secrets):
        with fake_secrets.server() as first:
            run(CHILD)
            with fake_secrets.server() as second:
                assert first != second
                assert run(CHILD).stdout == "new\n"

    @pytest.mark.slow
    def test_a_request_is_answered_by_the_world_whose_server_it_reached(self, fake_secrets):
        fake_secrets.add("prod/db", "outer")
        with fake_secrets.server(), mock_stages({"prod/db": "inner"}) as inner:
            assert run(CHILD).stdout == "outer\n"
            with inner.server():
                assert run(CHILD).stdout == "inner\n"
        assert fake_secrets["prod/db"].value() == inner["prod/db"].value() == "new"

    def test_the_port_is_free_afterwards(self, fake_secrets):
        with fake_secrets.server() as url:
            port = int(url.rpartition(":")[2])
        with fake_secrets.server(port=port) as again:
            assert again == url

    def test_a_port_that_is_taken_is_named(self, fake_secrets):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"port {port} is taken"):
                fake_secrets.server(port=port).__enter__()
        assert running.everything() == []

    @pytest.mark.parametrize(
        ("port", "kind"), [("80", TypeError), (True, TypeError), (-1, ValueError), (65536, ValueError)]
    )
    def test_a_port_that_is_none_is_refused(self, fake_secrets, port, kind):
        with pytest.raises(kind, match="port must be"):
            fake_secrets.server(port=port)

    @pytest.mark.slow
    def test_a_world_without_a_server_imports_no_http_server(self):
        source = (
            "import sys, fake_secrets\n"
            "with fake_secrets.mock_stages():\n"
            "    print(sorted({'http.server', 'socketserver', 'fake_secrets.server.listener', 'multiprocessing'}"
            " & set(sys.modules)))"
        )
        assert run(source).stdout == "[]\n"


def failing_rotator(event, context):
    msg = "the database is down"
    raise ConnectionError(msg)


def rotate_in_a_child(fake_secrets, *, check=True):
    fake_secrets.add("prod/db", "old")
    arn = fake_secrets.lambda_function(failing_rotator)
    call = f"rotate_secret(SecretId='prod/db', RotationLambdaARN={arn!r})"
    source = f"import boto3; boto3.client('secretsmanager').{call}"
    return run(source, check=check)


class TestErrors:
    """Those of rotations and subscribers aren't for the client, but for the test."""

    @pytest.mark.slow
    def test_the_error_of_a_rotation_comes_out_of_the_block(self, fake_secrets):
        with pytest.raises(ConnectionError, match="the database is down"), fake_secrets.server():
            rotate_in_a_child(fake_secrets)

    @pytest.mark.slow
    def test_the_child_sees_a_rotation_that_has_begun(self, fake_secrets):
        with pytest.raises(ConnectionError), fake_secrets.server():
            assert rotate_in_a_child(fake_secrets).returncode == 0

    @pytest.mark.slow
    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_the_error_of_a_rotation_may_only_be_recorded(self, fake_secrets):
        with fake_secrets.server():
            rotate_in_a_child(fake_secrets)
        assert fake_secrets.rotations[0].error is not None

    @pytest.mark.slow
    def test_the_blocks_own_error_comes_first_and_has_a_note_of_the_other(self, fake_secrets):
        with pytest.raises(LookupError) as raised, fake_secrets.server():
            rotate_in_a_child(fake_secrets)
            raise LookupError
        assert raised.value.__notes__ == ["Before that, in the server of fake_secrets: ConnectionError"]

    @pytest.mark.slow
    def test_of_several_errors_the_first_is_raised_with_notes_of_the_others(self, fake_secrets):
        def complain(event):
            msg = f"complaint {len(complaints)}"
            complaints.append(msg)
            raise LookupError(msg)

        complaints = []
        fake_secrets.add("prod/db", "old")
        fake_secrets.on_event(complain)
        with pytest.raises(LookupError, match="complaint 0") as raised, fake_secrets.server():
            run(CHILD)
        later = [note for note in raised.value.__notes__ if "complaint 1" in note]
        assert len(later) == len(complaints) - 1

    @pytest.mark.slow
    def test_the_error_of_a_subscriber_comes_out_of_the_block(self, fake_secrets):
        def complain(event):
            raise LookupError

        fake_secrets.add("prod/db", "old")
        fake_secrets.on_event(complain)
        with pytest.raises(LookupError), fake_secrets.server():
            assert run(CHILD).stdout == "old\n"

    @pytest.mark.slow
    def test_a_refused_child_hears_its_refusal(self, fake_secrets):
        with fake_secrets.server():
            assert "ResourceNotFoundException" in run(CHILD, check=False).stderr

    @pytest.mark.slow
    def test_an_error_of_ours_reaches_child_and_test(self, fake_secrets):
        fake_secrets.add("prod/db", "old")
        fake_secrets.faults.crash_before("GetSecretValue")
        with pytest.raises(package.FaultError, match="no rotation function makes"), fake_secrets.server():
            assert "(Fault) when calling the GetSecretValue operation" in run(CHILD, check=False).stderr

    @pytest.mark.slow
    def test_what_the_fake_does_not_support_fails_the_test_too(self, fake_secrets, monkeypatch):
        def refuse(*_):
            msg = "not that"
            raise package.UnsupportedOperationError(msg)

        monkeypatch.setattr(fake_secrets._world, "answer", refuse)
        with pytest.raises(package.UnsupportedOperationError, match="not that"), fake_secrets.server():
            assert "(UnsupportedOperation)" in run(CHILD, check=False).stderr

    @pytest.mark.slow
    def test_a_rotation_function_may_fail_the_test(self, fake_secrets):
        def rotator(event, context):
            pytest.fail("called by a rotation")

        fake_secrets.add("prod/db", "old")
        arn = fake_secrets.lambda_function(rotator)
        call = f"rotate_secret(SecretId='prod/db', RotationLambdaARN={arn!r})"
        with pytest.raises(pytest.fail.Exception, match="called by a rotation"), fake_secrets.server():
            run(f"import boto3; boto3.client('secretsmanager').{call}")

    @pytest.mark.slow
    def test_a_server_that_is_entered_again_has_forgotten_its_errors(self, fake_secrets):
        server = fake_secrets.server()
        with pytest.raises(ConnectionError), server:
            rotate_in_a_child(fake_secrets)
        with server:
            pass


class TestInTheProcess:
    """Clients of the test itself find the variable, too, and are answered without the server."""

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_a_call_is_answered_once_by_the_hook(self, lane):
        with mock_stages({"prod/db": "old"}, _lane=lane) as world, world.server():
            client = boto3.client("secretsmanager")
            assert client.get_secret_value(SecretId="prod/db")["SecretString"] == "old"
            assert len(world.calls) == 1

    def test_a_client_from_inside_the_block_is_answered_after_it(self, fake_secrets):
        fake_secrets.add("prod/db", "old")
        with fake_secrets.server():
            client = boto3.client("secretsmanager")
        assert client.get_secret_value(SecretId="prod/db")["SecretString"] == "old"

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_no_connection_is_opened(self, lane, monkeypatch):
        def connect(sock, address):
            connected.append(address)
            return found(sock, address)

        found, connected = socket.socket.connect, []
        monkeypatch.setattr(socket.socket, "connect", connect)
        with mock_stages({"prod/db": "old"}, _lane=lane) as world, world.server() as url:
            client = boto3.client("secretsmanager")
            assert client.meta.endpoint_url == url
            assert client.get_secret_value(SecretId="prod/db")["SecretString"] == "old"
            assert connected == []
            # What a process without a world does is noticed.
            assert urllib.request.urlopen(f"{url}/_fake_secrets/health").status == 200
            assert len(connected) == 1
