"""Who may use the KMS key of a secret."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import PolicyError

ACCOUNT, FOREIGN = "123456789012", "210987654321"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP = f"arn:aws:iam::{ACCOUNT}:user/app"
OWN = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def use(*actions, resource=KEY, **statement):
    return {
        "Effect": "Allow",
        "Action": [f"kms:{action}" for action in actions],
        "Resource": resource,
        **statement,
    }


@pytest.fixture
def app(fake_secrets):
    fake_secrets.add("db", "x", kms_key_id=KEY)
    return boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(APP))


def refused(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


NO_ACCESS = ("AccessDeniedException", "Access to KMS is not allowed")


def test_without_any_policy_everybody_may_use_it(app):
    assert app.get_secret_value(SecretId="db")["SecretString"] == "x"


@pytest.mark.parametrize("actions", [("Decrypt",), ("*",)])
def test_reading_takes_decrypt(fake_secrets, app, actions):
    with fake_secrets.permissions(document(OWN), principal=APP):
        assert refused(app.get_secret_value, SecretId="db") == NO_ACCESS
    with fake_secrets.permissions(document(OWN, use(*actions)), principal=APP):
        app.get_secret_value(SecretId="db")


@pytest.mark.parametrize("missing", ["GenerateDataKey", "Decrypt"])
def test_writing_takes_a_data_key_and_decrypt(fake_secrets, app, missing):
    both = {"GenerateDataKey", "Decrypt"}
    with fake_secrets.permissions(document(OWN, use(*both - {missing})), principal=APP):
        assert refused(app.put_secret_value, SecretId="db", SecretString="y") == NO_ACCESS
    with fake_secrets.permissions(document(OWN, use(*both)), principal=APP):
        app.put_secret_value(SecretId="db", SecretString="y")
    assert fake_secrets["db"].value() == "y"


def test_a_creation_that_may_not_use_the_key_creates_nothing(fake_secrets, app):
    with fake_secrets.permissions(document(OWN), principal=APP):
        assert refused(app.create_secret, Name="new", SecretString="x", KmsKeyId=KEY) == NO_ACCESS
    assert "new" not in fake_secrets


def test_the_default_key_takes_no_permission(fake_secrets, app):
    with fake_secrets.permissions(document(OWN), principal=APP):
        app.create_secret(Name="new", SecretString="x")
        app.get_secret_value(SecretId="new")


def test_it_may_be_left_to_secrets_manager_only(fake_secrets, app):
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    with fake_secrets.permissions(document(OWN, use("Decrypt", Condition=via)), principal=APP):
        app.get_secret_value(SecretId="db")
    elsewhere = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    with fake_secrets.permissions(document(OWN, use("Decrypt", Condition=elsewhere)), principal=APP):
        assert refused(app.get_secret_value, SecretId="db") == NO_ACCESS


def test_it_may_be_bound_to_one_secret_by_the_encryption_context(fake_secrets, app):
    def only(arn):
        return {"StringEquals": {"kms:EncryptionContext:SecretARN": arn}}

    with fake_secrets.permissions(
        document(OWN, use("Decrypt", Condition=only(fake_secrets["db"].arn))), principal=APP
    ):
        app.get_secret_value(SecretId="db")
    with fake_secrets.permissions(document(OWN, use("Decrypt", Condition=only("other"))), principal=APP):
        assert refused(app.get_secret_value, SecretId="db") == NO_ACCESS


def test_without_encrypt_a_new_key_is_taken_and_old_versions_keep_theirs(fake_secrets, app):
    new = KEY.replace("1234abcd", "99999999")
    both = ("GenerateDataKey", "Decrypt")
    with fake_secrets.permissions(document(OWN, use(*both), use(*both, resource=new)), principal=APP):
        app.update_secret(SecretId="db", KmsKeyId=new)
        (version,) = app.list_secret_version_ids(SecretId="db")["Versions"]
    assert fake_secrets["db"].kms_key_id == new
    assert version["KmsKeyIds"] == [KEY]


def test_a_replica_takes_a_data_key_and_encrypt_in_its_region(fake_secrets, app):
    abroad = KEY.replace("us-east-1", "eu-west-1")
    replicas = [{"Region": "eu-west-1", "KmsKeyId": abroad}]
    both = use("GenerateDataKey", "Encrypt", resource=abroad)
    both["Condition"] = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    for allowed, status in [((), "Failed"), ((both,), "InSync")]:
        with fake_secrets.permissions(document(OWN, use("Decrypt"), *allowed), principal=APP):
            app.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=replicas)
            (told,) = app.describe_secret(SecretId="db")["ReplicationStatus"]
        assert told["Status"] == status


class TestAKeyPolicy:
    def test_decides_alone_unless_it_leaves_it_to_the_account(self, fake_secrets, app):
        other = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}}
        fake_secrets.set_kms_key(KEY, policy=document({**use("*", resource="*"), **other}))
        with fake_secrets.permissions(document(OWN, use("*")), principal=APP):
            assert refused(app.get_secret_value, SecretId="db") == NO_ACCESS

    def test_that_names_the_caller_is_enough(self, fake_secrets, app):
        fake_secrets.set_kms_key(KEY, policy=document({**use("Decrypt", resource="*"), "Principal": {"AWS": APP}}))
        with fake_secrets.permissions(document(OWN), principal=APP):
            app.get_secret_value(SecretId="db")

    def test_that_names_the_account_leaves_it_to_the_callers_policies(self, fake_secrets, app):
        root = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        fake_secrets.set_kms_key(KEY, policy=json.dumps(document({**use("*", resource="*"), **root})))
        with fake_secrets.permissions(document(OWN), principal=APP):
            assert refused(app.get_secret_value, SecretId="db") == NO_ACCESS
        with fake_secrets.permissions(document(OWN, use("Decrypt")), principal=APP):
            app.get_secret_value(SecretId="db")

    def test_binds_the_root_user_too(self, fake_secrets, app):
        fake_secrets.set_kms_key(KEY, policy=document({**use("Decrypt", resource="*"), "Principal": {"AWS": APP}}))
        root = boto3.client("secretsmanager", region_name="us-east-1")
        with fake_secrets.permissions(document(OWN), principal=APP):
            app.get_secret_value(SecretId="db")
            assert refused(root.get_secret_value, SecretId="db") == NO_ACCESS

    def test_holds_even_if_nothing_is_said_of_the_callers(self, fake_secrets, app):
        fake_secrets.set_kms_key(KEY, policy=document({**use("Decrypt", resource="*"), "Principal": {"AWS": APP}}))
        root = boto3.client("secretsmanager", region_name="us-east-1")
        assert refused(root.get_secret_value, SecretId="db") == NO_ACCESS

    def test_is_given_to_another_account(self, fake_secrets, app):
        everything = {"Effect": "Allow", "Principal": {"AWS": FOREIGN}, "Action": "*", "Resource": "*"}
        secret = fake_secrets.add("shared", "x", kms_key_id=KEY, resource_policy=document(everything))
        foreigner = boto3.client(
            "secretsmanager", region_name="us-east-1", aws_access_key_id=FOREIGN, aws_secret_access_key="x"
        )
        foreigner.get_secret_value(SecretId=secret.arn)
        fake_secrets.set_kms_key(KEY, policy=document({**everything, "Principal": {"AWS": ACCOUNT}}))
        assert refused(foreigner.get_secret_value, SecretId=secret.arn) == NO_ACCESS

    def test_that_is_malformed_is_refused(self, fake_secrets):
        with pytest.raises(PolicyError, match="isn't a well-formed key policy"):
            fake_secrets.set_kms_key(KEY, policy={"Statement": []})


class TestAnAlias:
    def test_stands_for_the_key_that_the_test_names(self, fake_secrets, app):
        fake_secrets.add("other", "x", kms_key_id="alias/app")
        fake_secrets.set_kms_key(KEY, aliases=["alias/app"])
        with fake_secrets.permissions(document(OWN, use("Decrypt")), principal=APP):
            app.get_secret_value(SecretId="other")

    def test_has_its_keys_state(self, fake_secrets, app):
        fake_secrets.add("other", "x", kms_key_id="alias/app")
        fake_secrets.set_kms_key(KEY, "disabled", aliases=["alias/app"])
        assert refused(app.get_secret_value, SecretId="other")[0] == "DecryptionFailure"

    def test_that_is_unknown_is_told(self, fake_secrets, app):
        fake_secrets.add("other", "x", kms_key_id="alias/app")
        with (
            fake_secrets.permissions(document(OWN, use("Decrypt")), principal=APP),
            pytest.raises(ClientError, match="Access to KMS") as caught,
        ):
            app.get_secret_value(SecretId="other")
        assert "aliases=['alias/app']" in caught.value.__notes__[0]

    @pytest.mark.parametrize("alias", ["app", KEY, 1])
    def test_begins_with_alias(self, fake_secrets, alias):
        with pytest.raises(ValueError, match="isn't an alias, such as 'alias/app'"):
            fake_secrets.set_kms_key(KEY, aliases=[alias])

    def test_of_which_nobody_knows_the_key_is_told_before_what_policies_say(self, fake_secrets, app):
        fake_secrets.add("other", "x", kms_key_id="alias/app")
        with fake_secrets.permissions(document(OWN, use("Decrypt")), principal=APP):
            assert refused(app.get_secret_value, SecretId="other") == NO_ACCESS
        (first, *others) = fake_secrets.permissions.denials[-1].explanation.splitlines()
        assert first == (
            "No test has said which key alias/app stands for. Say so with "
            "fake_secrets.set_kms_key(<ARN of the key>, aliases=['alias/app'])."
        )
        assert others[1] == (
            "Statement 1 of the default key policy names the account, which leaves the grant to identity policies."
        )
        assert "To allow it" not in "".join(others)


class TestAliasesOfTwoRegions:
    def test_an_alias_stands_for_the_key_of_its_region(self, fake_secrets, app):
        abroad = KEY.replace("us-east-1", "eu-west-1")
        fake_secrets.set_kms_key(KEY, aliases=["alias/app"])
        fake_secrets.set_kms_key(abroad, aliases=["alias/app"])
        fake_secrets.add("other", "x", kms_key_id="alias/app")
        with fake_secrets.permissions(document(OWN, use("Decrypt")), principal=APP):
            app.get_secret_value(SecretId="other")
        with fake_secrets.permissions(document(OWN, use("Decrypt", resource=abroad)), principal=APP):
            assert refused(app.get_secret_value, SecretId="other") == NO_ACCESS

    def test_an_alias_of_an_alias_is_refused(self, fake_secrets):
        with pytest.raises(ValueError, match="aliases stand for a key"):
            fake_secrets.set_kms_key("alias/app", aliases=["alias/other"])
