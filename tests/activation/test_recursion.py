"""At the recursion limit nothing is left behind, however deep a world is entered or left, or a call is made."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
import boto3, botocore.client, botocore.endpoint
from fake_secrets import mock_stages
from fake_secrets.activation.opening import settle
from fake_secrets.hook import holding
from fake_secrets.world import stack

SETTLES, SCENE = sys.argv[1] == "settles", sys.argv[2]
sys.setrecursionlimit(400)
client = boto3.client("secretsmanager", region_name="us-east-1")
with mock_stages({"a": "x"}):
    client.get_secret_value(SecretId="a")

def state():
    return [
        stack.active(), dict(os.environ), dict(holding._holders),
        botocore.client.BaseClient.__dict__["_make_api_call"],
        botocore.endpoint.Endpoint.__dict__["make_request"], botocore.endpoint.Endpoint.__dict__["_send"],
    ]

def dive(levels, scene):
    return scene() if levels == 0 else dive(levels - 1, scene)

def block():
    with mock_stages({"a": "x"}):
        pass

def call():
    client.get_secret_value(SecretId="a")

before, errors, passed = state(), 0, 0
for levels in range(300, 400):
    try:
        if SCENE == "block":
            dive(levels, block)
        elif SCENE == "exit":
            world = mock_stages({"a": "x"})
            world.__enter__()
            dive(levels, lambda: world.__exit__(None, None, None))
        else:
            with mock_stages({"a": "x"}):
                dive(levels, call)
        passed += 1
    except RecursionError:
        errors += 1
    if SETTLES:
        settle([])
    assert state() == before, levels
    with mock_stages({"b": "x"}) as fresh:
        assert list(fresh) == ["b"] or [secret.name for secret in fresh] == ["b"]
        client.get_secret_value(SecretId="b")
assert passed and errors, (passed, errors)
"""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["undoes block", "settles exit", "undoes call"])
def test_nothing_is_left_behind_at_the_recursion_limit(arguments):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments.split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
