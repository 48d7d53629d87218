"""The service double does what a server at the other end of a network does."""

from unittest import mock

import psycopg
import pytest
from local_server import DATABASE
from secret_values import SECRET

LOGIN = {"host": SECRET["host"], "user": "app", "password": SECRET["password"], "dbname": DATABASE}
CHANGE = "ALTER ROLE app PASSWORD 'another'"


@pytest.fixture
def postgres(service):
    with service() as double:
        yield double


def test_a_committed_change_is_there(postgres):
    with psycopg.connect(**LOGIN) as session:
        session.execute(CHANGE)
        assert postgres.accepts(SECRET)
    assert not postgres.accepts(SECRET)
    assert postgres.accepts({**SECRET, "password": "another"})


@pytest.mark.parametrize("end", [psycopg.OperationalError("the connection is lost"), SystemExit()])
def test_a_lost_session_gives_back_its_locks_and_changes_nothing(postgres, end):
    session = psycopg.connect(**LOGIN)
    session.execute(CHANGE)
    with mock.patch.object(postgres, "commit", side_effect=end), pytest.raises(type(end)):
        session.commit()

    assert postgres.accepts(SECRET)
    with psycopg.connect(**LOGIN) as other:
        other.execute(CHANGE)


def test_an_answer_of_the_server_ends_no_session(postgres):
    with psycopg.connect(**LOGIN, autocommit=True) as session:
        with pytest.raises(psycopg.errors.SyntaxError):
            session.execute("ALTER")
        assert session.execute("SELECT 1").fetchone() == (1,)


def test_a_user_without_rights_is_not_accepted(postgres, server):
    server.superuser.execute("CREATE ROLE newcomer LOGIN PASSWORD 'new'")
    assert not postgres.accepts({**SECRET, "username": "newcomer", "password": "new"})


def test_a_user_whom_nobody_knows_is_listed(postgres, server):
    server.superuser.execute("CREATE ROLE orphan LOGIN PASSWORD 'new'")
    assert postgres.accepted() == [{"username": "app"}, {"username": "orphan"}]


def test_a_dropped_user_logs_in_no_more(postgres):
    postgres.drop(SECRET)
    assert not postgres.accepts(SECRET)
    assert postgres.accepted() == []


def test_another_host_is_unknown(postgres):
    with pytest.raises(psycopg.OperationalError, match="could not translate host name"):
        psycopg.connect(**{**LOGIN, "host": "db.elsewhere"})


def test_each_scenario_begins_with_the_same_users(postgres, service, server):
    server.superuser.execute("CREATE ROLE orphan LOGIN PASSWORD 'new'")
    server.superuser.execute("SET ROLE orphan; CREATE TEMPORARY TABLE left_behind (); RESET ROLE")
    postgres.drop(SECRET)
    with service() as next_one:
        assert next_one.accepts(SECRET)
        assert next_one.accepted() == [{"username": "app"}]
