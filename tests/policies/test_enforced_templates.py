"""What is read out of a template is enforced as it will be on AWS."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import PolicyError, mock_stages
from fake_secrets.iam.loading import load_policies
from fake_secrets.policies import from_cloudformation

READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "Db"}}
LIST = {"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}
DB = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "prod/db"}}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def role(tmp_path):
    """Return what reads a role with some statements, and a boundary of others."""

    def role(*statements, boundary=None):
        inline = [{"PolicyName": "inline", "PolicyDocument": document(*statements)}]
        capped = {"PermissionsBoundary": {"Ref": "Cap"}} if boundary else {}
        cap = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": document(*(boundary or [LIST]))},
        }
        own = {"Type": "AWS::IAM::Role", "Properties": {"Policies": inline, **capped}}
        path = tmp_path / "template.json"
        path.write_text(json.dumps({"Resources": {"Role": own, "Cap": cap, "Db": DB}}))
        return from_cloudformation(path, role="Role")

    return role


def read(name="prod/db"):
    return boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId=name)["SecretString"]


def test_a_role_reads_its_own_secret_only(role):
    with mock_stages({"prod/db": "x", "prod/db-other": "y"}, identity_policy=role(READ)):
        assert read() == "x"
        with pytest.raises(ClientError, match="AccessDeniedException"):
            read("prod/db-other")


def test_the_boundary_holds_as_well(role):
    capped = mock_stages({"prod/db": "x"}, identity_policy=role(READ, boundary=[LIST]))
    with capped, pytest.raises(ClientError, match="because no permissions boundary allows"):
        read()
    with mock_stages({"prod/db": "x"}, identity_policy=role(READ, boundary=[READ, LIST])):
        assert read() == "x"


def test_it_may_be_one_of_several_policies(role, fake_secrets):
    fake_secrets.add("prod/db", "x")
    with fake_secrets.permissions([document(LIST), role(READ)]):
        assert read() == "x"
        boto3.client("secretsmanager", region_name="us-east-1").list_secrets()


def test_what_iam_would_refuse_is_refused_with_the_roles_name(role):
    with pytest.raises(PolicyError, match=r"Role: inline, statement 1: "):
        load_policies(role({"Effect": "Maybe", "Action": "*", "Resource": "*"}), "policy")


def test_booleans_and_numbers_of_yaml_are_values_of_conditions(tmp_path):
    pytest.importorskip("yaml", reason="templates in YAML are read where PyYAML is installed")
    path = tmp_path / "template.yaml"
    path.write_text("""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: inline
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              Effect: Allow
              Action: secretsmanager:DeleteSecret
              Resource: '*'
              Condition:
                Bool: {aws:SecureTransport: true}
                NumericGreaterThanEquals: {secretsmanager:RecoveryWindowInDays: 14}
""")
    client = boto3.client("secretsmanager", region_name="us-east-1")
    with mock_stages({"prod/db": "x"}, identity_policy=from_cloudformation(path, role="Role")):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            client.delete_secret(SecretId="prod/db", RecoveryWindowInDays=7)
        client.delete_secret(SecretId="prod/db", RecoveryWindowInDays=14)
