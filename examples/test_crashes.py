"""A test of a rotation function that Lambda kills, right after each of its calls that change something."""

import accounts_api
import pytest
from rotate_api_password import lambda_handler


@pytest.mark.parametrize("operation", ["PutSecretValue", "UpdateSecretVersionStage"])
def test_a_rotation_survives_the_death_of_its_function(fake_secrets, monkeypatch, operation):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    secret = fake_secrets.add("prod/api", {"username": "app", "password": "old"})
    fake_secrets.faults.crash_after(operation)

    rotation = fake_secrets.rotate("prod/api", lambda_handler, errors="record")

    assert rotation.outcome == "failed"
    assert rotation.retry().succeeded
    assert accounts_api.can_log_in("app", secret.value()["password"])


def test_a_rotation_survives_throttling(fake_secrets, monkeypatch):
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    fake_secrets.add("prod/api", {"username": "app", "password": "old"})
    fake_secrets.faults.fail("*", "ThrottlingException", step="createSecret", times=2)

    assert fake_secrets.rotate("prod/api", lambda_handler).succeeded
