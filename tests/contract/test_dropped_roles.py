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
    with pytest.raises(StatementRefusedError, match="some objects depend on it"):
        database.connect(user="admin", password="master").execute("DROP ROLE app")
    database.drop_user("app", by="admin")
    assert not database.has_user("app")


SELECTS = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app_clone"


def is_refused(psycopg, session, statement="DROP ROLE app_clone"):
    """Return whether a statement is refused because something depends on the role."""
    try:
        session.execute(statement)
    except psycopg.errors.DependentObjectsStillExist:
        return True
    return False


def test_a_role_that_has_default_privileges_is_not_dropped(psycopg, session):
    session.execute(SELECTS)
    with pytest.raises(
        psycopg.errors.DependentObjectsStillExist,
        match="'app_clone' cannot be dropped because some objects depend on it: it has default privileges",
    ):
        session.execute("DROP ROLE app_clone")
    session.execute("REASSIGN OWNED BY app_clone TO admin")
    assert is_refused(psycopg, session)
    session.execute("DROP OWNED BY app_clone")
    session.execute("DROP ROLE app_clone")
    assert not session._database.has_user("app_clone")


def test_default_privileges_end_if_they_are_revoked(psycopg, session):
    session.execute(SELECTS)
    session.execute(SELECTS.replace("GRANT SELECT", "REVOKE INSERT").replace("TO", "FROM"))
    assert is_refused(psycopg, session)
    session.execute(SELECTS.replace("GRANT SELECT", "REVOKE SELECT").replace("TO", "FROM"))
    assert not is_refused(psycopg, session)


@pytest.mark.parametrize("ends", ["app_clone", "app"])
def test_default_privileges_for_the_objects_of_a_role_depend_on_both_roles(psycopg, session, ends):
    session.execute("ALTER DEFAULT PRIVILEGES FOR ROLE app_clone GRANT ALL ON TABLES TO app")
    assert is_refused(psycopg, session)
    session.execute(f"DROP OWNED BY {ends}")
    assert not is_refused(psycopg, session)


def test_default_privileges_of_everybody_depend_on_no_role(psycopg, session):
    session.execute(SELECTS.replace("app_clone", "PUBLIC"))
    assert not is_refused(psycopg, session)


@pytest.mark.parametrize(
    "statement",
    [
        "REASSIGN OWNED BY nobody TO app",
        "REASSIGN OWNED BY app TO nobody",
        "REASSIGN OWNED BY app, nobody TO admin",
        "DROP OWNED BY nobody",
        "ALTER DEFAULT PRIVILEGES FOR ROLE nobody GRANT SELECT ON TABLES TO app",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO nobody",
    ],
)
def test_what_a_role_owns_that_does_not_exist_is_refused(psycopg, session, statement):
    with pytest.raises(psycopg.ProgrammingError, match="role 'nobody' does not exist"):
        session.execute(statement)


def test_only_members_of_a_role_change_what_it_owns(psycopg):
    database = PasswordDatabase(USERS, administrators=["admin"], driver="psycopg")
    session = database.connect(user="app", password="old", autocommit=True)
    for statement in (
        "DROP OWNED BY admin",
        "REASSIGN OWNED BY admin TO app",
        "REASSIGN OWNED BY app TO admin",
        "ALTER DEFAULT PRIVILEGES FOR ROLE admin GRANT SELECT ON TABLES TO app",
    ):
        with pytest.raises(psycopg.ProgrammingError, match="permission denied for user 'app'"):
            session.execute(statement)
    database.connect(user="admin", password="master", autocommit=True).execute("GRANT admin TO app")
    session.execute("REASSIGN OWNED BY CURRENT_USER TO admin")
    session.execute("DROP OWNED BY CURRENT_USER")
    assert database.accepts("old")  # as a member of admin


def test_that_the_current_user_is_dropped_is_refused_whatever_it_has(psycopg, session):
    with pytest.raises(psycopg.OperationalError, match="current user cannot be dropped"):
        session.execute("DROP ROLE admin")


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE orders OWNER TO app", "ALTER SCHEMA sales OWNER TO app", "ALTER DATABASE d OWNER TO app"],
)
def test_a_statement_about_the_owner_of_an_object_is_refused_in_clear_words(session, statement):
    with pytest.raises(NotImplementedError) as caught:
        session.execute(statement)
    assert str(caught.value) == (
        "the double PasswordDatabase doesn't know this statement: ALTER # # # TO #\n"
        "(# stands for a name or a value.) It knows users and their privileges, but no objects and their owners. "
        "Override execute() in a subclass to answer it."
    )


def test_the_method_of_the_double_drops_whom_default_privileges_depend_on(session):
    session.execute("ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO app_clone")
    session._database.drop_user("app_clone")
    session.execute("DROP OWNED BY app")
    session.execute("DROP ROLE app")
    assert not session._database.has_user("app")
