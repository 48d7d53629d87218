"""All 26 operations are faked. An operation that botocore adds later is refused by its name."""

import pytest
import service_model
from service.minimal_requests import request_of
from service_model import CALLABLE, NEWER_OPERATIONS, botocore_knows, expect, needs_2026

from fake_secrets import UnsupportedOperationError, mock_stages
from fake_secrets.hook.facts import facts_of
from fake_secrets.service.dispatch import OPERATIONS

OPERATION_NAMES = set(service_model.model().operation_names)


def test_twenty_six_of_twenty_six_operations_are_faked():
    assert len(OPERATIONS) == 26, "write the new number here"
    expect(len(OPERATION_NAMES | NEWER_OPERATIONS) == 26, "the number of operations isn't 26 any more")


def test_every_operation_is_one_of_botocores():
    odd = sorted(OPERATIONS.keys() - OPERATION_NAMES - NEWER_OPERATIONS)
    assert not odd, (
        f"botocore has no {', '.join(odd)}. If only a newer one has it, add it to NEWER_OPERATIONS in "
        "tests/service_model.py."
    )


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


@pytest.fixture
def lacking(monkeypatch):
    """Return a function that lets the service model lack a member of an operation's requests."""

    def lack(operation, member):
        shape = facts_of(operation).shape
        monkeypatch.delitem(shape.members, member)
        # What it has made of them so far.
        monkeypatch.setattr(shape, "_lengths", None)
        monkeypatch.setattr(shape, "_check", None)

    return lack


@pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)
@pytest.mark.parametrize("value", ["arn:aws:secretsmanager:us-east-1:210987654321:secret:x-AbCdEf", 5, ["x"]])
def test_a_member_that_an_older_model_lacks_is_as_if_it_werent_sent(lacking, raw, fake_secrets, value):
    lacking("CreateSecret", "CrossAccountPrimaryARN")
    raw.create_secret(Name="a", ClientRequestToken="1" * 32, CrossAccountPrimaryARN=value)
    assert "CrossAccountPrimary" not in raw.describe_secret(SecretId="a")


@pytest.mark.skipif(not botocore_knows("GetResourcePolicy", "PolicyName"), reason=needs_2026)
@pytest.mark.parametrize("value", ["other", 5, ["x"]])
def test_the_name_of_a_policy_is_dropped_too_if_the_model_lacks_it(lacking, raw, fake_secrets, value):
    fake_secrets.add("a", "x")
    lacking("GetResourcePolicy", "PolicyName")
    assert raw.get_resource_policy(SecretId="a", PolicyName=value)["Name"] == "a"


def optional_members():
    """Yield each operation with each member that its smallest request doesn't have, and values for it."""
    for operation in CALLABLE:
        shape = service_model.model().operation_model(operation).input_shape
        for member, kind in () if shape is None else shape.members.items():
            if member not in request_of(operation):
                for value in VALUES.get(kind.type_name, ["other", 5, ["x"]]):
                    yield operation, member, value


# Of these types botocore refuses others, even if it doesn't check them.
VALUES = {"blob": [b"other"], "list": [[], [{}]], "structure": [{}]}


@pytest.mark.parametrize(("operation", "member", "value"), list(optional_members()))
def test_any_member_that_the_model_lacks_is_as_if_it_werent_sent(
    lacking, raw, freezer_at_noon, operation, member, value
):
    lacking(operation, member)
    answers = []
    for more in ({}, {member: value}):
        with mock_stages({"app/db": "x"}, random_seed=1):
            try:
                answer = raw._make_api_call(operation, {**request_of(operation), **more})
            except raw.exceptions.ClientError as error:
                answer = error.response
            answers.append({name: value for name, value in answer.items() if name != "ResponseMetadata"})
    assert answers[0] == answers[1]
