"""The visible part of KMS: some keys can't be used."""

import pytest
from kms_keys import ARN, DENIED, KEY

CALLS = {
    "create": ("create_secret", {"Name": "new", "SecretString": "y", "KmsKeyId": "alias/app"}),
    "put": ("put_secret_value", {"SecretId": "app/db", "SecretString": "y"}),
    "update": ("update_secret", {"SecretId": "app/db", "SecretString": "y"}),
    "get": ("get_secret_value", {"SecretId": "app/db"}),
    "change of key": ("update_secret", {"SecretId": "app/db", "KmsKeyId": "alias/other", "SecretString": "y"}),
}


class TestKeysThatCannotBeUsed:
    @pytest.mark.parametrize("name", CALLS)
    def test_a_denied_key_is_refused(self, db, declare, secretsmanager, refusal, name):
        declare("alias/app", "denied")
        call, members = CALLS[name]
        assert refusal(getattr(secretsmanager, call), **members) == DENIED

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("create", "EncryptionFailure"),
            ("put", "EncryptionFailure"),
            ("update", "EncryptionFailure"),
            ("get", "DecryptionFailure"),
            ("change of key", "DecryptionFailure"),
        ],
    )
    def test_a_disabled_key_is_refused(self, db, declare, secretsmanager, refusal, name, code):
        declare("alias/app", "disabled")
        call, members = CALLS[name]
        assert refusal(getattr(secretsmanager, call), **members)[0] == code

    @pytest.mark.parametrize("name", CALLS)
    def test_refused_calls_change_nothing(self, fake_secrets, db, declare, secretsmanager, refusal, answer, name):
        before = answer(secretsmanager.describe_secret, SecretId="app/db")
        declare("alias/app", "disabled")
        call, members = CALLS[name]
        refusal(getattr(secretsmanager, call), **members)
        assert answer(secretsmanager.describe_secret, SecretId="app/db") == before
        assert "new" not in fake_secrets

    def test_an_enabled_key_works_again(self, db, declare, secretsmanager):
        declare("alias/app", "disabled")
        declare("alias/app", "enabled")
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    @pytest.mark.filterwarnings("ignore:no secret used the KMS key")
    def test_reset_forgets_declared_keys(self, fake_secrets, declare, secretsmanager):
        declare("alias/app", "denied")
        fake_secrets.reset()
        secretsmanager.create_secret(Name="app/db", SecretString="x", KmsKeyId="alias/app")
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    @pytest.mark.parametrize(("declared", "used"), [(ARN, KEY), (KEY, ARN)])
    def test_a_keys_arn_and_id_are_the_same_key(
        self, fake_secrets, declare, secretsmanager, refusal, declared, used
    ):
        fake_secrets.add("a", "x", kms_key_id=used)
        declare(declared, "denied")
        assert refusal(secretsmanager.get_secret_value, SecretId="a") == DENIED

    def test_the_default_key_can_be_denied(self, fake_secrets, declare, secretsmanager, refusal):
        fake_secrets.add("a", "x")
        declare("alias/aws/secretsmanager", "denied")
        assert refusal(secretsmanager.get_secret_value, SecretId="a") == DENIED

    @pytest.mark.filterwarnings("ignore:no secret used the KMS key")
    def test_other_keys_still_work(self, fake_secrets, db, declare, secretsmanager):
        declare("alias/other", "denied")
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    def test_a_new_key_that_is_disabled_is_refused(self, db, declare, secretsmanager, refusal):
        declare("alias/new", "disabled")
        call = secretsmanager.update_secret
        assert refusal(call, SecretId="app/db", KmsKeyId="alias/new")[0] == "EncryptionFailure"

    def test_calls_that_need_no_value_need_no_key(self, db, declare, secretsmanager):
        declare("alias/app", "denied")
        secretsmanager.create_secret(Name="new", KmsKeyId="alias/app")
        secretsmanager.update_secret(SecretId="app/db", Description="d")
        secretsmanager.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "b"}])
        assert secretsmanager.describe_secret(SecretId="app/db")["Description"] == "d"

    @pytest.mark.parametrize(
        ("key", "state", "named"),
        [("alias/app", "broken", "state='broken'"), ("", "denied", "key_id=''"), (None, "denied", "key_id=None")],
    )
    def test_an_invalid_key_or_state_is_misuse(self, declare, key, state, named):
        with pytest.raises(ValueError, match=f"^{named} isn't a "):
            declare(key, state)


class TestChangingToAKeyThatIsDenied:
    @pytest.fixture
    def changed(self, db, declare, secretsmanager):
        declare("alias/new", "denied")
        secretsmanager.update_secret(SecretId="app/db", KmsKeyId="alias/new")

    def test_the_secret_shows_the_new_key(self, changed, secretsmanager):
        assert secretsmanager.describe_secret(SecretId="app/db")["KmsKeyId"] == "alias/new"

    def test_its_versions_are_not_encrypted_again(self, changed, secretsmanager):
        (version,) = secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]
        assert version["KmsKeyIds"] == ["alias/app"]
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    def test_an_update_with_a_value_is_refused(self, db, declare, secretsmanager, refusal):
        declare("alias/new", "denied")
        call = secretsmanager.update_secret
        assert refusal(call, SecretId="app/db", KmsKeyId="alias/new", SecretString="y") == DENIED


def test_an_empty_version_needs_no_key(fake_secrets, declare, secretsmanager):
    fake_secrets.add("a", labels={"AWSPENDING": None}, kms_key_id="alias/old")
    declare("alias/old", "disabled")
    secretsmanager.update_secret(SecretId="a", KmsKeyId="alias/new")
    assert secretsmanager.describe_secret(SecretId="a")["KmsKeyId"] == "alias/new"


def test_a_new_key_encrypts_versions_with_awss_labels_again(fake_secrets, secretsmanager):
    labels = {"AWSCURRENT": "3", "AWSPREVIOUS": "2", "AWSPENDING": "4", "LIVE": "1"}
    fake_secrets.add("a", labels=labels, kms_key_id="alias/old")
    secretsmanager.update_secret(SecretId="a", KmsKeyId="alias/new")
    listed = secretsmanager.list_secret_version_ids(SecretId="a")["Versions"]
    assert {version["VersionStages"][0]: version["KmsKeyIds"] for version in listed} == {
        "AWSCURRENT": ["alias/new"],
        "AWSPENDING": ["alias/new"],
        "AWSPREVIOUS": ["alias/new"],
        "LIVE": ["alias/old"],
    }
