"""A kill at any moment leaves the state before a change or the one after it."""

import contextlib
import http.client
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from changing_process import digest_of
from posting import post
from stored_states import state_in

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no such kills")

HERE = Path(__file__).parent
KILLS = [10, pytest.param(200, marks=pytest.mark.long)]
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}


def killed_after(seconds, path, seed, *, has_started):
    """Run the process on a state file, and kill it; return what it said, without a last line that has no end.

    Args:
        seconds: when to kill it, from its start or its first answer.
        path: the state file.
        seed: the seed of its calls.
        has_started: whether to count from its first answer.
    """
    command = [sys.executable, str(HERE / "changing_process.py"), str(path), str(seed)]
    environment = {**os.environ, **ENVIRONMENT}
    pipe = subprocess.PIPE
    # Without a buffer, in which `communicate` doesn't look.
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, bufsize=0) as process:
        said = b""
        while has_started and b"answered" not in said and (line := process.stdout.readline()):
            said += line
        # Not to wait for anything: the kill comes at a random moment.
        time.sleep(seconds)
        process.kill()
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors.decode()
    return [line.decode().split() for line in (said + rest).splitlines(keepends=True) if line.endswith(b"\n")]


def possible_states(said):
    """Return the digests of the states that the file may have: the last one that was written, and the next one."""
    answered = max(number for number, (word, _) in enumerate(said) if word == "answered")
    writing = [digest for word, digest in said[answered:] if word == "writing"]
    # A rotation has many changes. Each has been written when the next one begins to be.
    return set([said[answered][1], *writing][-2:])


@pytest.mark.slow
@pytest.mark.parametrize("count", KILLS)
def test_a_killed_server_leaves_the_last_state_that_it_answered_with_or_the_next(count, tmp_path):
    path = tmp_path / "world.state"
    chosen = random.Random(count)  # noqa: S311 -- repeatable
    modes, before = set(), None
    for number in range(count):
        has_started = number == 0 or number % 4 > 0
        seconds = chosen.uniform(0, 0.3) if has_started else chosen.uniform(0.2, 0.8)
        said = killed_after(seconds, path, number, has_started=has_started)
        left = digest_of(state_in(path.read_bytes()))
        assert left in possible_states([("answered", before), *said])
        modes |= {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
        before = left
    assert modes == {0o600}


class Counting(threading.Thread):
    """Makes one number after another the description of a secret until the server is gone.

    `answered` is the last number that the server has answered.
    """

    def __init__(self, url, first):
        super().__init__()
        self.place = url.removeprefix("http://")
        self.answered = first
        self.has_begun = threading.Event()

    def run(self):
        connection = http.client.HTTPConnection(self.place, timeout=20)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                number = self.answered + 1
                given = {"Description": str(number), "ClientRequestToken": str(uuid.UUID(int=number))}
                status, _ = post(connection, "UpdateSecret", SecretId="app/db", **given)
                assert status == 200
                self.answered += 1
                self.has_begun.set()


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, pytest.param(50, marks=pytest.mark.long)])
def test_a_killed_server_has_lost_no_request_that_it_answered(count, tmp_path):
    path, seed = tmp_path / "world.state", tmp_path / "seed.json"
    seed.write_text('{"app/db": "seeded"}')
    command = [sys.executable, "-m", "fake_secrets", "serve", "--quiet", "--state", path, "--seed", seed]
    chosen, left = random.Random(count), 0  # noqa: S311 -- repeatable
    for _ in range(count):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            counting = Counting(process.stdout.readline().strip(), left)
            counting.start()
            assert counting.has_begun.wait(20)
            time.sleep(chosen.uniform(0, 0.05))
            process.kill()
            counting.join(20)
        (secret,) = state_in(path.read_bytes()).values()
        left = int(secret["description"])
        assert left in {counting.answered, counting.answered + 1}
