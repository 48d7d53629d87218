"""Tests of the rotation function, as its author would write them."""

import accounts_api
import pytest
from rotate_api_password import lambda_handler


@pytest.fixture
def secret(fake_secrets, monkeypatch):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    return fake_secrets.add("prod/api", {"username": "app", "password": "old"})


def test_the_new_password_works_and_the_old_one_is_kept(fake_secrets, secret):
    rotation = fake_secrets.rotate("prod/api", lambda_handler)
    assert rotation.succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])
    assert secret.value("AWSPREVIOUS") == {"username": "app", "password": "old"}


def test_a_rotation_that_the_api_broke_off_succeeds_when_retried(fake_secrets, secret, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(accounts_api, "change_password", lambda *_: 1 / 0)
        rotation = fake_secrets.rotate("prod/api", lambda_handler, errors="record")
    assert rotation.failed_step == "setSecret"
    assert rotation.retry().succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])
