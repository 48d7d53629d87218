"""The password database raises the exceptions that functions catch: those of the driver, with their codes."""

import contextlib

import pytest
from stand_in_drivers import stand_in

from fake_secrets.contract.services import PasswordDatabase

USERS = {"app": "old", "admin": "master"}


@contextlib.contextmanager
def logged_in(driver, user="admin"):
    with PasswordDatabase(USERS, administrators=["admin"], driver=driver.__name__):
        connection = driver.connect(host="db", user=user, password=USERS[user])
        yield connection.cursor()


def real(name):
    module = pytest.importorskip(name, exc_type=ImportError)
    pytest.importorskip(f"{name}.errors", exc_type=ImportError)
    return module


CODES = {
    "42710": "DuplicateObject",
    "42704": "UndefinedObject",
    "42501": "InsufficientPrivilege",
    "42601": "SyntaxError",
    "22007": "InvalidDatetimeFormat",
}
CASES = [
    ("CREATE ROLE app", "42710"),
    ("ALTER ROLE nobody PASSWORD 'x'", "42704"),
    ("DROP ROLE nobody", "42704"),
    ("ALTER ROLE app PASSWORD 'it's'", "42601"),
    ("ALTER ROLE app VALID UNTIL 'soon'", "22007"),
]


@pytest.mark.parametrize(("statement", "code"), CASES)
@pytest.mark.parametrize("name", ["psycopg", "psycopg2"])
class TestPostgreSQL:
    def test_the_class_of_its_code_is_raised(self, monkeypatch, name, statement, code):
        driver = stand_in(monkeypatch, name, codes=CODES)
        with logged_in(driver) as cursor, pytest.raises(getattr(driver.errors, CODES[code])) as caught:
            cursor.execute(statement)
        assert caught.value.sqlstate == code

    def test_the_real_driver_raises_its_own_class(self, name, statement, code):
        driver = real(name)
        with logged_in(driver) as cursor, pytest.raises(getattr(driver.errors, CODES[code])) as caught:
            cursor.execute(statement)
        assert getattr(caught.value, {"psycopg": "sqlstate", "psycopg2": "pgcode"}[name]) == code

    def test_a_driver_without_such_classes_raises_that_of_dbapi_with_the_code(
        self, monkeypatch, name, statement, code
    ):
        driver = stand_in(monkeypatch, name, codes={})
        kind = driver.DataError if code.startswith("22") else driver.ProgrammingError
        with logged_in(driver) as cursor, pytest.raises(kind) as caught:
            cursor.execute(statement)
        assert caught.value.sqlstate == code


def test_a_statement_that_is_not_allowed_is_insufficient_privilege(monkeypatch):
    psycopg = stand_in(monkeypatch, "psycopg", codes=CODES)
    with logged_in(psycopg, "app") as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
        cursor.execute("DROP ROLE admin")


MYSQL_CASES = [
    ("CREATE USER app IDENTIFIED BY 'x'", 1396),
    ("ALTER USER nobody IDENTIFIED BY 'x'", 1396),
    ("SHOW GRANTS FOR nobody", 1141),
    ("ALTER USER app IDENTIFIED BY 'it's'", 1064),
]


@pytest.mark.parametrize(("statement", "number"), MYSQL_CASES)
class TestMySQL:
    def test_exceptions_have_the_number_and_the_class_of_the_servers_error(self, monkeypatch, statement, number):
        pymysql = stand_in(monkeypatch, "pymysql", codes={})
        kind = pymysql.ProgrammingError if number == 1064 else pymysql.OperationalError
        with logged_in(pymysql) as cursor, pytest.raises(kind) as caught:
            cursor.execute(statement)
        assert caught.value.args[0] == number

    def test_the_real_pymysql_raises_its_own_class(self, statement, number):
        pymysql = pytest.importorskip("pymysql", exc_type=ImportError)
        kind = pymysql.err.error_map.get(number, pymysql.OperationalError)
        with logged_in(pymysql) as cursor, pytest.raises(kind) as caught:
            cursor.execute(statement)
        assert caught.value.args[0] == number

    def test_mysql_connector_has_the_number_and_the_state_in_attributes(self, statement, number):
        connector = pytest.importorskip("mysql.connector", exc_type=ImportError)
        with logged_in(connector) as cursor, pytest.raises(connector.DatabaseError) as caught:
            cursor.execute(statement)
        assert caught.value.errno == number
        assert caught.value.sqlstate == ("HY000" if number == 1396 else "42000")


def test_mysql_connector_has_the_number_of_a_refused_login_in_an_attribute():
    connector = pytest.importorskip("mysql.connector", exc_type=ImportError)
    with PasswordDatabase(USERS, driver="mysql.connector"), pytest.raises(connector.Error) as caught:
        connector.connect(host="db", user="app", password="wrong")
    assert caught.value.errno == 1045
