"""All 26 operations are faked. An operation that botocore adds later is refused by its name."""

import pytest
import service_model
from service_model import OPERATIONS_OF_2026, expect

from fake_secrets import UnsupportedOperationError
from fake_secrets.service.dispatch import OPERATIONS

OPERATION_NAMES = set(service_model.model().operation_names)


def test_twenty_six_of_twenty_six_operations_are_faked():
    assert len(OPERATIONS) == 26
    expect(len(OPERATION_NAMES | OPERATIONS_OF_2026) == 26, "the number of operations isn't 26 any more")


def test_every_operation_is_one_of_botocores():
    assert OPERATIONS.keys() <= OPERATION_NAMES | OPERATIONS_OF_2026


def test_an_operation_that_botocore_has_added_is_noticed():
    unknown = OPERATION_NAMES - OPERATIONS.keys()
    expect(not unknown, f"there are operations that fake_secrets doesn't know: {sorted(unknown)}")


def test_an_unsupported_operation_names_the_supported_ones(monkeypatch, secretsmanager):
    monkeypatch.delitem(OPERATIONS, "BatchGetSecretValue")
    with pytest.raises(UnsupportedOperationError) as unsupported:
        secretsmanager.batch_get_secret_value(SecretIdList=["a"])
    first, *others = str(unsupported.value).splitlines()
    assert first == "fake_secrets doesn't support BatchGetSecretValue yet. It supports:"
    assert others == [f"- {name}" for name in OPERATIONS]
