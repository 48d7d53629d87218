"""Roles of the password database: what their members may do, and what DROP ROLE refuses."""

import pytest
from stand_in_drivers import stand_in

from fake_secrets.contract.services import PasswordDatabase, StatementRefusedError

USERS = {"app": "old", "admin": "master"}
CLONE = {"username": "app_clone", "password": "x"}


def session_of(driver):
    database = PasswordDatabase(USERS, administrators=["admin"], driver=driver)
    return database.connect(user="admin", password="master", autocommit=True)


@pytest.fixture
def psycopg(monkeypatch):
    return stand_in(monkeypatch, "psycopg", codes={"2BP01": "DependentObjectsStillExist"}, base="InternalError")


@pytest.fixture
def session(psycopg):
    found = session_of("psycopg")
    found.execute("CREATE ROLE app_clone LOGIN PASSWORD 'x'")
    return found


def test_a_role_that_has_privileges_is_not_dropped(psycopg, session):
    with pytest.raises(
        psycopg.errors.DependentObjectsStillExist, match="'app' cannot be dropped because some objects"
    ):
        session.execute("DROP ROLE app")
    assert session._database.accepts("old")
    session.execute("REASSIGN OWNED BY app TO admin")
    session.execute("DROP OWNED BY app")
    session.execute("DROP ROLE app")
    assert not session._database.has_user("app")


def test_a_member_has_no_more_than_its_role_has_now(session):
    session.execute("GRANT app TO app_clone")
    assert session._database.accepts(CLONE)
    session.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app")
    assert not session._database.accepts(CLONE)
    session.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO app")
    assert session._database.accepts(CLONE)
    session.execute("REVOKE app FROM app_clone")
    assert not session._database.accepts(CLONE)


def test_a_member_loses_what_it_had_by_a_role_that_is_dropped(session):
    session.execute("CREATE ROLE readers")
    session.execute("GRANT ALL ON orders TO readers")
    session.execute("GRANT readers TO app_clone")
    assert session._database.accepts(CLONE)
    session.execute("DROP OWNED BY readers")
    session.execute("DROP ROLE readers")
    assert not session._database.accepts(CLONE)
    session.execute("CREATE ROLE readers")
    session.execute("GRANT ALL ON orders TO readers")
    assert not session._database.accepts(CLONE)


def test_a_member_without_privileges_of_its_own_is_dropped(session):
    session.execute("GRANT app TO app_clone")
    session.execute("DROP ROLE app_clone")
    assert not session._database.has_user("app_clone")


def test_membership_is_passed_on_by_a_role_that_logs_nobody_in(session):
    session.execute("CREATE ROLE readers IN ROLE app")
    session.execute("GRANT readers TO app_clone")
    assert session._database.accepts(CLONE)


@pytest.mark.parametrize("statement", ["GRANT app_clone TO app", "GRANT app TO app"])
def test_roles_are_not_members_of_each_other(psycopg, session, statement):
    session.execute("GRANT app TO app_clone")
    with pytest.raises(psycopg.InternalError, match="is a member of role 'app'"):
        session.execute(statement)


def test_a_role_that_does_not_exist_is_not_granted(psycopg, session):
    for statement in ("GRANT nobody TO app", "REVOKE nobody FROM app"):
        with pytest.raises(psycopg.ProgrammingError, match="role 'nobody' does not exist"):
            session.execute(statement)


def test_nobody_drops_the_role_of_the_session(psycopg, session):
    session.execute("DROP OWNED BY admin")
    with pytest.raises(psycopg.OperationalError, match="current user cannot be dropped"):
        session.execute("DROP ROLE admin")


def test_mysql_drops_users_that_have_privileges(monkeypatch):
    stand_in(monkeypatch, "pymysql", codes={})
    session = session_of("pymysql")
    session.execute("DROP USER app")
    assert not session._database.has_user("app")


def test_the_method_of_the_double_drops_whom_the_test_wants():
    database = PasswordDatabase(USERS, administrators=["admin"])
    database.drop_user("app", by="admin")
    assert not database.has_user("app")
    with pytest.raises(StatementRefusedError, match="some objects depend on it"):
        database.connect(user="admin", password="master").execute("DROP ROLE admin")
