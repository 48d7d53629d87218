"""A world that is served answers aiobotocore in the process, and children of a test in which moto is active."""

import asyncio
import os
import subprocess
import sys

import boto3
import pytest
import pytest_socket
from forked import in_a_fork

from fake_secrets import mock_stages

READ = "import boto3; print(boto3.client('secretsmanager').get_secret_value(SecretId='db')['SecretString'])"
forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture
def loopback(no_network):
    """Allow what the other tests here may not: a server on this machine."""
    pytest_socket.enable_socket()


@pytest.fixture
def world(lane, loopback):
    with mock_stages({"db": "s3cret"}, _lane=lane) as world, world.server():
        yield world


@pytest.fixture
def aiobotocore_session():
    return pytest.importorskip("aiobotocore.session")


def write_and_read(session):
    async def read():
        async with session.get_session().create_client("secretsmanager") as client:
            await client.put_secret_value(SecretId="db", SecretString="new")
            return (await client.get_secret_value(SecretId="db"))["SecretString"]

    return asyncio.run(read())


def test_aiobotocore_is_answered_in_the_process(world, aiobotocore_session):
    assert write_and_read(aiobotocore_session) == "new"
    assert len(world.calls) == 2


@forking
def test_aiobotocore_in_a_forked_child_reaches_the_world_of_the_test(world, aiobotocore_session):
    assert in_a_fork(lambda: write_and_read(aiobotocore_session)) == "new"
    assert world["db"].value() == "new"
    assert len(world.calls) == 2


class TestMoto:
    @pytest.fixture(autouse=True)
    def moto(self, world):
        with pytest.importorskip("moto").mock_aws():
            yield

    @pytest.mark.slow
    def test_a_call_in_the_process_is_answered_once(self, world):
        assert boto3.client("secretsmanager").get_secret_value(SecretId="db")["SecretString"] == "s3cret"
        assert len(world.calls) == 1

    @pytest.mark.slow
    def test_a_child_reaches_the_world(self, world):
        child = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
        assert child.stdout == "s3cret\n"
        assert len(world.calls) == 1

    @pytest.mark.slow
    @forking
    def test_a_forked_child_reaches_the_world(self, world):
        def write():
            boto3.client("secretsmanager").put_secret_value(SecretId="db", SecretString="new")

        assert in_a_fork(write) == "None"
        assert world["db"].value() == "new"
