"""Live views of a secret."""

from datetime import UTC, datetime

import pytest

V1 = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("text", "text"),
        ("[1, 2]", "[1, 2]"),
        ("17", "17"),
        ("{broken", "{broken"),
        (b'{"a": 1}', b'{"a": 1}'),
        ("[" * 60_000, "[" * 60_000),
    ],
    ids=range(8),
)
def test_a_value_is_a_dict_where_the_string_is_a_json_object_else_as_stored(fake_secrets, value, shown):
    assert fake_secrets.add("a", value).value() == shown


def test_the_empty_version_has_no_value(fake_secrets):
    secret = fake_secrets.add("a", labels={"AWSCURRENT": "x", "AWSPENDING": None})
    assert secret.value("AWSPENDING") is None


def test_an_unknown_label_says_which_there_are(fake_secrets):
    secret = fake_secrets.add("a", labels={"AWSCURRENT": "x", "LIVE": "y"})
    with pytest.raises(LookupError) as unknown:
        secret.value("AWSPREVIOUS")
    assert str(unknown.value).splitlines() == [
        "no version of secret 'a' has staging label 'AWSPREVIOUS'. Its labels are:",
        "- AWSCURRENT",
        "- LIVE",
    ]


def test_looking_at_a_value_is_no_read(fake_secrets, secretsmanager):
    fake_secrets.add("a", "x").value()
    assert "LastAccessedDate" not in secretsmanager.describe_secret(SecretId="a")


def test_stages_equal_a_plain_dict(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    assert secret.stages == {"AWSCURRENT": V1}


def test_stages_are_the_callers_own(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    secret.stages.clear()
    assert secret.stages == {"AWSCURRENT": V1}


def test_versions_are_all_in_the_order_of_creation(freezer_at_noon, fake_secrets, secretsmanager):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    for value in ("y", "z"):
        freezer_at_noon.tick(1)
        secretsmanager.put_secret_value(SecretId="a", SecretString=value)
    assert [(version.stages, version.value, version.created.second) for version in secret.versions] == [
        ((), "x", 0),
        (("AWSPREVIOUS",), "y", 1),
        (("AWSCURRENT",), "z", 2),
    ]


def test_dates_are_utc(freezer_at_noon, fake_secrets):
    (version,) = fake_secrets.add("a", "x").versions
    assert version.created == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert version.created.tzinfo is UTC


def test_a_secret_that_was_deleted_is_unknown(fake_secrets, secretsmanager):
    secret = fake_secrets.add("a", "x")
    secretsmanager.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
    with pytest.raises(LookupError, match="no secret 'arn:"):
        secret.value()
    assert repr(secret).endswith(", deleted>")


def test_its_repr_shows_the_labels(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    assert repr(secret) == f"<secret 'a', stages {{'AWSCURRENT': '{V1}'}}>"
