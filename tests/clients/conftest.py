"""Fixtures of the tests with real clients, which talk to a world over HTTP."""

import os

import boto3
import pytest
import real_clients

from fake_secrets import mock_stages

NAME = "MyTestSecret"
CURRENT = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
PREVIOUS = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
VALUES = {
    "AWSCURRENT": '{"user":"diegor","password":"EXAMPLE-PASSWORD"}',
    "AWSPREVIOUS": '{"user":"diegor","password":"PREVIOUS-EXAMPLE-PASSWORD"}',
}


@pytest.fixture
def world():
    """The account that the pages of the AWS CLI describe."""
    with mock_stages(region="us-west-2") as fake:
        fake.add(
            NAME,
            labels=VALUES,
            version_ids={"AWSCURRENT": CURRENT, "AWSPREVIOUS": PREVIOUS},
            arn_suffix="a1b2c3",
        )
        yield fake


@pytest.fixture
def client(world):
    """A client in this process, which the world answers."""
    return boto3.client("secretsmanager")


@pytest.fixture
def url(world):
    """The URL of the served world."""
    with world.server() as served:
        yield served


@pytest.fixture(params=[1, 2], ids=["aws-1", "aws-2"])
def cli(request):
    """Each version of the AWS CLI."""
    return real_clients.the_cli(request.param)


@pytest.fixture
def aws(cli, url, tmp_path, monkeypatch):
    """A function that runs `aws`, in a folder of the test's own and on a machine without configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PAGER", "AWS_CLI_AUTO_PROMPT", "AWS_DEFAULT_OUTPUT", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments, **changes):
        endpoint = () if cli.reads_variables else ("--endpoint-url", url)
        return cli.run(*arguments, *endpoint, env={**os.environ, **changes})

    return run
