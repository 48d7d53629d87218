"""What the handle says about a secret that it doesn't find."""

import boto3
import pytest

from fake_secrets import UnknownSecretError


def first_line(fake_secrets, secret_id):
    with pytest.raises(UnknownSecretError) as unknown:
        fake_secrets[secret_id]
    return str(unknown.value).splitlines()[0]


@pytest.mark.fake_secrets({"prod/db": "x", "unlike": "x"})
@pytest.mark.parametrize("asked", ["prod/bd", "PROD/db", "/prod/db", "db"])
def test_it_suggests_a_name(fake_secrets, asked):
    assert first_line(fake_secrets, asked) == (
        f"no secret {asked!r} in this world. Did you mean 'prod/db'? The world holds:"
    )


@pytest.mark.fake_secrets({"prod/db": "x"})
def test_it_suggests_the_arn_of_another_region(fake_secrets):
    arn = fake_secrets.add("abroad", "x", region="eu-west-1").arn
    assert first_line(fake_secrets, "abroad") == (
        f"no secret 'abroad' in this world. Did you mean {arn!r}? The world holds:"
    )


def test_it_suggests_a_name_that_the_list_no_longer_shows(fake_secrets):
    for number in range(30):
        fake_secrets.add(f"s{number}", "x")
    fake_secrets.add("prod/db", "x")
    assert "Did you mean 'prod/db'?" in first_line(fake_secrets, "prod/bd")


@pytest.mark.fake_secrets({"prod/db": "x"})
def test_it_tells_what_was_deleted_and_what_was_created_again(fake_secrets, secretsmanager):
    old = fake_secrets["prod/db"].arn
    secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
    assert first_line(fake_secrets, "prod/db") == (
        "no secret 'prod/db' in this world. Secret 'prod/db' was deleted earlier in this world, without a "
        "recovery window. The world holds no secrets."
    )
    new = secretsmanager.create_secret(Name="prod/db")["ARN"]
    assert f"Secret 'prod/db' has another ARN, {new!r}" in first_line(fake_secrets, old)


def test_a_secret_of_another_account_is_suggested_by_its_arn(fake_secrets):
    other = boto3.client(
        "secretsmanager", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="x"
    )
    arn = other.create_secret(Name="theirs")["ARN"]
    assert f"Did you mean {arn!r}?" in first_line(fake_secrets, "theirs")


def test_the_exception_has_the_reason():
    error = UnknownSecretError("prod/bd", ["prod/db"], "Did you mean 'prod/db'?")
    assert error.reason == "Did you mean 'prod/db'?"
