"""Who calls with the keys that moto's STS and IAM give out."""

import os
import subprocess
import sys

import boto3
import pytest

pytest.importorskip("moto")

import moto

from fake_secrets import mock_stages

OWN = "123456789012"
FOREIGN = "210987654321"
ROLE = f"arn:aws:iam::{FOREIGN}:role/team/app"
SESSION = f"arn:aws:sts::{FOREIGN}:assumed-role/app/ci"
REGION = "us-east-1"


@pytest.fixture
def world(lane):
    with moto.mock_aws(), mock_stages(_lane=lane) as fake_secrets:
        yield fake_secrets


def assumed(role=ROLE):
    answer = boto3.client("sts", region_name=REGION).assume_role(RoleArn=role, RoleSessionName="ci")
    return keys_of(answer["Credentials"])


def keys_of(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }


def client(**keys):
    return boto3.client("secretsmanager", region_name=REGION, **keys)


def account_of(caller):
    return caller.create_secret(Name="whose")["ARN"].split(":")[4]


def refused_as(caller):
    """Return the caller in AWS's refusal of a call about another account's secret."""
    with pytest.raises(caller.exceptions.ClientError, match="AccessDenied") as raised:
        caller.describe_secret(SecretId=f"arn:aws:secretsmanager:{REGION}:444444444444:secret:a-abcdef")
    assert not any("nothing shows the account" in note for note in raised.value.__notes__)
    return str(raised.value).partition("User: ")[2].partition(" ")[0]


@pytest.mark.slow
def test_an_assumed_role_acts_in_its_account(world):
    assert account_of(client(**assumed())) == FOREIGN


@pytest.mark.slow
def test_an_assumed_role_acts_as_its_session(world):
    assert refused_as(client(**assumed())) == SESSION


@pytest.mark.slow
def test_a_policy_can_allow_an_assumed_role(world):
    shared = world.add(
        "shared",
        "s3cret",
        kms_key_id="alias/shared",
    )
    client().put_resource_policy(
        SecretId="shared",
        ResourcePolicy='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", '
        f'"Action": "secretsmanager:GetSecretValue", "Principal": {{"AWS": "{ROLE}"}}}}}}',
    )
    assert client(**assumed()).get_secret_value(SecretId=shared.arn)["SecretString"] == "s3cret"
    other = client(**assumed(f"arn:aws:iam::{FOREIGN}:role/other"))
    with pytest.raises(other.exceptions.ClientError, match="AccessDenied"):
        other.get_secret_value(SecretId=shared.arn)


@pytest.mark.slow
def test_a_role_that_is_assumed_with_a_web_identity_acts_as_its_session(world):
    answer = boto3.client("sts", region_name=REGION).assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="ci", WebIdentityToken="token"
    )
    assert refused_as(client(**keys_of(answer["Credentials"]))) == SESSION


@pytest.mark.slow
def test_a_user_acts_by_their_access_key(world):
    iam = boto3.client("iam", **assumed())
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    assert refused_as(client(**keys_of(key))) == f"arn:aws:iam::{FOREIGN}:user/ann"


def test_a_profile_with_a_role_acts_as_its_session_and_is_not_assumed(world, tmp_path, monkeypatch):
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = x\naws_secret_access_key = x\n"
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = ci\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = boto3.Session(profile_name="role", region_name=REGION)
    assert refused_as(session.client("secretsmanager")) == SESSION
    assert session.get_credentials()._frozen_credentials is None


@pytest.mark.slow
def test_a_key_of_the_worlds_own_account_finds_the_seeds(lane):
    with moto.mock_aws(), mock_stages({"db": "s3cret"}, _lane=lane):
        own = client(**assumed(f"arn:aws:iam::{OWN}:role/app"))
        assert own.get_secret_value(SecretId="db")["SecretString"] == "s3cret"


def test_a_key_that_moto_has_not_given_out_is_the_worlds(world):
    keys = assumed() | {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE"}
    assert account_of(client(**keys)) == OWN


@pytest.mark.slow
def test_moto_is_not_imported_to_find_out():
    code = (
        "import boto3, sys\nfrom fake_secrets import mock_stages\n"
        "with mock_stages():\n"
        "    boto3.client('secretsmanager', 'us-east-1', aws_access_key_id='ASIA', aws_secret_access_key='x')"
        ".list_secrets()\n"
        "assert 'moto' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=dict(os.environ))
