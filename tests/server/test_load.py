"""Many clients at once: every request is answered, every write is there, and the memory stays flat."""

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
from server.served_world import HEADERS, no_stray_exception, served

CLIENTS = 32
SIGNED = {name: value for name, _, value in (line.partition(": ") for line in HEADERS)}
# Serves until its standard input ends.
SCRIPT = """
import sys
from fake_secrets import mock_stages
with mock_stages({"prod/db": "value"}, region="us-east-1") as fake, fake.server() as url:
    print(url, flush=True)
    sys.stdin.read()
    # The seed is an entry, too, and the first that is dropped.
    print(len(fake.calls) + max(0, fake.dropped_calls - 1))
"""


class Client:
    """A client that keeps its connection."""

    def __init__(self, host):
        self.connection = http.client.HTTPConnection(host, timeout=60)

    def call(self, operation, members):
        headers = {**SIGNED, "X-Amz-Target": f"secretsmanager.{operation}"}
        self.connection.request("POST", "/", json.dumps(members), headers)
        response = self.connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return json.loads(body)

    def write(self, operation, members):
        return self.call(operation, {**members, "ClientRequestToken": str(uuid.uuid4())})


def at_once(host, work):
    """Run `work(client, number)` for all clients at once."""
    failures = []

    def run(number):
        client = Client(host)
        with contextlib.closing(client.connection):
            try:
                work(client, number)
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.slow
def test_nothing_is_lost_with_32_clients_at_once(fake_secrets, capfd):
    lines, rounds = [], 30

    def work(client, number):
        name = f"app/{number}"
        client.write("CreateSecret", {"Name": name, "SecretString": "0"})
        for turn in range(1, rounds):
            client.write("PutSecretValue", {"SecretId": name, "SecretString": str(turn)})
            assert client.call("GetSecretValue", {"SecretId": name})["SecretString"] == str(turn)
            assert client.call("GetSecretValue", {"SecretId": "shared"})["SecretString"] == "value"

    fake_secrets.add("shared", "value")
    with no_stray_exception(capfd), served(fake_secrets, log=lines.append) as listener:
        at_once(f"127.0.0.1:{listener.port}", work)

    asked = CLIENTS * (1 + 3 * (rounds - 1))
    assert len(lines) == len(fake_secrets.calls) == asked
    assert [fake_secrets[f"app/{number}"].value() for number in range(CLIENTS)] == [str(rounds - 1)] * CLIENTS
    assert {len(fake_secrets[f"app/{number}"].versions) for number in range(CLIENTS)} == {rounds}


class ServerProcess:
    """A server in a process of its own, whose memory can be measured."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.host = self.process.stdout.readline().strip().removeprefix("http://")

    def megabytes(self):
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6

    def answer(self, requests):
        def work(client, _):
            for _ in range(requests // CLIENTS):
                client.call("GetSecretValue", {"SecretId": "prod/db"})

        at_once(self.host, work)

    def end(self):
        """Return how many calls were recorded, and what was written to stderr."""
        calls, errors = self.process.communicate(timeout=60)
        return int(calls), errors


@pytest.fixture
def server_process():
    server = ServerProcess()
    yield server
    if server.process.poll() is None:
        server.end()


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="this platform doesn't tell the memory"
)


@pytest.mark.slow
@needs_proc
def test_memory_grows_only_by_the_calls_that_are_kept(server_process):
    server_process.answer(CLIENTS * 20)
    before = server_process.megabytes()
    server_process.answer(CLIENTS * 120)
    grown = server_process.megabytes() - before

    assert server_process.end() == (CLIENTS * 140, "")
    # A call that is kept takes less than 2 KB.
    assert grown < CLIENTS * 120 * 0.002 + 2


@needs_proc
@pytest.mark.long
def test_100_000_requests_of_32_clients_lose_nothing_and_leave_the_memory_flat(server_process):
    # A world keeps its latest 100,000 calls. Then memory stops growing.
    warm_up, asked = CLIENTS * 3_300, CLIENTS * 3_125
    server_process.answer(warm_up)
    before = server_process.megabytes()
    server_process.answer(asked)
    grown = server_process.megabytes() - before
    print(f"{before:.1f} MB after {warm_up:,} requests, {grown:+.1f} MB after {asked:,} more")

    assert server_process.end() == (warm_up + asked, "")
    assert grown < 4
