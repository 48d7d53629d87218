"""The policies of a role or a user in a CloudFormation template."""

import json

import pytest

import fake_secrets
from fake_secrets import PolicyError
from fake_secrets.policies import from_cloudformation

ACCOUNT = "123456789012"
SECRETS = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"


def allow(resource, action="secretsmanager:GetSecretValue", **elements):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource(kind, **properties):
    return {"Type": kind, "Properties": properties}


def role(*statements, **properties):
    """Return a role with one inline policy of some statements."""
    inline = [{"PolicyName": "inline", "PolicyDocument": document(*statements)}] if statements else []
    return resource("AWS::IAM::Role", Policies=inline, **properties)


SECRET = resource("AWS::SecretsManager::Secret", Name="prod/db")


@pytest.fixture
def read(tmp_path):
    """Return what reads a template of some resources."""

    def read(resources, sections=None, *, role="Role", **options):
        path = tmp_path / "template.json"
        path.write_text(json.dumps({"Resources": resources, **(sections or {})}))
        return from_cloudformation(path, role=role, **options)

    return read


@pytest.fixture
def evaluate(read):
    """Return what evaluates an expression, as the Resource of a statement."""

    def evaluate(expression, resources=None, sections=None, **options):
        found = read({"Role": role(allow(expression)), **(resources or {})}, sections, **options)
        return found.documents["inline"]["Statement"][0]["Resource"]

    return evaluate


@pytest.fixture
def refusal(evaluate):
    """Return what gives the message of the exception that an expression raises, from its place on."""

    def refusal(expression, resources=None, sections=None, **options):
        with pytest.raises(PolicyError) as refused:
            evaluate(expression, resources, sections, **options)
        return str(refused.value).partition("template.json, ")[2]

    return refusal


PLACE = "Role.Policies[0].PolicyDocument.Statement[0].Resource"


def test_the_module_is_an_attribute_of_the_package():
    assert fake_secrets.policies.from_cloudformation is from_cloudformation


def test_an_inline_policy_is_read_as_it_stands(read):
    found = read({"Role": role(allow("*", "secretsmanager:GetRandomPassword", Sid="Passwords"))})

    assert (found.role, found.boundary) == ("Role", None)
    assert found.source.endswith("template.json")
    assert found.documents == {
        "inline": document(allow("*", "secretsmanager:GetRandomPassword", Sid="Passwords")),
    }


class TestASecret:
    def test_ref_gives_its_arn_with_a_pattern_for_the_suffix(self, evaluate):
        assert evaluate({"Ref": "Db"}, {"Db": SECRET}) == f"{SECRETS}prod/db-??????"

    def test_without_a_name_has_the_name_that_aws_makes_up(self, evaluate):
        unnamed = resource("AWS::SecretsManager::Secret")
        assert evaluate({"Ref": "Db"}, {"Db": unnamed}) == f"{SECRETS}Db-????????????-??????"

    def test_has_the_arn_that_arns_gives(self, evaluate):
        assert evaluate({"Ref": "Db"}, {"Db": SECRET}, arns={"Db": f"{SECRETS}prod/db-a1B2c3"}) == (
            f"{SECRETS}prod/db-a1B2c3"
        )

    def test_is_what_ref_of_its_attachment_gives(self, evaluate):
        attachment = resource("AWS::SecretsManager::SecretTargetAttachment", SecretId={"Ref": "Db"})
        assert evaluate({"Ref": "Attached"}, {"Db": SECRET, "Attached": attachment}) == f"{SECRETS}prod/db-??????"

    @pytest.mark.parametrize("operator", ["StringLike", "ForAnyValue:StringLike", "ArnEquals", "ArnLikeIfExists"])
    def test_may_be_compared_with_by_an_operator_that_takes_patterns(self, read, operator):
        condition = {operator: {"kms:EncryptionContext:SecretARN": {"Ref": "Db"}}}
        found = read({"Role": role(allow("*", "kms:Decrypt", Condition=condition)), "Db": SECRET})
        assert found.documents["inline"]["Statement"][0]["Condition"] == {
            operator: {"kms:EncryptionContext:SecretARN": f"{SECRETS}prod/db-??????"}
        }

    def test_is_unknown_where_its_arn_is_compared_literally(self, read):
        condition = {"StringEquals": {"kms:EncryptionContext:SecretARN": {"Fn::Sub": "${Db}"}}}
        resources = {"Role": role(allow("*", "kms:Decrypt", Condition=condition)), "Db": SECRET}
        with pytest.raises(PolicyError) as refused:
            read(resources)
        assert str(refused.value).endswith(
            "template.json, Role.Policies[0].PolicyDocument.Statement[0].Condition.StringEquals"
            ".kms:EncryptionContext:SecretARN: it needs the whole ARN or name of Db, which is compared literally "
            'here, which isn\'t known before deployment.\nPass arns={"Db": ...}.'
        )
        assert read(resources, arns={"Db": "arn:real"})


class TestFunctions:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            (
                {"Fn::Sub": "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:y"},
                f"arn:aws:x:us-east-1:{ACCOUNT}:y",
            ),
            ({"Fn::Sub": "secret:${Stage}/${!aws:username}"}, "secret:prod/${aws:username}"),
            ({"Fn::Sub": ["${Name}-${Stage}-${Name}", {"Name": {"Ref": "Stage"}}]}, "prod-prod-prod"),
            ({"Fn::Sub": "${Fn.Arn}:*"}, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate:*"),
            ({"Fn::Join": ["", ["a", {"Ref": "Stage"}, 1, True]]}, "aprod1true"),
            ({"Fn::Join": ["/", {"Ref": "Names"}]}, "one/two"),
            ({"Fn::Select": [1, {"Fn::Split": [":", "a:b"]}]}, "b"),
            ({"Fn::Select": ["0", {"Ref": "Names"}]}, "one"),
            ({"Fn::FindInMap": ["Accounts", {"Ref": "Stage"}, "Id"]}, "210987654321"),
            ({"Fn::FindInMap": ["Accounts", "x", "Id", {"DefaultValue": {"Ref": "Stage"}}]}, "prod"),
            ({"Fn::GetAtt": ["Fn", "Arn"]}, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"),
            ({"Fn::GetAtt": "Fn.Arn"}, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"),
            ({"Ref": "Fn"}, "rotate"),
            ([{"Ref": "Stage"}, {"Ref": "AWS::NoValue"}], ["prod"]),
            ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ],
    )
    def test_give_what_cloudformation_gives(self, evaluate, expression, value):
        resources = {"Fn": resource("AWS::Lambda::Function", FunctionName="rotate")}
        sections = {
            "Parameters": {
                "Stage": {"Type": "String", "Default": "prod"},
                "Names": {"Type": "CommaDelimitedList", "Default": "one, two"},
            },
            "Mappings": {"Accounts": {"prod": {"Id": "210987654321"}}},
        }
        assert evaluate(expression, resources, sections) == value

    def test_take_parameters_and_pseudo_parameters(self, evaluate):
        sections = {"Parameters": {"Stage": {"Type": "String"}}}
        parameters = {
            "Stage": "dev",
            "AWS::Region": "cn-north-1",
            "AWS::AccountId": 111122223333,
            "AWS::StackName": "app",
        }
        text = "${Stage} ${AWS::Region} ${AWS::AccountId} ${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}"
        assert evaluate({"Fn::Sub": text}, sections=sections, parameters=parameters) == (
            "dev cn-north-1 111122223333 aws-cn amazonaws.com.cn app"
        )


class TestAResource:
    @pytest.mark.parametrize(
        ("kind", "named_by", "arn"),
        [
            ("AWS::SQS::Queue", "QueueName", f"arn:aws:sqs:us-east-1:{ACCOUNT}:x"),
            ("AWS::DynamoDB::Table", "TableName", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/x"),
            ("AWS::S3::Bucket", "BucketName", "arn:aws:s3:::x"),
            ("AWS::IAM::Role", "RoleName", f"arn:aws:iam::{ACCOUNT}:role/x"),
            ("AWS::Logs::LogGroup", "LogGroupName", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:x:*"),
        ],
    )
    def test_that_the_template_names_has_a_known_arn(self, evaluate, kind, named_by, arn):
        named = {"Other": resource(kind, **{named_by: "x"})}
        assert evaluate({"Fn::GetAtt": ["Other", "Arn"]}, named) == arn

    def test_without_a_name_has_a_pattern_of_its_stack_and_logical_id(self, evaluate):
        queue = {"Jobs": resource("AWS::SQS::Queue")}
        arn = {"Fn::GetAtt": ["Jobs", "Arn"]}
        assert evaluate(arn, queue) == f"arn:aws:sqs:us-east-1:{ACCOUNT}:*-Jobs-*"
        assert evaluate(arn, queue, parameters={"AWS::StackName": "app"}) == (
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:app-Jobs-*"
        )

    def test_under_a_path_has_it_in_its_arn(self, evaluate):
        other = resource("AWS::IAM::Role", RoleName="x", Path="/app/")
        assert evaluate({"Fn::GetAtt": ["Other", "Arn"]}, {"Other": other}) == f"arn:aws:iam::{ACCOUNT}:role/app/x"

    def test_has_the_name_in_the_arn_that_arns_gives(self, evaluate):
        function = {"Fn": resource("AWS::Lambda::Function")}
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:real"
        assert evaluate({"Ref": "Fn"}, function, arns={"Fn": arn}) == "real"


class TestWhatCantBeKnown:
    @pytest.mark.parametrize(
        ("expression", "what", "fix"),
        [
            ({"Fn::ImportValue": "net"}, "the export 'net' of another stack", 'Pass arns={"net": ...}.'),
            ({"Fn::GetAtt": ["Key", "Arn"]}, "Fn::GetAtt Arn of Key, an AWS::KMS::Key", 'Pass arns={"Key": ...}.'),
            ({"Ref": "Key"}, "Ref of Key, an AWS::KMS::Key", 'Pass arns={"Key": ...}.'),
            (
                {"Fn::GetAtt": "Nested.Outputs.Db"},
                "Fn::GetAtt of Nested.Outputs.Db",
                'Pass arns={"Nested.Outputs.Db": ...}.',
            ),
            ({"Ref": "Stage"}, "the parameter Stage, which has no default", 'Pass parameters={"Stage": ...}.'),
            (
                {"Ref": "Stored"},
                "the parameter Stored, whose value is in Parameter Store",
                'Pass parameters={"Stored": ...}.',
            ),
            ({"Fn::Sub": "${AWS::StackName}/db"}, "AWS::StackName", 'Pass parameters={"AWS::StackName": ...}.'),
            (
                "{{resolve:ssm:/db}}",
                "the dynamic reference {{resolve:ssm:/db}}",
                'Pass arns={"{{resolve:ssm:/db}}": ...}.',
            ),
            ({"Fn::Cidr": ["10.0.0.0/8", 1]}, "Fn::Cidr", "Replace it in the template that you give."),
        ],
    )
    def test_is_named_with_its_place_and_what_to_pass(self, refusal, expression, what, fix):
        resources = {"Key": resource("AWS::KMS::Key"), "Nested": resource("AWS::CloudFormation::Stack")}
        stored = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/name"}
        sections = {"Parameters": {"Stage": {"Type": "String"}, "Stored": stored}}
        message = refusal(expression, resources, sections)
        assert message == f"{PLACE}: it needs {what}, which isn't known before deployment.\n{fix}"

    @pytest.mark.parametrize(
        ("expression", "key"),
        [
            ({"Fn::ImportValue": "net"}, "net"),
            ({"Fn::GetAtt": ["Key", "Arn"]}, "Key"),
            ({"Fn::GetAtt": "Nested.Outputs.Db"}, "Nested.Outputs.Db"),
            ("{{resolve:ssm:/db}}", "{{resolve:ssm:/db}}"),
        ],
    )
    def test_is_taken_from_arns(self, evaluate, expression, key):
        resources = {"Key": resource("AWS::KMS::Key"), "Nested": resource("AWS::CloudFormation::Stack")}
        assert evaluate(expression, resources, arns={key: "arn:given"}) == "arn:given"
