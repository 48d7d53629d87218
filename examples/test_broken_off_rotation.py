"""A test of a rotation that fails because the protected service is down."""

import accounts_api
import pytest
from rotate_api_password import lambda_handler


@pytest.mark.parametrize("broken", ["can_log_in", "change_password"])
def test_an_interrupted_rotation_succeeds_when_retried(fake_secrets, monkeypatch, broken):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    secret = fake_secrets.add("prod/api", {"username": "app", "password": "old"})
    with monkeypatch.context() as patch:
        patch.setattr(accounts_api, broken, lambda *_: 1 / 0)
        rotation = fake_secrets.rotate("prod/api", lambda_handler, errors="record")

    assert rotation.failed_step == "setSecret"
    assert rotation.retry().succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])
