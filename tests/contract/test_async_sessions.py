"""Asynchronous connections of psycopg lead to the password database, too."""

import asyncio
import inspect
import json

import boto3
import pytest
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase
from fake_secrets.contract.services.async_sessions import AsyncConnection, AsyncCursor

LOGIN = {"host": "db", "user": "app", "password": "old"}
CHANGE = "ALTER ROLE app PASSWORD 'new'"


@pytest.fixture(params=["stand-in", "real"])
def psycopg(request, monkeypatch):
    if request.param == "real":
        return pytest.importorskip("psycopg", exc_type=ImportError)
    module = stand_in(monkeypatch, "psycopg", codes={"25P02": "InFailedSqlTransaction"}, base="InternalError")

    async def connect(cls, *args, **options):
        pytest.fail("this would connect for real")

    module.AsyncConnection = type("AsyncConnection", (), {"connect": classmethod(connect)})
    return module


@pytest.fixture
def database(psycopg):
    with PasswordDatabase({"app": "old"}, driver="psycopg") as database:
        yield database


def test_a_block_commits_and_closes(psycopg, database):
    async def change():
        async with await psycopg.AsyncConnection.connect(**LOGIN) as session:
            await session.execute(CHANGE)
            assert database.accepts("old")
        assert session.closed

    asyncio.run(change())
    assert database.accepts("new")


def test_a_block_that_fails_rolls_back(psycopg, database):
    async def change():
        async with await psycopg.AsyncConnection.connect(**LOGIN) as session:
            await session.execute(CHANGE)
            {}["username"]

    with pytest.raises(KeyError, match="username"):
        asyncio.run(change())
    assert database.accepts("old")


def test_cursors_give_rows(psycopg, database):
    async def read():
        session = await psycopg.AsyncConnection.connect("host=db user=app password=old", autocommit=True)
        async with session.cursor() as cursor:
            assert cursor.connection is session
            await cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", ["app"])
            names, rows = [column.name for column in cursor.description], await cursor.fetchall()
            await (await cursor.execute("SELECT 1")).fetchone()
            assert (cursor.rowcount, await cursor.fetchone(), await cursor.fetchmany(2)) == (1, None, [])
            iterated = [row async for row in await cursor.execute("SELECT 2")]
        await session.close()
        return names, rows, iterated, session.autocommit

    assert asyncio.run(read()) == (["rolname"], [("app",)], [(2,)], True)


def test_rows_are_what_the_function_asks_for(psycopg, database):
    def one(cursor):
        return lambda values: {cursor.description[0].name: values[0]}

    async def read():
        session = await psycopg.AsyncConnection.connect(**LOGIN, row_factory=one)
        first = await (await session.execute("SELECT 1 AS a")).fetchone()
        return first, await (await session.cursor().execute("SELECT 2 AS b")).fetchone()

    assert asyncio.run(read()) == ({"a": 1}, {"b": 2})


def test_a_session_commits_rolls_back_and_changes_to_autocommit(psycopg, database):
    async def change():
        session = await psycopg.AsyncConnection.connect(**LOGIN)
        await session.execute(CHANGE)
        await session.rollback()
        assert database.accepts("old")
        await session.execute(CHANGE)
        await session.commit()
        assert database.accepts("new")
        await session.set_autocommit(True)
        await session.execute("ALTER ROLE app PASSWORD 'newer'")
        assert database.accepts("newer")
        with pytest.raises(AttributeError):
            session.autocommit = False

    asyncio.run(change())


def test_a_transaction_is_a_block(psycopg, database):
    async def change():
        session = await psycopg.AsyncConnection.connect(**LOGIN)
        async with session.transaction():
            await session.execute(CHANGE)
        async with session.transaction():
            await session.execute("ALTER ROLE app PASSWORD 'newer'")
            raise psycopg.Rollback

    asyncio.run(change())
    assert database.accepts("new")


def test_what_is_refused_has_the_drivers_exceptions(psycopg, database):
    async def be_refused():
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await psycopg.AsyncConnection.connect(**{**LOGIN, "password": "wrong"})
        session = await psycopg.AsyncConnection.connect(**LOGIN)
        with pytest.raises(psycopg.ProgrammingError):
            await session.execute("DROP ROLE app")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await session.execute("SELECT 1")
        assert session.info.transaction_status == 3

    asyncio.run(be_refused())


def test_the_class_is_put_back(psycopg):
    before = inspect.getattr_static(psycopg.AsyncConnection, "connect")
    with PasswordDatabase({"app": "old"}, driver="psycopg"):
        assert inspect.getattr_static(psycopg.AsyncConnection, "connect") is not before
    assert inspect.getattr_static(psycopg.AsyncConnection, "connect") is before


def test_the_asynchronous_client_cursor_puts_parameters_in(psycopg, database):
    kind = type("AsyncClientCursor", (), {"__module__": "psycopg"})

    async def change():
        async with await psycopg.AsyncConnection.connect(**LOGIN, cursor_factory=kind) as session:
            await session.execute("ALTER ROLE CURRENT_USER PASSWORD %s", ["new"])

    asyncio.run(change())
    assert database.accepts("new")


@pytest.mark.parametrize(("ours", "theirs"), [(AsyncConnection, "AsyncConnection"), (AsyncCursor, "AsyncCursor")])
def test_each_method_is_a_coroutine_function_if_psycopgs_is(ours, theirs):
    psycopg = pytest.importorskip("psycopg", exc_type=ImportError)
    for name, method in inspect.getmembers(ours, inspect.isfunction):
        if not name.startswith("_") or name in {"__aenter__", "__aexit__"}:
            real = getattr(getattr(psycopg, theirs), name)
            assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(real), name


async def _log_in(value):
    import psycopg  # the double's stand-in, or the real one

    return await psycopg.AsyncConnection.connect(
        host=value["host"], user=value["username"], password=value["password"], autocommit=True
    )


async def _set(current, pending):
    import psycopg

    try:
        session = await _log_in(pending)
    except psycopg.OperationalError:
        async with await _log_in(current) as session:
            await session.execute(f"ALTER ROLE CURRENT_USER PASSWORD '{pending['password']}'")
    else:
        await session.close()


async def _test(pending):
    async with await _log_in(pending) as session:
        await session.execute("SELECT 1")


def rotate(event, context):
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSCURRENT" in versions.get(token, []):
        return
    if "AWSPENDING" not in versions.get(token, []):
        raise LookupError(token)

    def read(**which):
        return json.loads(client.get_secret_value(SecretId=arn, **which)["SecretString"])

    current, which = read(VersionStage="AWSCURRENT"), {"VersionId": token, "VersionStage": "AWSPENDING"}
    if step == "createSecret":
        try:
            read(**which)
        except client.exceptions.ResourceNotFoundException:
            password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
            value = json.dumps({**current, "password": password})
            client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
            )
    elif step == "setSecret":
        asyncio.run(_set(current, read(**which)))
    elif step == "testSecret":
        asyncio.run(_test(read(**which)))
    elif step == "finishSecret":
        old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
    else:
        raise LookupError(step)


@pytest.mark.slow
def test_a_rotation_function_that_is_asynchronous_inside_keeps_the_contract(psycopg):
    report = check_rotation(
        rotate,
        secret={"host": "db", "username": "app", "password": "old"},
        service=lambda: PasswordDatabase({"app": "old"}, driver="psycopg"),
        only=["plain", "repeats", "errors", "kills"],
    )
    assert report.violations == (), str(report)
    assert report.passed
