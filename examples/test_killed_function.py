"""A test of a rotation whose function Lambda kills. `pytest -q -s test_killed_function.py` shows the timeline."""

import accounts_api
import pytest
from rotate_api_password import lambda_handler


@pytest.mark.fake_secrets(random_seed=1)  # the ids of the versions are the same in each run
def test_a_retry_uses_the_password_that_is_stored_already(fake_secrets, monkeypatch):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    secret = fake_secrets.add("prod/api", {"username": "app", "password": "old"})
    fake_secrets.faults.crash_after("PutSecretValue")
    fake_secrets.retries.max_attempts = 2

    rotation = fake_secrets.rotate(secret, lambda_handler, errors="record")

    print(fake_secrets.timeline(secret))
    assert rotation.succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])
