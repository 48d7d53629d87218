"""PostgreSQL stores a verifier as it is, and accepts the password that belongs to it."""

import base64
import functools
import hashlib
import hmac
import sys

import pytest
from rotation_steps import names, rotation_function
from stand_in_drivers import stand_in

from fake_secrets import check_rotation
from fake_secrets.contract.services import LoginRefusedError, PasswordDatabase
from fake_secrets.contract.services.verifiers import verifier_of

SECRET = {"username": "app", "password": "old"}
# RFC 7677, section 3: the user "user" with the password "pencil".
SALT, STORED_KEY, SERVER_KEY = (
    "W22ZaJ0SNY7soEsUEjb6gQ==",
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
)
OF_THE_RFC = f"SCRAM-SHA-256$4096:{SALT}${STORED_KEY}:{SERVER_KEY}"


def scram(password, iterations=4096, salt=b"sixteen bytes ok"):
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client, server = (hmac.new(salted, name, "sha256").digest() for name in (b"Client Key", b"Server Key"))
    parts = [base64.b64encode(one).decode() for one in (salt, hashlib.sha256(client).digest(), server)]
    return f"SCRAM-SHA-256${iterations}:{parts[0]}${parts[1]}:{parts[2]}"


def md5(password, user="app"):
    return "md5" + hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False).hexdigest()


def rotating(driver, verifier):
    """Return a function that sends the server a verifier in place of the password."""

    def set_value(current, pending):
        try:
            driver.connect(user="app", password=pending["password"]).close()
        except driver.OperationalError:
            with driver.connect(user="app", password=current["password"]) as connection:
                connection.execute(f"ALTER USER app PASSWORD '{verifier(pending['password'])}'")

    def test_value(pending):
        driver.connect(user="app", password=pending["password"]).close()

    return rotation_function(set_value, test_value)


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={})


@pytest.fixture
def database():
    return PasswordDatabase({"app": "old"})


def accepts(database, password):
    return database.accepts({"username": "app", "password": password})


@pytest.mark.parametrize(
    ("verifier", "password"),
    [
        (OF_THE_RFC, "pencil"),
        (scram("new"), "new"),
        (scram("new", iterations=1, salt=b""), "new"),
        (md5("new"), "new"),
        (verifier_of("new", "app"), "new"),
        (verifier_of("new", "app", "md5"), "new"),
    ],
)
def test_the_password_of_a_verifier_is_accepted_and_nothing_else(database, verifier, password):
    database.alter_user("app", verifier)
    assert accepts(database, password)
    for wrong in (verifier, "old", password.upper(), ""):
        assert not accepts(database, wrong)
    database.connect(user="app", password=password).close()
    with pytest.raises(LoginRefusedError):
        database.connect(user="app", password=verifier)


@pytest.mark.parametrize(
    "text",
    [
        md5("new")[:-1],
        md5("new").upper(),
        "md5" + "g" * 32,
        OF_THE_RFC.replace("256$", "1$"),
        OF_THE_RFC.replace("4096", "many"),
        OF_THE_RFC.replace(STORED_KEY, "c2hvcnQ="),
        OF_THE_RFC.replace(SERVER_KEY, SERVER_KEY[:-2]),
        OF_THE_RFC + ":",
        OF_THE_RFC.rpartition(":")[0],
    ],
)
def test_what_only_looks_like_a_verifier_is_a_password(database, text):
    database.alter_user("app", text)
    assert accepts(database, text)
    assert database.accepted() == [{"username": "app", "password": text}]


def test_a_verifier_by_md5_is_for_one_user_only():
    database = PasswordDatabase({"app": "old", "clone": "old"})
    for user in ("app", "clone"):
        database.alter_user(user, md5("new", "app"))
    assert accepts(database, "new")
    assert not database.accepts({"username": "clone", "password": "new"})


@pytest.mark.parametrize(("typed", "same"), [("\u2168", "IX"), ("a\u00adb", "ab"), ("a\u00a0b", "a b")])
def test_a_password_that_is_not_ascii_is_prepared_as_the_server_does(database, typed, same):
    database.alter_user("app", verifier_of(typed, "app"))
    assert accepts(database, typed)
    assert accepts(database, same)


@pytest.mark.parametrize("password", ["\u0627a", "a\u0007\u00e4", "\u00ad", "\u0221"])
def test_a_password_that_can_not_be_prepared_is_used_as_it_is(database, password):
    database.alter_user("app", scram(password))
    assert accepts(database, password)


def test_the_password_is_listed_once_it_is_known(database):
    database.alter_user("app", scram("new"))
    assert database.accepted() == [{"username": "app", "password": scram("new")}]
    assert accepts(database, "new")
    assert database.accepted() == [{"username": "app", "password": "new"}]


def test_it_is_dropped_by_its_password(database):
    database.alter_user("app", scram("new"))
    database.drop({"username": "app", "password": "new"})
    assert not accepts(database, "new")
    assert database.live == 0


def test_mysql_knows_no_verifiers(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", stand_in(monkeypatch, "pymysql", codes={}))
    database = PasswordDatabase({"app": "old"}, driver="pymysql")
    database.alter_user("app", scram("new"))
    assert accepts(database, scram("new"))


@pytest.mark.parametrize("verifier", [scram, md5])
@pytest.mark.parametrize("family", ["plain", pytest.param("kills", marks=pytest.mark.slow)])
def test_a_function_that_sends_a_verifier_keeps_the_contract(psycopg, verifier, family):
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    report = check_rotation(rotating(psycopg, verifier), secret=SECRET, service=service, only=family)
    assert report.passed, str(report)


def test_a_verifier_of_another_password_is_found(psycopg):
    handler = rotating(psycopg, lambda password: scram(password + "!"))
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg")
    report = check_rotation(handler, secret=SECRET, service=service, only="plain")
    assert names(report.violations) == ["never-succeeds"]
