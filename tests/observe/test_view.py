"""Live views of a secret."""

import copy
import pickle
from datetime import UTC, datetime

import pytest
from rotators import Rotator

from fake_secrets import mock_stages

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
def test_a_json_object_is_read_as_a_dict_and_any_other_value_as_stored(fake_secrets, value, shown):
    assert fake_secrets.add("a", value).value() == shown


def test_the_empty_version_has_no_value(fake_secrets):
    secret = fake_secrets.add("a", labels={"AWSCURRENT": "x", "AWSPENDING": None})
    assert secret.value("AWSPENDING") is None


class TestWhatIsStored:
    @pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPENDING"])
    def test_secret_string_is_the_text_as_stored(self, fake_secrets, label):
        version = fake_secrets.add("a", labels={"AWSCURRENT": "x", label: '{"a": 1}'}).version(label)
        assert (version.secret_string, version.secret_binary) == ('{"a": 1}', None)
        assert version.value() == {"a": 1}

    def test_secret_binary_is_the_bytes_as_stored(self, fake_secrets):
        version = fake_secrets.add("a", b'{"a": 1}').version("AWSCURRENT")
        assert (version.secret_string, version.secret_binary) == (None, b'{"a": 1}')
        assert version.value() == b'{"a": 1}'

    def test_an_empty_version_has_neither_string_nor_binary(self, fake_secrets):
        version = fake_secrets.add("a", labels={"AWSCURRENT": "x", "AWSPENDING": None}).version("AWSPENDING")
        assert (version.secret_string, version.secret_binary, version.value()) == (None, None, None)

    def test_a_secret_shows_the_current_string_or_binary(self, fake_secrets):
        text = fake_secrets.add("text", {"a": 1})
        assert (text.secret_string, text.secret_binary) == ('{"a": 1}', None)
        data = fake_secrets.add("data", b"x")
        assert (data.secret_string, data.secret_binary) == (None, b"x")

    def test_a_secret_without_a_value_has_no_string_or_binary(self, fake_secrets):
        secret = fake_secrets.add("a")
        with pytest.raises(LookupError, match="no version with the staging label or id 'AWSCURRENT'"):
            _ = secret.secret_string


class TestVersion:
    def test_a_version_is_found_by_label_and_by_id(self, fake_secrets):
        secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
        assert secret.version("AWSCURRENT") == secret.version(V1) == secret.versions[0]

    def test_a_deprecated_version_is_found_by_id(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
        for value in ("y", "z"):
            secretsmanager.put_secret_value(SecretId="a", SecretString=value)
        assert (secret.version(V1).stages, secret.version(V1).value()) == ((), "x")

    def test_the_error_for_an_unknown_version_lists_the_versions(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
        for value in ("y", "z"):
            secretsmanager.put_secret_value(SecretId="a", SecretString=value)
        with pytest.raises(LookupError) as unknown:
            secret.version("AWSPENDING")
        lines = str(unknown.value).splitlines()
        assert lines[:2] == [
            "secret 'a' has no version with the staging label or id 'AWSPENDING'. Its versions are:",
            f"- {V1} (deprecated)",
        ]
        assert lines[3].endswith(" (AWSCURRENT)")

    def test_the_repr_shows_no_value(self, fake_secrets):
        versions = fake_secrets.add("a", labels={"AWSCURRENT": "sesame", "LIVE": b"sesame"}).versions
        assert "sesame" not in repr(versions)


class TestWhatASecretShows:
    def test_a_secret_shows_its_metadata(self, fake_secrets):
        secret = fake_secrets.add(
            "a", "x", description="a database", kms_key_id="alias/app", tags={"team": "payments"}
        )
        assert secret.description == "a database"
        assert secret.kms_key_id == "alias/app"
        assert secret.tags == {"team": "payments"}

    def test_a_secret_without_metadata_shows_none(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        assert (secret.description, secret.kms_key_id, secret.tags) == (None, None, {})

    def test_changing_the_returned_tags_changes_nothing(self, fake_secrets):
        secret = fake_secrets.add("a", "x", tags={"team": "payments"})
        secret.tags.clear()
        assert secret.tags == {"team": "payments"}

    def test_deleted_is_the_moment_of_marking_for_deletion(self, freezer_at_noon, fake_secrets, secretsmanager):
        secret = fake_secrets.add("a", "x")
        assert secret.deleted is None
        freezer_at_noon.tick(60)
        secretsmanager.delete_secret(SecretId="a")
        assert secret.deleted == datetime(2026, 3, 4, 12, 1, tzinfo=UTC)
        secretsmanager.restore_secret(SecretId="a")
        assert secret.deleted is None

    def test_rotation_enabled_follows_the_configuration(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("a", "x")
        assert not secret.rotation_enabled
        fake_secrets.rotate(secret, Rotator())
        assert secret.rotation_enabled
        secretsmanager.cancel_rotate_secret(SecretId="a")
        assert not secret.rotation_enabled


class TestEquality:
    def test_two_views_of_one_secret_are_equal(self, fake_secrets):
        added = fake_secrets.add("a", "x")
        assert added == fake_secrets["a"]
        assert len({added, fake_secrets["a"], fake_secrets[added.arn]}) == 1

    def test_views_stay_equal_after_the_secret_is_deleted(self, fake_secrets, secretsmanager):
        added, again = fake_secrets.add("a", "x"), fake_secrets["a"]
        secretsmanager.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
        assert added == again

    def test_views_of_two_secrets_differ(self, fake_secrets):
        assert fake_secrets.add("a", "x") != fake_secrets.add("b", "x")

    def test_secrets_of_two_worlds_differ(self, fake_secrets):
        here = fake_secrets.add("a", "x", arn_suffix="a1b2c3")
        with mock_stages({}) as other:
            assert here != other.add("a", "x", arn_suffix="a1b2c3")

    def test_a_view_does_not_equal_a_str(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        assert secret != secret.arn


def test_the_error_for_an_unknown_label_lists_the_labels(fake_secrets):
    secret = fake_secrets.add("a", labels={"AWSCURRENT": "x", "LIVE": "y"})
    with pytest.raises(LookupError) as unknown:
        secret.value("AWSPREVIOUS")
    assert str(unknown.value).splitlines() == [
        "no version of secret 'a' has staging label 'AWSPREVIOUS'. Its labels are:",
        "- AWSCURRENT",
        "- LIVE",
    ]


def test_reading_a_value_sets_no_last_accessed_date(fake_secrets, secretsmanager):
    fake_secrets.add("a", "x").value()
    assert "LastAccessedDate" not in secretsmanager.describe_secret(SecretId="a")


def test_stages_equal_a_plain_dict(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    assert secret.stages == {"AWSCURRENT": V1}


def test_changing_the_returned_stages_changes_nothing(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    secret.stages.clear()
    assert secret.stages == {"AWSCURRENT": V1}


def test_all_versions_are_in_the_order_of_creation(freezer_at_noon, fake_secrets, secretsmanager):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    for value in ("y", "z"):
        freezer_at_noon.tick(1)
        secretsmanager.put_secret_value(SecretId="a", SecretString=value)
    assert [(version.stages, version.value(), version.created.second) for version in secret.versions] == [
        ((), "x", 0),
        (("AWSPREVIOUS",), "y", 1),
        (("AWSCURRENT",), "z", 2),
    ]


def test_dates_are_utc(freezer_at_noon, fake_secrets):
    (version,) = fake_secrets.add("a", "x").versions
    assert version.created == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert version.created.tzinfo is UTC


def test_a_deleted_secret_is_unknown(fake_secrets, secretsmanager):
    secret = fake_secrets.add("a", "x")
    secretsmanager.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
    with pytest.raises(LookupError, match="no secret 'arn:"):
        secret.value()
    assert repr(secret).endswith(", deleted>")


def test_the_repr_shows_the_labels(fake_secrets):
    secret = fake_secrets.add("a", "x", version_ids={"AWSCURRENT": V1})
    assert repr(secret) == f"<secret 'a', stages {{'AWSCURRENT': '{V1}'}}>"


class TestCopies:
    def test_a_copy_of_a_view_is_the_view(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        assert copy.copy(secret) is copy.deepcopy(secret) is secret

    def test_a_view_can_not_be_pickled(self, fake_secrets):
        with pytest.raises(TypeError, match="pickle its arn instead"):
            pickle.dumps(fake_secrets.add("a", "x"))

    def test_a_version_can_be_pickled(self, fake_secrets):
        (version,) = fake_secrets.add("a", "x").versions
        assert pickle.loads(pickle.dumps(version)) == version  # noqa: S301 -- our own


class TestEqualityOfVersions:
    def test_the_same_version_at_two_moments_is_equal(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        assert secret.versions == secret.versions
        assert len({*secret.versions, *secret.versions}) == 1

    def test_a_version_whose_value_was_filled_in_differs(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("a", labels={"AWSCURRENT": "x", "AWSPENDING": None})
        empty = secret.version("AWSPENDING")
        token = {"ClientRequestToken": empty.id, "VersionStages": ["AWSPENDING"]}
        secretsmanager.put_secret_value(SecretId="a", SecretString="y", **token)
        assert secret.version("AWSPENDING") != empty

    @pytest.mark.slow
    def test_a_failed_comparison_shows_no_value(self, pytester):
        pytester.makepyfile(
            """
            def test_compare(fake_secrets):
                first, second = fake_secrets.add("a", "sesame one"), fake_secrets.add("b", "sesame two")
                assert first.versions[0] == second.versions[0]
            """
        )
        ran = pytester.runpytest_subprocess("-vv", "-p", "no:randomly", "-p", "no:asyncio", "--tb=short")
        ran.assert_outcomes(failed=1)
        assert "sesame one'" not in ran.stdout.str().replace('fake_secrets.add("a", "sesame one")', "")
        ran.stdout.no_fnmatch_line("*'sesame *")
