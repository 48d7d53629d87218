"""The password database: a double for functions that log in with a driver of DB-API 2.0."""

import functools
import sys
import types

import pytest
from rotation_steps import names, rotation_function, with_new_password

from fake_secrets import check_rotation
from fake_secrets.contract.services import LoginRefusedError, PasswordDatabase, StatementRefusedError
from fake_secrets.contract.services.composables import rendered
from fake_secrets.contract.values import Credentials

SECRET = {"host": "db.internal", "username": "app", "password": "old"}


def driver_named(name):
    module = types.ModuleType(name)
    module.Error = type("Error", (Exception,), {"__module__": name})
    for kind in ("OperationalError", "ProgrammingError", "InterfaceError"):
        setattr(module, kind, type(kind, (module.Error,), {"__module__": name}))

    def connect(**options):
        msg = "there is no database here"
        raise module.OperationalError(msg)

    module.connect = connect
    return module


@pytest.fixture
def psycopg(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", module := driver_named("psycopg"))
    return module


@pytest.fixture
def psycopg2(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", module := driver_named("psycopg2"))
    return module


@pytest.fixture
def pymysql(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", module := driver_named("pymysql"))
    return module


def log_in(driver, value):
    return driver.connect(host=value["host"], user=value["username"], password=value["password"])


def single_user(driver, statement, *, commits=True):
    def set_value(current, pending):
        try:
            log_in(driver, pending).close()
        except driver.OperationalError:
            connection = log_in(driver, current)
            try:
                connection.cursor().execute(statement, (pending["password"],))
                if commits:
                    connection.commit()
            finally:
                connection.close()

    def test_value(pending):
        with log_in(driver, pending) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)

    return rotation_function(set_value, test_value)


class TestWithADriver:
    def test_psycopg_hands_parameters_to_the_server_which_takes_none_in_statements_about_users(self, psycopg):
        with PasswordDatabase({"app": "old"}, driver="psycopg") as database:
            session = psycopg.connect(user="app", password="old")
            with pytest.raises(psycopg.ProgrammingError, match=r'syntax error at or near "\$1"'):
                session.execute("ALTER ROLE CURRENT_USER PASSWORD %s", ["new"])
            session.rollback()
            session.execute("ALTER ROLE CURRENT_USER PASSWORD 'new'")
            session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", ["app"])
            session.commit()
            assert database.accepts({"username": "app", "password": "new"})

    @pytest.mark.slow
    @pytest.mark.parametrize("family", ["plain", "kills", pytest.param("errors", marks=pytest.mark.long)])
    def test_a_correct_function_with_psycopg2_keeps_the_contract(self, psycopg2, family):
        handler = single_user(psycopg2, "ALTER USER CURRENT_USER WITH PASSWORD %s")
        service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg2")
        report = check_rotation(handler, secret=SECRET, service=service, only=family)
        assert report.passed, str(report)

    @pytest.mark.slow
    def test_a_change_that_is_not_committed_is_found(self, psycopg2):
        handler = single_user(psycopg2, "ALTER USER CURRENT_USER WITH PASSWORD %s", commits=False)
        service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg2")
        report = check_rotation(handler, secret=SECRET, service=service, only="plain")
        assert names(report.violations) == ["set-changes-nothing"]

    def test_the_report_says_that_the_double_does_not_know_a_statement(self, psycopg2):
        handler = single_user(psycopg2, "VACUUM app PASSWORD %s")
        service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg2")
        report = str(check_rotation(handler, secret=SECRET, service=service, only="plain"))
        words = " ".join(report.split())
        assert "the double PasswordDatabase doesn't know this statement: VACUUM # PASSWORD #" in words
        assert "execute UnknownStatementError" in words

    @pytest.mark.slow
    def test_mysql_commits_by_itself(self, pymysql):
        handler = single_user(pymysql, "SET PASSWORD = PASSWORD(%s)", commits=False)
        service = functools.partial(PasswordDatabase, {"app": "old"}, driver="pymysql")
        report = check_rotation(handler, secret=SECRET, service=service, only="plain")
        assert report.passed, str(report)

    def test_the_driver_gets_its_function_back(self, psycopg):
        before = psycopg.connect
        with PasswordDatabase({"app": "old"}, driver="psycopg"):
            assert psycopg.connect is not before
        assert psycopg.connect is before

    def test_more_names_can_be_replaced(self, psycopg, monkeypatch):
        monkeypatch.setitem(sys.modules, "my_function", module := types.ModuleType("my_function"))
        module.connect = psycopg.connect
        with PasswordDatabase({"app": "old"}, driver="psycopg", replaces="my_function.connect"):
            module.connect(user="app", password="old").close()

    def test_refusals_and_outages_are_exceptions_of_the_driver(self, psycopg):
        with PasswordDatabase({"app": "old", "other": "x"}, driver="psycopg", host="db.internal") as database:
            assert database.errors == (psycopg.OperationalError,)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(user="app", password="wrong")
            with pytest.raises(psycopg.OperationalError, match="could not translate host name"):
                psycopg.connect(user="app", password="old", host="elsewhere")
            connection = psycopg.connect("postgresql://app:old@db.internal/orders")
            with pytest.raises(psycopg.ProgrammingError, match="permission denied"):
                connection.execute("ALTER USER other PASSWORD 'new'")
            connection.close()
            with pytest.raises(psycopg.InterfaceError, match="the connection is closed"):
                connection.execute("SELECT 1")

    def test_psycopg2_has_a_dsn_and_sessions_that_outlive_a_block(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg2", psycopg2 := driver_named("psycopg2"))
        with PasswordDatabase({"app": "old"}, driver="psycopg2") as database:
            connection = psycopg2.connect(dsn="host=db user=app password='old'")
            with connection:
                connection.execute("ALTER USER app PASSWORD 'new'")
            assert database.accepts("new")
            connection.set_session(autocommit=True)
            connection.execute("ALTER USER app PASSWORD 'newer'")
            assert database.accepts("newer")

    def test_exceptions_of_mysql_have_a_number(self, pymysql):
        with PasswordDatabase({"app": "old"}, driver="pymysql"), pytest.raises(pymysql.OperationalError) as caught:
            pymysql.connect(user="app", passwd="wrong")
        assert caught.value.args[0] == 1045

    @pytest.mark.slow
    @pytest.mark.parametrize("family", ["plain", "kills", pytest.param("errors", marks=pytest.mark.long)])
    def test_a_rotation_by_the_statements_of_two_users_keeps_the_contract(self, psycopg2, family):
        report = check_rotation(
            alternating(psycopg2, clones=True),
            secret={**SECRET, "username": "app"},
            other_secrets={"admin": "master"},
            service=functools.partial(
                PasswordDatabase, {"app": "old", "admin": "master"}, administrators=["admin"], driver="psycopg2"
            ),
            only=family,
        )
        assert report.passed, str(report)

    def test_a_clone_without_privileges_is_found(self, psycopg2):
        report = check_rotation(
            alternating(psycopg2, clones=False),
            secret={**SECRET, "username": "app"},
            service=functools.partial(
                PasswordDatabase, {"app": "old", "admin": "master"}, administrators=["admin"], driver="psycopg2"
            ),
            only="plain",
        )
        assert names(report.violations) == ["dead-current"], str(report)


def alternating(driver, *, clones):
    def new_value(client, current, token):
        other = {"app": "app_clone", "app_clone": "app"}[current["username"]]
        return {**with_new_password(client, current, token), "username": other}

    def set_value(current, pending):
        if pending["username"] not in {"app", "app_clone"} or pending["host"] != current["host"]:
            msg = "the pending value is for somebody else"
            raise ValueError(msg)
        admin = driver.connect(host=pending["host"], user="admin", password="master")
        with admin, admin.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (pending["username"],))
            words = "ALTER" if cursor.fetchall() else "CREATE"
            cursor.execute(
                f'{words} ROLE "{pending["username"]}" WITH LOGIN PASSWORD %(new)s', {"new": pending["password"]}
            )
            if clones and words == "CREATE":
                cursor.execute(f"GRANT {current['username']} TO {pending['username']}")

    def test_value(pending):
        with log_in(driver, pending) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER")

    return rotation_function(set_value, test_value, new_value)


def setting_before_storing(driver, name_of, by):
    """Return a function whose createSecret changes the password in the database before it stores it."""

    def new_value(client, current, token):
        made = {**current, **with_new_password(client, current, token), "username": name_of(current["username"])}
        with log_in(driver, by or current) as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER USER {made['username']} PASSWORD %s", [made["password"]])
            connection.commit()
        return made

    return rotation_function(lambda *_: None, lambda pending: log_in(driver, pending).close(), new_value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("found", "family", "name_of"),
    [
        ("old-destroyed-early", "kills", lambda name: name),
        ("pending-destroyed", "overlaps", lambda name: "app" if name == "app_clone" else "app_clone"),
    ],
)
def test_a_password_that_is_changed_before_it_is_stored_is_told_as_that(psycopg2, found, family, name_of):
    admin = {**SECRET, "username": "admin", "password": "master"}
    users = {"app": "old", "app_clone": "other", "admin": "master"}
    report = check_rotation(
        setting_before_storing(psycopg2, name_of, None if found.startswith("old") else admin),
        secret=SECRET,
        service=functools.partial(PasswordDatabase, users, administrators=["admin"], driver="psycopg2"),
        only=family,
    )
    violation = next(one for one in report.violations if one.name == found)
    assert violation.cause == "The password is changed at the service before it is stored in the secret."
    assert violation.mend.startswith(
        "Store the new password in createSecret, and change it at the service in setS"
    )


class TestWithoutADriver:
    """A function that is given the double calls its methods."""

    @pytest.fixture
    def database(self):
        return PasswordDatabase({"app": "old", "admin": "master"}, administrators=["admin"])

    def test_users_change_their_own_password_only(self, database):
        database.alter_user("app", "new", by="app")
        database.login("app", "new")
        with pytest.raises(LoginRefusedError, match="password authentication failed for user 'app'"):
            database.login("app", "old")
        with pytest.raises(StatementRefusedError, match="permission denied for user 'app'"):
            database.alter_user("admin", "new", by="app")

    def test_administrators_make_clone_and_drop_users(self, database):
        database.create_user("clone", "first", by="admin")
        value = {"username": "clone", "password": "first"}
        assert not database.accepts(value)
        database.copy_privileges("app", "clone", by="admin")
        assert database.accepts(value)
        assert database.has_user("clone")
        database.drop_user("clone", by="admin")
        assert not database.has_user("clone")
        with pytest.raises(StatementRefusedError, match="role 'clone' does not exist"):
            database.drop_user("clone")

    def test_what_it_accepts_can_be_listed_counted_and_dropped(self, database):
        assert database.accepted() == [
            {"username": "app", "password": "old"},
            {"username": "admin", "password": "master"},
        ]
        assert database.live == 2
        database.drop({"username": "app", "password": "old"})
        assert database.live == 1
        assert not database.accepts({"username": "app", "password": "old"})

    def test_a_text_is_the_password_of_the_first_user(self, database):
        assert database.accepts("old")
        assert not database.accepts("master")

    def test_the_report_knows_the_version_of_a_login_whose_secret_is_only_the_password(self, database):
        assert Credentials().strangers(database.accepted(), ["old", "master"]) == 0
        assert Credentials().strangers(database.accepted(), ["old"]) == 1

    def test_two_sessions_do_not_undo_each_other(self, database):
        first, second = (database.connect(user="admin", password="master") for _ in range(2))
        first.execute("ALTER USER app PASSWORD 'one'")
        second.execute("CREATE USER other PASSWORD 'two'")
        first.commit()
        second.commit()
        assert database.accepts("one")
        assert database.has_user("other")

    def test_a_block_is_a_transaction_even_if_each_statement_is_committed_by_itself(self, database):
        connection = database.connect(user="app", password="old", autocommit=True)
        with connection.transaction():
            connection.execute("ALTER USER app PASSWORD 'new'")
            assert database.accepts("old")
        assert database.accepts("new")

    def test_a_block_within_a_transaction_is_rolled_back_alone(self, database):
        connection = database.connect(user="admin", password="master")
        connection.execute("ALTER USER app PASSWORD 'one'")
        with pytest.raises(KeyError), connection.transaction():
            connection.execute("ALTER USER app PASSWORD 'two'")
            raise KeyError
        connection.commit()
        assert database.accepts("one")

    def test_a_transaction_that_is_rolled_back_changes_nothing(self, database):
        with pytest.raises(KeyError), database.connect(user="app", password="old") as connection:
            connection.execute("ALTER USER app PASSWORD 'new'")
            raise KeyError
        assert database.accepts("old")

    def test_nothing_secret_is_in_a_repr(self, database):
        connection = database.connect(user="app", password="old")
        assert repr(connection) == "<Connection of 'app'>"
        assert "old" not in repr(database._users._users)


class TestStatements:
    """What the drivers send."""

    @pytest.fixture
    def session(self):
        database = PasswordDatabase({"app": "old", "admin": "master"}, administrators=["admin"])
        return database.connect("host=db user=admin password='master'", autocommit=True)

    @pytest.mark.parametrize(
        ("statement", "parameters"),
        [
            ("ALTER USER app PASSWORD 'it''s new'", None),
            ("ALTER USER app WITH ENCRYPTED PASSWORD %s;", ["it's new"]),
            ('ALTER ROLE "app" WITH PASSWORD %(new)s', {"new": "it's new"}),
            ("ALTER USER 'app'@'%%' IDENTIFIED BY %s", ("it's new",)),
            ("alter user %s@%s identified by %s", ("app", "%", "it's new")),
            ("SET PASSWORD FOR `app`@'%' = PASSWORD(%s)", "it's new"),
            ("ALTER ROLE app PASSWORD %s VALID UNTIL 'infinity'", ["it's new"]),
            ("ALTER USER IF EXISTS app IDENTIFIED WITH caching_sha2_password BY %s", ["it's new"]),
            (b"ALTER USER app PASSWORD 'it''s new'", None),
            (types.SimpleNamespace(as_string=lambda _: "ALTER USER app PASSWORD E'it\\'s new'"), None),
        ],
    )
    def test_a_password_is_changed(self, session, statement, parameters):
        session.execute(statement, parameters)
        assert session._database.accepts("it's new")

    @pytest.mark.parametrize(
        ("statement", "parameters", "rows"),
        [
            ("SELECT quote_ident(%s)", ['a"b'], [('"a""b"',)]),
            ("SELECT 1 FROM pg_roles WHERE rolname = %s", ["app"], [(1,)]),
            ("SELECT User FROM mysql.user WHERE User = %s", "nobody", []),
            ("SHOW GRANTS FOR %s", "app", [("GRANT DELETE, INSERT, SELECT, UPDATE ON *.* TO 'app'@'%'",)]),
            ("SELECT current_user", None, [("admin",)]),
            ("SELECT count(*) FROM orders WHERE note = 'x'", None, [(1,)]),
            ("BEGIN", None, []),
        ],
    )
    def test_a_question_has_rows(self, session, statement, parameters, rows):
        cursor = session.execute(statement, parameters)
        assert cursor.rowcount == len(rows)
        assert cursor.fetchall() == rows

    def test_mysql_keeps_the_old_password_until_it_is_discarded(self, session):
        app = session._database.connect(user="app", password="old", autocommit=True)
        app.execute("ALTER USER CURRENT_USER() IDENTIFIED BY %s RETAIN CURRENT PASSWORD", ["new"])
        assert [session._database.accepts(one) for one in ("old", "new")] == [True, True]
        assert session._database.live == 3
        app.execute("ALTER USER CURRENT_USER() DISCARD OLD PASSWORD")
        assert [session._database.accepts(one) for one in ("old", "new")] == [False, True]

    def test_dropping_one_of_two_passwords_leaves_the_other(self, session):
        session.execute("ALTER USER app IDENTIFIED BY %s RETAIN CURRENT PASSWORD", ["new"])
        session._database.drop("new")
        assert [session._database.accepts(one) for one in ("old", "new")] == [True, False]

    @pytest.mark.parametrize(
        ("shut", "opened"),
        [
            ("ALTER ROLE app NOLOGIN", "ALTER ROLE app LOGIN"),
            ("ALTER USER 'app'@'%' ACCOUNT LOCK", "ALTER USER 'app'@'%' ACCOUNT UNLOCK"),
            ("ALTER ROLE app VALID UNTIL '2001-01-01'", "ALTER ROLE app VALID UNTIL 'infinity'"),
            ("ALTER ROLE app PASSWORD NULL", "ALTER ROLE app PASSWORD 'old'"),
            ("REVOKE ALL PRIVILEGES ON ALL TABLES IN SCHEMA public FROM app", "GRANT ALL ON orders TO app"),
            ("DROP OWNED BY app CASCADE", "GRANT admin TO app WITH ADMIN OPTION"),
        ],
    )
    def test_a_user_is_shut_out_and_let_in_again(self, session, shut, opened):
        session.execute(shut)
        assert not session._database.accepts("old")
        session.execute(opened)
        assert session._database.accepts("old")

    def test_users_do_not_change_their_own_expiry(self, session):
        app = session._database.connect(user="app", password="old", autocommit=True)
        with pytest.raises(StatementRefusedError, match="permission denied for user 'app'"):
            app.execute("ALTER ROLE app PASSWORD 'new' VALID UNTIL 'infinity'")

    def test_an_expiry_that_is_no_time_is_refused(self, session):
        with pytest.raises(StatementRefusedError, match="invalid input syntax for type timestamp"):
            session.execute("ALTER ROLE app VALID UNTIL 'soon'")

    def test_a_role_without_login_does_not_log_in(self, session):
        session.execute("CREATE ROLE clone PASSWORD 'x' IN ROLE app")
        assert not session._database.accepts({"username": "clone", "password": "x"})
        session.execute("ALTER ROLE clone LOGIN")
        assert session._database.accepts({"username": "clone", "password": "x"})

    @pytest.mark.parametrize(
        "statement", ["SELECT 1", "SELECT NOW()", "SELECT VERSION()", "SELECT 1 FROM DUAL", "SELECT 1 + 1 AS two"]
    )
    def test_a_user_without_privileges_may_ask_what_concerns_no_table(self, session, statement):
        session.execute("CREATE ROLE clone LOGIN PASSWORD 'x'")
        clone = session._database.connect(user="clone", password="x")
        assert len(clone.execute(statement).fetchall()) == 1
        with pytest.raises(StatementRefusedError, match="permission denied for user 'clone'"):
            clone.execute("SELECT 1 FROM orders")

    def test_each_kind_of_database_has_a_version_of_its_own(self, session, pymysql):
        assert session.execute("SELECT version()").fetchone()[0].startswith("PostgreSQL 16")
        with PasswordDatabase({"app": "old"}, driver="pymysql"):
            cursor = pymysql.connect(user="app", password="old").cursor()
            assert cursor.execute("SELECT VERSION()").fetchone()[0].startswith("8.4")

    def test_a_statement_that_it_does_not_know_is_shown_without_its_values(self, session):
        with pytest.raises(NotImplementedError) as caught:
            session.execute("VACUUM app WITH PASSWORD 'geheim'")
        assert str(caught.value) == (
            "the double PasswordDatabase doesn't know this statement: VACUUM # WITH PASSWORD #\n"
            "(# stands for a name or a value.) Override execute() in a subclass to answer it."
        )

    @pytest.mark.parametrize("password", ["a\\", "a\\\\b", "\\n", "\\'"])
    def test_a_backslash_is_like_any_other_sign_in_postgresql(self, session, password):
        doubled = password.replace("'", "''")
        session.execute(f"ALTER USER app PASSWORD '{doubled}'")
        assert session._database.accepts(password)

    @pytest.mark.parametrize("quote", ["'", '"'])
    def test_a_backslash_escapes_the_next_sign_in_mysql(self, pymysql, quote):
        with PasswordDatabase({"app": "old"}, driver="pymysql") as database:
            pymysql.connect(user="app", password="old").execute(
                f"ALTER USER app IDENTIFIED BY {quote}a\\\\b\\{quote}c{quote * 2}{quote}"
            )
            assert database.accepts(f"a\\b{quote}c{quote}")

    @pytest.mark.parametrize(
        ("literal", "message"),
        [
            ("'a'b'c'", "a quoted text ends in front of another word"),
            ("'its new''", "a quoted text ends in front of another word"),
            ("'?' '", "a quoted text has no end"),
            ("'%s", "a quoted text has no end"),
        ],
    )
    def test_quotes_that_are_not_balanced_are_a_syntax_error(self, session, literal, message):
        with pytest.raises(StatementRefusedError, match=f"syntax error: {message}"):
            session.execute(f"ALTER USER app PASSWORD {literal}")

    def test_quotes_in_comments_do_not_count(self, session):
        session.execute("ALTER USER app /* it's */ PASSWORD 'new' -- isn't it?")
        assert session._database.accepts("new")

    def test_missing_parameters_are_refused(self, session):
        with pytest.raises(ValueError, match="more places for parameters"):
            session.execute("ALTER USER app PASSWORD %s")

    def test_grants_of_mysql_are_copied_row_by_row(self, session):
        session.execute("CREATE USER IF NOT EXISTS %s IDENTIFIED BY %s", ("clone", "x"))
        for (grant,) in session.execute("SHOW GRANTS FOR app").fetchall():
            session.execute(grant.split(" TO ")[0] + " TO %s", "clone")
        assert session._database.accepts({"username": "clone", "password": "x"})


def composing_like(attribute):
    """Return a stand-in of the module ``sql`` of psycopg2 or psycopg, which keeps its parts in an attribute."""

    def kind(name, make):
        def begin(self, *parts):
            setattr(self, attribute, make(parts))

        return type(name, (), {"__init__": begin})

    return types.SimpleNamespace(
        SQL=kind("SQL", lambda parts: parts[0]),
        Identifier=kind("Identifier", tuple),
        Literal=kind("Literal", lambda parts: parts[0]),
        Placeholder=kind("Placeholder", lambda parts: parts[0] if parts else None),
        Composed=kind("Composed", lambda parts: list(parts[0])),
    )


class TestComposedStatements:
    """Statements of psycopg2.sql and psycopg.sql, which quote with the help of a real connection."""

    @pytest.fixture(params=["_wrapped", "_obj", "psycopg2.sql", "psycopg.sql"])
    def sql(self, request):
        if request.param.startswith("_"):
            return composing_like(request.param)
        return pytest.importorskip(request.param, exc_type=ImportError)

    @pytest.fixture
    def session(self):
        database = PasswordDatabase({"app": "old", 'o"b': "x"}, administrators=["app"])
        return database.connect("host=db user=app password=old", autocommit=True)

    @pytest.mark.parametrize("password", ["it's new", "back\\slash", 'a"b', "%s?"])
    def test_names_and_literals_are_quoted(self, sql, session, password):
        parts = [sql.SQL("ALTER USER "), sql.Identifier('o"b'), sql.SQL(" PASSWORD "), sql.Literal(password)]
        session.execute(sql.Composed(parts))
        assert session._database.accepts({"username": 'o"b', "password": password})

    @pytest.mark.parametrize(("name", "parameters"), [((), ["new"]), (("new",), {"new": "new"})])
    def test_a_placeholder_takes_its_parameter(self, sql, session, name, parameters):
        parts = [sql.SQL("ALTER USER app PASSWORD "), sql.Placeholder(*name)]
        session.execute(sql.Composed(parts), parameters)
        assert session._database.accepts({"username": "app", "password": "new"})

    def test_a_name_with_a_schema_and_other_literals_are_written_as_in_sql(self, sql):
        parts = [sql.Identifier("public", "orders"), *map(sql.Literal, (None, True, 5))]
        assert rendered(sql.Composed([*parts, sql.SQL(";")])) == '"public"."orders"NULLtrue5;'

    def test_bytes_that_are_no_text_are_written_in_hexadecimal(self, sql):
        assert rendered(sql.Literal(b"\xff\x00")) == r"'\xff00'::bytea"

    def test_psycopg2_quotes_without_a_real_connection(self, psycopg2, monkeypatch):
        def quote_ident(name, scope):
            msg = "argument 2 must be a connection or a cursor"
            raise TypeError(msg)

        function = types.ModuleType("function-of-mine")
        for module in (types.ModuleType("psycopg2.extensions"), function):
            module.quote_ident = quote_ident
            monkeypatch.setitem(sys.modules, module.__name__, module)
        with PasswordDatabase({"app": "old"}, driver="psycopg2"):
            session = psycopg2.connect(user="app", password="old")
            assert function.quote_ident('a"b', session) == '"a""b"'
        assert function.quote_ident is quote_ident

    def test_the_real_psycopg2_quotes_without_a_real_connection(self):
        real = pytest.importorskip("psycopg2.sql", exc_type=ImportError)
        extensions = pytest.importorskip("psycopg2.extensions", exc_type=ImportError)
        with PasswordDatabase({"app": "old"}, driver="psycopg2") as database:
            session = database.connect(user="app", password="old")
            assert extensions.quote_ident('a"b', session) == '"a""b"'
            text = real.SQL("{} {}").format(real.Identifier("a", "b"), real.Literal("c'd")).as_string(session)
            assert text == "\"a\".\"b\" 'c''d'"
