"""Fixtures for the tests of KMS keys."""

import pytest


@pytest.fixture
def db(fake_secrets):
    """A secret with a key of the customer's."""
    return fake_secrets.add("app/db", "x", kms_key_id="alias/app")


@pytest.fixture
def declare(fake_secrets):
    return fake_secrets.set_kms_key
