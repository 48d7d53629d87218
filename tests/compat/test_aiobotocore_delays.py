"""Planned delays through aiobotocore: a client waits no longer than its read time-out."""

import asyncio

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.config
import aiobotocore.session
from botocore.exceptions import ReadTimeoutError

from fake_secrets import clock, mock_stages

NAME = "prod/db"


def sessions():
    yield pytest.param({}, id="aiohttp")
    try:
        from aiobotocore.httpxsession import HttpxSession
    except ImportError:
        return
    yield pytest.param({"http_session_cls": HttpxSession}, id="httpx")


def read(seconds, read_timeout, options, attempts=1):
    """Return the value that a client reads, and how much time has passed."""
    config = aiobotocore.config.AioConfig(
        read_timeout=read_timeout, retries={"total_max_attempts": attempts}, **options
    )

    async def main():
        session = aiobotocore.session.get_session()
        async with session.create_client("secretsmanager", "us-east-1", config=config) as client:
            before = clock.now()
            try:
                value = (await client.get_secret_value(SecretId=NAME))["SecretString"]
            except ReadTimeoutError:
                value = None
            return value, clock.now() - before

    with mock_stages({NAME: "value"}) as fake_secrets:
        fake_secrets.faults.delay("GetSecretValue", seconds)
        return asyncio.run(main())


@pytest.mark.parametrize("options", list(sessions()))
@pytest.mark.parametrize(
    ("seconds", "read_timeout", "attempts", "value", "passed"),
    [(40, 41, 1, "value", 40), (40, 30, 1, None, 30), (40, 40, 1, None, 40), (40, 30, 2, "value", 30)],
)
def test_a_client_waits_no_longer_than_its_read_time_out(seconds, read_timeout, attempts, value, passed, options):
    seen, waited = read(seconds, read_timeout, options, attempts)
    assert seen == value
    assert waited == pytest.approx(passed, abs=8)
