"""Real clients that run beside `fake-secrets serve`, by the variables that it sets."""

import json
import subprocess
import sys

import pytest
import real_clients
from real_clients import JAVASCRIPT

VALUE = '{"user":"diegor","password":"EXAMPLE-PASSWORD"}'
GET = ("secretsmanager", "get-secret-value", "--secret-id", "MyTestSecret", "--query", "SecretString")


@pytest.fixture
def beside_serve(tmp_path):
    """A function that runs a command in a shell beside a server, and returns what the command prints."""
    (tmp_path / "secrets.json").write_text(json.dumps({"MyTestSecret": VALUE}))
    serve = [sys.executable, "-m", "fake_secrets", "serve", "--quiet", "--seed", tmp_path / "secrets.json"]

    def run(command):
        ran = subprocess.run([*serve, "--", "sh", "-c", command], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


@pytest.mark.slow
@pytest.mark.parametrize("major", [1, 2])
def test_the_aws_cli_reads_a_secret_with_endpoint_url(major, beside_serve):
    command = " ".join([*real_clients.the_cli(major).command, *GET])

    printed = beside_serve(f"{command} --endpoint-url $AWS_ENDPOINT_URL_SECRETS_MANAGER")

    assert json.loads(json.loads(printed)) == json.loads(VALUE)


def test_the_sdk_for_javascript_reads_a_secret(beside_serve):
    printed = beside_serve(f"{real_clients.node()} {JAVASCRIPT / 'scenarios.mjs'} get")

    assert json.loads(printed) == {"SecretString": VALUE, "attempts": 1}


def test_curl_reads_a_secret(beside_serve):
    signs = '--aws-sigv4 aws:amz:$AWS_REGION:secretsmanager --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    headers = "-H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: secretsmanager.GetSecretValue'"
    body = """-d '{"SecretId": "MyTestSecret"}'"""

    printed = beside_serve(f"{real_clients.curl()} -sS {signs} {headers} {body} $AWS_ENDPOINT_URL_SECRETS_MANAGER")

    assert json.loads(printed)["SecretString"] == VALUE
