"""The block `with fake_secrets.local_endpoints():`: what holds in it, and that all is as before afterwards."""

import contextlib
import errno
import gc
import inspect
import logging
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings

import pytest
from asking import TOKEN_HEADER, ask, read

from fake_secrets import FakeSecretsWarning, PortTakenError, mock_stages

PORT = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
LITERAL = "http://localhost:2773/secretsmanager/get?secretId=db"

pytestmark = pytest.mark.fake_secrets({"db": "s3cret"})


def fetch(url):
    request = urllib.request.Request(url, headers={TOKEN_HEADER: os.environ["AWS_SESSION_TOKEN"]})
    # Another opener each time: the one of `urlopen` keeps the proxies of its first use.
    with urllib.request.build_opener().open(request, timeout=20) as answer:
        return answer.read().decode()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class TestEnvironment:
    def test_it_has_the_port(self, fake_secrets):
        with fake_secrets.local_endpoints() as url:
            assert url == f"http://127.0.0.1:{os.environ[PORT]}"

    def test_it_is_as_before_afterwards(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "internal.example")
        before = dict(os.environ)
        with fake_secrets.local_endpoints(), fake_secrets.local_endpoints("extension"):
            assert dict(os.environ) != before
        assert dict(os.environ) == before

    def test_it_is_as_before_after_an_exception(self, fake_secrets):
        before = dict(os.environ), socket.socket.connect, threading.active_count()
        with pytest.raises(KeyError), fake_secrets.local_endpoints() as url:
            read(url, "db")
            raise KeyError
        assert (dict(os.environ), socket.socket.connect, threading.active_count()) == before

    @pytest.mark.parametrize(
        ("found", "inside"),
        [
            ({}, "127.0.0.1,localhost"),
            ({"NO_PROXY": "a, localhost"}, "a,localhost,127.0.0.1"),
            ({"no_proxy": "a"}, "a,127.0.0.1,localhost"),
            ({"NO_PROXY": "*"}, "*"),
        ],
    )
    def test_no_proxy_has_both_names_of_the_host(self, fake_secrets, monkeypatch, found, inside):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        with fake_secrets.local_endpoints():
            assert (os.environ["NO_PROXY"], os.environ["no_proxy"]) == (inside, inside)

    def test_children_of_a_forkserver_get_the_port_of_each_block(self, fake_secrets):
        context = multiprocessing.get_context("forkserver")
        for _ in range(2):
            with fake_secrets.local_endpoints() as url, context.Pool(1) as pool:
                assert pool.apply(os.getenv, ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"]) == url.rpartition(":")[2]

    def test_a_proxy_is_not_asked(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        with fake_secrets.local_endpoints() as url:
            assert "s3cret" in fetch(f"{url}/v1/db")


class TestPort:
    def test_code_with_the_port_in_its_source_is_answered(self, fake_secrets):
        with fake_secrets.local_endpoints():
            assert "s3cret" in fetch(LITERAL)
            assert "s3cret" in fetch(LITERAL.replace("localhost", "127.0.0.1"))

    def test_a_url_with_localhost_is_answered(self, fake_secrets):
        with fake_secrets.local_endpoints() as url:
            assert "s3cret" in fetch(f"{url}/v1/db".replace("127.0.0.1", "localhost"))

    def test_the_port_that_is_configured_for_the_extension_is_answered(self, fake_secrets, monkeypatch):
        monkeypatch.setenv(PORT, "2774")
        with fake_secrets.local_endpoints("extension"):
            assert "s3cret" in fetch(LITERAL.replace("2773", "2774"))
            assert not is_answered(2773)

    def test_nobody_is_there_before_and_afterwards(self, fake_secrets):
        assert not is_answered(2773)
        with fake_secrets.local_endpoints() as url:
            assert is_answered(2773)
        assert not is_answered(2773)
        with pytest.raises(urllib.error.URLError):
            fetch(f"{url}/v1/db")

    def test_a_port_can_be_chosen(self, fake_secrets):
        port = free_port()
        with fake_secrets.local_endpoints(port=port) as url:
            assert url == f"http://127.0.0.1:{port}"
            assert read(url, "db").secret == "s3cret"
            assert not is_answered(2773)

    @pytest.mark.parametrize("port", [None, 0])
    def test_a_free_port_is_taken_if_none_is_chosen(self, fake_secrets, port):
        with fake_secrets.local_endpoints(port=port) as url, fake_secrets.local_endpoints(port=port) as other:
            assert url != other
            assert read(url, "db").secret == read(other, "db").secret == "s3cret"
            assert "s3cret" in fetch(LITERAL)

    def test_a_chosen_port_can_be_taken_again_at_once(self, fake_secrets):
        port = free_port()
        for _ in range(2):
            with fake_secrets.local_endpoints(port=port) as url:
                read(url, "db")

    def test_a_port_that_is_taken_is_told_in_a_sentence(self, fake_secrets):
        before = dict(os.environ)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"port {port} is taken: another program listens there"):
                fake_secrets.local_endpoints(port=port).__enter__()
        assert dict(os.environ) == before

    def test_a_child_process_asks_on_the_port_in_its_environment(self, fake_secrets):
        program = (
            "import os, urllib.request as u\n"
            f"url = f\"http://localhost:{{os.environ['{PORT}']}}/secretsmanager/get?secretId=db\"\n"
            f"r = u.Request(url, headers={{'{TOKEN_HEADER}': os.environ['AWS_SESSION_TOKEN']}})\n"
            "print(u.urlopen(r).read().decode())\n"
        )
        with fake_secrets.local_endpoints():
            ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "s3cret" in ran.stdout


def is_answered(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


class TestRedirection:
    def test_connect_ex_is_redirected_too(self, fake_secrets):
        with fake_secrets.local_endpoints(), socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", 2773)) == 0
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", 2773)) == errno.ECONNREFUSED

    def test_nobody_listens_at_the_address_of_ipv6(self, fake_secrets):
        with fake_secrets.local_endpoints(), socket.socket(socket.AF_INET6) as sock:
            assert sock.connect_ex(("::1", 2773, 0, 0)) == errno.ECONNREFUSED
            with pytest.raises(ConnectionRefusedError):
                sock.connect(("::1", 2773, 0, 0))

    def test_other_connections_go_where_they_should(self, fake_secrets):
        with socket.socket() as other, fake_secrets.local_endpoints():
            other.bind(("127.0.0.1", 0))
            other.listen()
            with socket.create_connection(other.getsockname(), timeout=5) as sock:
                assert sock.getpeername() == other.getsockname()

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_sockets_are_as_before_in_whatever_order_blocks_are_left(self, fake_secrets, order):
        before = {name: vars(socket.socket).get(name) for name in ("connect", "connect_ex")}
        blocks = [fake_secrets.local_endpoints("agent"), fake_secrets.local_endpoints("extension")]
        for block in blocks:
            block.__enter__()
        assert '"ResultMetadata"' in fetch(LITERAL)
        blocks[order[0]].__exit__(None, None, None)
        assert ('"ResultMetadata"' in fetch(LITERAL)) == (order[0] == 0)
        blocks[order[1]].__exit__(None, None, None)
        assert {name: vars(socket.socket).get(name) for name in before} == before

    def test_a_patch_that_was_put_over_ours_stays(self, fake_secrets, monkeypatch):
        with contextlib.ExitStack() as outer:
            with fake_secrets.local_endpoints():
                ours = socket.socket.connect
                monkeypatch.setattr(socket.socket, "connect", ours)
                outer.callback(monkeypatch.undo)
                assert "s3cret" in fetch(LITERAL)
            assert not is_answered(2773)


class TestReminder:
    @pytest.mark.slow
    @pytest.mark.parametrize("arguments", [(), ("extension",)])
    def test_a_block_that_is_never_entered_is_told_with_its_line(self, fake_secrets, arguments):
        def misuse():
            fake_secrets.local_endpoints(*arguments)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            misuse()
            gc.collect()
        assert [(str(one.message), one.category, one.lineno) for one in caught] == [
            (
                (
                    "fake_secrets.local_endpoints() was never entered, so nothing listens. Use it in a `with` "
                    "statement: `with fake_secrets.local_endpoints():`"
                ),
                FakeSecretsWarning,
                inspect.getsourcelines(misuse)[1] + 1,
            )
        ]


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (("lambda",), ValueError, "helper='lambda' isn't a choice. The choices are:\n- \"agent\": the AWS"),
            (("Extension",), ValueError, 'did you mean "extension"'),
            ((None,), ValueError, "helper=None isn't a choice"),
            ({"port": 65_536}, ValueError, "port=65536 isn't a number from 0 to 65535"),
            ({"port": -1}, ValueError, "port=-1 isn't a number from 0 to 65535"),
            ({"port": False}, TypeError, "port=False is a bool, not an int"),
            ({"port": "2773"}, TypeError, "port='2773' is a str, not an int"),
            ({"ttl": 3601}, ValueError, "ttl=3601 isn't a number from 0 to 3600"),
            ({"ttl": -1}, ValueError, "ttl=-1 isn't a number from 0 to 3600"),
            ({"ttl": True}, TypeError, "ttl=True is a bool, not an int"),
            ({"ttl": 1.5}, TypeError, "ttl=1.5 is a float, not an int"),
            ({"helper": "extension", "ttl": 301}, ValueError, "ttl=301 isn't a number from 0 to 300"),
            ({"cache_size": 0}, ValueError, "cache_size=0 isn't a number from 1 to 1000"),
            ({"helper": "extension", "cache_size": 1001}, ValueError, "isn't a number from 0 to 1000"),
            ({"max_roles": 21}, ValueError, "max_roles=21 isn't a number from 1 to 20"),
            ({"max_conn": 0}, ValueError, "max_conn=0 isn't a number from 1 to 1000"),
            ({"path_prefix": "v1/"}, ValueError, "path_prefix='v1/' doesn't begin with a slash"),
            ({"path_prefix": 1}, TypeError, "path_prefix=1 is a int, not a str"),
            ({"helper": "extension", "not_ready": -1}, ValueError, "not_ready=-1 isn't a number of at least 0"),
            (
                {"helper": "extension", "max_roles": 2},
                ValueError,
                "max_roles=2 isn't an option of the extension. Its options are:\n- port\n- ttl\n- cache_size\n-",
            ),
            ({"not_ready": 1}, ValueError, "not_ready=1 isn't an option of the agent"),
        ],
    )
    def test_what_the_helper_does_not_take_is_told_at_the_call(self, fake_secrets, arguments, error, message):
        given = arguments if isinstance(arguments, dict) else {"helper": arguments[0]}
        with pytest.raises(error) as raised:
            fake_secrets.local_endpoints(**given)
        assert message in str(raised.value)

    def test_a_token_file_that_can_not_be_read_is_told_when_the_block_is_entered(self, fake_secrets, monkeypatch):
        monkeypatch.setenv("AWS_TOKEN", "file:///no/such/file")
        with pytest.raises(ValueError, match="AWS_TOKEN is 'file:///no/such/file', and that file can't be read"):
            fake_secrets.local_endpoints().__enter__()

    @pytest.mark.parametrize("helper", ["agent", "extension"])
    def test_an_environment_without_a_token_is_told(self, fake_secrets, monkeypatch, helper):
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        with pytest.raises(ValueError, match="no token, because none of these variables is set:\n- AWS_"):
            fake_secrets.local_endpoints(helper).__enter__()


@pytest.mark.parametrize("helper", ["agent", "extension"])
def test_no_secret_is_in_a_log_or_in_what_is_printed(fake_secrets, caplog, capfd, helper):
    with caplog.at_level(logging.DEBUG), fake_secrets.local_endpoints(helper) as url:
        assert read(url, "db").secret == "s3cret"
        ask(url, "/secretsmanager/get?secretId=db&wrong=1")
    assert "s3cret" not in caplog.text
    assert "s3cret" not in "".join(capfd.readouterr())
    assert "s3cret" not in str(fake_secrets.calls) + repr(fake_secrets.calls)


def test_the_agent_is_the_default(fake_secrets):
    with fake_secrets.local_endpoints() as url:
        read(url, "db")
    assert fake_secrets.calls[-1].via == "agent"


@pytest.mark.slow
def test_a_world_without_endpoints_imports_nothing_for_them():
    program = (
        "import sys\n"
        "from fake_secrets import mock_stages\n"
        "with mock_stages({'db': 'x'}) as fake_secrets:\n"
        "    fake_secrets['db'].value(), fake_secrets.calls\n"
        "rooms = 'fake_secrets.local_endpoints', 'fake_secrets.server', 'fake_secrets.activation.local'\n"
        "print([name for name in sys.modules if name.startswith(rooms)])\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_block_that_nobody_leaves_ends_with_its_world():
    before = dict(os.environ), vars(socket.socket).get("connect"), threading.active_count()
    with mock_stages({"db": "s3cret"}) as world:
        block = world.local_endpoints()
        url = block.__enter__()
        assert read(url, "db").secret == "s3cret"
    assert (dict(os.environ), vars(socket.socket).get("connect"), threading.active_count()) == before
    block.__exit__(None, None, None)


@pytest.mark.parametrize("helper", ["agent", "extension"])
def test_the_answer_to_a_request_is_no_leak(fake_secrets, helper):
    with fake_secrets.leaks.watching() as found, fake_secrets.local_endpoints(helper) as url:
        assert read(url, "db").status == 200
        assert ask(url, "/secretsmanager/get?secretId=db&refreshNow=x").status != 200
    assert list(found) == []


def test_the_block_also_decorates_a_function(fake_secrets):
    @fake_secrets.local_endpoints("extension")
    def load():
        return fetch(LITERAL)

    assert "s3cret" in load()
    assert "s3cret" in load()
    assert not is_answered(2773)
