"""Rows of the password database: tuples, or what the function asks its driver for."""

import sys
import types

import pytest

from fake_secrets.contract.services import PasswordDatabase

STATEMENT = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = 'app'"
AS_DICT = {"rolname": "app", "rolcanlogin": True}
LOGIN = {"user": "app", "password": "old"}


def dict_row(cursor):
    names = [column.name for column in cursor.description]
    return lambda values: dict(zip(names, values, strict=True))


def cursors_named(name, module):
    return type(name, (), {"__module__": module})


@pytest.fixture
def database():
    return PasswordDatabase({"app": "old"})


def test_rows_are_tuples(database):
    assert database.connect(**LOGIN).execute(STATEMENT).fetchone() == ("app", True)


def test_a_row_factory_makes_the_rows(database):
    connection = database.connect(**LOGIN, row_factory=dict_row)
    assert connection.execute(STATEMENT).fetchone() == AS_DICT
    assert list(connection.cursor().execute(STATEMENT)) == [AS_DICT]
    plain = database.connect(**LOGIN)
    assert plain.cursor(row_factory=dict_row).execute(STATEMENT).fetchall() == [AS_DICT]
    plain.row_factory = dict_row
    assert plain.execute(STATEMENT).fetchone() == AS_DICT
    assert plain.execute("SELECT 1 FROM pg_roles WHERE rolname = 'x'").fetchone() is None


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("dict_row", AS_DICT),
        ("tuple_row", ("app", True)),
        ("namedtuple_row", ("app", True)),
        ("scalar_row", "app"),
    ],
)
def test_the_row_factories_of_psycopg_work(database, name, row):
    rows = pytest.importorskip("psycopg.rows", exc_type=ImportError)
    connection = database.connect(**LOGIN, row_factory=getattr(rows, name))
    assert connection.execute(STATEMENT).fetchone() == row
    connection.execute("BEGIN")


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ({"cursor_factory": cursors_named("RealDictCursor", "psycopg2.extras")}, AS_DICT),
        ({"cursorclass": cursors_named("DictCursor", "pymysql.cursors")}, AS_DICT),
        ({"cursorclass": cursors_named("SSCursor", "pymysql.cursors")}, ("app", True)),
        ({"cursor_factory": cursors_named("NamedTupleCursor", "psycopg2.extras")}, ("app", True)),
        ({"dictionary": True}, AS_DICT),
        ({"named_tuple": True}, ("app", True)),
    ],
)
def test_classes_of_cursors_tell_the_kind_of_rows(database, options, row):
    assert database.connect(**LOGIN, **options).cursor().execute(STATEMENT).fetchone() == row
    assert database.connect(**LOGIN).cursor(**options).execute(STATEMENT).fetchone() == row


def test_a_class_of_cursors_is_the_first_argument_or_set_later(database):
    connection, kind = database.connect(**LOGIN), cursors_named("DictCursor", "pymysql.cursors")
    assert connection.cursor(kind).execute(STATEMENT).fetchone() == AS_DICT
    connection.cursor_factory = kind
    assert connection.execute(STATEMENT).fetchone() == AS_DICT
    connection.execute("ALTER ROLE app PASSWORD %s", ["new"])


def test_rows_of_the_dict_cursor_of_psycopg2_have_places_and_names(database):
    kind = cursors_named("DictCursor", "psycopg2.extras")
    row = database.connect(**LOGIN, cursor_factory=kind).cursor().execute(STATEMENT).fetchone()
    assert (row[0], row["rolname"], row["rolcanlogin"], row.get("rolname"), row.get("x", 5)) == (
        "app", "app", True, "app", 5,
    )  # fmt: skip
    assert (row.keys(), dict(row)) == (["rolname", "rolcanlogin"], AS_DICT)
    with pytest.raises(KeyError):
        row["x"]


def test_other_classes_of_cursors_are_refused(database):
    with pytest.raises(NotImplementedError) as caught:
        database.connect(**LOGIN, cursor_factory=cursors_named("Mine", "my_function"))
    assert str(caught.value) == (
        "the double PasswordDatabase doesn't know the cursors of class Mine. It knows those of the drivers, and "
        "psycopg's row_factory"
    )


def test_grants_of_mysql_have_the_name_of_the_user_as_their_column(database):
    row = database.connect(**LOGIN, dictionary=True).cursor(dictionary=True).execute("SHOW GRANTS").fetchone()
    assert list(row) == ["Grants for app@%"]


def test_rows_of_a_subclass_without_names_are_numbered(database):
    class Mine(PasswordDatabase):
        def execute(self, connection, statement, parameters=None):
            return [(5, 6)]

    session = Mine({"app": "old"}).connect(**LOGIN, dictionary=True)
    assert session.execute("VACUUM").fetchone() == {"column1": 5, "column2": 6}


def test_connect_of_psycopgs_class_leads_to_the_double_too(monkeypatch):
    class Connection:
        @classmethod
        def connect(cls, **_):
            raise AssertionError

    psycopg = types.ModuleType("psycopg")
    psycopg.Connection, psycopg.connect = Connection, Connection.connect
    monkeypatch.setitem(sys.modules, "psycopg", psycopg)
    before = vars(Connection)["connect"]
    with PasswordDatabase({"app": "old"}, driver="psycopg"):
        assert psycopg.Connection.connect(**LOGIN).execute("SELECT 1").fetchone() == (1,)
    assert vars(Connection)["connect"] is before


def test_connect_of_the_real_psycopgs_class_leads_to_the_double():
    psycopg = pytest.importorskip("psycopg", exc_type=ImportError)
    with PasswordDatabase({"app": "old"}, driver="psycopg"):
        assert psycopg.Connection.connect(**LOGIN).execute("SELECT 1").fetchone() == (1,)


def test_the_client_cursor_of_psycopg_takes_parameters_in_every_statement(monkeypatch):
    psycopg = types.ModuleType("psycopg")
    psycopg.connect, psycopg.ClientCursor = (lambda: None), cursors_named("ClientCursor", "psycopg")
    monkeypatch.setitem(sys.modules, "psycopg", psycopg)
    with PasswordDatabase({"app": "old"}, driver="psycopg") as database:
        session = psycopg.connect(**LOGIN, autocommit=True, cursor_factory=psycopg.ClientCursor)
        session.execute("ALTER ROLE CURRENT_USER PASSWORD %s", ["new"])
        assert database.accepts("new")
        session = psycopg.connect(user="app", password="new", autocommit=True, row_factory=dict_row)
        session.cursor_factory = psycopg.ClientCursor
        session.execute("ALTER ROLE CURRENT_USER PASSWORD %s", ["newer"])
        assert database.accepts("newer")
        assert session.execute(STATEMENT).fetchone() == AS_DICT
