"""psycopg and psycopg2 take from the environment what a login isn't given, as libpq does."""

import functools
import os

import pytest
from rotation_steps import rotation_function
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase

VARIABLES = {"PGHOST": "db.internal", "PGPORT": "6432", "PGDATABASE": "shop", "PGUSER": "app", "PGPASSWORD": "old"}
TOLD = ("host", "port", "dbname", "user", "password")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """An environment without variables and files of libpq's."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["psycopg", "psycopg2"])
def driver(monkeypatch, request):
    return stand_in(monkeypatch, request.param, codes={})


@pytest.fixture
def database(driver):
    return PasswordDatabase({"app": "old"}, driver=driver.__name__)


def set_all(monkeypatch, **others):
    for name, text in {**VARIABLES, **others}.items():
        monkeypatch.setenv(name, text)


def told(session):
    return [getattr(session.info, name) for name in TOLD]


def test_everything_may_come_from_the_environment(monkeypatch, database):
    set_all(monkeypatch)
    assert told(database.connect()) == ["db.internal", 6432, "shop", "app", "old"]
    assert told(database.connect(password=None)) == ["db.internal", 6432, "shop", "app", "old"]


def test_what_is_given_comes_first(monkeypatch, database):
    set_all(monkeypatch, PGPASSWORD="wrong", PGUSER="nobody")
    options = {"host": "db", "port": 5432, "dbname": "other", "user": "app", "password": "old"}
    for session in (
        database.connect(**options),
        database.connect("postgresql://app:old@db:5432/other"),
        database.connect("host=db port=5432 dbname=other user=app password=old"),
        database.connect(**{**options, "dbname": None, "database": "other"}),
    ):
        assert told(session) == ["db", 5432, "other", "app", "old"]


def test_the_host_in_the_environment_is_the_one_that_is_looked_for(monkeypatch, driver):
    set_all(monkeypatch, PGHOST="elsewhere")
    with pytest.raises(driver.OperationalError, match="could not translate host name 'elsewhere'"):
        PasswordDatabase({"app": "old"}, driver=driver.__name__, host="db.internal").connect()


def test_a_wrong_password_in_the_environment_is_refused(monkeypatch, driver, database):
    set_all(monkeypatch, PGPASSWORD="wrong")
    with pytest.raises(driver.OperationalError, match="password authentication failed for user 'app'"):
        database.connect()


@pytest.mark.parametrize("options", [{}, {"password": None}, {"password": ""}])
def test_a_login_without_a_password_says_so(driver, database, options):
    with pytest.raises(driver.OperationalError, match="no password supplied"):
        database.connect(user="app", **options)


def test_an_empty_variable_is_none(monkeypatch, driver, database):
    set_all(monkeypatch, PGPASSWORD="")
    with pytest.raises(driver.OperationalError, match="no password supplied"):
        database.connect()


@pytest.mark.parametrize("given", [{"PGSERVICE": "shop"}, {"service": "shop"}])
def test_a_service_file_is_refused(monkeypatch, database, given):
    set_all(monkeypatch, **{name: text for name, text in given.items() if name.isupper()})
    options = {name: text for name, text in given.items() if not name.isupper()}
    with pytest.raises(NotImplementedError, match="reads no service file"):
        database.connect(**options)


@pytest.mark.parametrize("given", ["PGPASSFILE", "passfile", "~/.pgpass"])
def test_a_password_file_is_refused_unless_there_is_a_password(monkeypatch, database, environment, given):
    options = {"passfile": "passwords"} if given == "passfile" else {}
    if given == "PGPASSFILE":
        monkeypatch.setenv(given, "passwords")
    if given == "~/.pgpass":
        (environment / ".pgpass").write_text("*:*:*:app:old")
    with pytest.raises(NotImplementedError, match="reads no password file"):
        database.connect(user="app", **options)
    database.connect(user="app", password="old", **options).close()


def test_pymysql_takes_nothing_from_it(monkeypatch):
    set_all(monkeypatch)
    module = stand_in(monkeypatch, "pymysql", codes={})
    with pytest.raises(module.OperationalError):
        PasswordDatabase({"app": "old"}, driver="pymysql").connect(host="db", user="app")


def test_a_function_that_sets_the_variable_keeps_the_contract(monkeypatch, driver):
    def log_in(value):
        os.environ["PGPASSWORD"] = value["password"]
        return driver.connect(user=value["username"], dbname="orders")

    def set_value(current, pending):
        try:
            log_in(pending).close()
        except driver.OperationalError:
            connection = log_in(current)
            connection.cursor().execute(f"ALTER USER app PASSWORD '{pending['password']}'")
            connection.commit()
            connection.close()

    monkeypatch.setenv("PGPASSWORD", "")
    handler = rotation_function(set_value, lambda pending: log_in(pending).close())
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver=driver.__name__)
    secret = {"username": "app", "password": "old"}
    report = check_rotation(handler, secret=secret, service=service, only="plain")
    assert report.passed, str(report)
