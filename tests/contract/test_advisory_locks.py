"""Advisory locks of PostgreSQL: functions take one so that two deliveries don't change a password at once."""

import functools
import gc
import threading

import pytest
from rotation_steps import names, rotation_function
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase
from fake_secrets.contract.services.statements import UnknownStatementError

SECRET = {"username": "app", "password": "old"}
WAITING = ["SELECT pg_advisory_lock(7)", "SELECT pg_advisory_xact_lock(7)"]


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={"55P03": "LockNotAvailable"}, base="OperationalError")


@pytest.fixture
def database(psycopg):
    return PasswordDatabase({"app": "old"}, driver="psycopg")


@pytest.fixture
def one(database):
    return database.connect(user="app", password="old")


@pytest.fixture
def other(database):
    return database.connect(user="app", password="old")


def ask(session, call, parameters=None):
    return session.execute(f"SELECT {call}", parameters).fetchone()[0]


def is_free(session, key="7"):
    """Return whether another session may have a lock, and leave it as it is."""
    found = ask(session, f"pg_try_advisory_xact_lock({key})")
    session.rollback()
    return found


def test_a_rollback_to_a_savepoint_gives_back_the_locks_of_the_transaction_since_then(one, other):
    one.execute("BEGIN")
    ask(one, "pg_advisory_xact_lock(1)")
    one.execute("SAVEPOINT here")
    ask(one, "pg_advisory_xact_lock(2)")
    ask(one, "pg_advisory_lock(3)")
    one.execute("ROLLBACK TO here")
    assert [is_free(other, key) for key in "123"] == [False, True, False]


def test_a_block_that_is_rolled_back_gives_back_the_locks_that_it_has_taken(one, other):
    with one.transaction():
        ask(one, "pg_advisory_xact_lock(1)")
        with pytest.raises(KeyError), one.transaction():
            ask(one, "pg_advisory_xact_lock(2)")
            raise KeyError
        assert [is_free(other, key) for key in "12"] == [False, True]


def test_a_statement_that_the_double_does_not_know_loses_no_lock(one, other):
    ask(one, "pg_advisory_lock(7)")
    with pytest.raises(UnknownStatementError):
        one.execute("SELECT unknown(1)")
    assert not is_free(other)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("7", "7"),
        ("-7", "'-7'"),
        ("7::bigint", "7"),
        ("1, 2", "1, 2"),
        ("hashtext('app')", "hashtext('app')"),
        ("hashtextextended('app', 0)", "hashtextextended('app', 0)"),
        ("1, hashtext('app')", "1, hashtext('app'::text)"),
    ],
)
def test_a_lock_keeps_other_sessions_from_the_same_key(one, other, call, key):
    assert ask(one, f"pg_advisory_lock({call})") == ""
    assert not is_free(other, key)
    assert is_free(other, "8")
    assert is_free(other, "2, 1")
    assert ask(one, f"pg_try_advisory_lock({key})") is True


def test_keys_may_be_parameters(one, other):
    ask(one, "pg_advisory_lock(%s)", [7])
    ask(one, "pg_advisory_lock(hashtext(%s))", ["app"])
    assert not is_free(other)
    assert not is_free(other, "hashtext('app')")


def test_the_column_has_the_name_of_the_function(one):
    cursor = one.execute("SELECT pg_catalog.pg_try_advisory_lock(7), pg_try_advisory_lock(8) AS locked, 1")
    assert [column.name for column in cursor.description] == ["pg_try_advisory_lock", "locked", "?column?"]
    assert cursor.fetchone() == (True, True, 1)


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_a_lock_of_a_transaction_is_given_back_at_its_end(one, other, end):
    ask(one, "pg_advisory_xact_lock(7)")
    assert ask(one, "pg_advisory_unlock(7)") is False
    assert not is_free(other)
    getattr(one, end)()
    assert is_free(other)


def test_a_block_is_a_transaction(one, other):
    with one.transaction():
        ask(one, "pg_advisory_xact_lock(7)")
        assert not is_free(other)
    assert is_free(other)
    with pytest.raises(LookupError), one.transaction():
        ask(one, "pg_advisory_xact_lock(7)")
        raise LookupError
    assert is_free(other)


def test_a_statement_by_itself_is_a_transaction(database, other):
    session = database.connect(user="app", password="old", autocommit=True)
    ask(session, "pg_advisory_xact_lock(7)")
    assert is_free(other)
    ask(session, "pg_advisory_lock(7)")
    assert not is_free(other)


def test_a_lock_of_a_session_is_given_back_as_often_as_it_was_taken(one, other):
    for _ in range(2):
        ask(one, "pg_advisory_lock(7)")
    one.rollback()
    assert ask(one, "pg_advisory_unlock(7)") is True
    assert not is_free(other)
    assert ask(one, "pg_advisory_unlock(7)") is True
    assert is_free(other)
    assert ask(one, "pg_advisory_unlock(7)") is False


def test_all_locks_of_a_session_are_given_back_at_once(one, other):
    ask(one, "pg_advisory_lock(7)")
    ask(one, "pg_advisory_lock(8)")
    ask(one, "pg_advisory_xact_lock(9)")
    assert ask(one, "pg_advisory_unlock_all()") == ""
    assert [is_free(other, key) for key in (7, 8, 9)] == [True, True, False]


@pytest.mark.parametrize("end", ["close", "forgotten"])
def test_a_session_that_ends_gives_its_locks_back(database, other, end):
    session = database.connect(user="app", password="old")
    ask(session, "pg_advisory_lock(7)")
    if end == "close":
        session.close()
    del session
    gc.collect()
    assert is_free(other)


def test_shared_locks_keep_out_only_those_that_are_not(one, other):
    ask(one, "pg_advisory_lock_shared(7)")
    assert ask(other, "pg_try_advisory_lock_shared(7)") is True
    assert ask(one, "pg_try_advisory_lock(7)") is False
    assert ask(other, "pg_advisory_unlock(7)") is False
    assert ask(other, "pg_advisory_unlock_shared(7)") is True
    assert ask(one, "pg_try_advisory_lock(7)") is True


@pytest.mark.parametrize("statement", WAITING)
def test_a_session_waits_for_a_lock_that_another_thread_gives_back(one, other, statement):
    taken, done = threading.Event(), threading.Event()

    def hold():
        one.execute(statement)
        taken.set()
        done.wait(0.2)
        one.close()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(10)
    assert not is_free(other)
    other.execute(statement)
    assert one.closed
    thread.join()


@pytest.mark.parametrize("statement", WAITING)
def test_a_wait_without_an_end_is_refused(psycopg, one, other, statement):
    one.execute("SELECT pg_advisory_lock(7)")
    with pytest.raises(psycopg.errors.LockNotAvailable, match="this would wait for ever"):
        other.execute(statement)


def test_a_transaction_that_has_failed_takes_no_locks(psycopg, one, other):
    with pytest.raises(psycopg.ProgrammingError):
        one.execute("ALTER USER it's")
    with pytest.raises(psycopg.Error):
        one.execute("SELECT pg_advisory_lock(7)")
    assert is_free(other)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_advisory_lock('app')",
        "SELECT pg_advisory_lock(1.5)",
        "SELECT pg_advisory_lock()",
        "SELECT pg_advisory_lock(1, 2, 3)",
        "SELECT pg_advisory_unlock_all(1)",
        "SELECT pg_advisory_lock(-hashtext('app'))",
        "SELECT pg_advisory_lock(oid) FROM pg_roles",
        "SELECT pg_advisory_lock(1) FROM orders",
        "SELECT EXISTS(SELECT pg_advisory_lock(1))",
    ],
)
def test_other_keys_are_unknown(one, statement):
    with pytest.raises(UnknownStatementError):
        one.execute(statement)


def test_mysql_has_none(monkeypatch):
    stand_in(monkeypatch, "pymysql", codes={})
    session = PasswordDatabase({"app": "old"}, driver="pymysql").connect(user="app", password="old")
    with pytest.raises(UnknownStatementError):
        session.execute("SELECT pg_advisory_lock(7)")


def rotating(driver, lock, *, closes=True):
    """Return a function that takes a lock before it changes the password."""

    def set_value(current, pending):
        try:
            driver.connect(user="app", password=pending["password"]).close()
        except driver.OperationalError:
            connection = driver.connect(user="app", password=current["password"])
            try:
                if connection.execute(f"SELECT {lock}").fetchone()[0] is False:
                    msg = "another delivery is at work"
                    raise RuntimeError(msg) from None
                connection.execute(f"ALTER USER app PASSWORD '{pending['password']}'")
                connection.commit()
            finally:
                if closes:
                    connection.close()

    def test_value(pending):
        driver.connect(user="app", password=pending["password"]).close()

    return rotation_function(set_value, test_value)


LOCKS = ["pg_advisory_xact_lock(42)", "pg_try_advisory_lock(42)", "pg_advisory_lock(42)"]


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize(
    "family",
    [
        "plain",
        pytest.param("kills", marks=pytest.mark.slow),
        pytest.param("errors", marks=pytest.mark.long),
        pytest.param("overlaps", marks=pytest.mark.long),
    ],
)
def test_a_function_with_a_lock_keeps_the_contract(psycopg, lock, closes, family):
    keeps_the_contract(psycopg, lock, closes, family)


@pytest.mark.slow
def test_deliveries_that_overlap_wait_for_the_lock_and_keep_the_contract(psycopg):
    keeps_the_contract(psycopg, LOCKS[0], closes=True, family="overlaps")


def keeps_the_contract(psycopg, lock, closes, family):
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    handler = rotating(psycopg, lock, closes=closes)
    report = check_rotation(handler, secret=SECRET, service=service, only=family)
    assert report.passed, str(report)


def test_a_function_that_waits_for_itself_never_succeeds(psycopg):
    def set_value(current, pending):
        options = {"user": "app", "password": current["password"]}
        with psycopg.connect(**options) as outer, psycopg.connect(**options) as inner:
            outer.execute("SELECT pg_advisory_xact_lock(42)")
            inner.execute("SELECT pg_advisory_xact_lock(42)")

    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    handler = rotation_function(set_value, lambda pending: None)
    report = check_rotation(handler, secret=SECRET, service=service, only="plain")
    assert names(report.violations) == ["never-succeeds"]
    assert "this would wait for ever" in " ".join(str(report).split())
