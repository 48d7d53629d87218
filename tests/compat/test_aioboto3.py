"""aioboto3: its sessions make aiobotocore's clients, which test_aiobotocore.py tests."""

import pytest

pytest.importorskip("aioboto3")

import aioboto3

from fake_secrets import mock_stages

SEED = {"app/db": "s3cret"}

pytestmark = pytest.mark.asyncio


async def value_by(client, secret_id="app/db"):
    return (await client.get_secret_value(SecretId=secret_id))["SecretString"]


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
async def test_a_client_made_before_or_inside_is_served(lane, is_first):
    session = aioboto3.Session(region_name="us-east-1")
    if is_first:
        async with session.client("secretsmanager") as client:
            with mock_stages(SEED, _lane=lane):
                assert await value_by(client) == "s3cret"
    else:
        with mock_stages(SEED, _lane=lane):
            async with session.client("secretsmanager") as client:
                assert await value_by(client) == "s3cret"


async def test_a_refusal_is_a_modelled_exception(lane):
    async with mock_stages({}, _lane=lane), aioboto3.Session().client("secretsmanager") as client:
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="can't find the specified secret"):
            await value_by(client)
