"""A test of the rotation function, as its author would write it."""

import accounts_api
from rotate_api_password import lambda_handler


def test_the_new_password_works_and_the_old_one_is_kept(fake_secrets, monkeypatch):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    secret = fake_secrets.add("prod/api", {"username": "app", "password": "old"})

    rotation = fake_secrets.rotate("prod/api", lambda_handler)

    assert rotation.succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])
    assert secret.value("AWSPREVIOUS") == {"username": "app", "password": "old"}
