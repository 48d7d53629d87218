"""pytest-socket: fake_secrets opens no socket, in either lane and with aiobotocore."""

import asyncio

import boto3
import botocore.config
import botocore.exceptions
import botocore.session
import pytest

pytest.importorskip("pytest_socket")

import pytest_socket

from fake_secrets import mock_stages

SEED = {"db": {"AWSCURRENT": "new", "AWSPREVIOUS": "old"}}
NOBODY = {
    "region_name": "us-east-1",
    "endpoint_url": "http://127.0.0.1:9",
    "aws_access_key_id": "x",
    "aws_secret_access_key": "x",
}


@pytest.fixture(autouse=True)
def no_sockets():
    """Refuse all sockets, even Unix sockets."""
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()


CLIENTS = {
    "boto3": lambda: boto3.client("secretsmanager"),
    "boto3, of an own session": lambda: boto3.session.Session().client("secretsmanager"),
    "botocore": lambda: botocore.session.Session().create_client("secretsmanager"),
}


def rotates(client):
    def handler(event, context):
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.put_secret_value(
                SecretId=secret_id,
                ClientRequestToken=token,
                SecretString="rotated",
                VersionStages=["AWSPENDING"],
            )
        if event["Step"] == "finishSecret":
            client.update_secret_version_stage(
                SecretId=secret_id,
                VersionStage="AWSCURRENT",
                MoveToVersionId=token,
                RemoveFromVersionId=client.get_secret_value(SecretId=secret_id)["VersionId"],
            )

    return handler


def requests(arn):
    """Return calls with every kind of answer, as methods with requests."""
    return [
        ("get_secret_value", {"SecretId": "db"}),
        ("get_secret_value", {"SecretId": "absent"}),
        ("create_secret", {"Name": "new", "SecretBinary": b"x", "AddReplicaRegions": [{"Region": "eu-west-3"}]}),
        ("rotate_secret", {"SecretId": "db", "RotationLambdaARN": arn}),
        ("rotate_secret", {"SecretId": "db", "RotationLambdaARN": f"{arn}-absent"}),
        ("batch_get_secret_value", {"SecretIdList": ["db", "absent"]}),
        ("list_secrets", {}),
        ("delete_secret", {"SecretId": "db", "ForceDeleteWithoutRecovery": True}),
    ]


REFUSED = [1, 4]


def test_a_call_without_a_world_opens_a_socket():
    """Shows that the guard of this file sees botocore."""
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    client = boto3.client("secretsmanager", config=config, **NOBODY)
    with pytest.raises(botocore.exceptions.HTTPClientError, match="A test tried to use socket"):
        client.list_secrets()


@pytest.mark.parametrize("kind", CLIENTS)
def test_no_call_of_a_client_opens_a_socket(kind, lane):
    with mock_stages(SEED, _lane=lane) as fake:
        client = CLIENTS[kind]()
        arn = fake.lambda_function(rotates(client), "rotates")
        refused = []
        for number, (method, request) in enumerate(requests(arn)):
            try:
                getattr(client, method)(**request)
            except botocore.exceptions.ClientError:
                refused.append(number)
        assert fake.rotations[0].succeeded
    assert refused == REFUSED


def test_no_method_of_the_handle_opens_a_socket(lane):
    with mock_stages(SEED, _lane=lane) as fake:
        client = boto3.client("secretsmanager")
        fake.add("other", b"x", region="eu-west-3")
        assert fake.rotate("db", rotates(client)).succeeded
        assert fake["db"].value() == "rotated"
        fake.timeline("db")
        fake.reset()


@pytest.mark.slow
def test_a_run_with_disable_socket_passes(pytester):
    pytester.makepyfile(
        """
        import boto3
        import pytest
        from fake_secrets import mock_stages

        def test_by_fixtures(fake_secrets, secretsmanager):
            secretsmanager.create_secret(Name="a", SecretString="x")

        @mock_stages({"a": "x"})
        def test_decorated():
            boto3.client("secretsmanager").get_secret_value(SecretId="a")

        @pytest.mark.fake_secrets({"a": "x"}, region="eu-west-3")
        def test_marked():
            boto3.client("secretsmanager").get_secret_value(SecretId="a")
        """
    )
    ran = pytester.runpytest_inprocess("--disable-socket", "-p", "no:asyncio", "-p", "no:randomly")
    ran.assert_outcomes(passed=3)


@pytest.fixture
def runner():
    """Yield an event loop. It is made before sockets are refused, since it opens a pair to wake itself."""
    pytest_socket.enable_socket()
    with asyncio.Runner() as runner:
        runner.get_loop()
        pytest_socket.disable_socket()
        yield runner


def test_no_awaited_call_opens_a_socket(lane, runner):
    pytest.importorskip("aiobotocore")
    from aiobotocore.session import get_session

    async def scenario(fake):
        arn, refused = fake.lambda_function(rotates(boto3.client("secretsmanager")), "rotates"), []
        async with get_session().create_client("secretsmanager") as client:
            for number, (method, request) in enumerate(requests(arn)):
                try:
                    await getattr(client, method)(**request)
                except botocore.exceptions.ClientError:
                    refused.append(number)
        return refused

    with mock_stages(SEED, _lane=lane) as fake:
        assert runner.run(scenario(fake)) == REFUSED
        assert fake.rotations[0].succeeded


def test_an_awaited_call_without_a_world_opens_a_socket(runner):
    pytest.importorskip("aiobotocore")
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    async def scenario():
        config = AioConfig(retries={"total_max_attempts": 1})
        async with get_session().create_client("secretsmanager", config=config, **NOBODY) as client:
            await client.list_secrets()

    with pytest.raises(botocore.exceptions.HTTPClientError, match="A test tried to use socket"):
        runner.run(scenario())
