"""The policies of a role or a user in a CloudFormation template."""

import json
import re

import pytest

import fake_secrets
from fake_secrets import PolicyError
from fake_secrets.policies import aws_managed, from_cloudformation

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
            ".kms:EncryptionContext:SecretARN: its value isn't known before deployment. It needs the whole ARN of "
            'Db, because a wildcard would be compared literally here.\nPass arns={"Db": ...}.'
        )
        assert read(resources, arns={"Db": "arn:real"})


@pytest.mark.parametrize("code", [0xE000, 0xE001, 0xD800, 0xDFFF])
def test_characters_that_stand_for_others_are_refused(read, code):
    for resources in ({"Role": role(allow(f"arn:{chr(code)}"))}, {"Role": role(), f"a{chr(code)}": SECRET}):
        with pytest.raises(PolicyError, match=rf"has the character U\+{code:04X}, which can't be read here\."):
            read(resources)


def test_characters_that_stand_for_others_are_refused_in_what_is_given(read):
    sections = {"Parameters": {"Stage": {"Type": "String"}}}
    for given in ({"parameters": {"Stage": "\ue000"}}, {"arns": {"Role": "\ue001"}}):
        with pytest.raises(PolicyError, match=r"has a character of the private use area in '(Stage|Role)'\."):
            read({"Role": role(allow({"Ref": "Stage"}))}, sections, **given)


def test_characters_that_stand_for_others_are_refused_in_json_text(read):
    inline = {"PolicyName": "x", "PolicyDocument": json.dumps(document(allow("\ue001")))}
    with pytest.raises(PolicyError, match=r"PolicyDocument: its JSON text has an escaped character that can't be"):
        read({"Role": resource("AWS::IAM::Role", Policies=[inline])})


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

    @pytest.mark.parametrize("macro", ["AWS::LanguageExtensions", {"Name": "AWS::SecretsManager-2024-09-16"}])
    def test_are_evaluated_beside_macros_that_change_no_role(self, evaluate, macro):
        assert evaluate({"Ref": "AWS::Region"}, sections={"Transform": [macro]}) == "us-east-1"

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
            ({"Fn::GetAtt": ["Key", "Arn"]}, "the ARN of Key, an AWS::KMS::Key", 'Pass arns={"Key": ...}.'),
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
            (
                {"Fn::Cidr": ["10.0.0.0/8", 1]},
                "Fn::Cidr",
                "Replace what can't be evaluated in the template that you give.",
            ),
        ],
    )
    def test_is_named_with_its_place_and_what_to_pass(self, refusal, expression, what, fix):
        resources = {"Key": resource("AWS::KMS::Key"), "Nested": resource("AWS::CloudFormation::Stack")}
        stored = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/name"}
        sections = {"Parameters": {"Stage": {"Type": "String"}, "Stored": stored}}
        message = refusal(expression, resources, sections)
        assert message == f"{PLACE}: its value isn't known before deployment. It needs {what}.\n{fix}"

    def test_is_named_all_at_once(self, read):
        known, key = allow({"Ref": "Db"}), {"Fn::GetAtt": ["Key", "Arn"]}
        unknown = [{"Fn::Sub": "${Stage}/x"}, key, {"Fn::ImportValue": "net"}, {"Fn::GetAZs": ""}]
        attached = resource("AWS::IAM::Policy", PolicyDocument=document(allow(key)), Roles=[{"Ref": "Role"}])
        resources = {
            "Role": role(known, allow(unknown), PermissionsBoundary={"Ref": "Cap"}),
            "Attached": attached,
            "Cap": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(allow({"Ref": "AWS::StackName"}))),
            "Db": SECRET,
            "Key": resource("AWS::KMS::Key"),
        }
        with pytest.raises(PolicyError) as refused:
            read(resources, {"Parameters": {"Stage": {"Type": "String"}}})
        where = "Role.Policies[0].PolicyDocument.Statement[1].Resource"
        assert str(refused.value).partition("template.json: ")[2] == (
            "6 values aren't known before deployment.\n"
            f"- {where}[0] needs the parameter Stage, which has no default\n"
            f"- {where}[1] needs the ARN of Key, an AWS::KMS::Key\n"
            f"- {where}[2] needs the export 'net' of another stack\n"
            f"- {where}[3] needs Fn::GetAZs\n"
            "- Attached.PolicyDocument.Statement[0].Resource needs the ARN of Key, an AWS::KMS::Key\n"
            "- Cap.PolicyDocument.Statement[0].Resource needs AWS::StackName\n"
            'Pass arns={"Key": ..., "net": ...} and parameters={"Stage": ..., "AWS::StackName": ...}. '
            "Replace what can't be evaluated in the template that you give."
        )

    def test_is_shown_in_part_if_it_is_much(self, evaluate):
        with pytest.raises(PolicyError) as refused:
            evaluate([{"Fn::ImportValue": str(number)} for number in range(21)])
        lines = str(refused.value).splitlines()
        assert lines[0].endswith("template.json: 21 values aren't known before deployment.")
        assert [len(lines), lines[-2], lines[-1][:22]] == [23, "- ...", 'Pass arns={"0": ..., "']

    def test_may_be_the_id_of_a_key(self, evaluate):
        arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"
        expression = {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}"}
        assert evaluate(expression, {"Key": resource("AWS::KMS::Key")}, arns={"Key": arn}) == arn

    @pytest.mark.parametrize(
        ("expression", "key"),
        [
            ({"Fn::ImportValue": "net"}, "net"),
            ({"Fn::GetAtt": ["Key", "Arn"]}, "Key"),
            ({"Fn::GetAtt": "Nested.Outputs.Db"}, "Nested.Outputs.Db"),
            ("{{resolve:ssm:/db}}", "{{resolve:ssm:/db}}"),
            ({"Fn::Sub": ["{{resolve:ssm:/${Stage}/db}}", {"Stage": "prod"}]}, "{{resolve:ssm:/prod/db}}"),
            ({"Fn::Join": ["", ["{{resolve:", "ssm:/db}}"]]}, "{{resolve:ssm:/db}}"),
        ],
    )
    def test_is_taken_from_arns(self, evaluate, expression, key):
        resources = {"Key": resource("AWS::KMS::Key"), "Nested": resource("AWS::CloudFormation::Stack")}
        assert evaluate(expression, resources, arns={key: "arn:given"}) == "arn:given"


READ = allow("*", "secretsmanager:DescribeSecret")
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}


class TestAttachedPolicies:
    @pytest.mark.parametrize(
        "attached",
        [
            resource("AWS::IAM::Policy", PolicyName="x", PolicyDocument=document(READ), Roles=[{"Ref": "Role"}]),
            resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(READ), Roles=[{"Ref": "Role"}]),
            resource(
                "AWS::IAM::RolePolicy", PolicyName="x", PolicyDocument=document(READ), RoleName={"Ref": "Role"}
            ),
        ],
        ids=lambda attached: attached["Type"],
    )
    def test_of_the_role_are_among_its_policies_and_those_of_others_arent(self, read, attached):
        resources = {"Role": role(allow("*")), "Other": role(), "Attached": attached}
        assert read(resources).documents == {"inline": document(allow("*")), "Attached": document(READ)}
        assert read(resources, role="Other").documents == {}

    @pytest.mark.parametrize("named", ["rotation", {"Ref": "Role"}, {"Fn::Sub": "rota${Rest}"}])
    def test_name_the_role_by_its_name_too(self, read, named):
        attached = resource("AWS::IAM::Policy", PolicyName="x", PolicyDocument=document(READ), Roles=["x", named])
        resources = {"Role": role(RoleName="rotation"), "Attached": attached}
        sections = {"Parameters": {"Rest": {"Default": "tion"}}}
        assert read(resources, sections).documents == {"Attached": document(READ)}

    def test_may_be_attached_to_a_role_of_another_stack(self, read):
        attached = resource(
            "AWS::IAM::Policy", PolicyName="x", PolicyDocument=document(READ), Roles=[{"Fn::ImportValue": "role"}]
        )
        assert read({"Role": role(), "Attached": attached}).documents == {}

    def test_may_list_their_roles_by_a_function(self, read):
        listed = {"Fn::If": ["Is", [{"Ref": "Role"}], []]}
        attached = resource("AWS::IAM::Policy", PolicyDocument=document(READ), Roles=listed)
        resources = {"Role": role(), "Attached": attached}
        for operand, found in ((1, {"Attached": document(READ)}), (2, {})):
            assert read(resources, {"Conditions": {"Is": {"Fn::Equals": [1, operand]}}}).documents == found

    def test_may_have_a_document_of_json_text(self, read):
        attached = resource("AWS::IAM::Policy", PolicyDocument=json.dumps(document(READ)), Roles=[{"Ref": "Role"}])
        assert read({"Role": role(), "Attached": attached}).documents == {"Attached": document(READ)}

    def test_may_have_a_document_of_json_text_with_references(self, read):
        text = json.dumps(document(allow("${Db}"))).replace("prod", "${Stage}")
        inline = {"PolicyName": "inline", "PolicyDocument": {"Fn::Sub": text}}
        found = read({"Role": resource("AWS::IAM::Role", Policies=[inline]), "Db": SECRET})
        assert found.documents == {"inline": document(allow(f"{SECRETS}prod/db-??????"))}

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("{", "its policy isn't JSON as IAM reads it: It isn't JSON: "),
            ('{"Effect": "Deny", "Effect": "Allow"}', "isn't JSON as IAM reads it: 'Effect' stands twice in one"),
            ("[" * 100_000, "its policy isn't JSON as IAM reads it: The document is nested too deeply"),
            ('{"Statement": ' + "[" * 150 + "]" * 150 + "}", "it has too many values, or they are too deeply"),
            ("1" * 5000, "its policy isn't JSON as IAM reads it: "),
            ("[]", "its policy isn't a JSON object"),
        ],
        ids=["no JSON", "a member twice", "endless", "deep", "a long number", "a list"],
    )
    def test_of_json_text_are_read_as_strictly_as_by_iam(self, read, text, problem):
        inline = {"PolicyName": "inline", "PolicyDocument": text}
        with pytest.raises(PolicyError, match=rf"Role\.Policies\[0\]\.PolicyDocument: .*{problem}"):
            read({"Role": resource("AWS::IAM::Role", Policies=[inline])})

    @pytest.mark.parametrize("text", [1, [], None])
    def test_with_another_document_are_refused(self, read, text):
        attached = resource("AWS::IAM::Policy", PolicyDocument=text, Roles=[{"Ref": "Role"}])
        with pytest.raises(PolicyError, match=r"Attached\.PolicyDocument: it isn't a policy document"):
            read({"Role": role(), "Attached": attached})

    def test_with_a_name_twice_are_all_kept(self, read):
        inline = [{"PolicyName": "inline", "PolicyDocument": document(one)} for one in (READ, DENY)]
        found = read({"Role": resource("AWS::IAM::Role", Policies=inline)})
        assert list(found.documents.values()) == [document(READ), document(DENY)]

    def test_are_left_out_if_their_condition_doesnt_hold(self, read):
        attached = resource("AWS::IAM::Policy", PolicyDocument=document(READ), Roles=[{"Ref": "Role"}])
        resources = {"Role": role(), "Attached": {**attached, "Condition": "IsProd"}}
        sections = {
            "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        }
        assert read(resources, sections).documents == {}
        assert read(resources, sections, parameters={"Stage": "prod"}).documents == {"Attached": document(READ)}

    def test_of_the_list_of_inline_policies_are_left_out_by_their_condition(self, read):
        inline = {"PolicyName": "x", "PolicyDocument": document(READ)}
        policies = [{"Fn::If": ["Is", inline, {"Ref": "AWS::NoValue"}]}]
        resources = {"Role": resource("AWS::IAM::Role", Policies=policies)}
        assert read(resources, {"Conditions": {"Is": {"Fn::Equals": [1, "1"]}}}).documents == {"x": document(READ)}
        assert read(resources, {"Conditions": {"Is": {"Fn::Equals": ["a", "b"]}}}).documents == {}

    @pytest.mark.parametrize("listed", ["Policies", "ManagedPolicyArns"])
    def test_are_none_if_a_condition_leaves_out_the_whole_list(self, read, listed):
        absent = {"Fn::If": ["Is", [], {"Ref": "AWS::NoValue"}]}
        resources = {"Role": resource("AWS::IAM::Role", **{listed: absent})}
        assert read(resources, {"Conditions": {"Is": {"Fn::Equals": ["a", "b"]}}}).documents == {}

    def test_are_attached_to_nobody_if_a_condition_leaves_out_the_roles(self, read):
        listed = {"Fn::If": ["Is", [{"Ref": "Role"}], {"Ref": "AWS::NoValue"}]}
        attached = resource("AWS::IAM::Policy", PolicyDocument=document(READ), Roles=listed)
        sections = {"Conditions": {"Is": {"Fn::Equals": ["a", "b"]}}}
        assert read({"Role": role(), "Attached": attached}, sections).documents == {}


def comparable(policy):
    """Return a document in which one value and a list of one value are the same."""
    return json.dumps(policy, sort_keys=True).replace('["*"]', '"*"')


class TestManagedPolicies:
    def test_of_the_template_are_read(self, read):
        managed = resource("AWS::IAM::ManagedPolicy", ManagedPolicyName="m", PolicyDocument=document(READ))
        arn = f"arn:aws:iam::{ACCOUNT}:policy/m"
        resources = {
            "Role": role(ManagedPolicyArns=[{"Ref": "Managed"}], PermissionsBoundary=arn),
            "Managed": managed,
        }
        found = read(resources)
        assert (found.documents, found.boundary) == ({"Managed": document(READ)}, document(READ))
        assert found.managed == {"Managed"}

    def test_are_told_from_inline_policies(self, read):
        xray = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
        inline = [{"PolicyName": "Inline", "PolicyDocument": document(READ)}]
        resources = {
            "Role": resource("AWS::IAM::Role", Policies=inline, ManagedPolicyArns=[xray]),
            "Listed": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(READ), Roles=[{"Ref": "Role"}]),
            "Policy": resource("AWS::IAM::Policy", PolicyDocument=document(READ), Roles=[{"Ref": "Role"}]),
        }
        found = read(resources)
        assert list(found.documents) == ["Inline", xray, "Listed", "Policy"]
        assert found.managed == {xray, "Listed"}

    def test_are_kept_beside_inline_policies_of_the_same_name(self, read):
        write = document(allow("*", "secretsmanager:PutSecretValue"))
        inline = [{"PolicyName": "Managed", "PolicyDocument": document(READ)}]
        resources = {
            "Role": resource("AWS::IAM::Role", Policies=inline, ManagedPolicyArns=[{"Ref": "Managed"}]),
            "Managed": resource("AWS::IAM::ManagedPolicy", PolicyDocument=write),
        }
        found = read(resources)
        assert found.documents == {"Managed": document(READ), "Role.ManagedPolicyArns[0]": write}
        assert found.managed == {"Role.ManagedPolicyArns[0]"}

    @pytest.mark.parametrize("key", ["arn:aws:iam::111122223333:policy/team/base", "team/base", "base"])
    def test_of_the_account_are_taken_from_managed_policies(self, read, key):
        arn = "arn:aws:iam::111122223333:policy/team/base"
        resources = {"Role": role(ManagedPolicyArns=[arn], PermissionsBoundary={"Fn::Sub": arn})}
        found = read(resources, managed_policies={key: document(READ)})
        assert (found.documents, found.boundary) == ({arn: document(READ)}, document(READ))

    def test_are_read_beside_others_whose_name_isnt_known(self, read):
        named = {"ManagedPolicyName": {"Ref": "Named"}, "PolicyDocument": document(DENY)}
        resources = {
            "Role": role(ManagedPolicyArns=[{"Ref": "Managed"}]),
            "Other": resource("AWS::IAM::ManagedPolicy", **named),
            "Managed": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(READ)),
        }
        sections = {"Parameters": {"Named": {"Type": "String"}}}
        assert read(resources, sections).documents == {"Managed": document(READ)}
        resources["Role"] = role(ManagedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/other"])
        with pytest.raises(PolicyError, match=r"Other\.ManagedPolicyName: .* It needs the parameter Named"):
            read(resources, sections)

    def test_of_the_account_are_unknown_otherwise(self, read):
        arn = "arn:aws:iam::111122223333:policy/AdministratorAccess"
        resources = {"Role": role(ManagedPolicyArns=[arn])}
        with pytest.raises(PolicyError) as refused:
            read(resources)
        assert str(refused.value).endswith(
            f"Role.ManagedPolicyArns[0]: what the managed policy {arn!r} says isn't in this template.\n"
            f'Pass managed_policies={{"{arn}": ...}} with its document.'
        )

    def test_of_aws_are_known_if_rotation_functions_usually_have_them(self, read):
        basic = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
        found = read({"Role": role(ManagedPolicyArns=[basic])})
        assert list(found.documents) == ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]

    def test_of_another_partition_of_aws_may_say_something_else(self, read):
        managed = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/SecretsManagerReadWrite"}
        with pytest.raises(
            PolicyError, match="'arn:aws-cn:iam::aws:policy/SecretsManagerReadWrite' says isn't in"
        ):
            read({"Role": role(ManagedPolicyArns=[managed])}, parameters={"AWS::Region": "cn-north-1"})

    # AWS changes SecretsManagerReadWrite now and then.
    @pytest.mark.parametrize("name", sorted(aws_managed.AWS_MANAGED.keys() - {"SecretsManagerReadWrite"}))
    def test_of_aws_say_what_motos_copy_says(self, name):
        copies = pytest.importorskip("moto.iam.aws_managed_policies", reason="moto has a copy of each")
        text = next(
            value for value in vars(copies).values() if isinstance(value, str) and "AdministratorAccess" in value
        )
        of_moto = json.loads(text)[name.rpartition("/")[2]]
        assert of_moto["Path"].strip("/") == name.rpartition("/")[0]
        assert comparable(of_moto["Document"]) == comparable(aws_managed.AWS_MANAGED[name])

    @pytest.mark.parametrize("form", ["path", "text of a path", "JSON text"])
    def test_are_given_in_every_form_of_a_policy(self, read, tmp_path, form):
        arn, path = "arn:aws:iam::111122223333:policy/base", tmp_path / "base.json"
        path.write_text(json.dumps(document(READ)))
        given = {"path": path, "text of a path": str(path), "JSON text": json.dumps(document(READ))}[form]
        found = read({"Role": role(ManagedPolicyArns=[arn])}, managed_policies={"base": given})
        assert found.documents == {arn: document(READ)}

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            (
                {"base": 1},
                TypeError,
                "managed_policies['base'] is of type int; a policy is a dict, JSON text or the ",
            ),
            ({"base": "no.json"}, PolicyError, "no.json: it can't be read: No such file or directory."),
            ({"base": "{"}, PolicyError, "managed_policies['base']: its policy isn't JSON as IAM reads it: "),
            ({"base": "list.json"}, PolicyError, "list.json: it isn't a JSON object, and so no policy."),
            (
                "base.json",
                TypeError,
                "managed_policies is a dict, not a value of type str",
            ),
        ],
    )
    def test_that_are_no_policies_are_refused(self, read, tmp_path, monkeypatch, given, error, message):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "list.json").write_text("[]")
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            read({"Role": role()}, managed_policies=given)

    def test_that_the_role_has_not_are_refused(self, read):
        arn = "arn:aws:iam::aws:policy/AdministratorAccess"
        with pytest.raises(PolicyError) as refused:
            read({"Role": role(ManagedPolicyArns=[arn])}, managed_policies={"AdminAccess": document(READ)})
        assert str(refused.value).endswith(
            "template.json: the role has no managed policy 'AdminAccess', which managed_policies names.\n"
            f"Its managed policies that aren't in the template are:\n- {arn!r}"
        )

    def test_that_are_misspelt_are_named_beside_what_is_missing(self, read):
        arn = "arn:aws:iam::111122223333:policy/base"
        with pytest.raises(PolicyError, match=r"with its document, instead of 'bsae'\.$"):
            read({"Role": role(ManagedPolicyArns=[arn])}, managed_policies={"bsae": document(READ)})

    def test_of_aws_that_are_given_win(self, read):
        resources = {"Role": role(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])}
        found = read(resources, managed_policies={"AdministratorAccess": document(READ)})
        assert list(found.documents.values()) == [document(READ)]


class TestAUser:
    def test_is_in_no_group_if_a_condition_leaves_out_the_lists(self, read):
        absent = {"Fn::If": ["Is", ["Readers"], {"Ref": "AWS::NoValue"}]}
        resources = {
            "App": resource("AWS::IAM::User", Groups=absent),
            "Added": resource("AWS::IAM::UserToGroupAddition", Users=absent, GroupName={"Ref": "Readers"}),
            "Readers": resource("AWS::IAM::Group", Policies=[{"PolicyDocument": document(READ)}]),
        }
        sections = {"Conditions": {"Is": {"Fn::Equals": ["a", "b"]}}}
        assert read(resources, sections, role="App").documents == {}

    def test_has_the_policies_of_its_groups(self, read):
        resources = {
            "User": resource("AWS::IAM::User", UserName="app", Groups=[{"Ref": "Readers"}]),
            "Mine": resource("AWS::IAM::UserPolicy", PolicyDocument=document(DENY), UserName="app"),
            "Readers": resource(
                "AWS::IAM::Group", Policies=[{"PolicyName": "in", "PolicyDocument": document(READ)}]
            ),
            "Writers": resource("AWS::IAM::Group"),
            "Put": resource(
                "AWS::IAM::GroupPolicy", PolicyDocument=document(allow("*")), GroupName={"Ref": "Writers"}
            ),
            "Add": resource(
                "AWS::IAM::UserToGroupAddition", GroupName={"Ref": "Writers"}, Users=[{"Ref": "User"}]
            ),
        }
        found = read(resources, role="app")
        assert found.documents == {"Mine": document(DENY), "in": document(READ), "Put": document(allow("*"))}

    def test_of_a_group_elsewhere_cant_be_known(self, read):
        with pytest.raises(PolicyError, match="User: its group 'staff' isn't in this template"):
            read({"User": resource("AWS::IAM::User", Groups=["staff"])}, role="User")


class TestTheRole:
    def test_is_found_by_its_name_or_by_its_function(self, read):
        resources = {
            "Role": role(READ, RoleName={"Fn::Sub": "rotation-${AWS::Region}"}),
            "Fn": resource("AWS::Lambda::Function", FunctionName="rotate", Role={"Fn::GetAtt": ["Role", "Arn"]}),
        }
        names = ("Role", "rotation-us-east-1", "Fn", "rotate")
        assert [read(resources, role=name).role for name in names] == ["Role"] * 4

    def test_that_isnt_there_is_answered_with_those_that_are(self, read):
        with pytest.raises(PolicyError) as refused:
            read(
                {"RotationRole": role(), "Db": SECRET, "Deployer": resource("AWS::IAM::User")}, role="RotatonRole"
            )
        assert str(refused.value).partition("template.json: ")[2] == (
            "there is no role or user 'RotatonRole'.\n"
            "Did you mean 'RotationRole'? The roles and users are:\n- 'Deployer'\n- 'RotationRole'"
        )

    def test_is_another_than_one_whose_name_cant_be_known(self, read):
        resources = {"Role": role(READ, RoleName="x"), "Other": role(RoleName={"Fn::ImportValue": "name"})}
        assert read(resources, role="x").role == "Role"

    def test_that_two_have_by_name_is_refused(self, read):
        with pytest.raises(
            PolicyError, match=r"several roles are called 'x'\.\nName one of them:\n- 'One'\n- 'Two'"
        ):
            read({"One": role(RoleName="x"), "Two": role(RoleName="x")}, role="x")

    def test_whose_condition_doesnt_hold_is_refused(self, read):
        resources = {"Role": {**role(READ), "Condition": "Never"}}
        with pytest.raises(PolicyError, match="Role: it isn't made, since the condition Never doesn't hold"):
            read(resources, {"Conditions": {"Never": {"Fn::Equals": [0, 1]}}})

    def test_of_a_function_must_be_in_the_template(self, read):
        function = resource("AWS::Lambda::Function", Role="arn:aws:iam::123456789012:role/other")
        with pytest.raises(
            PolicyError, match=r"Fn\.Role: its role 'arn:aws:iam::123456789012:role/other' isn't in"
        ):
            read({"Fn": function}, role="Fn")


class TestConditions:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "No"}]}]}, "then"),
            ({"Fn::Or": [{"Condition": "No"}, {"Condition": "No"}]}, "else"),
            ({"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}, "then"),
            ({"Fn::Equals": [True, "true"]}, "then"),
        ],
    )
    def test_choose_a_value(self, evaluate, expression, value):
        yes, no = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}
        conditions = {"Conditions": {"Yes": yes, "No": no, "It": expression}}
        assert evaluate({"Fn::If": ["It", "then", "else"]}, sections=conditions) == value

    @pytest.mark.parametrize(
        ("conditions", "message"),
        [
            ({}, f"{PLACE}: there is no condition 'It'.\nThe conditions are: none"),
            ({"Its": {"Fn::Equals": [1, 1]}}, f"{PLACE}: there is no condition 'It'.\nDid you mean 'Its'? "),
            ({"It": {"Condition": "It"}}, "Conditions.It: it refers to itself, by way of Conditions.It"),
            ({"It": "yes"}, "Conditions.It: it isn't a condition of Fn::Equals, Fn::And, Fn::Or, Fn::Not and "),
            ({"It": {"Fn::Equals": [1]}}, "Conditions.It: it isn't a condition of "),
            (
                {"It": {"Fn::Equals": [{"Ref": "Db"}, "x"]}},
                "Conditions.It: its value isn't known before deployment. It needs the whole ARN of Db, ",
            ),
        ],
    )
    def test_that_make_no_sense_are_refused(self, refusal, conditions, message):
        expression = {"Fn::If": ["It", "then", "else"]}
        assert refusal(expression, {"Db": SECRET}, {"Conditions": conditions}).startswith(message)


class TestNonsense:
    @pytest.mark.parametrize(
        ("expression", "problem"),
        [
            (
                {"Ref": "Roel"},
                "there is no parameter or resource 'Roel'.\nDid you mean 'Role'? The resources are:\n- 'Role'",
            ),
            ({"Ref": ["Role"]}, "Ref takes the name of a parameter or resource"),
            ({"Fn::GetAtt": "Missing.Arn"}, "there is no resource 'Missing'"),
            ({"Fn::GetAtt": "Role"}, "Fn::GetAtt takes a logical ID and an attribute"),
            ({"Fn::Sub": ["a"]}, "Fn::Sub takes a text, or a list of a text and a mapping"),
            ({"Fn::Sub": "${Missing}"}, "there is no parameter or resource 'Missing'"),
            ({"Fn::Join": ["", "text"]}, "it isn't a list"),
            ({"Fn::Join": ["a"]}, "Fn::Join takes a delimiter and a list"),
            ({"Fn::Join": ["", [{"a": 1}]]}, "it isn't a text"),
            ({"Fn::Select": [2, ["a"]]}, "Fn::Select takes an index below 1 here, not '2'"),
            ({"Fn::Split": ["", "a"]}, "Fn::Split takes a delimiter that isn't empty"),
            ({"Fn::If": ["a", "b"]}, "Fn::If takes a condition, a value and another value"),
            ({"Fn::FindInMap": ["a", "b", "c"]}, "Fn::FindInMap finds no 'a' in Mappings"),
        ],
    )
    def test_is_refused_with_its_place(self, refusal, expression, problem):
        assert refusal(expression).startswith(f"{PLACE}: {problem}")

    def test_in_the_value_of_a_parameter_is_refused(self, evaluate, refusal):
        sections = {"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", 1], "Default": "dev"}}}
        assert [evaluate({"Ref": "Stage"}, None, sections, parameters={"Stage": one}) for one in ("1", 1)] == [
            "1",
            "1",
        ]
        assert refusal({"Ref": "Stage"}, None, sections, parameters={"Stage": "prod"}) == (
            f"{PLACE}: the value of the parameter Stage isn't among its AllowedValues.\nThey are:\n- 'dev'\n- '1'"
        )

    def test_in_parameters_and_arns_is_refused(self, evaluate):
        sections = {"Parameters": {"Stage": {"Default": "x"}}}
        with pytest.raises(PolicyError, match=r"there is no parameter 'stage'\.\nDid you mean 'Stage'\?"):
            evaluate("*", sections=sections, parameters={"stage": "x"})
        with pytest.raises(
            PolicyError, match=r"there is no resource 'Secert', which arns names\.\nDid you mean 'Secret'\?"
        ):
            evaluate("*", {"Secret": SECRET}, arns={"Secert": "arn:x"})

    @pytest.mark.parametrize(
        ("kind", "key"),
        [
            ("AWS::KMS::Key", "One"),
            ("AWS::SecretsManager::Secret", "One"),
            ("AWS::KMS::Key", "One.Arn"),
            ("AWS::EC2::VPC", "One.Arn"),
        ],
    )
    @pytest.mark.parametrize("value", ["1234abcd", ""])
    def test_in_the_place_of_an_arn_is_refused(self, evaluate, kind, key, value):
        with pytest.raises(PolicyError, match=rf"arns\['{key}'\] is {value!r}, which is no ARN\."):
            evaluate("*", {"One": resource(kind)}, arns={key: value})

    def test_what_ref_of_another_resource_gives_needs_no_arn(self, evaluate):
        assert evaluate({"Ref": "Net"}, {"Net": resource("AWS::EC2::VPC")}, arns={"Net": "vpc-1"}) == "vpc-1"

    def test_in_names_that_refer_to_each_other_is_refused(self, refusal):
        one, other = (resource("AWS::SQS::Queue", QueueName={"Ref": name}) for name in ("Two", "One"))
        message = refusal({"Ref": "One"}, {"One": one, "Two": other})
        assert message == "One.QueueName: it refers to itself, by way of One.QueueName, Two.QueueName."

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "it is no CloudFormation template: it has no Resources."),
            ("{}", "it is no CloudFormation template: it has no Resources."),
            ('{"Resources": []}', "it is no CloudFormation template: it has no Resources."),
            ('{"planned_values": {}}', "it is a plan or a state of Terraform.\nRead it with from_terraform."),
            ('{"Resources": [1]}', "Resources: it isn't a mapping."),
            ('{"Resources": {"A": {}}}', "A: it has no Type."),
            ('{"Resources": {"A": {"Type": "x", "Properties": [1]}}}', "A.Properties: they aren't a mapping."),
            ('{"Resources": {"A": {"Type": "x"}, "A": {"Type": "x"}}}', "an object has the key 'A' twice."),
            ('{\n"Resources": x}', "line 2: it is no JSON: Expecting value."),
            ('{"Resources": {"Fn::ForEach::A": []}}', "Resources.Fn::ForEach::A: it isn't evaluated.\nGive the "),
            (
                '{"Resources": {"A": {"Type": "x"}}, "Transform": "Mine"}',
                "Transform: the macro 'Mine' can't be run",
            ),
            (
                '{"Resources": {"A": {"Type": "x"}}, "Transform": ["AWS::Serverless-2016-10-31"]}',
                "Transform: it is a SAM template.\nRead it with from_sam.",
            ),
            ("\udc80", "it isn't UTF-8."),
        ],
    )
    def test_in_a_file_is_refused(self, tmp_path, content, message):
        path = tmp_path / "template.json"
        path.write_bytes(content.encode(errors="surrogateescape"))
        with pytest.raises(PolicyError) as refused:
            from_cloudformation(path, role="Role")
        assert str(refused.value).removeprefix(str(path)).lstrip(",: ").startswith(message)

    def test_a_file_that_isnt_there_is_named(self, tmp_path):
        with pytest.raises(PolicyError, match=r"missing\.json: it can't be read: No such file or directory\."):
            from_cloudformation(tmp_path / "missing.json", role="Role")
