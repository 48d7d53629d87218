"""aiobotocore: awaited calls share a world with boto3 and get the same answers and errors."""

import asyncio
import contextlib
import functools
import inspect
import json
import subprocess
import sys
import threading
from unittest import mock

import pytest

pytest.importorskip("aiobotocore")

import aiobotocore.awsrequest
import aiobotocore.client
import aiobotocore.config
import aiobotocore.endpoint
import aiobotocore.httpsession
import aiobotocore.session
import aiobotocore.signers
import aiobotocore.stub
import aiohttp
import boto3
import botocore.client
import botocore.endpoint
import botocore.exceptions

from fake_secrets import OutsideWorldError, mock_stages

SEED = {"app/db": "s3cret"}
HOME, ABROAD = "us-east-1", "eu-west-3"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]

WRAPPED = (
    (aiobotocore.client.AioBaseClient, "_make_api_call"),
    (aiobotocore.endpoint.AioEndpoint, "_send"),
    (botocore.client.BaseClient, "_make_api_call"),
    (botocore.endpoint.Endpoint, "make_request"),
    (botocore.endpoint.Endpoint, "_send"),
)
ORIGINALS = {(owner, name): owner.__dict__[name] for owner, name in WRAPPED}
EVENTS = [
    f"{event}.secrets-manager.{operation}"
    for event in ("provide-client-params", "before-parameter-build", "before-call", "choose-signer", "before-send")
    for operation in ("GetSecretValue", "RotateSecret")
]


def originals_are_back():
    return all(owner.__dict__[name] is found for (owner, name), found in ORIGINALS.items())


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """Check that every test leaves botocore and aiobotocore as they were."""
    yield
    assert originals_are_back()


@functools.cache
def shared_session():
    """Return a shared session, which reads botocore's models only once."""
    return aiobotocore.session.get_session()


def secretsmanager(**options):
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return shared_session().create_client("secretsmanager", **{"region_name": HOME, **keys, **options})


async def value_by(client, secret_id="app/db"):
    return (await client.get_secret_value(SecretId=secret_id))["SecretString"]


def handlers_of(client):
    handlers = client.meta.events._emitter._handlers
    return {event: list(handlers.prefix_search(event)) for event in EVENTS}


def answered_by_aws(request, **_):
    """Answer in AWS's place, which shows that a request would have been sent."""
    content = json.dumps({"SecretString": "AWS's own"}).encode()
    response = aiobotocore.awsrequest.AioAWSResponse(request.url, 200, {}, None)
    response._content = content
    return response


@contextlib.contextmanager
def aws_answers(client):
    client.meta.events.register("before-send.secrets-manager", answered_by_aws)
    yield
    client.meta.events.unregister("before-send.secrets-manager", answered_by_aws)


def patched(name, replacement):
    owner = aiobotocore.endpoint.AioEndpoint if name == "_send" else aiobotocore.client.AioBaseClient
    return mock.patch.object(owner, name, replacement)


@contextlib.contextmanager
def past_our_wrapper():
    """Make calls with the `_make_api_call` from before the world, as some patches do."""
    with patched("_make_api_call", ORIGINALS[WRAPPED[0]]):
        yield


@contextlib.contextmanager
def past_all_but_sending():
    """Make calls that bypass `make_request`, too."""
    with (
        past_our_wrapper(),
        mock.patch.object(botocore.endpoint.Endpoint, "make_request", ORIGINALS[WRAPPED[3]]),
    ):
        yield


WAYS = pytest.mark.parametrize(
    "way",
    [
        pytest.param(contextlib.nullcontext, id="through the wrapper"),
        pytest.param(past_our_wrapper, id="past the wrapper"),
        pytest.param(past_all_but_sending, id="past all but sending"),
    ],
)


class TestTheSameAnswers:
    """test_aiobotocore_answers.py compares every answer and error."""

    @pytest.mark.asyncio
    async def test_each_package_reads_what_the_other_wrote(self, lane):
        with mock_stages({}, _lane=lane):
            sync = boto3.client("secretsmanager")
            async with secretsmanager() as client:
                sync.create_secret(Name="a", SecretString="boto3's")
                await client.create_secret(Name="b", SecretString="aiobotocore's")
                values = await value_by(client, "a"), sync.get_secret_value(SecretId="b")["SecretString"]
        assert values == ("boto3's", "aiobotocore's")

    @pytest.mark.asyncio
    async def test_an_error_is_the_clients_own_modelled_exception(self, lane):
        with mock_stages({}, _lane=lane):
            async with secretsmanager() as client:
                with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
                    await value_by(client)
        assert missing.value.response["Error"] == {
            "Code": "ResourceNotFoundException",
            "Message": "Secrets Manager can't find the specified secret.",
        }

    @pytest.mark.asyncio
    async def test_an_after_call_handler_awaits_the_content_of_the_response(self, lane):
        seen = []

        async def after_call(http_response, parsed, **_):
            content, text = await http_response.content, await http_response.text
            seen.append((http_response.status_code, json.loads(content) == json.loads(text), parsed["Name"]))

        with mock_stages(SEED, _lane=lane):
            async with secretsmanager() as client:
                client.meta.events.register("after-call.secrets-manager", after_call)
                await value_by(client)
        assert seen == [(200, True, "app/db")]

    @pytest.mark.asyncio
    async def test_a_note_says_in_which_region_a_secret_is(self, lane):
        with mock_stages(SEED, region=ABROAD, _lane=lane):
            async with secretsmanager() as client:
                with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
                    await value_by(client)
        assert missing.value.__notes__ == [
            (
                f"fake_secrets: 'app/db' is in {ABROAD}; this client calls {HOME}. The world's region is "
                f"{ABROAD}: open it with mock_stages(region='{HOME}'), give all tests that region by pytest's "
                f"option fake_secrets_region, or make the client with region_name='{ABROAD}'"
            ),
        ]

    @pytest.mark.asyncio
    async def test_a_note_says_what_moto_lets_pass(self, lane):
        with mock_stages(SEED, _lane=lane):
            async with secretsmanager() as client:
                with pytest.raises(client.exceptions.ResourceExistsException) as refused:
                    await client.create_secret(Name="app/db2", SecretString="x", ClientRequestToken="1" * 32)
                    await client.create_secret(Name="app/db2", SecretString="y", ClientRequestToken="1" * 32)
        (note,) = refused.value.__notes__
        assert note.startswith(f"fake_secrets: version {'1' * 32} has another value already")

    @pytest.mark.asyncio
    async def test_a_paginator_returns_every_page(self, lane):
        with mock_stages(dict.fromkeys("abc", "x"), _lane=lane):
            async with secretsmanager() as client:
                paginator = client.get_paginator("list_secrets")
                pages = [page async for page in paginator.paginate(PaginationConfig={"PageSize": 2})]
                whole = await paginator.paginate().build_full_result()
        assert [[secret["Name"] for secret in page["SecretList"]] for page in pages] == [["a", "b"], ["c"]]
        assert [secret["Name"] for secret in whole["SecretList"]] == ["a", "b", "c"]

    def test_on_trio_the_answers_are_the_same(self, lane):
        trio, _ = pytest.importorskip("trio"), pytest.importorskip("httpx2")
        from aiobotocore.httpxsession import HttpxSession

        config, steps = aiobotocore.config.AioConfig(http_session_cls=HttpxSession), []

        async def scenario():
            with mock_stages(SEED, _lane=lane) as fake:
                arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
                async with secretsmanager(config=config) as client:
                    assert await value_by(client) == "s3cret"
                    with pytest.raises(client.exceptions.ResourceNotFoundException):
                        await value_by(client, "other")
                    await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
                    pages = [page async for page in client.get_paginator("list_secrets").paginate()]
            return [secret["Name"] for page in pages for secret in page["SecretList"]]

        assert trio.run(scenario) == ["app/db"]
        assert steps == STEPS


@pytest.mark.asyncio
class TestClientsOfAnyAge:
    async def test_a_client_made_before_the_world_is_served(self, lane):
        async with secretsmanager() as client:
            with mock_stages(SEED, _lane=lane):
                assert await value_by(client) == "s3cret"

    async def test_a_client_made_inside_needs_neither_credentials_nor_region(self, lane):
        session = aiobotocore.session.get_session()
        async with mock_stages(SEED, region=ABROAD, _lane=lane), session.create_client("secretsmanager") as client:
            assert (client.meta.region_name, await value_by(client)) == (ABROAD, "s3cret")

    async def test_a_client_without_credentials_is_served(self, lane):
        session = aiobotocore.session.get_session()
        async with session.create_client("secretsmanager", region_name=HOME) as client:
            assert client._request_signer._credentials is None
            with mock_stages(SEED, _lane=lane):
                assert await value_by(client) == "s3cret"

    async def test_a_client_with_its_own_endpoint_is_served(self, lane):
        with mock_stages(SEED, _lane=lane):
            async with secretsmanager(endpoint_url="http://localhost:4566") as client:
                assert await value_by(client) == "s3cret"

    async def test_calls_before_and_after_the_world_are_not_answered(self, lane):
        async with secretsmanager() as client:
            values = []
            with aws_answers(client):
                values.append(await value_by(client))
            with mock_stages(SEED, _lane=lane):
                values.append(await value_by(client))
            with aws_answers(client):
                values.append(await value_by(client))
        assert values == ["AWS's own", "s3cret", "AWS's own"]

    async def test_a_client_outlives_its_world_and_serves_the_next(self, lane):
        with mock_stages({"app/db": "first"}, _lane=lane):
            client = await secretsmanager().__aenter__()
            await value_by(client)
        with mock_stages({"app/db": "second"}, _lane=lane):
            assert await value_by(client) == "second"
        await client.close()

    async def test_the_innermost_world_answers(self, lane):
        async with secretsmanager() as client:
            with mock_stages({"app/db": "outer"}, _lane=lane):
                with mock_stages({"app/db": "inner"}, _lane=lane):
                    values = [await value_by(client)]
                values.append(await value_by(client))
        assert values == ["inner", "outer"]

    @pytest.mark.parametrize("error", [None, ValueError, asyncio.CancelledError])
    async def test_leaving_the_world_restores_handlers_and_methods(self, lane, error):
        async with secretsmanager() as client:
            before = handlers_of(client)
            with pytest.raises(error) if error else contextlib.nullcontext(), mock_stages(SEED, _lane=lane):
                await value_by(client)
                assert not originals_are_back()
                assert handlers_of(client) != before
                if error:
                    raise error
            assert originals_are_back()
            assert handlers_of(client) == before

    async def test_other_services_clients_are_untouched(self):
        session = aiobotocore.session.get_session()
        async with session.create_client("sts", region_name=HOME) as client:
            before = handlers_of(client)
            with mock_stages(SEED), aiobotocore.stub.AioStubber(client) as stubber:
                stubber.add_response("get_caller_identity", {"Account": "000000000000"})
                assert (await client.get_caller_identity())["Account"] == "000000000000"
            assert handlers_of(client) == before


class TestImportedInsideTheWorld:
    """aiobotocore is first imported inside a world, in a Python process of its own."""

    PROGRAM = """
import asyncio, sys
import boto3
from fake_secrets import mock_stages

async def main(fake):
    assert "aiobotocore" not in sys.modules
    import aiobotocore.client, aiobotocore.endpoint
    from aiobotocore.session import get_session
    async with get_session().create_client("secretsmanager", **options(fake)) as client:
        await scenario(fake, client)
        world.__exit__(None, None, None)
    for method in aiobotocore.client.AioBaseClient._make_api_call, aiobotocore.endpoint.AioEndpoint._send:
        assert "fake_secrets" not in method.__code__.co_filename

def options(fake):
    return {{"region_name": "us-east-1"}}

{scenario}

world = mock_stages({{"app/db": "s3cret"}}, _lane={lane!r})
asyncio.run(main(world.__enter__()))
"""

    def prints(self, lane, scenario):
        program = self.PROGRAM.format(lane=lane, scenario=scenario)
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    def test_the_first_call_is_answered(self, lane):
        scenario = """
async def scenario(fake, client):
    for _ in range(2):
        print((await client.get_secret_value(SecretId="app/db"))["SecretString"])
"""
        assert self.prints(lane, scenario) == "s3cret\ns3cret\n"

    def test_the_first_call_may_be_refused(self, lane):
        scenario = """
async def scenario(fake, client):
    try:
        await client.get_secret_value(SecretId="other")
    except client.exceptions.ResourceNotFoundException as error:
        print(error.response["Error"]["Code"])
"""
        assert self.prints(lane, scenario) == "ResourceNotFoundException\n"

    def test_the_first_call_may_rotate(self, lane):
        scenario = """
async def scenario(fake, client):
    arn = fake.lambda_function(lambda event, _: print(event["Step"]), "rotates")
    await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
"""
        assert self.prints(lane, scenario).split() == STEPS

    def test_several_first_calls_at_once_are_answered(self, lane):
        scenario = """
async def scenario(fake, client):
    answers = await asyncio.gather(*(client.get_secret_value(SecretId="app/db") for _ in range(20)))
    print({answer["SecretString"] for answer in answers})
"""
        assert self.prints(lane, scenario) == "{'s3cret'}\n"

    def test_a_stubber_wins_the_first_call(self, lane):
        scenario = """
async def scenario(fake, client):
    from aiobotocore.stub import AioStubber
    with AioStubber(client) as stubber:
        stubber.add_response("get_secret_value", {"SecretString": "stubbed"})
        print((await client.get_secret_value(SecretId="app/db"))["SecretString"])
"""
        assert self.prints(lane, scenario) == "stubbed\n"

    ACCOUNTS = """
def options(fake):
    return {"region_name": "us-east-1", "aws_access_key_id": "210987654321", "aws_secret_access_key": "x"}

async def scenario(fake, client):
    for name in "first", "second":
        print(name, (await client.create_secret(Name=name))["ARN"].split(":")[4])
"""

    def test_the_first_call_already_acts_for_the_account_of_its_access_key(self, lane):
        assert self.prints(lane, self.ACCOUNTS) == "first 210987654321\nsecond 210987654321\n"

    @pytest.mark.parametrize("module", ["awsrequest", "client", "endpoint", "session", "stub"])
    @pytest.mark.parametrize("is_inside", [True, False], ids=["inside", "between worlds"])
    def test_any_of_its_modules_can_be_imported_first(self, module, is_inside):
        program = f"""
import asyncio
from fake_secrets import mock_stages

async def value():
    from aiobotocore.session import get_session
    async with get_session().create_client("secretsmanager") as client:
        return (await client.get_secret_value(SecretId="app/db"))["SecretString"]

with mock_stages({{"app/db": "first"}}):
    if {is_inside}:
        import aiobotocore.{module}
        print(asyncio.run(value()))
import aiobotocore.{module}
with mock_stages({{"app/db": "second"}}):
    print(asyncio.run(value()))
"""
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert ran.stdout.split() == (["first", "second"] if is_inside else ["second"])


@pytest.mark.asyncio
class TestRotation:
    @pytest.mark.parametrize("kind", ["boto3", "aiobotocore"])
    async def test_a_function_may_use_either_package(self, lane, kind):
        async def by_aiobotocore(step, secret_id, token):
            async with secretsmanager() as client:
                if step == "createSecret":
                    await client.put_secret_value(
                        SecretId=secret_id,
                        ClientRequestToken=token,
                        SecretString="new",
                        VersionStages=["AWSPENDING"],
                    )
                if step == "finishSecret":
                    await client.update_secret_version_stage(
                        SecretId=secret_id,
                        VersionStage="AWSCURRENT",
                        MoveToVersionId=token,
                        RemoveFromVersionId=(await client.get_secret_value(SecretId=secret_id))["VersionId"],
                    )

        def by_boto3(step, secret_id, token):
            client = boto3.client("secretsmanager")
            if step == "createSecret":
                client.put_secret_value(
                    SecretId=secret_id, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
                )
            if step == "finishSecret":
                client.update_secret_version_stage(
                    SecretId=secret_id,
                    VersionStage="AWSCURRENT",
                    MoveToVersionId=token,
                    RemoveFromVersionId=client.get_secret_value(SecretId=secret_id)["VersionId"],
                )

        def handler(event, context):
            arguments = event["Step"], event["SecretId"], event["ClientRequestToken"]
            if kind == "boto3":
                by_boto3(*arguments)
            else:
                asyncio.run(by_aiobotocore(*arguments))

        with mock_stages(SEED, _lane=lane) as fake:
            arn = fake.lambda_function(handler, "rotates")
            async with secretsmanager() as client:
                token = (await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn))["VersionId"]
                assert await value_by(client) == "new"
            (rotation,) = fake.rotations
            calls = [(call.operation, call.step) for call in fake.calls]
        assert (rotation.succeeded, rotation.token) == (True, token)
        assert calls[:2] == [("RotateSecret", None), ("PutSecretValue", "createSecret")]

    @WAYS
    async def test_the_function_has_run_when_the_call_returns(self, lane, way):
        steps = []
        with mock_stages(SEED, _lane=lane) as fake, way():
            arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
            async with secretsmanager() as client:
                await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert steps == STEPS

    @pytest.mark.parametrize("way", [contextlib.nullcontext, past_our_wrapper])
    async def test_the_functions_error_is_raised_once_and_unchanged(self, lane, way):
        # botocore would repeat a call that ends in this error.
        error, attempts = botocore.exceptions.EndpointConnectionError(endpoint_url="https://db"), []

        def handler(event, context):
            attempts.append(event["Step"])
            raise error

        with mock_stages(SEED, rotation_errors="raise", _lane=lane) as fake, way():
            arn = fake.lambda_function(handler)
            async with secretsmanager() as client:
                with pytest.raises(botocore.exceptions.EndpointConnectionError) as raised:
                    await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert raised.value is error
        assert "createSecret" in raised.value.__notes__[0]
        assert "'app/db'" in raised.value.__notes__[0]
        assert attempts == ["createSecret"]

    async def test_a_rotation_with_a_recorded_error_can_be_retried(self, lane):
        is_broken = True

        def handler(event, context):
            if is_broken:
                msg = "the database is down"
                raise ConnectionError(msg)

        with mock_stages(SEED, rotation_errors="record", _lane=lane) as fake:
            arn = fake.lambda_function(handler)
            async with secretsmanager() as client:
                await client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
                (rotation,) = fake.rotations
                assert (rotation.outcome, rotation.failed_step) == ("failed", "createSecret")
                is_broken = False
                assert rotation.retry().outcome == "unfinished"

    async def test_other_tasks_continue_while_the_function_waits(self, lane):
        began, go_on, waited = threading.Event(), threading.Event(), []

        def handler(event, context):
            began.set()
            waited.append(go_on.wait(10))

        async def free():
            assert await asyncio.to_thread(began.wait, 10)
            assert await value_by(client) == "s3cret"
            go_on.set()

        with mock_stages(SEED, _lane=lane) as fake:
            arn = fake.lambda_function(handler)
            async with secretsmanager() as client:
                await asyncio.gather(client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn), free())
        assert waited == [True] * 4

    async def test_several_secrets_are_rotated_at_once(self, lane):
        names = [f"secret-{number}" for number in range(8)]

        def handler(event, context):
            assert boto3_client.describe_secret(SecretId=event["SecretId"])["RotationEnabled"]

        with mock_stages(dict.fromkeys(names, "x"), _lane=lane) as fake:
            boto3_client = boto3.client("secretsmanager")
            arn = fake.lambda_function(handler)
            async with secretsmanager() as client:
                await asyncio.gather(
                    *(client.rotate_secret(SecretId=name, RotationLambdaARN=arn) for name in names)
                )
            rotated = [(rotation.outcome, list(rotation.steps)) for rotation in fake.rotations]
        assert rotated == [("unfinished", STEPS)] * len(names)


@pytest.mark.asyncio
class TestTasks:
    async def test_calls_of_many_tasks_are_answered_each_with_its_own(self, lane):
        names = [f"secret-{number}" for number in range(40)]

        async def write_and_read(client, name):
            await client.create_secret(Name=name, SecretString=f"value of {name}")
            await client.put_secret_value(SecretId=name, SecretString=f"second value of {name}")
            return await value_by(client, name)

        with mock_stages({}, _lane=lane) as fake:
            async with secretsmanager() as client:
                values = await asyncio.gather(*(write_and_read(client, name) for name in names))
            assert len(fake.calls) == 3 * len(names)
        assert values == [f"second value of {name}" for name in names]

    async def pausing(self, client):
        """Make calls wait. Return the event that says that one has begun, and the event that lets it continue."""
        began, go_on = asyncio.Event(), asyncio.Event()

        async def wait(**_):
            began.set()
            await go_on.wait()

        client.meta.events.register("before-parameter-build.secrets-manager.GetSecretValue", wait)
        return began, go_on

    async def test_a_cancelled_call_leaves_nothing_behind(self, lane):
        async with secretsmanager() as client:
            began, go_on = await self.pausing(client)
            before = handlers_of(client)
            with mock_stages(SEED, _lane=lane) as fake:
                task = asyncio.create_task(value_by(client))
                await began.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert fake.calls == []
                go_on.set()
                assert await value_by(client) == "s3cret"
            assert originals_are_back()
            assert handlers_of(client) == before

    async def test_a_call_that_is_cancelled_after_its_world_leaves_nothing_behind(self, lane):
        async with secretsmanager() as client:
            began, _ = await self.pausing(client)
            before = handlers_of(client)
            with mock_stages(SEED, _lane=lane):
                task = asyncio.create_task(value_by(client))
                await began.wait()
            assert not originals_are_back()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert originals_are_back()
            assert handlers_of(client) == before

    async def test_a_call_in_flight_at_exit_is_answered_by_the_world_it_began_in(self, lane):
        async with secretsmanager() as client:
            began, go_on = await self.pausing(client)
            before = handlers_of(client)
            with mock_stages(SEED, _lane=lane):
                task = asyncio.create_task(value_by(client))
                await began.wait()
            go_on.set()
            assert await task == "s3cret"
            assert originals_are_back()
            assert handlers_of(client) == before

    async def test_a_call_in_flight_is_not_answered_by_a_newer_world(self, lane):
        async with secretsmanager() as client:
            began, go_on = await self.pausing(client)
            with mock_stages({"app/db": "outer"}, _lane=lane):
                task = asyncio.create_task(value_by(client))
                await began.wait()
                with mock_stages({"app/db": "inner"}, _lane=lane):
                    go_on.set()
                    assert await task == "outer"

    async def test_a_cancelled_rotation_continues_in_its_world_and_leaves_nothing_behind(self, lane):
        began, go_on = threading.Event(), threading.Event()

        def handler(event, context):
            began.set()
            go_on.wait(10)
            boto3.client("secretsmanager", region_name=HOME).describe_secret(SecretId=event["SecretId"])

        async with secretsmanager() as client:
            before = handlers_of(client)
            with mock_stages(SEED, _lane=lane) as fake:
                arn = fake.lambda_function(handler)
                task = asyncio.create_task(client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn))
                await asyncio.to_thread(began.wait, 10)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert not originals_are_back()
            go_on.set()
            await asyncio.get_running_loop().shutdown_default_executor()
            assert originals_are_back()
            assert handlers_of(client) == before
        assert [call.operation for call in fake.calls] == ["RotateSecret", *["DescribeSecret"] * 4]


@pytest.mark.asyncio
class TestWhoCalls:
    async def test_an_access_key_of_twelve_digits_acts_for_that_account(self, lane):
        with mock_stages(SEED, _lane=lane):
            async with secretsmanager(aws_access_key_id="210987654321") as client:
                assert ":210987654321:secret:own-" in (await client.create_secret(Name="own"))["ARN"]
                with pytest.raises(client.exceptions.ResourceNotFoundException):
                    await value_by(client)

    async def test_credentials_of_the_handle_act_as_a_principal(self, lane):
        reader = "arn:aws:iam::210987654321:role/reader"
        policy = {"Effect": "Allow", "Principal": {"AWS": reader}, "Action": "secretsmanager:*", "Resource": "*"}
        with mock_stages({}, _lane=lane) as fake:
            shared = fake.add("shared", "s3cret", kms_key_id="alias/shared")
            async with secretsmanager() as owner:
                await owner.put_resource_policy(
                    SecretId="shared", ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": policy})
                )
            async with secretsmanager(**fake.credentials(reader)) as client:
                assert await value_by(client, shared.arn) == "s3cret"
            async with secretsmanager(**fake.credentials(reader.replace("reader", "other"))) as client:
                with pytest.raises(client.exceptions.ClientError, match="AccessDeniedException"):
                    await value_by(client, shared.arn)

    async def test_as_principal_applies_to_tasks_started_inside_it(self, lane):
        with mock_stages(SEED, _lane=lane) as fake:
            async with secretsmanager() as client:
                with fake.as_principal("arn:aws:iam::210987654321:role/other"):
                    stranger = asyncio.create_task(client.create_secret(Name="a"))
                owner = asyncio.create_task(client.create_secret(Name="a"))
                accounts = [(await task)["ARN"].split(":")[4] for task in (stranger, owner)]
        assert accounts == ["210987654321", "123456789012"]


@pytest.mark.asyncio
class TestOtherPeoplesHandlersAndPatches:
    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    async def test_a_stubber_wins_for_its_client(self, lane, is_first):
        async with secretsmanager() as client, secretsmanager() as other:
            stubber = aiobotocore.stub.AioStubber(client)
            stubber.add_response("get_secret_value", {"SecretString": "stubbed"}, {"SecretId": "app/db"})
            if is_first:
                stubber.activate()
            with mock_stages(SEED, _lane=lane) as fake:
                if not is_first:
                    await value_by(client)
                    stubber.activate()
                values = await value_by(client), await value_by(other)
                stubber.assert_no_pending_responses()
                stubber.deactivate()
                assert await value_by(client) == "s3cret"
                assert len(fake.calls) == (2 if is_first else 3)
        assert values == ("stubbed", "s3cret")

    @pytest.mark.parametrize("event", ["before-call.secrets-manager", "before-call.secretsmanager.GetSecretValue"])
    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    async def test_a_users_awaitable_handler_runs_first(self, lane, event, is_first):
        seen = []

        async def see(**_):
            await asyncio.sleep(0)
            seen.append(event)

        async with secretsmanager() as client:
            if is_first:
                client.meta.events.register(event, see)
            with mock_stages(SEED, _lane=lane):
                if not is_first:
                    await value_by(client)
                    client.meta.events.register(event, see)
                assert await value_by(client) == "s3cret"
        assert seen == [event]

    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    async def test_a_users_mock_of_make_api_call_answers(self, lane, is_first):
        answers = mock.AsyncMock(return_value={"SecretString": "patched"})
        async with secretsmanager() as client:
            with contextlib.ExitStack() as stack:
                if is_first:
                    stack.enter_context(patched("_make_api_call", answers))
                stack.enter_context(mock_stages(SEED, _lane=lane))
                if not is_first:
                    stack.enter_context(patched("_make_api_call", answers))
                assert await value_by(client) == "patched"

    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    async def test_a_patch_that_calls_through_sees_the_calls(self, lane, is_first):
        seen = []

        def spying():
            original = aiobotocore.client.AioBaseClient.__dict__["_make_api_call"]

            async def spy(self, operation_name, api_params):
                seen.append(operation_name)
                return await original(self, operation_name, api_params)

            return patched("_make_api_call", spy)

        async with secretsmanager() as client:
            with contextlib.ExitStack() as stack:
                if is_first:
                    stack.enter_context(spying())
                stack.enter_context(mock_stages(SEED, _lane=lane))
                if not is_first:
                    stack.enter_context(spying())
                assert await value_by(client) == "s3cret"
        assert seen == ["GetSecretValue"]

    @WAYS
    async def test_a_call_is_answered_whichever_way_it_takes(self, lane, way):
        with mock_stages(SEED, _lane=lane), way():
            async with secretsmanager() as client:
                assert await value_by(client) == "s3cret"
                with pytest.raises(client.exceptions.ResourceNotFoundException):
                    await value_by(client, "other")

    @WAYS
    async def test_a_call_is_never_sent_whichever_way_it_takes(self, lane, way):
        sent = mock.AsyncMock(side_effect=AssertionError("sent"))
        with mock.patch.object(aiohttp.ClientSession, "_request", sent), mock_stages(SEED, _lane=lane), way():
            async with secretsmanager() as client:
                assert await value_by(client) == "s3cret"

    async def test_a_call_that_bypasses_every_wrapper_asks_its_clients_region(self, lane):
        with mock_stages({}, _lane=lane) as fake, past_all_but_sending():
            fake.add("app/db", "in Paris", region=ABROAD)
            async with secretsmanager(region_name=ABROAD) as client:
                assert await value_by(client) == "in Paris"


class TestGuard:
    """`fake_secrets_guard = error` stops what would go to AWS for want of a world."""

    FORGOTTEN = """
        import asyncio
        import contextlib
        from aiobotocore.session import get_session

        async def read():
            session = get_session()
            async with session.create_client("secretsmanager", region_name="us-east-1") as client:
                return (await client.get_secret_value(SecretId="app/db"))["SecretString"]
    """

    def outcomes(self, pytester, source):
        pytester.makeini("[pytest]\nfake_secrets_guard = error\n")
        pytester.makepyfile(self.FORGOTTEN + source)
        # Without the asyncio plugin, whose hooks fail in a pytest inside pytest.
        return pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:randomly")

    def test_a_call_without_a_world_is_an_error_that_names_it(self, pytester):
        ran = self.outcomes(
            pytester,
            """
        def test_forgotten():
            asyncio.run(read())
        """,
        )
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(
            [f"E *{OutsideWorldError.__name__}: GetSecretValue was called while no fake_secrets world was active*"]
        )

    def test_an_error_that_code_swallows_still_fails_the_test(self, pytester):
        ran = self.outcomes(
            pytester,
            """
        def test_forgotten():
            with contextlib.suppress(Exception):
                asyncio.run(read())
        """,
        )
        ran.assert_outcomes(failed=1)

    def test_calls_inside_a_world_pass(self, pytester):
        ran = self.outcomes(
            pytester,
            """
        from fake_secrets import mock_stages

        def test_inside():
            with mock_stages({"app/db": "s3cret"}):
                assert asyncio.run(read()) == "s3cret"
        """,
        )
        ran.assert_outcomes(passed=1)


class TestSeams:
    """Canaries: each fails with a clear sentence when aiobotocore moves something that hook/aio.py needs."""

    def test_clients_make_api_calls_with_operation_and_parameters(self):
        method = aiobotocore.client.AioBaseClient.__dict__["_make_api_call"]
        parameters = list(inspect.signature(method).parameters)
        assert parameters == ["self", "operation_name", "api_params"], (
            "aiobotocore.client.AioBaseClient._make_api_call has changed: hook/aio.py wraps it"
        )
        assert inspect.iscoroutinefunction(method), (
            "aiobotocore.client.AioBaseClient._make_api_call is no coroutine function any more: by that "
            "hook/seams.py tells that its wrapper has to await"
        )

    def test_http_sessions_of_aiohttp_get_a_session_to_send_with(self):
        method = aiobotocore.httpsession.AIOHTTPSession._get_session
        assert list(inspect.signature(method).parameters) == ["self", "proxy_url"], (
            "aiobotocore.httpsession.AIOHTTPSession._get_session has changed: hook/aio.py wraps it"
        )
        assert inspect.iscoroutinefunction(method), (
            "aiobotocore.httpsession.AIOHTTPSession._get_session is no coroutine function any more: hook/aio.py "
            "awaits it"
        )

    def test_http_sessions_of_httpx_get_a_session_to_send_with(self):
        httpxsession = pytest.importorskip("aiobotocore.httpxsession")
        assert inspect.iscoroutinefunction(httpxsession.HttpxSession._get_session), (
            "aiobotocore.httpxsession.HttpxSession._get_session has changed: hook/aio.py wraps it"
        )

    def test_signers_choose_a_signature(self):
        assert inspect.iscoroutinefunction(aiobotocore.signers.AioRequestSigner._choose_signer), (
            "aiobotocore.signers.AioRequestSigner._choose_signer has changed: hook/aio.py wraps it"
        )

    def test_endpoints_inherit_make_request(self):
        endpoint = aiobotocore.endpoint.AioEndpoint
        assert endpoint.make_request is botocore.endpoint.Endpoint.make_request, (
            "aiobotocore's endpoints have a make_request of their own: hook/net.py and the guard wrap botocore's"
        )
        assert inspect.iscoroutinefunction(endpoint._send_request), (
            "aiobotocore.endpoint.AioEndpoint._send_request is no coroutine function any more: by that "
            "hook/net.py tells aiobotocore's endpoints from botocore's"
        )

    @pytest.mark.asyncio
    async def test_responses_have_a_content_that_is_awaited(self):
        response = aiobotocore.awsrequest.AioAWSResponse("https://aws", 200, {}, None)
        response._content = b"content"
        assert (await response.content, await response.text) == (b"content", "content"), (
            "aiobotocore.awsrequest.AioAWSResponse doesn't await what it keeps in _content any more: hook/aio.py "
            "puts the answer there"
        )
