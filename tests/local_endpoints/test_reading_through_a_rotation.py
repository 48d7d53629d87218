"""A Lambda function that reads its secret through a helper, tested as its author would: through a rotation."""

import asyncio
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import freezegun
import pytest
from rotators import Rotator

HELPERS = ["agent", "extension"]


def password():
    """Return the password as code in a Lambda function reads it."""
    port = os.environ.get("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "2773")
    secret_id = urllib.parse.quote("prod/db", safe="")
    request = urllib.request.Request(f"http://localhost:{port}/secretsmanager/get?secretId={secret_id}")
    request.add_header("X-Aws-Parameters-Secrets-Token", os.environ["AWS_SESSION_TOKEN"])
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())["SecretString"]


def password_when_ready(attempts=5):
    """Return the password, and ask again while the extension isn't ready."""
    for _ in range(attempts - 1):
        try:
            return password()
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 400:
                    raise
    return password()


@pytest.fixture
def clock():
    with freezegun.freeze_time("2026-03-04 12:00:00", ignore=["_pytest"]) as frozen:
        yield frozen


@pytest.mark.parametrize("helper", HELPERS)
def test_the_old_password_is_read_for_five_minutes_after_a_rotation(fake_secrets, clock, helper):
    fake_secrets.add("prod/db", "old")
    with fake_secrets.local_endpoints(helper):
        assert password() == "old"
        fake_secrets.rotate("prod/db", Rotator())
        new = fake_secrets["prod/db"].value()
        assert password() == "old"
        clock.tick(301)
        assert password() == new != "old"


@pytest.mark.parametrize("helper", HELPERS)
def test_a_scheduled_rotation_is_read_after_the_ttl(fake_secrets, secretsmanager, clock, helper):
    fake_secrets.add("prod/db", "old")
    with fake_secrets.local_endpoints(helper):
        secretsmanager.rotate_secret(
            SecretId="prod/db",
            RotationLambdaARN=fake_secrets.lambda_function(Rotator()),
            RotationRules={"AutomaticallyAfterDays": 1},
        )
        first = password()
        clock.tick(86_400 * 2)
        fake_secrets.run_due()
        assert password() == fake_secrets["prod/db"].value() != first


@pytest.mark.parametrize("helper", HELPERS)
def test_a_rotation_function_may_read_through_the_helper(fake_secrets, helper):
    fake_secrets.add("prod/db", "old")
    read = []
    rotator = Rotator()

    def handler(event, context):
        read.append(password())
        rotator(event, context)

    with fake_secrets.local_endpoints(helper):
        fake_secrets.rotate("prod/db", handler)
    assert read == ["old"] * 4


@pytest.mark.parametrize("helper", HELPERS)
def test_a_rotation_that_a_read_makes_run_may_itself_read_through_the_helper(
    fake_secrets, secretsmanager, clock, helper
):
    fake_secrets.add("prod/db", "old")
    rotator = Rotator()

    def handler(event, context):
        password()
        rotator(event, context)

    with fake_secrets.local_endpoints(helper):
        secretsmanager.rotate_secret(
            SecretId="prod/db",
            RotationLambdaARN=fake_secrets.lambda_function(handler),
            RotationRules={"AutomaticallyAfterDays": 1},
        )
        first = fake_secrets["prod/db"].value()
        clock.tick(86_400 * 2)
        password()
    assert fake_secrets["prod/db"].value() != first
    assert fake_secrets.rotations[-1].succeeded


def test_code_that_asks_during_a_cold_start_waits_until_the_extension_is_ready(fake_secrets):
    fake_secrets.add("prod/db", "old")
    with fake_secrets.local_endpoints("extension", not_ready=4):
        assert password_when_ready() == "old"


def test_one_call_is_made_in_five_minutes_however_often_the_code_reads(fake_secrets, clock):
    fake_secrets.add("prod/db", "old")
    with fake_secrets.local_endpoints("extension"):
        for _ in range(10):
            password()
            clock.tick(29)
    assert [(call.operation, call.via) for call in fake_secrets.calls] == [("GetSecretValue", "extension")]


@pytest.mark.parametrize("helper", HELPERS)
def test_requests_redirects_a_literal_port_too(fake_secrets, helper):
    requests = pytest.importorskip("requests")
    fake_secrets.add("prod/db", "old")
    headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
    with fake_secrets.local_endpoints(helper), requests.Session() as session:
        for _ in range(2):
            answer = session.get(
                "http://localhost:2773/secretsmanager/get",
                params={"secretId": "prod/db"},
                headers=headers,
                timeout=10,
            )
            assert answer.json()["SecretString"] == "old"


def test_asyncio_is_redirected_too(fake_secrets):
    fake_secrets.add("prod/db", "old")

    async def fetch():
        reader, writer = await asyncio.open_connection("localhost", 2773)
        token = os.environ["AWS_SESSION_TOKEN"]
        writer.write(
            f"GET /v1/prod/db HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"X-Aws-Parameters-Secrets-Token: {token}\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    with fake_secrets.local_endpoints():
        assert b'"SecretString":"old"' in asyncio.run(fetch())
