"""`fake-secrets serve --local-endpoints`: the local helpers for programs that are no tests."""

import json
import socket
import subprocess
import sys

import pytest

PROGRAM = """
import os
import sys
import urllib.request

import boto3

port = os.environ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"]
headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}


def read():
    url = f"http://localhost:{port}/secretsmanager/get?secretId=prod/db"
    print(urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read().decode())


read()
boto3.client("secretsmanager").put_secret_value(SecretId="prod/db", SecretString="new")
read()
"""


@pytest.fixture
def serve(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed.json").write_text('{"prod/db": "old"}')
    (tmp_path / "program.py").write_text(PROGRAM)

    def run(*arguments, command=(sys.executable, "program.py")):
        line = [sys.executable, "-m", "fake_secrets", "serve", "--seed", "seed.json", *arguments, "--", *command]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "member"), [((), "CreatedDate"), (("agent",), "CreatedDate"), (("extension",), "ResultMetadata")]
)
def test_a_program_beside_it_reads_through_the_helper_and_its_cache(serve, arguments, member):
    ran = serve("--local-endpoints", *arguments, "--local-port", "0")
    assert ran.returncode == 0, ran.stderr
    values = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [value["SecretString"] for value in values] == ["old", "old"]
    assert list(values[0])[-1] == member


@pytest.mark.slow
def test_each_request_has_a_line_in_the_log_without_values(serve):
    ran = serve("--local-endpoints", "--local-port", "0")
    assert ran.stderr.count("GET /secretsmanager/get 200") == 2
    assert "old" not in ran.stderr


@pytest.mark.slow
def test_quiet_leaves_out_these_lines_too(serve):
    assert serve("--local-endpoints", "--local-port", "0", "--quiet").stderr == ""


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_a_sentence(serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = serve("--local-endpoints", "--local-port", str(port))
    assert (ran.returncode, ran.stderr) == (
        2,
        f"fake-secrets serve: --local-endpoints: port {port} is taken. Choose another with --local-port.\n",
    )


def test_a_variable_that_the_helper_does_not_take_is_told_in_a_sentence(serve, monkeypatch):
    monkeypatch.setenv("SECRETS_MANAGER_TTL", "301")
    ran = serve("--local-endpoints", "extension", "--local-port", "0")
    assert (ran.returncode, ran.stderr) == (
        2,
        (
            "fake-secrets serve: --local-endpoints: the variable SECRETS_MANAGER_TTL='301' isn't a whole number "
            "from 0 to 300.\n"
        ),
    )


@pytest.mark.slow
def test_without_the_option_there_is_no_helper(serve):
    ran = serve()
    assert "KeyError: 'PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'" in ran.stderr
