"""`fake-secrets serve --state FILE` goes on from the file, or refuses it."""

import contextlib
import http.client
import signal
import stat
import subprocess
import sys

import pytest
from posting import post

SERVE = [sys.executable, "-m", "fake_secrets", "serve", "--quiet"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "world.state"


def seed(tmp_path, value):
    file = tmp_path / f"{value}.json"
    file.write_text(f'{{"app/db": "{value}"}}')
    return file


@contextlib.contextmanager
def served(*arguments):
    """Serve, and end with SIGTERM; give a function that calls an operation."""
    with subprocess.Popen([*SERVE, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            place = process.stdout.readline().strip().removeprefix("http://")
            with contextlib.closing(http.client.HTTPConnection(place, timeout=20)) as connection:
                yield lambda operation, **members: post(connection, operation, **members)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    assert process.returncode == 0


def refusal(*arguments):
    ran = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    return ran.stderr


@pytest.mark.slow
def test_a_server_goes_on_where_the_last_one_ended(path, tmp_path):
    with served("--state", path, "--seed", seed(tmp_path, "old")) as call:
        first = call("GetSecretValue", SecretId="app/db")[1]["SecretString"]
        call("PutSecretValue", SecretId="app/db", SecretString="new", ClientRequestToken="1" * 32)
    with served("--state", path, "--seed", seed(tmp_path, "other")) as call:
        second = call("GetSecretValue", SecretId="app/db")[1]["SecretString"]
    assert (first, second) == ("old", "new")
    assert [one.name for one in tmp_path.glob("world*")] == ["world.state"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.slow
def test_a_foreign_file_is_refused_with_a_sentence_and_left_untouched(path):
    path.write_text("DB_PASSWORD=hunter2")
    why = "isn't a state file of fake_secrets, or its first line is damaged"
    assert refusal("--state", path) == f"fake-secrets serve: the state file {str(path)!r} {why}.\n"
    assert path.read_text() == "DB_PASSWORD=hunter2"


@pytest.mark.slow
def test_a_second_server_on_the_same_file_is_refused(path):
    with served("--state", path):
        assert refusal("--state", path) == (
            f"fake-secrets serve: the state file {str(path)!r} is in use by another server.\n"
        )


def test_a_server_that_can_not_start_leaves_no_new_file_behind(path, tmp_path):
    assert "nowhere.json" in refusal("--state", path, "--seed", tmp_path / "nowhere.json")
    assert not path.exists()
