"""What isn't faked yet says so, and changes nothing."""

import botocore.loaders
import botocore.model
import pytest

from fake_secrets import UnsupportedOperationError
from fake_secrets.service.dispatch import OPERATIONS

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)


def test_every_operation_is_one_of_botocores():
    assert OPERATIONS.keys() <= set(MODEL.operation_names)


def test_an_unsupported_operation_names_the_supported_ones(secretsmanager):
    with pytest.raises(UnsupportedOperationError) as unsupported:
        secretsmanager.batch_get_secret_value(SecretIdList=["a"])
    first, *others = str(unsupported.value).splitlines()
    assert first == "fake_secrets doesn't support BatchGetSecretValue yet. It supports:"
    assert others == [f"- {name}" for name in OPERATIONS]


@pytest.mark.parametrize("operation", sorted(set(MODEL.operation_names) - OPERATIONS.keys()))
def test_no_unsupported_operation_gets_a_wrong_answer(raw, operation):
    with pytest.raises(UnsupportedOperationError, match=operation):
        raw._make_api_call(operation, {})


MEMBERS = [
    ("CreateSecret", {"Name": "a", "AddReplicaRegions": [{"Region": "eu-west-1"}]}, "AddReplicaRegions"),
    ("CreateSecret", {"Name": "a", "ForceOverwriteReplicaSecret": True}, "ForceOverwriteReplicaSecret"),
    ("CreateSecret", {"Name": "a", "Type": "t"}, "Type"),
    ("UpdateSecret", {"SecretId": "b", "Type": "t"}, "Type"),
]


@pytest.mark.parametrize(
    ("operation", "members", "named"),
    # Older models don't have all of them.
    [row for row in MEMBERS if row[2] in MODEL.operation_model(row[0]).input_shape.members],
)
def test_a_member_that_is_not_heeded_yet_says_so(fake_secrets, raw, operation, members, named):
    fake_secrets.add("b", "x")
    with pytest.raises(UnsupportedOperationError, match=f"doesn't support {named} of {operation} yet"):
        raw._make_api_call(operation, members)
    assert "a" not in fake_secrets
