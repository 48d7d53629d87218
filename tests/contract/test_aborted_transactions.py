"""In PostgreSQL, a statement that fails aborts its transaction: everything after it fails until a rollback."""

import functools
import sys

import pytest
from rotation_steps import names, rotation_function
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase

SECRET = {"username": "app", "password": "old"}
USERS = {"app": "old", "admin": "master"}


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={"25P02": "InFailedSqlTransaction"}, base="InternalError")


@pytest.fixture
def database(psycopg):
    return PasswordDatabase(USERS, administrators=["admin"], driver="psycopg")


@pytest.fixture
def session(database):
    return database.connect(user="admin", password="master")


def creates_or_alters(driver):
    """Return a function that relies on CREATE ROLE to fail if there is the role."""

    def set_value(_, pending):
        with driver.connect(user="admin", password="master") as connection:
            try:
                connection.execute(f"CREATE ROLE {pending['username']} LOGIN PASSWORD '{pending['password']}'")
            except driver.Error:
                connection.execute(f"ALTER ROLE {pending['username']} PASSWORD '{pending['password']}'")

    def test_value(pending):
        driver.connect(user=pending["username"], password=pending["password"]).close()

    return rotation_function(set_value, test_value)


def test_a_function_that_goes_on_in_an_aborted_transaction_never_succeeds(psycopg):
    service = functools.partial(PasswordDatabase, USERS, administrators=["admin"], driver="psycopg")
    report = check_rotation(creates_or_alters(psycopg), secret=SECRET, service=service, only="plain")
    assert names(report.violations) == ["never-succeeds"]
    assert "current transaction is aborted" in " ".join(str(report).split())


def test_every_statement_fails_until_the_rollback(psycopg, database, session):
    session.execute("ALTER ROLE app PASSWORD 'one'")
    with pytest.raises(psycopg.ProgrammingError):
        session.execute("CREATE ROLE admin")
    for statement in ("ALTER ROLE app PASSWORD 'two'", "SELECT 1", "SAVEPOINT s", "VACUUM orders"):
        with pytest.raises(psycopg.errors.InFailedSqlTransaction, match="current transaction is aborted"):
            session.execute(statement)
    session.rollback()
    session.execute("ALTER ROLE app PASSWORD 'three'")
    session.commit()
    assert database.accepts("three")


@pytest.mark.parametrize("commit", [lambda session: session.commit(), lambda session: session.execute("COMMIT")])
def test_a_commit_rolls_it_back(psycopg, database, session, commit):
    session.execute("ALTER ROLE app PASSWORD 'one'")
    with pytest.raises(psycopg.ProgrammingError):
        session.execute("CREATE ROLE it's")
    commit(session)
    assert database.accepts("old")
    assert session.execute("SELECT 1").fetchall() == [(1,)]


def test_a_statement_by_itself_aborts_nothing(psycopg, database):
    session = database.connect(user="admin", password="master", autocommit=True)
    with pytest.raises(psycopg.ProgrammingError):
        session.execute("CREATE ROLE app")
    session.execute("ALTER ROLE app PASSWORD 'new'")
    assert database.accepts("new")


def test_begin_begins_a_transaction_even_if_statements_are_committed_by_themselves(psycopg, database):
    session = database.connect(user="admin", password="master", autocommit=True)
    session.execute("BEGIN")
    session.execute("ALTER ROLE app PASSWORD 'new'")
    assert database.accepts("old")
    with pytest.raises(psycopg.ProgrammingError):
        session.execute("CREATE ROLE app")
    session.execute("ROLLBACK")
    session.execute("ALTER ROLE app PASSWORD 'newer'")
    assert database.accepts("newer")


def test_a_savepoint_saves_a_transaction(psycopg, database, session):
    session.execute("ALTER ROLE app PASSWORD 'one'")
    session.execute("SAVEPOINT before")
    session.execute("ALTER ROLE app PASSWORD 'two'")
    with pytest.raises(psycopg.ProgrammingError):
        session.execute("CREATE ROLE app")
    session.execute("ROLLBACK TO SAVEPOINT before")
    session.execute("RELEASE SAVEPOINT before")
    session.commit()
    assert database.accepts("one")


def test_there_is_no_way_back_to_a_savepoint_that_was_not_set(psycopg, session):
    with pytest.raises(psycopg.Error, match="savepoint 'before' does not exist"):
        session.execute("ROLLBACK TO before")


def test_a_block_within_a_transaction_saves_it(psycopg, database, session):
    session.execute("ALTER ROLE app PASSWORD 'one'")
    with pytest.raises(psycopg.ProgrammingError), session.transaction():
        session.execute("CREATE ROLE app")
    session.commit()
    assert database.accepts("one")


def test_an_error_that_is_caught_inside_of_a_block_within_a_transaction_is_raised_at_its_end(psycopg, session):
    session.execute("SELECT 1")

    def caught():
        with session.transaction(), pytest.raises(psycopg.ProgrammingError):
            session.execute("CREATE ROLE app")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        caught()
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), session.transaction():
        pass


def test_an_error_that_is_caught_inside_of_a_whole_transaction_rolls_it_back(psycopg, database, session):
    with session.transaction():
        session.execute("ALTER ROLE app PASSWORD 'one'")
        with pytest.raises(psycopg.ProgrammingError):
            session.execute("CREATE ROLE app")
    assert database.accepts("old")


def test_a_block_can_be_rolled_back_without_an_error(psycopg, database, session):
    with session.transaction(force_rollback=True):
        session.execute("ALTER ROLE app PASSWORD 'one'")
    with session.transaction():
        session.execute("ALTER ROLE app PASSWORD 'two'")
        raise psycopg.Rollback
    assert database.accepts("old")


def test_mysql_goes_on_after_an_error(monkeypatch):
    stand_in(monkeypatch, "pymysql", codes={})
    database = PasswordDatabase(USERS, administrators=["admin"], driver="pymysql")
    session = database.connect(user="admin", password="master")
    with pytest.raises(sys.modules["pymysql"].OperationalError):
        session.execute("CREATE USER app")
    session.execute("ALTER USER app IDENTIFIED BY 'new'")
    assert database.accepts("new")
