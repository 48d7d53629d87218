"""Resource policies that a test plants with `add`, which AWS might refuse."""

import json

import boto3
import pytest

FOREIGN = "210987654321"
ALLOWING = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": FOREIGN},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    },
}
MALFORMED = [
    "",
    "not JSON",
    '{"Version": ',
    "[]",
    "null",
    '{"Statement": {"Effect": "Maybe"}}',
    "[" * 100_000,
    "\ud800",
]


@pytest.fixture
def reader(fake_secrets):
    """A client of another account."""
    return boto3.client("secretsmanager", aws_access_key_id=FOREIGN, aws_secret_access_key="x")


@pytest.mark.parametrize("policy", MALFORMED)
class TestAMalformedPolicy:
    def test_is_returned_as_it_was_given(self, fake_secrets, secretsmanager, policy):
        fake_secrets.add("scanned", resource_policy=policy)
        assert secretsmanager.get_resource_policy(SecretId="scanned")["ResourcePolicy"] == policy

    def test_allows_another_account_nothing(self, fake_secrets, reader, policy):
        arn = fake_secrets.add("scanned", "s3cret", kms_key_id="alias/shared", resource_policy=policy).arn
        with pytest.raises(reader.exceptions.ClientError, match="because no resource-based policy allows"):
            reader.get_secret_value(SecretId=arn)

    def test_keeps_nothing_from_the_own_account(self, fake_secrets, secretsmanager, policy):
        fake_secrets.add("scanned", "s3cret", resource_policy=policy)
        assert secretsmanager.get_secret_value(SecretId="scanned")["SecretString"] == "s3cret"
        secretsmanager.replicate_secret_to_regions(SecretId="scanned", AddReplicaRegions=[{"Region": "eu-west-1"}])
        secretsmanager.put_resource_policy(SecretId="scanned", ResourcePolicy=json.dumps(ALLOWING))


@pytest.mark.parametrize("policy", [ALLOWING, json.dumps(ALLOWING)])
def test_a_sound_policy_allows_what_it_says(fake_secrets, reader, policy):
    arn = fake_secrets.add("shared", "s3cret", kms_key_id="alias/shared", resource_policy=policy).arn
    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "s3cret"


def test_a_mapping_becomes_json(fake_secrets, secretsmanager):
    fake_secrets.add("shared", resource_policy=ALLOWING)
    assert json.loads(secretsmanager.get_resource_policy(SecretId="shared")["ResourcePolicy"]) == ALLOWING


def test_a_policy_that_aws_calls_public_can_be_planted(fake_secrets, secretsmanager):
    public = {**ALLOWING, "Statement": {**ALLOWING["Statement"], "Principal": "*"}}
    fake_secrets.add("public", resource_policy=public)
    text = secretsmanager.get_resource_policy(SecretId="public")["ResourcePolicy"]
    assert not secretsmanager.validate_resource_policy(ResourcePolicy=text)["PolicyValidationPassed"]


def test_a_planted_policy_can_be_deleted(fake_secrets, secretsmanager):
    fake_secrets.add("shared", resource_policy="x")
    secretsmanager.delete_resource_policy(SecretId="shared")
    assert "ResourcePolicy" not in secretsmanager.get_resource_policy(SecretId="shared")


def test_reset_forgets_a_planted_policy(fake_secrets, secretsmanager):
    fake_secrets.add("shared", resource_policy="x")
    fake_secrets.reset()
    fake_secrets.add("shared")
    assert "ResourcePolicy" not in secretsmanager.get_resource_policy(SecretId="shared")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (b"{}", "resource_policy of secret 'a' must be a str or a mapping, not bytes"),
        (["x"], "resource_policy of secret 'a' must be a str or a mapping, not list"),
        ({"Version": object}, "resource_policy of secret 'a' isn't JSON: "),
    ],
)
def test_a_policy_of_another_type_is_refused(fake_secrets, policy, message):
    with pytest.raises(TypeError) as raised:
        fake_secrets.add("a", resource_policy=policy)
    assert str(raised.value).startswith(message)
    assert "a" not in fake_secrets
