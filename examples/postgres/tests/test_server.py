"""The server lets in the application's users by their passwords only."""

import psycopg
import pytest
from local_server import ADMIN, APP, DATABASE

both = pytest.mark.parametrize("user", [APP, ADMIN], ids=["app", "admin"])


@pytest.fixture(autouse=True)
def _fresh_users(server):
    server.reset()


@both
def test_the_right_password_is_accepted(server, user):
    with server.connect(user=user["username"], password=user["password"], dbname=DATABASE) as session:
        assert session.execute("SELECT session_user").fetchone() == (user["username"],)


@both
def test_a_wrong_password_is_refused(server, user):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect(user=user["username"], password="wrong", dbname=DATABASE)


@both
def test_nobody_comes_in_without_a_password(server, user):
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        server.connect(user=user["username"], dbname=DATABASE)


def test_it_listens_on_its_socket_alone(server):
    assert server.superuser.execute("SHOW listen_addresses").fetchone() == ("",)
