"""Whatever a template holds, reading it ends with policies or with a PolicyError."""

import contextlib
import copy
import json

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from fake_secrets import PolicyError
from fake_secrets.policies import from_terraform
from fake_secrets.policies.cloudformation import policies_in
from fake_secrets.policies.deployment import PSEUDO_PARAMETERS
from fake_secrets.policies.resource_kinds import KINDS
from fake_secrets.policies.terraform_resources import resources_of


def one_of(words):
    return st.sampled_from(words.split())


NAMES = st.sampled_from(["Role", "Db", "Stage", "Other", "Is", *sorted(PSEUDO_PARAMETERS)])
FUNCTIONS = one_of(
    "Ref Condition Fn::And Fn::Equals Fn::FindInMap Fn::GetAtt Fn::GetAZs Fn::If Fn::ImportValue Fn::Join Fn::Not "
    "Fn::Or Fn::Select Fn::Split Fn::Sub Fn::ToJsonString Fn::Transform"
)
TEXTS = NAMES | st.sampled_from(
    ["Role.Arn", "${Stage}", "${Db.Id}", "${!x}", "${", "{{resolve:ssm:x}}", ":", "*", "1", ""]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
ELEMENTS = one_of("Statement Resource Condition StringEquals StringLike PolicyDocument PolicyName Arn")


def mappings(inner):
    call = st.tuples(FUNCTIONS, inner).map(lambda pair: dict([pair]))
    return call | st.dictionaries(ELEMENTS, inner, max_size=3)


VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | mappings(inner), max_leaves=12)
PROPERTIES = st.dictionaries(
    one_of(
        "Groups GroupName ManagedPolicyArns Name Path PermissionsBoundary Policies PolicyDocument Role RoleName "
        "RoleName Roles SecretId UserName Users"
    ),
    VALUES,
    max_size=4,
)
KIND = st.sampled_from(
    [
        *sorted(KINDS),
        "AWS::IAM::GroupPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::UserPolicy",
        "AWS::IAM::UserToGroupAddition",
        "AWS::KMS::Key",
        "AWS::SecretsManager::RotationSchedule",
    ]
)
RESOURCES = st.fixed_dictionaries(
    {"Type": KIND, "Properties": PROPERTIES}, optional={"Condition": TEXTS, "Metadata": VALUES}
)
HOLDERS = st.fixed_dictionaries(
    {
        "Type": st.sampled_from(["AWS::IAM::Role", "AWS::IAM::User"]),
        "Properties": st.fixed_dictionaries({}, optional=dict.fromkeys(["Policies", "Groups"], VALUES))
        | PROPERTIES,
    }
)
TEMPLATES = st.fixed_dictionaries(
    {
        "Resources": st.tuples(HOLDERS, st.dictionaries(NAMES, RESOURCES, max_size=3)).map(
            lambda pair: {**pair[1], "Role": pair[0]}
        )
    },
    optional={
        "Parameters": st.dictionaries(
            NAMES, st.fixed_dictionaries({}, optional={"Type": TEXTS, "Default": VALUES}), max_size=2
        ),
        "Conditions": st.dictionaries(NAMES, VALUES, max_size=2),
        "Mappings": VALUES,
        "Transform": VALUES,
    },
)


def a_role(kind="AWS::IAM::Role", **properties):
    return {"Resources": {"Role": {"Type": kind, "Properties": properties}}}


@pytest.mark.slow
@given(template=TEMPLATES)
@example(template=a_role(Policies=[{"Fn::Sub": []}]))
@example(template=a_role(Policies=[1]))
@example(template=a_role(Policies=[{"PolicyDocument": "[" * 100_000}]))
@example(template=a_role("AWS::IAM::User", Groups=[{"a": 1}]))
def test_of_cloudformation(template):
    before = copy.deepcopy(template)
    with contextlib.suppress(PolicyError):
        found = policies_in(
            template, "t", role="Role", parameters={"AWS::StackName": "x"}, arns={}, managed_policies={}
        )
        assert all(isinstance(document, dict) for document in found.documents.values())
    assert template == before


@pytest.mark.slow
@given(document=VALUES | st.dictionaries(TEXTS, VALUES))
def test_of_any_shape(document):
    for name in ("Role", ""):
        with pytest.raises(PolicyError):
            policies_in(document, "t", role=name, parameters=None, arns=None, managed_policies=None)
    with pytest.raises(PolicyError):
        resources_of(document, "t")


@given(text=st.text("!&*<>[]{}:-?,|#'\" \nabRef1"))
def test_in_any_yaml(text):
    pytest.importorskip("yaml", reason="templates in YAML are read where PyYAML is installed")
    from fake_secrets.policies.short_tags import parse_yaml

    with contextlib.suppress(PolicyError):
        parse_yaml(text, "t")


ATTRIBUTES = one_of(
    "arn function_name group groups inline_policy managed_policy_arns name permissions_boundary policy policy_arn "
    "policy_arns role role_name roles user users"
)
KINDS_OF_TERRAFORM = one_of(
    "aws_iam_group aws_iam_group_membership aws_iam_policy aws_iam_policy_attachment aws_iam_role "
    "aws_iam_role_policies_exclusive aws_iam_role_policy aws_iam_role_policy_attachment aws_iam_user "
    "aws_iam_role_policy_attachments_exclusive aws_iam_user_group_membership aws_lambda_function"
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | one_of("x {} aws_iam_role.x var.x module.x.y local.x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(one_of("name policy references statement"), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def plans(draw):
    resources, changes, declared = [], [], []
    for kind in draw(st.lists(KINDS_OF_TERRAFORM, max_size=5)):
        address = draw(one_of(f"{kind}.x {kind}.x[0] module.x.{kind}.x"))
        values = draw(st.dictionaries(ATTRIBUTES, ANY, max_size=4))
        resources.append({"address": address, "type": kind, "name": "x", "values": values})
        unknown = draw(st.dictionaries(ATTRIBUTES, ANY, max_size=3))
        changes.append({"address": address, "change": {"after_unknown": unknown}})
        declared.append({"address": f"{kind}.x", "expressions": draw(st.dictionaries(ATTRIBUTES, ANY) | ANY)})
    role = {"address": "aws_iam_role.role", "type": "aws_iam_role", "name": "role", "values": {"name": "x"}}
    return {
        "planned_values": {"root_module": {"resources": [role, *resources], "child_modules": draw(ANY)}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": declared, "module_calls": {"x": draw(ANY)}}},
    }


@pytest.mark.slow
@given(plan=plans())
def test_of_terraform(plan, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "plan.json"
    path.write_text(json.dumps(plan))
    with contextlib.suppress(PolicyError):
        from_terraform(path, role="aws_iam_role.role")
