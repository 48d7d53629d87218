"""Planned faults reach the users of aiobotocore as failures of a network do."""

import asyncio
import contextlib
import functools
import socket
import struct
import threading
from unittest import mock

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.client
import aiobotocore.config
import aiobotocore.session
import boto3
import botocore.endpoint
import botocore.exceptions
import pytest_socket

from fake_secrets import FunctionCrash, RotationFailedError, mock_stages

pytestmark = pytest.mark.asyncio

NAME = "prod/db"
SESSIONS = ["aiohttp", "httpx"]
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
# Before a world wraps them.
ORIGINALS = [
    (aiobotocore.client.AioBaseClient, "_make_api_call", aiobotocore.client.AioBaseClient._make_api_call),
    (botocore.endpoint.Endpoint, "make_request", botocore.endpoint.Endpoint.make_request),
]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Let retries follow at once."""
    real_sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: real_sleep(0))
    # That of aiobotocore with httpx.
    with contextlib.suppress(ImportError):
        monkeypatch.setattr("anyio.sleep", lambda _: real_sleep(0))


@pytest.fixture
def fake():
    with mock_stages({NAME: "old"}) as fake:
        yield fake


@functools.cache
def shared_session():
    """Return a shared session, which reads botocore's models only once."""
    return aiobotocore.session.get_session()


def secretsmanager(library="aiohttp", *, attempts=3, **options):
    settings = {"retries": {"mode": "standard", "total_max_attempts": attempts}}
    if library == "httpx":
        pytest.importorskip("httpx2")
        from aiobotocore.httpxsession import HttpxSession

        settings["http_session_cls"] = HttpxSession
    config = aiobotocore.config.AioConfig(read_timeout=0.2, **settings)
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return shared_session().create_client("secretsmanager", config=config, **keys, **options)


async def read(client):
    return await client.get_secret_value(SecretId=NAME)


@contextlib.contextmanager
def server(behave):
    """Serve on loopback: `behave` is called with each connection whose request has arrived."""
    listening, ended = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.recv(65536)
                behave(connection)
                ended.append(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
        for connection in ended:
            connection.close()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_nothing(connection):
    pass


async def error_of(client):
    """Return what a read raises: the exception of botocore, and below it that of the HTTP library."""
    with pytest.raises(botocore.exceptions.BotoCoreError) as raised:
        await read(client)
    error, below = raised.value, raised.value.kwargs["error"]
    url = error.kwargs.get("endpoint_url", "")
    text = str(error).replace(url, "URL") if url else str(error)
    return type(error), text, type(below), str(below)


@pytest.mark.parametrize("library", SESSIONS)
@pytest.mark.parametrize(("plan", "behave"), [("reset_connection", reset), ("time_out", say_nothing)])
async def test_a_lost_answer_raises_what_a_real_server_makes_raise(library, plan, behave):
    pytest_socket.enable_socket()
    with server(behave) as url:
        async with secretsmanager(library, attempts=1, endpoint_url=url) as client:
            real = await error_of(client)
    pytest_socket.disable_socket(allow_unix_socket=True)
    with mock_stages({NAME: "old"}) as fake:
        getattr(fake.faults, plan)(calls=1)
        async with secretsmanager(library, attempts=1) as client:
            assert await error_of(client) == real


@pytest.mark.parametrize("library", SESSIONS)
async def test_a_failed_look_up_raises_what_a_real_one_raises(library, monkeypatch):
    def nobody(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", nobody)
        async with secretsmanager(library, attempts=1) as client:
            real = await error_of(client)
    with mock_stages({NAME: "old"}) as fake:
        fake.faults.fail_dns()
        async with secretsmanager(library, attempts=1) as client:
            assert await error_of(client) == real


@pytest.mark.parametrize("library", SESSIONS)
async def test_a_connect_time_out_is_botocores(library, fake):
    fake.faults.time_out(connecting=True)
    async with secretsmanager(library, attempts=1) as client:
        with pytest.raises(botocore.exceptions.ConnectTimeoutError):
            await read(client)


@pytest.mark.parametrize("library", SESSIONS)
@pytest.mark.parametrize(
    "plan",
    [
        lambda faults: faults.fail("GetSecretValue", "ThrottlingException", times=2),
        lambda faults: faults.fail("GetSecretValue", 503, times=2),
        lambda faults: faults.time_out(times=2),
        lambda faults: faults.time_out(connecting=True, times=2),
        lambda faults: faults.reset_connection(times=2),
        lambda faults: faults.fail_dns(times=2),
    ],
    ids=["throttled", "a page", "read time-out", "connect time-out", "reset", "DNS"],
)
async def test_two_failures_are_retried_by_aiobotocore(library, plan, fake):
    fault = plan(fake.faults)
    async with secretsmanager(library) as client:
        answer = await read(client)
    assert (answer["SecretString"], answer["ResponseMetadata"]["RetryAttempts"], fault.hits) == ("old", 2, 2)


@pytest.mark.parametrize("library", SESSIONS)
async def test_the_error_of_a_whole_call_comes_out(library, fake):
    fault = fake.faults.fail("GetSecretValue", "InternalServiceError", calls=1, retry_after=3)
    async with secretsmanager(library) as client:
        with pytest.raises(client.exceptions.InternalServiceError) as raised:
            await read(client)
        assert (await read(client))["SecretString"] == "old"
    metadata = raised.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"], fault.hits) == (500, 2, 3)
    assert metadata["MaxAttemptsReached"]
    assert metadata["HTTPHeaders"]["x-amz-retry-after"] == "3000"


@pytest.mark.parametrize("library", SESSIONS)
async def test_aiobotocore_takes_broken_json_for_an_answer_without_members_as_botocore_does(library, fake):
    fake.faults.malformed_body("GetSecretValue")
    async with secretsmanager(library) as client:
        assert list(await read(client)) == ["ResponseMetadata"]


@pytest.mark.parametrize("library", SESSIONS)
@pytest.mark.parametrize(("body", "error"), [(b"\xff", UnicodeDecodeError), (b"[]", AttributeError)])
async def test_a_body_that_aiobotocore_cannot_parse_raises_what_its_parser_raises(library, body, error, fake):
    fake.faults.malformed_body("GetSecretValue", body)
    async with secretsmanager(library) as client:
        with pytest.raises(error):
            await read(client)


@pytest.mark.parametrize("library", SESSIONS)
async def test_a_page_of_html_is_an_error_without_a_code(library, fake):
    fake.faults.fail("*", 502, calls=1)
    async with secretsmanager(library) as client:
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            await read(client)
    assert raised.value.response["Error"]["Code"] == "502"
    assert raised.value.response["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/html"


async def test_a_rotation_whose_answer_is_lost_has_run(fake):
    steps = []
    arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
    async with secretsmanager(attempts=1) as client:
        fake.faults.time_out("RotateSecret", after_effect=True)
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            await client.rotate_secret(SecretId=NAME, RotationLambdaARN=arn)
    assert steps == STEPS
    assert len(fake.rotations) == 1


async def test_a_write_whose_answer_is_lost_is_repeated_without_a_second_version(fake):
    fake.faults.reset_connection("PutSecretValue", after_effect=True)
    async with secretsmanager() as client:
        answer = await client.put_secret_value(SecretId=NAME, SecretString="new")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert (fake[NAME].value(), len(fake[NAME].versions)) == ("new", 2)


async def test_a_rotation_function_that_an_awaited_call_runs_may_crash(fake):
    seen = []

    def function(event, _):
        seen.append(event["Step"])
        token = event["ClientRequestToken"]
        boto3.client("secretsmanager").put_secret_value(
            SecretId=NAME, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
        )

    fake.faults.crash_after("PutSecretValue", step="createSecret")
    arn = fake.lambda_function(function)
    async with secretsmanager() as client:
        with pytest.raises(RotationFailedError) as failed:
            await client.rotate_secret(SecretId=NAME, RotationLambdaARN=arn)
    assert isinstance(failed.value.__cause__, FunctionCrash)
    assert seen == ["createSecret"]


async def test_a_fault_ends_with_its_block_or_when_it_is_cancelled(fake):
    async with secretsmanager(attempts=1) as client:
        refused = pytest.raises(botocore.exceptions.ClientError)
        with fake.faults.fail("GetSecretValue", "AccessDeniedException", times=None), refused:
            await read(client)
        assert (await read(client))["SecretString"] == "old"
        fault = fake.faults.time_out(times=None)
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            await read(client)
        fault.cancel()
        assert (await read(client))["SecretString"] == "old"
    assert fault.hits == 1


@pytest.mark.parametrize("past", [1, 2], ids=["past the wrapper", "past all but sending"])
async def test_a_fault_hits_calls_that_bypass_our_wrappers(past, fake):
    fault = fake.faults.time_out(times=2)
    with contextlib.ExitStack() as patches:
        for owner, name, method in ORIGINALS[:past]:
            patches.enter_context(mock.patch.object(owner, name, method))
        async with secretsmanager() as client:
            assert (await read(client))["SecretString"] == "old"
    assert fault.hits == 2
