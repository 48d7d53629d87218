"""The ready double PasswordDatabase does what the server does, and refuses with the same codes."""

import contextlib
import functools
import hashlib

import psycopg
import pytest
from local_server import ADMIN, APP, DATABASE
from psycopg import sql

from fake_secrets.contract.services import PasswordDatabase

SUPERUSER = {"user": "postgres"}
BY_APP = {"user": APP["username"], "password": APP["password"]}
ROLE = "CREATE ROLE clone LOGIN"
DEFAULTS = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO clone"
DROP = "DROP ROLE clone"
# Each is one transaction, in which a statement that is refused is rolled back by itself.
BY_A_SUPERUSER = [
    [ROLE, DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", DROP, "REVOKE ALL ON orders FROM clone", DROP],
    [ROLE, "GRANT SELECT, INSERT ON orders TO clone", "REVOKE SELECT ON orders FROM clone", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "REASSIGN OWNED BY clone TO admin", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "DROP OWNED BY clone", DROP],
    [ROLE, "GRANT SELECT ON orders TO clone", "DROP ROLE IF EXISTS clone", "DROP USER clone"],
    [ROLE, "GRANT USAGE ON SCHEMA public TO clone", DROP, "REVOKE USAGE ON SCHEMA public FROM clone", DROP],
    [ROLE, "GRANT app TO clone", DROP],
    [ROLE, "GRANT clone TO app", DROP],
    [ROLE, DEFAULTS, DROP, "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM clone", DROP],
    [ROLE, DEFAULTS, "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE INSERT ON TABLES FROM clone", DROP],
    [ROLE, DEFAULTS, "REASSIGN OWNED BY clone TO admin", DROP, "DROP OWNED BY clone", DROP],
    [
        ROLE,
        "ALTER DEFAULT PRIVILEGES FOR ROLE clone GRANT SELECT ON TABLES TO app",
        DROP,
        "DROP OWNED BY clone",
        DROP,
    ],
    [
        ROLE,
        "ALTER DEFAULT PRIVILEGES FOR USER app GRANT ALL ON SEQUENCES TO clone",
        DROP,
        "DROP OWNED BY app",
        DROP,
    ],
    ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO nobody"],
    ["ALTER DEFAULT PRIVILEGES FOR ROLE nobody GRANT SELECT ON TABLES TO app"],
    ["REASSIGN OWNED BY nobody TO app", "REASSIGN OWNED BY app TO nobody", "DROP OWNED BY nobody"],
    ["REASSIGN OWNED BY app, admin TO postgres", "REASSIGN OWNED BY app TO CURRENT_USER"],
    ["DROP ROLE postgres"],
]
BY_A_USER = [
    ["DROP OWNED BY app", "DROP OWNED BY admin"],
    ["REASSIGN OWNED BY app TO admin", "REASSIGN OWNED BY admin TO app", "REASSIGN OWNED BY app TO app"],
    ["REASSIGN OWNED BY nobody TO app", "DROP OWNED BY nobody"],
    ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO admin"],
    ["ALTER DEFAULT PRIVILEGES FOR ROLE admin GRANT SELECT ON TABLES TO app"],
]
# RFC 7677: the password "pencil".
SCRAM = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
MD5 = "md5" + hashlib.md5(b"pencilapp", usedforsecurity=False).hexdigest()
SENT = [
    SCRAM,
    SCRAM.replace("4096", "many"),
    SCRAM.replace("256$", "1$"),
    SCRAM.replace("dU=", "d"),
    SCRAM.replace("$W22ZaJ0SNY7soEsUEjb6gQ==", "$"),
    SCRAM.rpartition(":")[0],
    SCRAM + ":",
    MD5,
    MD5[:-1],
    MD5.upper(),
    "md5" + "g" * 32,
]
# Passwords that SASLprep changes, and some that it doesn't take.
PREPARED = ["\u2168", "a\u00adb", "a\u00a0b", "\u00e4", "\u0627a", "a\u0007\u00e4", "\u0221"]
# What two sessions do in turn.
LOCKS = [
    [(0, "lock(7)"), (1, "try:lock(7)"), (0, "unlock(7)"), (1, "try:lock(7)"), (0, "unlock(7)")],
    [(0, "lock(7)"), (0, "lock(7)"), (0, "unlock(7)"), (1, "try:lock(7)"), (0, "unlock(7)"), (1, "try:lock(7)")],
    [(0, "xact_lock(7)"), (1, "try:xact_lock(7)"), (0, "unlock(7)"), (0, "rollback"), (1, "try:xact_lock(7)")],
    [(0, "lock(7)"), (0, "rollback"), (1, "try:lock(7)")],
    [(0, "lock(7)"), (0, "xact_lock(8)"), (0, "unlock_all()"), (1, "try:lock(7)"), (1, "try:lock(8)")],
    [
        (0, "lock_shared(7)"),
        (1, "try:lock_shared(7)"),
        (1, "try:lock(7)"),
        (1, "unlock(7)"),
        (1, "unlock_shared(7)"),
    ],
    [(0, "lock(1, 2)"), (1, "try:lock(2, 1)"), (1, "try:lock(1, 2)"), (1, "try:lock('12')")],
    [(0, "lock(hashtext('app'))"), (1, "try:lock(hashtext('app'))"), (1, "try:lock(hashtext('other'))")],
]


def codes(session, statements):
    """Return the SQLSTATE of each statement that is refused, and None for the others."""
    found = []
    for statement in statements:
        found.append(None)
        session.execute("SAVEPOINT before")
        try:
            session.execute(statement)
        except psycopg.Error as error:
            found[-1] = error.sqlstate
            session.execute("ROLLBACK TO SAVEPOINT before")
    session.rollback()
    return found


def compare(server, login, statements):
    server.reset()
    with contextlib.closing(server.connect(**login, dbname=DATABASE)) as session:
        expected = codes(session, statements)
    users = {"postgres": "x", APP["username"]: APP["password"], ADMIN["username"]: ADMIN["password"]}
    double = PasswordDatabase(users, administrators=["postgres"], driver="psycopg")
    with contextlib.closing(double.connect(user=login["user"], password=users[login["user"]])) as session:
        assert codes(session, statements) == expected


@pytest.mark.parametrize("statements", BY_A_SUPERUSER, ids=" ; ".join)
def test_a_superuser_meets_the_same_refusals(server, statements):
    compare(server, SUPERUSER, statements)


@pytest.mark.parametrize("statements", BY_A_USER, ids=" ; ".join)
def test_a_user_meets_the_same_refusals(server, statements):
    compare(server, BY_APP, statements)


def can_log_in(connect, password, **options):
    try:
        connect(user=APP["username"], password=password, **options).close()
    except psycopg.OperationalError:
        return False
    return True


def compare_logins(server, sent, tried):
    """Set a password at both, and compare which of some passwords they accept then."""
    server.reset()
    server.superuser.execute(sql.SQL("ALTER ROLE app PASSWORD {}").format(sql.Literal(sent)))
    expected = [can_log_in(server.connect, password, dbname="postgres") for password in tried]
    double = PasswordDatabase({APP["username"]: sent}, driver="psycopg")
    assert [can_log_in(double.connect, password) for password in tried] == expected
    return expected


@pytest.mark.parametrize("sent", SENT)
def test_what_is_no_verifier_is_a_password(server, sent):
    assert any(compare_logins(server, sent, ["pencil", "Pencil", sent]))


@pytest.mark.parametrize("password", PREPARED, ids=ascii)
def test_a_password_that_is_not_ascii_belongs_to_the_same_verifier(server, password):
    encrypt = server.superuser.pgconn.encrypt_password
    verifier = encrypt(password.encode(), b"app", b"scram-sha-256").decode()
    assert compare_logins(server, verifier, [password, "IX", "ab", "a b"])[0]


@pytest.mark.parametrize("user", [b"app", b"admin", b"nobody"])
@pytest.mark.parametrize("begins", [False, True])
def test_libpq_changes_a_password_at_the_same_moment(server, user, begins):
    server.reset()
    users = {APP["username"]: APP["password"], ADMIN["username"]: ADMIN["password"]}
    double = PasswordDatabase(users, driver="psycopg")
    found = []
    for connect in (functools.partial(server.connect, dbname=DATABASE), double.connect):
        with contextlib.closing(connect(**BY_APP)) as session:
            if begins:
                session.execute("SELECT 1")
            refused = None
            try:
                session.pgconn.change_password(user, b"changed")
            except psycopg.Error as error:
                refused = type(error), error.sqlstate
            works_at_once = can_log_in(connect, "changed")
            status = session.info.transaction_status
            session.rollback()
            found.append((refused, works_at_once, status, can_log_in(connect, "changed")))
    assert found[0] == found[1]


def answers(sessions, calls):
    """Return what each call of a function about locks returns."""
    found = []
    for number, call in calls:
        if call == "rollback":
            sessions[number].rollback()
            continue
        tries = "try_" if call.startswith("try:") else ""
        cursor = sessions[number].execute(f"SELECT pg_{tries}advisory_{call.removeprefix('try:')}")
        found.append((cursor.fetchall(), cursor.description[0].name))
    return found


@pytest.mark.parametrize("calls", LOCKS, ids=str)
def test_advisory_locks_keep_the_same_sessions_out(server, calls):
    server.reset()
    double = PasswordDatabase({APP["username"]: APP["password"]}, driver="psycopg")
    found = []
    for connect in (functools.partial(server.connect, dbname=DATABASE), double.connect):
        with contextlib.closing(connect(**BY_APP)) as one, contextlib.closing(connect(**BY_APP)) as other:
            found.append(answers([one, other], calls))
    assert found[0] == found[1]
