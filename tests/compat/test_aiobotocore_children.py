"""aiobotocore in child processes: served by the test's world, and refused without a server."""

import asyncio
import multiprocessing
import subprocess
import sys

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.session

CHILD = """
import asyncio
import aiobotocore.session
import fake_secrets.hook

async def main():
    async with aiobotocore.session.get_session().create_client("secretsmanager") as client:
        print((await client.get_secret_value(SecretId="db"))["SecretString"])

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def no_network():
    """Let the server listen, where the other tests of this folder have no sockets."""


def run(source):
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)


async def read():
    async with aiobotocore.session.get_session().create_client("secretsmanager") as client:
        return (await client.get_secret_value(SecretId="db"))["SecretString"]


def read_in_child():
    return asyncio.run(read())


@pytest.mark.fake_secrets({"db": "s3cret"})
def test_a_child_without_a_server_sends_no_fake_credentials_to_aws(fake_secrets):
    assert "NoActiveWorldError: GetSecretValue would send the fake credentials" in run(CHILD).stderr


@pytest.mark.fake_secrets({"db": "s3cret"})
def test_a_child_reads_from_the_server(fake_secrets_server):
    assert run(CHILD).stdout == "s3cret\n"


@pytest.mark.fake_secrets({"db": "s3cret"})
def test_a_forked_child_reads_what_the_test_has_written_since(fake_secrets_server, secretsmanager):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        secretsmanager.put_secret_value(SecretId="db", SecretString="new")
        assert pool.apply(read_in_child) == "new"
        pool.close()
        pool.join()


@pytest.mark.fake_secrets({"db": "s3cret"})
def test_a_call_in_the_process_is_answered_in_the_process(fake_secrets, fake_secrets_server):
    assert asyncio.run(read()) == "s3cret"
    assert len(fake_secrets.calls) == 1
