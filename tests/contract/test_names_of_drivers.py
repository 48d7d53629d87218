"""The password database answers by each name with which rotation functions connect, and not by `connect` alone."""

import importlib
import types

import pytest
from stand_in_drivers import stand_in

from fake_secrets.contract.services import PasswordDatabase

LOGIN = {"host": "db", "user": "app", "password": "old"}
NAMES = [
    ("psycopg2", "psycopg2.extensions.connection"),
    ("pymysql", "pymysql.Connect"),
    ("pymysql", "pymysql.Connection"),
    ("pymysql", "pymysql.connections.Connection"),
    ("mysql.connector", "mysql.connector.Connect"),
    ("mysql.connector", "mysql.connector.MySQLConnection"),
    ("mysql.connector", "mysql.connector.connection.MySQLConnection"),
    ("MySQLdb", "MySQLdb.Connect"),
    ("MySQLdb", "MySQLdb.connections.Connection"),
]
CLASSES = [(driver, name) for driver, name in NAMES if not name.endswith("Connect")]


class Made:
    """A class of connections that isn't a double's."""

    limit = 3

    def __init__(self, dsn=None, *, user=None, password="", host=None, defer_connect=False):
        pytest.fail("this would connect for real")


@pytest.fixture
def stand_in_driver(monkeypatch):
    """Return a function that makes a stand-in of a driver, with the names that the real one has."""

    def make(driver):
        for part in ("mysql",) if driver.startswith("mysql.") else ():
            monkeypatch.setitem(importlib.sys.modules, part, types.ModuleType(part))
        module = stand_in(monkeypatch, driver, codes={})
        if driver.startswith("mysql."):
            importlib.sys.modules["mysql"].connector = module
        for _, name in [one for one in NAMES if one[0] == driver]:
            *parts, last = name.removeprefix(f"{driver}.").split(".")
            owner = module
            for part in parts:
                setattr(owner, part, getattr(owner, part, types.SimpleNamespace()))
                owner = getattr(owner, part)
            setattr(owner, last, Made)
        return module

    return make


def found(module, driver, name):
    for part in name.removeprefix(f"{driver}.").split("."):
        module = getattr(module, part)
    return module


def log_in(driver, connecting, password="old"):
    if driver == "psycopg2":
        return connecting(f"host=db user=app password={password}")
    return connecting(**{**LOGIN, "password": password})


@pytest.mark.parametrize(("driver", "name"), NAMES, ids=[name for _, name in NAMES])
class TestEachName:
    def test_it_leads_to_the_double(self, stand_in_driver, driver, name):
        module = stand_in_driver(driver)
        with PasswordDatabase({"app": "old"}, driver=driver):
            assert log_in(driver, found(module, driver, name)).cursor().execute("SELECT 1").fetchone() == (1,)
        assert found(module, driver, name) is Made

    def test_the_real_one_does_too(self, driver, name):
        module = pytest.importorskip(driver, exc_type=ImportError)
        before = found(module, driver, name)
        with PasswordDatabase({"app": "old"}, driver=driver):
            assert log_in(driver, found(module, driver, name)).cursor().execute("SELECT 1").fetchone() == (1,)
            with pytest.raises(module.OperationalError if driver != "mysql.connector" else module.Error):
                log_in(driver, found(module, driver, name), "wrong")
        assert found(module, driver, name) is before


@pytest.mark.parametrize(("driver", "name"), CLASSES, ids=[name for _, name in CLASSES])
def test_a_class_stays_one(stand_in_driver, driver, name):
    module = stand_in_driver(driver)
    with PasswordDatabase({"app": "old"}, driver=driver) as database:
        kind = found(module, driver, name)
        assert isinstance(database.connect(**LOGIN), kind)
        assert not isinstance("text", kind)
        assert issubclass(Made, kind)
        assert (kind.__name__, kind.limit, kind | None) == ("Made", 3, kind | None)
        assert type(log_in(driver, type("Mine", (kind,), {}))) is type(database.connect(**LOGIN))


@pytest.mark.parametrize(("driver", "name"), CLASSES, ids=[name for _, name in CLASSES])
def test_what_a_class_does_is_left_as_it_is(driver, name):
    kind = found(pytest.importorskip(driver, exc_type=ImportError), driver, name)
    before = {**vars(kind)}
    with PasswordDatabase({"app": "old"}, driver=driver):
        assert vars(kind) == before


def test_a_class_takes_the_arguments_of_the_drivers():
    pymysql = pytest.importorskip("pymysql", exc_type=ImportError)
    with PasswordDatabase({"app": "old"}, driver="pymysql"):
        with pytest.raises(TypeError, match="positional"):
            pymysql.connections.Connection("db", "app", "old")
        with pytest.raises(TypeError, match="pasword"):
            pymysql.Connection(host="db", user="app", pasword="old")


@pytest.mark.parametrize(
    ("driver", "name", "options"),
    [
        ("mysql.connector", "MySQLConnection", {}),
        ("pymysql", "Connection", {**LOGIN, "defer_connect": True}),
    ],
)
def test_a_connection_that_is_made_to_be_opened_later_is_refused(stand_in_driver, driver, name, options):
    module = stand_in_driver(driver)
    with (
        PasswordDatabase({"app": "old"}, driver=driver),
        pytest.raises(NotImplementedError, match=r"logs in when Made is called: pass it the options of the login"),
    ):
        getattr(module, name)(**options)


def test_psycopg2_takes_the_class_of_cursors_by_position(stand_in_driver):
    module = stand_in_driver("psycopg2")
    rows = type("RealDictCursor", (), {"__module__": "psycopg2.extras"})
    with PasswordDatabase({"app": "old"}, driver="psycopg2"):
        session = module.connect("host=db user=app password=old", None, rows)
        assert session.cursor().execute("SELECT 1 AS one").fetchone() == {"one": 1}


@pytest.mark.parametrize("name", ["SimpleConnectionPool", "ThreadedConnectionPool"])
def test_the_pools_of_psycopg2_hold_connections_of_the_double(name):
    pool = pytest.importorskip("psycopg2.pool", exc_type=ImportError)
    with PasswordDatabase({"app": "old"}, driver="psycopg2") as database:
        connections = getattr(pool, name)(1, 2, **LOGIN)
        first = connections.getconn()
        first.execute("ALTER ROLE app PASSWORD 'new'")
        connections.putconn(first)
        assert database.accepts("old")  # the pool has rolled it back
        assert connections.getconn() is first
        first.execute("ALTER ROLE app PASSWORD 'new'")
        first.commit()
        connections.putconn(first)
        connections.closeall()
        assert database.accepts("new")


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_the_state_of_a_transaction_is_told_as_by_the_driver(monkeypatch, driver):
    stand_in(monkeypatch, driver, codes={})
    session = PasswordDatabase({"app": "old"}, driver=driver).connect(**LOGIN)
    states = [session.info.transaction_status]
    session.execute("SELECT 1")
    states.append(session.info.transaction_status)
    with pytest.raises(importlib.sys.modules[driver].ProgrammingError):
        session.execute("ALTER ROLE nobody PASSWORD 'x'")
    states.append(session.info.transaction_status)
    session.rollback()
    states.append(session.info.transaction_status)
    session.close()
    assert [*states, session.info.transaction_status] == [0, 2, 3, 0, 4]
