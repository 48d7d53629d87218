"""The function that changes its own user's password."""

import pytest
import single_user
from secret_values import SECRET

from fake_secrets import RotationContract


class TestSingleUser(RotationContract):
    handler = single_user.lambda_handler
    secret = SECRET

    @pytest.fixture(autouse=True)
    def _on_a_real_server(self, service):
        self.service = service


def test_the_new_password_logs_in_and_the_old_one_does_not(fake_secrets, service):
    secret = fake_secrets.add("prod/shop", SECRET)
    with service() as postgres:
        assert fake_secrets.rotate(secret, single_user.lambda_handler).succeeded

        assert postgres.accepts(secret.value())
        assert not postgres.accepts(SECRET)


def test_a_wrong_current_password_is_mended_by_the_previous_one(fake_secrets, service):
    labels = {"AWSCURRENT": {**SECRET, "password": "somebody's guess"}, "AWSPREVIOUS": SECRET}
    secret = fake_secrets.add("prod/shop", labels=labels)
    with service() as postgres:
        assert fake_secrets.rotate(secret, single_user.lambda_handler).succeeded

        assert postgres.accepts(secret.value())
