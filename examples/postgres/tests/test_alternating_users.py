"""The function with two users that take turns."""

import alternating_users
import pytest
from secret_values import ADMIN_SECRET, SECRET

from fake_secrets import RotationContract

OTHER_SECRETS = {"prod/admin": ADMIN_SECRET}
ENVIRONMENT = {"ADMIN_SECRET": "prod/admin"}


class TestAlternatingUsers(RotationContract):
    handler = alternating_users.lambda_handler
    secret = SECRET
    other_secrets = OTHER_SECRETS
    environment = ENVIRONMENT

    @pytest.fixture(autouse=True)
    def _on_a_real_server(self, service):
        self.service = service


@pytest.fixture
def rotate(fake_secrets, monkeypatch):
    """Return a function that rotates the secret, and returns its new value."""
    monkeypatch.setenv("ADMIN_SECRET", "prod/admin")
    fake_secrets.add("prod/admin", ADMIN_SECRET)
    secret = fake_secrets.add("prod/shop", SECRET)

    def rotate_once():
        assert fake_secrets.rotate(secret, alternating_users.lambda_handler).succeeded
        return secret.value()

    return rotate_once


def test_the_old_login_works_until_the_next_rotation(service, rotate):
    with service() as postgres:
        second = rotate()
        assert (second["username"], postgres.accepts(second), postgres.accepts(SECRET)) == (
            "app_clone",
            True,
            True,
        )

        third = rotate()
        assert (third["username"], postgres.accepts(third), postgres.accepts(second)) == ("app", True, True)
        assert not postgres.accepts(SECRET)


def test_what_the_second_user_makes_belongs_to_the_first(service, rotate):
    with service(), alternating_users.log_in(rotate()) as connection:
        connection.execute("CREATE TEMPORARY TABLE made_by_the_second ()")
        owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'made_by_the_second'"
        assert connection.execute(owner).fetchone() == ("app",)
