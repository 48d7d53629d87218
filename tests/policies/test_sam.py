"""The policies of a role in a template of AWS SAM."""

import gc
import json
import sys
import textwrap

import pytest

from fake_secrets import PolicyError
from fake_secrets.policies import from_sam

SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    CodeUri: src/
Resources:
  Db:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: prod/db
  Rotate:
    Type: AWS::Serverless::Function
    Properties:
      Handler: rotate.lambda_handler
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return what reads the template with more properties of the function, and more resources."""
    pytest.importorskip("samtranslator", reason="SAM is read where aws-sam-translator is installed")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)

    def read(properties="", resources="", *, role="Rotate", **options):
        path = tmp_path / "template.yaml"
        more = textwrap.indent(textwrap.dedent(properties), " " * 6)
        path.write_text(TEMPLATE + more + textwrap.indent(textwrap.dedent(resources), " " * 2))
        return from_sam(path, role=role, **options)

    return read


def resources_of(found):
    """Return action to resource of every statement of Secrets Manager."""
    statements = [one for document in found.documents.values() for one in document["Statement"]]
    pairs = [
        (action, statement["Resource"])
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]
    return {action: resource for action, resource in pairs if action.startswith("secretsmanager:")}


def test_a_functions_own_statements_are_read(read):
    found = read("""
        Policies:
          - Version: 2012-10-17
            Statement:
              - Effect: Allow
                Action: [secretsmanager:GetSecretValue]
                Resource: !Ref Db
    """)
    assert found.role == "RotateRole"
    assert resources_of(found) == {"secretsmanager:GetSecretValue": f"{SECRETS}prod/db-??????"}
    assert "2012-10-17" in [document["Version"] for document in found.documents.values()]


@pytest.mark.slow
def test_policy_templates_are_written_out(read):
    found = read("""
        FunctionName: rotate
        Policies:
          - AWSSecretsManagerRotationPolicy:
              FunctionName: rotate
          - AWSSecretsManagerGetSecretValuePolicy:
              SecretArn: !Ref Db
    """)
    assert resources_of(found) == {
        "secretsmanager:DescribeSecret": f"{SECRETS}*",
        "secretsmanager:GetRandomPassword": "*",
        "secretsmanager:GetSecretValue": f"{SECRETS}prod/db-??????",
        "secretsmanager:PutSecretValue": f"{SECRETS}*",
        "secretsmanager:UpdateSecretVersionStage": f"{SECRETS}*",
    }
    (condition,) = [
        statement["Condition"]
        for document in found.documents.values()
        for statement in document["Statement"]
        if "Condition" in statement
    ]
    assert condition == {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": FUNCTION}}


def test_a_function_whose_name_aws_makes_up_has_to_be_given_where_it_is_compared_literally(read):
    policies = """
        Policies:
          - AWSSecretsManagerRotationPolicy:
              FunctionName: !Ref Rotate
    """
    with pytest.raises(PolicyError, match=r'StringEquals.*literally here.*\nPass arns=\{"Rotate": \.\.\.\}\.'):
        read(policies)
    assert resources_of(read(policies, arns={"Rotate": FUNCTION}))


def test_names_of_managed_policies_are_those_of_aws(read):
    found = read("Policies: [AWSLambdaVPCAccessExecutionRole, Mine]", managed_policies={"Mine": {"Statement": []}})
    assert list(found.documents) == [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
        "Mine",
    ]
    with pytest.raises(
        PolicyError, match="the managed policy 'arn:aws:iam::aws:policy/AmazonS3FullAccess' says isn't in"
    ):
        read("Policies: AmazonS3FullAccess")


def test_a_connector_gives_its_policies(read):
    found = read(
        resources="""
            Table:
              Type: AWS::DynamoDB::Table
              Properties: {TableName: items}
            ToTable:
              Type: AWS::Serverless::Connector
              Properties:
                Source: {Id: Rotate}
                Destination: {Id: Table}
                Permissions: [Read]
        """
    )
    (document,) = [document for name, document in found.documents.items() if name.startswith("ToTable")]
    assert "arn:aws:dynamodb:us-east-1:123456789012:table/items" in document["Statement"][0]["Resource"]


def test_a_role_of_the_template_and_a_boundary_are_read(read):
    resources = """
        Boundary:
          Type: AWS::IAM::ManagedPolicy
          Properties: {PolicyDocument: {Version: 2012-10-17, Statement: []}}
        Own:
          Type: AWS::IAM::Role
          Properties: {RoleName: own, AssumeRolePolicyDocument: {}}
    """
    assert read("Role: !GetAtt Own.Arn", resources).role == "Own"
    assert read(resources=resources, role="own").role == "Own"
    found = read("PermissionsBoundary: !Ref Boundary", resources)
    assert found.boundary == {"Version": "2012-10-17", "Statement": []}


@pytest.mark.parametrize(
    "properties",
    ["InlineCode: 'x'", "CodeUri: ./src", "CodeUri: {Bucket: a, Key: b}", "Events: {}"],
)
def test_code_may_be_anywhere(read, properties):
    assert read(properties).role == "RotateRole"


def test_code_may_be_an_image(tmp_path):
    pytest.importorskip("samtranslator", reason="SAM is read where aws-sam-translator is installed")
    path = tmp_path / "template.json"
    function = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}
    path.write_text(json.dumps({"Resources": {"Rotate": function}}))
    assert from_sam(path, role="Rotate").role == "RotateRole"


def test_an_application_isnt_looked_up(read):
    resources = """
        App:
          Type: AWS::Serverless::Application
          Properties:
            Location:
              ApplicationId: arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRotation
              SemanticVersion: 1.0.0
    """
    assert read(resources=resources).role == "RotateRole"


def test_parameters_reach_the_translator(read):
    found = read("Policies: [AWSXRayDaemonWriteAccess]", parameters={"AWS::Region": "eu-central-1"})
    assert "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess" in found.documents
    with pytest.raises(
        PolicyError, match="'arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' says"
    ):
        read(parameters={"AWS::Region": "cn-north-1"})


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ("Nope: 1", "Resource with id [Rotate] is invalid. property Nope not defined for resource of type"),
        ("Policies: [{AWSSecretsManagerRotationPolicy: {}}]", "Resource with id [Rotate] is invalid."),
    ],
)
def test_what_the_translator_refuses_is_said_in_its_words(read, properties, complaint):
    with pytest.raises(PolicyError) as refused:
        read(properties)
    assert f"template.yaml: AWS's translator refuses it: {complaint}" in str(refused.value)


def test_macros_beside_sams_are_refused_unless_they_change_no_role(tmp_path):
    pytest.importorskip("samtranslator", reason="SAM is read where aws-sam-translator is installed")
    path = tmp_path / "template.json"
    resources = {"Rotate": {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}}
    serverless = "AWS::Serverless-2016-10-31"
    path.write_text(json.dumps({"Resources": resources, "Transform": ["AWS::LanguageExtensions", serverless]}))
    assert from_sam(path, role="Rotate").role == "RotateRole"
    path.write_text(json.dumps({"Resources": resources, "Transform": [serverless, "Mine"]}))
    with pytest.raises(PolicyError, match="Transform: the macro 'Mine' can't be run here"):
        from_sam(path, role="Rotate")


def test_the_translator_keeps_no_region_of_ours(read):
    from samtranslator.translator.arn_generator import ArnGenerator

    before = ArnGenerator.BOTO_SESSION_REGION_NAME
    read(parameters={"AWS::Region": "eu-central-1"})
    assert before == ArnGenerator.BOTO_SESSION_REGION_NAME


@pytest.mark.slow
def test_the_translator_logs_nothing(read, caplog):
    read()
    with pytest.raises(PolicyError):
        read("Nope: 1")
    gc.collect()
    assert caplog.messages == []


def test_without_the_translator_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "samtranslator", None)
    monkeypatch.setitem(sys.modules, "samtranslator.parser.parser", None)
    path = tmp_path / "template.json"
    path.write_text('{"Resources": {"A": {"Type": "x"}}}')
    with pytest.raises(PolicyError) as refused:
        from_sam(path, role="A")
    assert str(refused.value) == (
        f"{path}: SAM is translated by aws-sam-translator, which isn't installed. "
        'Run: pip install "fake_secrets[sam]"'
    )
