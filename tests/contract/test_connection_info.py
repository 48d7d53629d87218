"""What a connection of the password database tells of itself, as psycopg and psycopg2 do."""

import asyncio

import pytest
from stand_in_drivers import stand_in

from fake_secrets.contract.services import PasswordDatabase

LOGIN = {"host": "db.internal", "port": 6432, "dbname": "shop", "user": "app", "password": "old"}
TOLD = ("host", "port", "dbname", "user", "password", "options", "vendor", "error_message", "encoding")


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={})


@pytest.fixture
def session(psycopg):
    return PasswordDatabase({"app": "old"}, driver="psycopg").connect(**LOGIN)


def test_it_tells_what_it_has_logged_in_with(session):
    told = [getattr(session.info, name) for name in TOLD]
    assert told == ["db.internal", 6432, "shop", "app", "old", "", "PostgreSQL", "", "utf-8"]
    assert session.info.dsn == "user=app dbname=shop host=db.internal port=6432"
    assert session.info.get_parameters() == {
        "user": "app", "dbname": "shop", "host": "db.internal", "port": "6432"
    }  # fmt: skip


def test_what_was_not_given_is_as_libpq_has_it(psycopg):
    info = PasswordDatabase({"app": "old"}, driver="psycopg").connect("user=app password='old'").info
    assert (info.port, info.dbname, info.hostaddr) == (5432, "app", "")
    assert info.get_parameters() == {"user": "app"}


def test_a_connection_string_is_told_in_full(psycopg):
    database = PasswordDatabase({"app": "old"}, driver="psycopg")
    for conninfo in (
        "postgresql://app:old@db.internal:6432/shop",
        "host=db.internal port=6432 dbname=shop user=app password=old",
    ):
        info = database.connect(conninfo).info
        assert [getattr(info, name) for name in TOLD[:5]] == ["db.internal", 6432, "shop", "app", "old"]


def test_its_version_is_that_of_the_server(session):
    text = session.execute("SELECT version()").fetchone()[0]
    assert text.startswith(f"PostgreSQL {session.info.parameter_status('server_version')} ")
    assert session.info.server_version == 160004
    assert session.info.parameter_status("nothing") is None


def test_it_follows_the_transaction(session):
    states = [(session.info.status, session.info.transaction_status)]
    with session.transaction():
        states.append((session.info.status, session.info.transaction_status))
    session.close()
    assert [*states, (session.info.status, session.info.transaction_status)] == [(0, 0), (0, 2), (1, 4)]


@pytest.mark.parametrize("name", ["host", "port", "dbname", "user", "password", "server_version", "dsn"])
def test_a_closed_connection_of_psycopg_tells_nothing_more(psycopg, session, name):
    session.close()
    with pytest.raises(psycopg.OperationalError, match="the connection is closed"):
        getattr(session.info, name)


def test_the_password_is_in_no_text_of_it(session):
    for text in (repr(session.info), repr(session), session.info.dsn, repr(session.info._login)):
        assert "old" not in text


def test_an_asynchronous_connection_tells_it_too(psycopg):
    class AsyncConnection:
        @classmethod
        async def connect(cls, **options):
            pytest.fail("this would connect for real")

    psycopg.AsyncConnection = AsyncConnection

    async def tell():
        async with await AsyncConnection.connect(**LOGIN) as session:
            return session.info.user, session.info.dbname

    with PasswordDatabase({"app": "old"}, driver="psycopg"):
        assert asyncio.run(tell()) == ("app", "shop")


def test_a_connection_of_psycopg2_tells_it_by_its_own_names(monkeypatch):
    stand_in(monkeypatch, "psycopg2", codes={})
    session = PasswordDatabase({"app": "old"}, driver="psycopg2").connect(**LOGIN)
    assert session.info.dsn_parameters == session.get_dsn_parameters()
    assert session.get_dsn_parameters()["dbname"] == "shop"
    assert session.dsn == "user=app dbname=shop host=db.internal port=6432 password=xxx"
    assert session.get_parameter_status("server_version") == "16.4"
    states = [(session.status, session.get_transaction_status(), session.server_version)]
    session.cursor().execute("SELECT 1")
    states.append((session.status, session.get_transaction_status(), session.server_version))
    assert states == [(1, 0, 160004), (2, 2, 160004)]
    session.close()
    assert (session.info.host, session.info.port, session.info.password) == (None, None, None)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_every_attribute_is_one_of_the_drivers_own(driver):
    module = pytest.importorskip(driver, exc_type=ImportError)
    real = module.ConnectionInfo if driver == "psycopg" else module.extensions.ConnectionInfo
    session = PasswordDatabase({"app": "old"}, driver=driver).connect(**LOGIN)
    names = {name for name in dir(real) if not name.startswith("_")}
    lacking = {name for name in names if not hasattr(session.info, name)}
    assert lacking <= {"full_protocol_version", "pgconn", "socket", "ssl_attribute", "ssl_attribute_names"}


def test_states_are_members_of_psycopgs_enumerations():
    psycopg = pytest.importorskip("psycopg", exc_type=ImportError)
    info = PasswordDatabase({"app": "old"}, driver="psycopg").connect(**LOGIN).info
    assert info.status is psycopg.pq.ConnStatus.OK
    assert info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    assert info.pipeline_status is psycopg.pq.PipelineStatus.OFF
