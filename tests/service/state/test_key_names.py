"""Which KMS keys a secret can have, and how they are named: keys are shown as given."""

import boto3
import pytest
from kms_keys import ALIAS_ARN, ARN, DENIED, KEY

from fake_secrets import SeedError

MULTI_REGION_KEY = "mrk-1234abcd12ab34cd56ef1234567890ab"
FOREIGN_ARN = f"arn:aws:kms:eu-west-1:123456789012:key/{KEY}"
KEY_FORMS = [
    KEY,
    KEY.upper(),
    MULTI_REGION_KEY,
    ARN,
    f"arn:aws:kms:us-east-1:123456789012:key/{MULTI_REGION_KEY}",
    "arn:aws:kms:us-east-1:999999999999:key/of-another-account",
    "alias/app",
    "alias/Team_a/app-1",
    ALIAS_ARN,
    "alias/aws/secretsmanager",
    "arn:aws:kms:us-east-1:123456789012:alias/aws/secretsmanager",
]
NOT_KEYS = [
    "mine",
    "1234abcd",
    KEY[:-1],
    f"key/{KEY}",
    "alias/",
    "alias/with space",
    "aws/secretsmanager",
    "arn:aws:kms",
    "arn:aws:kms:us-east-1:123456789012:mine",
    "arn:aws:kms:us-east-1:12345:key/1234abcd",
    "arn:aws:iam::123456789012:role/app",
    f"{KEY}\n",
]
KEYS_OF_OTHER_SERVICES = ["alias/aws/ebs", "arn:aws:kms:us-east-1:123456789012:alias/aws/rds"]
INVALID_KEY = "The operation failed because of an invalid KMS key: "


class TestKeysAsGiven:
    @pytest.mark.parametrize("key", KEY_FORMS)
    def test_a_key_is_echoed_as_given(self, fake_secrets, secretsmanager, key):
        secretsmanager.create_secret(Name="app/db", SecretString="x", KmsKeyId=key)
        assert secretsmanager.describe_secret(SecretId="app/db")["KmsKeyId"] == key

    def test_an_empty_key_restores_the_default_key(self, db, secretsmanager):
        secretsmanager.update_secret(SecretId="app/db", KmsKeyId="")
        assert "KmsKeyId" not in secretsmanager.describe_secret(SecretId="app/db")

    @pytest.mark.parametrize(
        "key",
        [None, "alias/aws/secretsmanager", "arn:aws:kms:us-east-1:123456789012:alias/aws/secretsmanager"],
    )
    def test_versions_show_the_default_key_as_default_encryption_key(self, fake_secrets, secretsmanager, key):
        fake_secrets.add("a", "x", kms_key_id=key)
        (version,) = secretsmanager.list_secret_version_ids(SecretId="a")["Versions"]
        assert version["KmsKeyIds"] == ["DefaultEncryptionKey"]

    @pytest.mark.parametrize("key", KEY_FORMS)
    def test_an_update_and_a_seed_take_the_same_keys(self, fake_secrets, secretsmanager, key):
        seeded = fake_secrets.add("seeded", "x", kms_key_id=key)
        updated = fake_secrets.add("updated", "x")
        secretsmanager.update_secret(SecretId="updated", KmsKeyId=key)
        assert seeded.kms_key_id == updated.kms_key_id == key

    def test_an_empty_key_of_a_seed_is_the_default_key(self, fake_secrets, secretsmanager):
        fake_secrets.add("a", "x", kms_key_id="")
        assert "KmsKeyId" not in secretsmanager.describe_secret(SecretId="a")


class TestKeysThatNoSecretCanHave:
    @pytest.fixture(
        params=[
            ("create_secret", {"Name": "new", "SecretString": "y"}),
            ("create_secret", {"Name": "new"}),
            ("update_secret", {"SecretId": "app/db", "SecretString": "y"}),
            ("update_secret", {"SecretId": "app/db"}),
        ],
        ids=["create", "create without a value", "update", "update without a value"],
    )
    def refused_for(self, request, fake_secrets, db, secretsmanager, refusal):
        """Return why a call with a KmsKeyId was refused. It must have changed nothing."""

        def refused_for(key):
            call, members = request.param
            reason = refusal(getattr(secretsmanager, call), KmsKeyId=key, **members)
            assert (db.value(), db.kms_key_id) == ("x", "alias/app")
            assert "new" not in fake_secrets
            return reason

        return refused_for

    @pytest.mark.parametrize("key", NOT_KEYS)
    def test_what_names_no_key_is_refused(self, refused_for, key):
        code, message = refused_for(key)
        assert code == "InvalidParameterException"
        assert message.startswith(f"{INVALID_KEY}Invalid keyId")

    @pytest.mark.parametrize("key", [FOREIGN_ARN, "arn:aws:kms:eu-west-1:123456789012:alias/aws/ebs"])
    def test_a_key_of_another_region_is_refused(self, refused_for, key):
        assert refused_for(key) == ("InvalidParameterException", f"{INVALID_KEY}Invalid arn eu-west-1")

    @pytest.mark.parametrize("key", KEYS_OF_OTHER_SERVICES)
    def test_a_key_of_another_aws_service_is_denied(self, refused_for, key):
        assert refused_for(key) == DENIED

    @pytest.mark.parametrize(
        ("key", "reason"),
        [
            *((key, "can't name a KMS key. Use a key id (a UUID or mrk-...)") for key in NOT_KEYS),
            *((key, "belongs to another AWS service") for key in KEYS_OF_OTHER_SERVICES),
            (FOREIGN_ARN, "is in eu-west-1, but the secret is in us-east-1. Use a key of the secret's region."),
        ],
    )
    def test_a_seed_cannot_have_such_a_key(self, fake_secrets, key, reason):
        with pytest.raises(SeedError) as refused:
            fake_secrets.add("seeded", "x", kms_key_id=key)
        assert str(refused.value).startswith(f"kms_key_id={key!r} of secret 'seeded' {reason}")
        assert "seeded" not in fake_secrets

    @pytest.mark.parametrize("key", [*NOT_KEYS, *KEYS_OF_OTHER_SERVICES])
    def test_such_a_key_has_no_state(self, declare, key):
        with pytest.raises(ValueError, match=r"^set_kms_key\(.*(can't name a KMS key|another AWS service)"):
            declare(key, "disabled")

    def test_a_key_of_any_region_has_a_state(self, fake_secrets, declare, refusal):
        fake_secrets.add("a", "x", region="eu-west-1", kms_key_id=FOREIGN_ARN)
        declare(FOREIGN_ARN, "denied")
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        assert refusal(client.get_secret_value, SecretId="a") == DENIED
