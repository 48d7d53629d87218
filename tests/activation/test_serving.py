"""A world over HTTP: child processes read and write the test's own world."""

import subprocess
import sys

import pytest

CHILD = """
import boto3
client = boto3.client("secretsmanager")
print(client.get_secret_value(SecretId="prod/db")["SecretString"])
client.put_secret_value(SecretId="prod/db", SecretString="new")
"""


@pytest.mark.fake_secrets({"prod/db": "old"})
def test_a_child_process_reads_and_writes_the_world_of_the_test(fake_secrets):
    with fake_secrets.server():
        child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)

    assert child.stdout == "old\n"
    assert fake_secrets["prod/db"].value() == "new"
    assert [call.operation for call in fake_secrets.calls] == ["GetSecretValue", "PutSecretValue"]
