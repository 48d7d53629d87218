"""botocore reacts to a planned fault as it does to a server that fails in the same way.

Each case runs twice with the same client: in a world, where a fault is planned, and outside of any world, where
a server on loopback plays the answers of the world again, byte by byte.
"""

import contextlib
import http.server
import itertools
import os
import socket
import struct
import threading
import types
from unittest import mock

import botocore.config
import botocore.endpoint
import botocore.retries.bucket
import botocore.session
import pytest

from fake_secrets import mock_stages
from fake_secrets.faults.codes import COMMON, MODELLED
from fake_secrets.hook import wire

NAME = "prod/db"
MODES = ["legacy", "standard", "adaptive"]
STATUSES = [400, 403, 404, 408, 413, 429, 500, 501, 502, 503, 504, 509, 599]
BODIES = [b"", b"{", b"{}", b"<html></html>", b"\xff\xfe", b"[]", b"null", b'"text"', b'{"Name": 1}']
# Far in the future, because the clients are made at the real time.
LOOKS = itertools.count(10**11, 1000)
HEADERS = {"x-amzn-requestid", "content-type", "content-length", "date", "connection"}


class Replay(http.server.BaseHTTPRequestHandler):
    """Plays the next answer of the server's script."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.next_answer()
        if answer is None or answer.loss == "connection reset":
            self.reset()
        elif answer.loss == "read time-out":
            self.close_connection = True
            self.server.is_over.wait(20)
        else:
            self.reply(answer)

    def reply(self, answer):
        lines = [f"HTTP/1.1 {answer.status_code} Reason"]
        lines += [f"{name}: {value}" for name, value in answer.plain_headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + answer._content)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """A server on loopback that plays a script."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Replay)
        self.is_over = threading.Event()
        self.script, self.played = [], 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def play(self, script):
        self.script, self.played = script, 0

    def next_answer(self):
        self.played += 1
        return self.script[self.played - 1] if self.played <= len(self.script) else None

    def handle_error(self, *_):
        """Leave the ends of reset connections untold."""


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join(20)


@pytest.fixture(scope="module")
def clients(server):
    """A client of each mode, and one that waits for an answer no longer than the machine needs to notice it."""
    session = botocore.session.get_session()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}

    def client(mode, read_timeout):
        config = botocore.config.Config(retries={"mode": mode}, read_timeout=read_timeout)
        return session.create_client("secretsmanager", endpoint_url=server.url, config=config, **keys)

    made = {(mode, timeout): client(mode, timeout) for mode in MODES for timeout in (20, 0.2)}
    yield made
    for client in made.values():
        client.close()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Let retries follow at once: nobody sleeps, and the bucket of adaptive mode is full again at each look."""
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(botocore.retries.bucket.Clock, "current_time", lambda _: next(LOOKS))


@pytest.fixture
def compare(server, clients):
    """Return a function that compares the outcomes of a planned fault, and gives the answers of the world."""

    def compare(mode, plan, failing=contextlib.nullcontext, *, read_timeout=20):
        client = clients[mode, read_timeout]
        with mock_stages({NAME: "old"}) as fake, recorded() as script:
            plan(fake.faults)
            planned = outcome(client)
        server.play(script)
        # Its connections may be those of an earlier case.
        client.close()
        with failing():
            real = outcome(client)
        assert planned == real
        if failing is contextlib.nullcontext:
            assert server.played == len(script)
        return script

    return compare


@contextlib.contextmanager
def recorded():
    """Record the answers that the world gives on the wire."""
    script, answer_raw = [], wire.answer_raw

    def record(*args):
        script.append(answer_raw(*args))
        return script[-1]

    with mock.patch.object(wire, "answer_raw", record):
        yield script


def outcome(client):
    """Return what a call returns or raises, with all that comes along."""
    fill_quota(client)
    try:
        return client.get_secret_value(SecretId=NAME)
    except Exception as error:  # noqa: BLE001 -- whatever comes out is compared
        below = getattr(error, "kwargs", {}).get("error")
        return (
            type(error).__name__,
            type(error).__mro__[1:],
            str(error),
            getattr(error, "response", None),
            # The address of a connection differs.
            (type(below), type(getattr(below, "__cause__", None)), str(below).partition(" at 0x")[0]),
        )


def fill_quota(client):
    """Forget the retries of earlier cases, which use up the quota of standard and adaptive mode."""
    for handler in client.meta.events._emitter._handlers.prefix_search("needs-retry.secrets-manager"):
        quota = getattr(getattr(handler, "__self__", None), "_retry_quota", None)
        if quota is not None:
            quota._quota._available_capacity = quota._quota._max_capacity


@contextlib.contextmanager
def nobody_knows_the_host():
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with mock.patch.object(socket, "getaddrinfo", side_effect=unknown):
        yield


@contextlib.contextmanager
def nobody_listens():
    with mock.patch("urllib3.util.connection.create_connection", side_effect=TimeoutError("timed out")):
        yield


pytestmark = pytest.mark.parametrize("mode", MODES)


@pytest.mark.parametrize("code", [*MODELLED, *COMMON])
def test_an_error_that_comes_out(compare, mode, code):
    script = compare(mode, lambda faults: faults.fail("GetSecretValue", code, calls=1))
    assert {frozenset(answer.plain_headers) for answer in script} == {frozenset(HEADERS)}


@pytest.mark.parametrize("code", ["InternalServiceError", "ThrottlingException"])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_an_error_that_passes(compare, mode, code, times):
    compare(mode, lambda faults: faults.fail("GetSecretValue", code, times=times, retry_after=1.5))


@pytest.mark.parametrize("code", ["InternalServiceError", "LimitExceededException", "ThrottlingException"])
@pytest.mark.parametrize("status", STATUSES)
def test_an_error_with_another_status(compare, mode, code, status):
    compare(mode, lambda faults: faults.fail("*", code, status=status, message="Text", calls=1))


@pytest.mark.parametrize("status", STATUSES)
def test_a_page_of_html(compare, mode, status):
    compare(mode, lambda faults: faults.fail("*", status, calls=1))


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_answer(compare, mode, body):
    compare(mode, lambda faults: faults.malformed_body("*", body, calls=1))


@pytest.mark.parametrize("calls", [1, None], ids=["all attempts", "two attempts"])
def test_a_connection_that_is_reset(compare, mode, calls):
    amount = {"times": 2} if calls is None else {"calls": calls}
    compare(mode, lambda faults: faults.reset_connection(**amount))


@pytest.mark.slow
def test_an_answer_that_never_comes(compare, mode):
    compare(mode, lambda faults: faults.time_out(calls=1), read_timeout=0.2)


def test_a_host_that_is_not_found(compare, mode):
    compare(mode, lambda faults: faults.fail_dns(calls=1), nobody_knows_the_host)


def test_a_connection_that_is_not_made_in_time(compare, mode):
    compare(mode, lambda faults: faults.time_out(connecting=True, calls=1), nobody_listens)
