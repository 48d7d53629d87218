"""All 23 operations are faked. A newer operation or member is refused, and changes nothing."""

import pytest
import service_model
from service_model import expect

from fake_secrets import UnsupportedOperationError
from fake_secrets.service.dispatch import OPERATIONS

# Those of the service model that came in 2026, with replication across accounts and policies by name.
NEWER = {"AssociateCrossAccountReplica", "DisassociateCrossAccountReplica", "ListResourcePolicies"}
OPERATION_NAMES = set(service_model.model().operation_names)


def test_twenty_three_operations_are_faked():
    assert len(OPERATIONS) == 23


def test_every_operation_is_one_of_botocores():
    assert OPERATIONS.keys() <= OPERATION_NAMES


def test_an_operation_that_botocore_has_added_is_noticed():
    unknown = OPERATION_NAMES - NEWER - OPERATIONS.keys()
    expect(not unknown, f"there are operations that fake_secrets doesn't know: {sorted(unknown)}")


def test_an_unsupported_operation_names_the_supported_ones(monkeypatch, secretsmanager):
    monkeypatch.delitem(OPERATIONS, "BatchGetSecretValue")
    with pytest.raises(UnsupportedOperationError) as unsupported:
        secretsmanager.batch_get_secret_value(SecretIdList=["a"])
    first, *others = str(unsupported.value).splitlines()
    assert first == "fake_secrets doesn't support BatchGetSecretValue yet. It supports:"
    assert others == [f"- {name}" for name in OPERATIONS]


@pytest.mark.parametrize("operation", sorted(NEWER & OPERATION_NAMES))
def test_a_newer_operation_is_refused_by_name(raw, operation):
    with pytest.raises(UnsupportedOperationError, match=operation):
        raw._make_api_call(operation, {})


@pytest.mark.skipif(
    "CrossAccountPrimaryARN" not in service_model.model().operation_model("CreateSecret").input_shape.members,
    reason="this botocore doesn't have it",
)
def test_a_newer_member_is_refused_by_name(fake_secrets, raw):
    with pytest.raises(UnsupportedOperationError, match="doesn't support CrossAccountPrimaryARN of CreateSecret"):
        raw.create_secret(Name="a", CrossAccountPrimaryARN="arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf")
    assert "a" not in fake_secrets
