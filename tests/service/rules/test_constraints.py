"""Request validation: checks compiled from shapes, with AWS's messages."""

import pytest

from fake_secrets.errors import ServiceError
from fake_secrets.service.rules.constraints import Shape, check, redact

STRUCTURE = Shape(
    "structure",
    members={
        "SecretId": Shape("string", minimum=1, maximum=5),
        "SecretString": Shape("string", minimum=2, maximum=4, is_sensitive=True),
        "SecretBinary": Shape("blob", minimum=1, maximum=2, is_sensitive=True),
        "MaxResults": Shape("integer", minimum=1, maximum=100),
        "Flag": Shape("boolean"),
        "Duration": Shape("string", pattern="[0-9]+h"),
        "SortOrder": Shape("string", enum=("asc", "desc")),
        "VersionStages": Shape("list", minimum=1, maximum=2, element=Shape("string", maximum=3)),
        "RotationRules": Shape("structure", members={"Days": Shape("long", maximum=9)}, required=("Days",)),
    },
    required=("SecretId",),
)


def message(**members):
    with pytest.raises(ServiceError) as refused:
        check(STRUCTURE, members)
    assert refused.value.code == "ValidationException"
    return refused.value.message


@pytest.mark.parametrize(
    "members",
    [
        {"SecretId": "abcde"},
        {"SecretId": "a", "SecretBinary": "AAE="},
        {"SecretId": "a", "Flag": False, "MaxResults": 100},
        {"SecretId": "a", "Duration": "3h", "SortOrder": "asc", "VersionStages": ["abc"]},
        {"SecretId": "a", "Unknown": object()},
        {"SecretId": "a", "SecretString": None},
    ],
)
def test_members_that_satisfy_every_constraint_pass(members):
    before = dict(members)
    check(STRUCTURE, members)
    assert members == before


@pytest.mark.parametrize(
    ("members", "violation"),
    [
        ({"SecretId": ""}, "Value '' at 'secretId' ...: Member must have length greater than or equal to 1"),
        (
            {"SecretId": "abcdef"},
            "Value 'abcdef' at 'secretId' ...: Member must have length less than or equal to 5",
        ),
        ({"MaxResults": 0}, "Value '0' at 'maxResults' ...: Member must have value greater than or equal to 1"),
        ({"MaxResults": 101}, "Value '101' at 'maxResults' ...: Member must have value less than or equal to 100"),
        (
            {"Duration": "3h\n"},
            "Value '3h\n' at 'duration' ...: Member must satisfy regular expression pattern: [0-9]+h",
        ),
        (
            {"Duration": "٣h"},
            "Value '٣h' at 'duration' ...: Member must satisfy regular expression pattern: [0-9]+h",
        ),
        ({"SortOrder": "up"}, "Value 'up' at 'sortOrder' ...: Member must satisfy enum value set: [asc, desc]"),
        (
            {"VersionStages": ["a", "b", "c"]},
            "Value '[a, b, c]' at 'versionStages' ...: Member must have length less than or equal to 2",
        ),
        (
            {"VersionStages": ["a", "abcd"]},
            "Value 'abcd' at 'versionStages.2.member' ...: Member must have length less than or equal to 3",
        ),
        (
            {"RotationRules": {"Days": 10}},
            "Value '10' at 'rotationRules.days' ...: Member must have value less than or equal to 9",
        ),
        ({"RotationRules": {}}, "Value null at 'rotationRules.days' ...: Member must not be null"),
    ],
)
def test_a_violation_has_awss_message(members, violation):
    expected = violation.replace("...", "failed to satisfy constraint")
    assert message(**{"SecretId": "a", **members}) == f"1 validation error detected: {expected}"


def test_a_missing_member_is_reported_as_null():
    assert message() == (
        "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    ("members", "path"),
    [({"SecretString": "hunter2"}, "secretString"), ({"SecretBinary": "aHVudGVyMg=="}, "secretBinary")],
)
def test_a_sensitive_value_is_not_echoed(members, path):
    said = message(SecretId="a", **members)
    assert said.startswith(f"1 validation error detected: Value at '{path}' failed")
    assert "hunter2" not in said
    assert "aHVudGVyMg" not in said


def test_several_violations_are_counted_and_joined():
    said = message(SecretId="", MaxResults=0)
    assert said.startswith("2 validation errors detected: Value '' at 'secretId' failed")
    assert "; Value '0' at 'maxResults' failed" in said


@pytest.mark.parametrize(
    "members",
    [
        {"SecretId": 1},
        {"SecretId": ["a"]},
        {"SecretId": "a", "MaxResults": True},
        {"SecretId": "a", "MaxResults": "1"},
        {"SecretId": "a", "Flag": 1},
        {"SecretId": "a", "VersionStages": "a"},
        {"SecretId": "a", "RotationRules": []},
        {"SecretId": "a", "SecretBinary": "not base64"},
    ],
)
def test_a_wrong_json_type_is_a_serialization_error(members):
    with pytest.raises(ServiceError) as refused:
        check(STRUCTURE, members)
    assert refused.value.code == "SerializationException"


def test_redaction_replaces_sensitive_values_wherever_they_are():
    shape = Shape("structure", members={"Plain": Shape("string"), "Inner": Shape("list", element=STRUCTURE)})
    members = {"Plain": "shown", "Inner": [{"SecretId": "a", "SecretString": "hunter2"}]}
    assert redact(shape, members) == {"Plain": "shown", "Inner": [{"SecretId": "a", "SecretString": "***"}]}


@pytest.mark.parametrize(
    "members", [{"SecretId": {"hunter2": 1}}, {"SecretId": ["hunter2"]}, ["hunter2"], "hunter2", None]
)
def test_redaction_hides_values_of_an_unexpected_type(members):
    assert "hunter2" not in str(redact(STRUCTURE, members))


def test_redaction_hides_unknown_members():
    assert redact(STRUCTURE, {"SecretId": "a", "Mystery": "hunter2"}) == {"SecretId": "a", "Mystery": "***"}


def test_a_request_through_a_client_is_checked(secretsmanager, refusal, fake_secrets):
    code, said = refusal(secretsmanager.get_secret_value, SecretId="x" * 2049)
    assert code == "ValidationException"
    assert said.endswith(
        "at 'secretId' failed to satisfy constraint: Member must have length less than or equal to 2048"
    )


def test_a_member_missing_from_a_clients_request_is_refused(raw, refusal):
    assert refusal(raw.get_secret_value) == (
        "ValidationException",
        (
            "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: "
            "Member must not be null"
        ),
    )
