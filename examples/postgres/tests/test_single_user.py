"""The contract of the function that changes its own user's password."""

import functools

import pytest
import single_user
from double import Postgres
from secret_values import SECRET

from fake_secrets import RotationContract


class TestSingleUser(RotationContract):
    handler = single_user.lambda_handler
    secret = SECRET

    @pytest.fixture(autouse=True)
    def _on_the_server(self, server):
        self.service = functools.partial(Postgres, server)
