"""The blocks of docs/how-to/other-languages.md, run by the clients that they are for."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import real_clients
from real_clients import JAVASCRIPT

from fake_secrets import mock_stages

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "other-languages.md"


@pytest.fixture
def served():
    with mock_stages({"prod/db": "s3cret"}) as fake, fake.server():
        yield fake


def block_below(heading, language):
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.search(rf"```{{code-block}} {language}\n(.*?)```", section, re.DOTALL)[1]


def printed(command, folder):
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout


def test_the_block_of_javascript_reads_the_secret_and_tells_the_error(served):
    block = block_below("JavaScript", "javascript")

    shown = printed([real_clients.node(), "--input-type=module", "-e", block], JAVASCRIPT)

    assert shown == "s3cret\ntrue Secrets Manager can't find the specified secret.\n"


def test_the_block_of_the_new_python_sdk_reads_the_secret(served, tmp_path):
    if find_spec("aws_sdk_secrets_manager") is None:
        real_clients.lacks("aws-sdk-secrets-manager must be installed, which needs Python 3.12")
    block = block_below("AWS's new SDK for Python", "python")

    assert printed([sys.executable, "-c", block], tmp_path) == "s3cret\n"


def test_the_block_of_curl_reads_the_secret(served, tmp_path):
    real_clients.curl()

    assert '"SecretString":"s3cret"' in printed(["bash", "-c", block_below("curl", "bash")], tmp_path)
