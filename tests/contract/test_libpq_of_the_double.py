"""psycopg's ``connection.pgconn`` and psycopg2's ``encrypt_password``, by which functions encrypt passwords."""

import functools
import sys
import types

import pytest
from rotation_steps import names, rotation_function
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase

SECRET = {"username": "app", "password": "old"}
USERS = {"app": "old", "admin": "master"}


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={})


@pytest.fixture
def database(psycopg):
    return PasswordDatabase(USERS, administrators=["admin"], driver="psycopg")


@pytest.fixture
def session(database):
    return database.connect(user="app", password="old")


def encrypts(connection, password):
    verifier = connection.pgconn.encrypt_password(password.encode(), b"app", b"scram-sha-256").decode()
    connection.execute(f"ALTER USER app PASSWORD '{verifier}'")
    connection.commit()


def changes(connection, password):
    connection.pgconn.change_password(b"app", password.encode())


def rotating(driver, change):
    """Return a function that changes the password of a user in its own way."""

    def set_value(current, pending):
        try:
            driver.connect(user="app", password=pending["password"]).close()
        except driver.OperationalError:
            connection = driver.connect(user="app", password=current["password"])
            try:
                change(connection, pending["password"])
            finally:
                connection.close()

    def test_value(pending):
        driver.connect(user="app", password=pending["password"]).close()

    return rotation_function(set_value, test_value)


@pytest.mark.parametrize("change", [encrypts, changes])
@pytest.mark.parametrize(
    "family",
    ["plain", pytest.param("kills", marks=pytest.mark.slow), pytest.param("errors", marks=pytest.mark.slow)],
)
def test_a_function_that_uses_it_keeps_the_contract(psycopg, change, family):
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    report = check_rotation(rotating(psycopg, change), secret=SECRET, service=service, only=family)
    assert report.passed, str(report)


def test_a_function_that_changes_another_password_is_found(psycopg):
    handler = rotating(psycopg, lambda connection, password: changes(connection, password + "!"))
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    assert names(check_rotation(handler, secret=SECRET, service=service, only="plain").violations) == [
        "never-succeeds"
    ]


@pytest.mark.parametrize(
    ("algorithm", "start"),
    [
        (None, b"SCRAM-SHA-256$4096:"),
        (b"scram-sha-256", b"SCRAM-SHA-256$4096:"),
        (b"md5", b"md5"),
        (b"on", b"md5"),
    ],
)
def test_it_encrypts_by_the_algorithms_of_libpq(database, session, algorithm, start):
    verifier = session.pgconn.encrypt_password(b"new", b"app", algorithm)
    assert verifier.startswith(start)
    session.execute(f"ALTER USER app PASSWORD '{verifier.decode()}'")
    session.commit()
    assert database.accepts({"username": "app", "password": "new"})


def test_another_algorithm_is_refused(psycopg, session):
    with pytest.raises(psycopg.OperationalError, match='unrecognized password encryption algorithm "foo"'):
        session.pgconn.encrypt_password(b"new", b"app", b"foo")


@pytest.mark.parametrize("given", [("new", b"app"), (b"new", "app"), (b"new", b"app", "md5")])
def test_it_takes_bytes_only(session, given):
    with pytest.raises(TypeError, match="expected bytes, str found"):
        session.pgconn.encrypt_password(*given)


def test_a_change_takes_effect_at_once(database, session):
    changes(session, "new")
    assert session.info.transaction_status == 0
    assert database.accepts("new")
    session.rollback()
    assert database.accepts("new")


def test_a_change_in_an_open_transaction_is_a_part_of_it(database, session):
    session.execute("SELECT 1")
    changes(session, "new")
    assert database.accepts("old")
    session.rollback()
    changes(session, "new")
    with session.transaction():
        changes(session, "newer")
        assert database.accepts("new")
    assert database.accepts("newer")


@pytest.mark.parametrize(
    ("user", "message"), [(b"admin", "permission denied"), (b'no"body', "permission denied|does not exist")]
)
def test_a_change_that_the_server_refuses_is_an_operational_error(psycopg, session, user, message):
    with pytest.raises(psycopg.OperationalError, match=message):
        session.pgconn.change_password(user, b"new")
    assert session.info.transaction_status == 0


def test_a_closed_session_encrypts_nothing(psycopg, session):
    session.close()
    for use in (encrypts, changes):
        with pytest.raises(psycopg.OperationalError, match="connection pointer is NULL"):
            use(session, "new")


def test_it_tells_the_states(session):
    pgconn = session.pgconn
    assert (pgconn.status, pgconn.transaction_status, pgconn.server_version) == (0, 0, 160004)


def test_whatever_else_is_asked_of_it_is_refused_and_says_what_it_has(session):
    with pytest.raises(NotImplementedError, match=r"no pgconn\.exec_\. Its pgconn has encrypt_password, change_p"):
        session.pgconn.exec_(b"SELECT 1")


def test_connections_of_other_drivers_have_none(monkeypatch):
    stand_in(monkeypatch, "psycopg2", codes={})
    session = PasswordDatabase({"app": "old"}, driver="psycopg2").connect(user="app", password="old")
    assert not hasattr(session, "pgconn")


def test_an_asynchronous_connection_has_it_too(session):
    from fake_secrets.contract.services.async_sessions import AsyncConnection

    assert AsyncConnection(session).pgconn.encrypt_password(b"new", b"app", b"md5").startswith(b"md5")


class TestPsycopg2:
    def test_it_encrypts_with_a_connection_of_the_double(self, monkeypatch):
        def encrypt_password(password, user, scope, algorithm):
            assert scope is None
            return "by the driver"

        module = stand_in(monkeypatch, "psycopg2", codes={})
        extensions = types.ModuleType("psycopg2.extensions")
        function = types.ModuleType("function")
        for one in (extensions, function):
            one.encrypt_password = encrypt_password
            one.quote_ident = lambda name, scope: name
            monkeypatch.setitem(sys.modules, one.__name__, one)
        with PasswordDatabase({"app": "old"}, driver="psycopg2") as database:
            session = module.connect(user="app", password="old")
            verifier = function.encrypt_password("new", b"app", session)
            session.cursor().execute("ALTER USER app PASSWORD %s", [verifier])
            session.commit()
            assert database.accepts("new")
            assert function.encrypt_password("new", "app", scope=session, algorithm="md5").startswith("md5")
            assert function.encrypt_password("new", "app") == "by the driver"
            with pytest.raises(module.ProgrammingError, match="unrecognized"):
                function.encrypt_password("new", "app", session, "foo")
        assert function.encrypt_password is extensions.encrypt_password is encrypt_password

    def test_the_real_driver_gets_its_function_back(self):
        extensions = pytest.importorskip("psycopg2.extensions", exc_type=ImportError)
        before = extensions.encrypt_password
        with PasswordDatabase({"app": "old"}, driver="psycopg2") as database:
            session = database.connect(user="app", password="old")
            assert extensions.encrypt_password("new", "app", session).startswith("SCRAM-SHA-256$")
            assert extensions.encrypt_password("new", "app", None, "md5").startswith("md5")
        assert extensions.encrypt_password is before
