"""Questions to the password database: it answers as a server does, or says that it doesn't know the answer."""

import sys
import types

import pytest

from fake_secrets.contract.services import PasswordDatabase, StatementRefusedError
from fake_secrets.contract.services.statements import UnknownStatementError

USERS = {"app": "old", "admin": "master"}


@pytest.fixture
def session():
    return PasswordDatabase(USERS, administrators=["admin"]).connect(user="admin", password="master")


@pytest.fixture
def mysql(monkeypatch):
    driver = types.SimpleNamespace(__name__="pymysql", connect=lambda: None)
    monkeypatch.setitem(sys.modules, "pymysql", driver)
    database = PasswordDatabase(USERS, administrators=["admin"], driver="pymysql")
    return database.connect(user="admin", password="master")


def answer(session, statement, parameters=None):
    return session.execute(statement, parameters).fetchall()


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT 1 FROM pg_roles WHERE rolname = 'app'", [(1,)]),
        ("SELECT 1 FROM pg_roles WHERE rolname = 'nobody'", []),
        ("SELECT rolname FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'app'::name LIMIT 1", [("app",)]),
        ("SELECT rolname FROM pg_roles", [("app",), ("admin",)]),
        ("SELECT rolcanlogin, rolname FROM pg_roles WHERE rolname IN ('app', 'nobody')", [(True, "app")]),
        ("SELECT 1 FROM pg_roles WHERE rolname = 'app' AND rolcanlogin", [(1,)]),
        ("SELECT usename FROM pg_user WHERE usename = 'app'", [("app",)]),
        ("SELECT count(*) FROM pg_roles WHERE rolname='app'", [(1,)]),
        ("SELECT count(*) FROM pg_roles WHERE rolname='nobody'", [(0,)]),
        ("SELECT COUNT(1) AS n FROM pg_roles WHERE rolname = 'app' AND rolname = 'admin'", [(0,)]),
        ("SELECT EXISTS(SELECT 1 FROM pg_roles WHERE rolname = 'app')", [(True,)]),
        ("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nobody')", [(False,)]),
        ("SELECT NOT EXISTS (SELECT * FROM orders)", [(False,)]),
        ("SELECT 1 + 2 - 1, 'x', TRUE, NULL", [(2, "x", True, None)]),
        ("SELECT count(*), 1", [(1, 1)]),
        ("SELECT id, note FROM orders AS o WHERE o.id = 5", [(1, 1)]),
        ("SELECT current_user, session_user", [("admin", "admin")]),
    ],
)
def test_a_question_is_answered_as_by_postgresql(session, statement, rows):
    assert answer(session, statement) == rows


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT EXISTS(SELECT 1 FROM mysql.user WHERE User = 'app')", [(1,)]),
        ("SELECT COUNT(*) FROM mysql.user WHERE user = 'nobody' AND host = '%'", [(0,)]),
        ("SELECT User, Host FROM mysql.user WHERE User = 'app'", [("app", "%")]),
        ("SELECT ssl_type FROM mysql.user WHERE User = 'app'", [("",)]),
        ("SELECT CURRENT_USER()", [("admin@%",)]),
        ("SELECT TRUE FROM DUAL", [(1,)]),
    ],
)
def test_a_question_is_answered_as_by_mysql(mysql, statement, rows):
    assert answer(mysql, statement) == rows


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM pg_roles",
        "SELECT rolsuper FROM pg_roles WHERE rolname = 'app'",
        "SELECT * FROM pg_roles WHERE rolname = 'app'",
        "SELECT max(rolname) FROM pg_roles",
        "SELECT 1 FROM pg_roles WHERE rolname = 'app' OR rolname = 'x'",
        "SELECT 1 FROM pg_roles WHERE rolname LIKE 'app%%'",
        "SELECT 1 FROM pg_roles WHERE NOT rolcanlogin",
        "SELECT 1 FROM pg_roles WHERE rolname = current_user",
        "SELECT 1 FROM pg_roles JOIN pg_auth_members ON true",
        "SELECT 1 FROM pg_roles LIMIT ALL",
        "SELECT 1 FROM pg_shadow WHERE usename = 'app'",
        "SELECT 1 FROM pg_user WHERE rolname = 'app'",
        "SELECT 1 FROM information_schema.tables",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'",
        "SELECT 1 FROM orders UNION SELECT 1",
        "SELECT 1 FROM orders WHERE owner IN (SELECT oid FROM pg_roles)",
        "SELECT count(*), id FROM orders",
        "SELECT max(id) FROM orders",
        "SELECT count(id) FROM orders",
        "SELECT has_table_privilege('app', 'orders', 'SELECT')",
        "SELECT pg_sleep(1)",
        "SELECT 1 WHERE 1 = 2",
        "SELECT 1 + x",
        "SELECT 1 AS",
        "SELECT now",
        "SELECT",
        "SELECT %s",
        "SELECT 1 FROM 'text'",
        "SELECT 1 FROM mysql.user WHERE User = 'app' AND Host = 'localhost'",
    ],
)
def test_a_question_whose_answer_is_not_known_is_refused(session, statement):
    with pytest.raises(UnknownStatementError, match="doesn't know this statement: SELECT"):
        session.execute(statement, ["app"])


def test_only_roles_that_may_log_in_are_users_of_postgresql(session):
    session.execute("CREATE ROLE readers")
    assert answer(session, "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = 'readers'") == [
        ("readers", False)
    ]
    assert answer(session, "SELECT 1 FROM pg_user WHERE usename = 'readers'") == []
    assert answer(session, "SELECT 1 FROM pg_roles WHERE rolname = 'readers' AND rolcanlogin") == []


def test_only_administrators_read_the_list_of_mysql(mysql):
    app = mysql._database.connect(user="app", password="old")
    with pytest.raises(StatementRefusedError, match="permission denied"):
        app.execute("SELECT EXISTS(SELECT 1 FROM mysql.user WHERE User = 'app')")


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SELECT count(*), 1, 1 AS One FROM orders", ["count", "?column?", "one"]),
        ('SELECT EXISTS (SELECT 1), now(), 1 "One"', ["exists", "now", "One"]),
        ("SELECT r.RolName FROM pg_roles r", ["rolname"]),
    ],
)
def test_columns_have_the_names_of_postgresql(session, statement, names):
    assert [one[0] for one in session.execute(statement).description] == names


def test_columns_have_the_names_of_mysql(mysql):
    described = mysql.execute("SELECT COUNT(*), NOW( ), 1 AS One FROM orders").description
    assert [one[0] for one in described] == ["COUNT(*)", "NOW( )", "One"]
