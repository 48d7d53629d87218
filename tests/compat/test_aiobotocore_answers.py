"""aiobotocore gets the same answers and refusals as boto3, member by member, including types."""

import asyncio
import contextlib
import datetime
from collections.abc import Mapping

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.config
import aiobotocore.session
import boto3
import botocore
import botocore.config
import botocore.exceptions
import freezegun
from hook.lane_cases import CASES, CLIENTS, FROM_PAGE_BEFORE, HOME, set_stage

from fake_secrets import mock_stages

MOMENT = datetime.datetime(2026, 3, 4, 12, 0, 0, 123457)  # noqa: DTZ001 -- freezegun reads it as UTC

# Without validation, the service refuses bad requests. In legacy mode, botocore repeats no refused call.
CONFIG = {"parameter_validation": False, "retries": {"mode": "legacy"}}


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def frozen_time():
    with freezegun.freeze_time(MOMENT, ignore=["hypothesis", "_pytest"], real_asyncio=True) as clock:
        yield clock


@pytest.fixture(scope="module")
def boto3_clients():
    config = botocore.config.Config(**CONFIG)
    return {
        role: boto3.client("secretsmanager", config=config, **{"region_name": HOME, **options})
        for role, options in CLIENTS.items()
    }


@pytest.fixture(scope="module")
def aio_clients(runner):
    config, session = aiobotocore.config.AioConfig(**CONFIG), aiobotocore.session.get_session()
    stack = contextlib.AsyncExitStack()

    async def open_all():
        return {
            role: await stack.enter_async_context(
                session.create_client("secretsmanager", config=config, **{"region_name": HOME, **options})
            )
            for role, options in CLIENTS.items()
        }

    yield runner.run(open_all())
    runner.run(stack.aclose())


def typed(value):
    """Return a value with the types of all its members."""
    if isinstance(value, Mapping):
        return type(value), {name: typed(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [typed(member) for member in value]
    if isinstance(value, datetime.datetime):
        # Equal dates may have different time zones.
        return type(value), value.isoformat(), value.tzinfo
    return type(value), value


async def ask(client, call, before=None):
    """Make a call; return what the caller sees, and the answer."""
    request = {
        name: before["NextToken"] if value is FROM_PAGE_BEFORE else value for name, value in call.request.items()
    }
    try:
        answer = getattr(client, botocore.xform_name(call.operation))(**request)
        if asyncio.iscoroutine(answer):
            answer = await answer
    except Exception as error:  # noqa: BLE001 -- whatever comes out is compared
        modelled = isinstance(error, client.exceptions.ClientError)
        chain = type(error.__cause__), type(error.__context__)
        return (modelled, type(error).__name__, *chain, str(error), typed(vars(error))), None
    return typed(answer), answer


async def play(case, lane, clients, boto3_clients):
    """Return what the caller sees in a case, and what the ledger records."""
    with mock_stages({}, random_seed=1, _lane=lane) as fake:
        set_stage(fake, boto3_clients)
        seen, answer = [], None
        for call in case.after:
            outcome, answer = await ask(clients[call.by], call, answer)
            seen.append(outcome)
        for quota, value in case.quotas.items():
            setattr(fake.quotas, quota, value)
        for _ in range(2):
            outcome, _ = await ask(clients[case.call.by], case.call, answer)
            seen.append(outcome)
        return seen, [repr(call) for call in fake.calls]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_boto3_and_aiobotocore_agree(case, lane, runner, frozen_time, boto3_clients, aio_clients):
    seen = []
    for clients in boto3_clients, aio_clients:
        frozen_time.move_to(MOMENT)
        seen.append(runner.run(play(case, lane, clients, boto3_clients)))
    assert seen[0] == seen[1]
