"""The contract of the function with two users that take turns."""

import functools

import alternating_users
import pytest
from double import Postgres
from secret_values import ADMIN_SECRET, SECRET

from fake_secrets import RotationContract


class TestAlternatingUsers(RotationContract):
    handler = alternating_users.lambda_handler
    secret = SECRET
    other_secrets = {"prod/admin": ADMIN_SECRET}
    environment = {"ADMIN_SECRET": "prod/admin"}

    @pytest.fixture(autouse=True)
    def _on_the_server(self, server):
        self.service = functools.partial(Postgres, server)
