"""The least policy: statements, patterns and conditions out of what calls needed."""

import itertools
import json

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fake_secrets.iam.callers import by_caller, needs_of_caller
from fake_secrets.iam.least_policy import Home, Need, document_for

HOME = Home("123456789012", "us-east-1")
ROOT = "arn:aws:iam::123456789012:root"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def need(action, resource="db-??????", principal=ROOT, function=None, home=HOME, **supplied):
    action = action if ":" in action else f"secretsmanager:{action}"
    resource = resource if resource == "*" or resource.startswith("arn:") else ARN + resource
    keys = {name if ":" in name else f"secretsmanager:{name}": value for name, value in supplied.items()}
    return Need(principal, function, action, resource, home, tuple(sorted(keys.items())))


def statements(*needs, **elsewhere):
    return document_for(needs, **elsewhere)["Statement"]


def short(*needs, **elsewhere):
    """Return the statements as tuples of actions, resources and conditions, without what all have in common."""
    return [
        (
            " ".join(one["Action"]).replace("secretsmanager:", ""),
            " ".join(one["Resource"]).replace(ARN, ""),
            one.get("Condition"),
        )
        for one in statements(*needs, **elsewhere)
    ]


def test_a_call_becomes_one_statement():
    assert document_for([need("GetSecretValue")]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Secrets",
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": [f"{ARN}db-??????"],
            }
        ],
    }


def test_without_any_call_there_is_no_statement():
    assert statements() == []


def test_actions_on_the_same_secrets_share_a_statement():
    needs = [
        need(action, name) for action in ("GetSecretValue", "DescribeSecret") for name in ("b-??????", "a-AbCdEf")
    ]

    assert short(*needs) == [("DescribeSecret GetSecretValue", "a-AbCdEf b-??????", None)]


def test_actions_on_other_secrets_have_a_statement_of_their_own():
    assert short(need("GetSecretValue"), need("GetSecretValue", "api-??????"), need("DescribeSecret")) == [
        ("DescribeSecret", "db-??????", None),
        ("GetSecretValue", "api-?????? db-??????", None),
    ]


def test_actions_without_a_resource_share_one_statement():
    assert short(need("ListSecrets", "*"), need("GetRandomPassword", "*"), need("GetSecretValue")) == [
        ("GetSecretValue", "db-??????", None),
        ("GetRandomPassword ListSecrets", "*", None),
    ]


def test_statements_are_named_by_what_they_are_about_with_letters_and_digits_only():
    needs = [
        need("GetSecretValue"),
        need("DescribeSecret", "api-??????"),
        need("ListSecrets", "*"),
        need("kms:Decrypt", KEY),
        need("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:rotate"),
    ]

    sids = [one["Sid"] for one in statements(*needs)]

    assert sids == ["Secrets1", "Secrets2", "NoResource", "Keys", "Functions"]


def test_a_condition_asks_for_the_stages_that_every_call_has_sent():
    calls = [need("GetSecretValue", VersionStage=stage) for stage in ("AWSPENDING", "AWSCURRENT")]

    assert short(*calls) == [
        (
            "GetSecretValue",
            "db-??????",
            {"StringEquals": {"secretsmanager:VersionStage": ["AWSCURRENT", "AWSPENDING"]}},
        )
    ]


def test_one_call_without_the_key_leaves_the_condition_out():
    assert short(need("GetSecretValue", VersionStage="AWSCURRENT"), need("GetSecretValue")) == [
        ("GetSecretValue", "db-??????", None)
    ]


def test_a_call_about_another_secret_leaves_the_condition_as_it_is():
    assert short(need("GetSecretValue", VersionStage="AWSCURRENT"), need("GetSecretValue", "api-??????")) == [
        ("GetSecretValue", "api-??????", None),
        ("GetSecretValue", "db-??????", {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}),
    ]


def test_actions_with_different_conditions_have_different_statements():
    assert short(need("GetSecretValue", VersionStage="AWSPENDING"), need("DescribeSecret")) == [
        ("DescribeSecret", "db-??????", None),
        ("GetSecretValue", "db-??????", {"StringEquals": {"secretsmanager:VersionStage": "AWSPENDING"}}),
    ]


def test_the_recovery_window_is_compared_as_a_number():
    (statement,) = statements(need("DeleteSecret", RecoveryWindowInDays="7"))

    assert statement["Condition"] == {"NumericEquals": {"secretsmanager:RecoveryWindowInDays": "7"}}


@pytest.mark.parametrize(
    ("sent", "condition"),
    [
        (["true", "true"], {"Bool": {"secretsmanager:BlockPublicPolicy": "true"}}),
        (["true", "false"], None),
        (["false"], None),
    ],
)
def test_public_policies_stay_blocked_if_every_call_blocked_them(sent, condition):
    (statement,) = statements(*(need("PutResourcePolicy", BlockPublicPolicy=value) for value in sent))

    assert statement.get("Condition") == condition


def test_a_tag_has_to_be_there_and_its_value_is_free():
    (statement,) = statements(need("CreateSecret", **{"aws:RequestTag/Owner": ""}))

    assert statement["Condition"] == {"Null": {"aws:RequestTag/Owner": "false"}}


def test_only_the_tags_of_every_call_have_to_be_there():
    owner, both = {"aws:RequestTag/Owner": ""}, {"aws:RequestTag/Owner": "", "aws:RequestTag/Env": ""}

    (statement,) = statements(need("CreateSecret", **owner), need("CreateSecret", **both))

    assert statement["Condition"] == {"Null": {"aws:RequestTag/Owner": "false"}}


def test_keys_are_used_through_secrets_manager_only():
    (statement,) = statements(need("kms:Decrypt", KEY), need("kms:GenerateDataKey", KEY))

    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}


def test_a_pattern_covers_the_arn_of_a_secret_of_the_same_name():
    assert short(need("GetSecretValue", "db-AbCdEf"), need("GetSecretValue", "db-??????")) == [
        ("GetSecretValue", "db-??????", None)
    ]


def test_what_a_pattern_covers_counts_for_its_conditions():
    assert short(
        need("GetSecretValue", "db-AbCdEf"), need("GetSecretValue", "db-??????", VersionStage="AWSCURRENT")
    ) == [("GetSecretValue", "db-??????", None)]


def test_an_action_that_is_needed_without_a_secret_too_needs_no_secret():
    assert short(
        need("ValidateResourcePolicy", "*"),
        need("ValidateResourcePolicy", "db-AbCdEf"),
        need("ValidateResourcePolicy", "db-??????"),
    ) == [("ValidateResourcePolicy", "*", None)]


def test_a_pattern_does_not_cover_a_longer_name():
    assert short(need("GetSecretValue", "db-replica-AbCdEf"), need("GetSecretValue", "db-??????")) == [
        ("GetSecretValue", "db-?????? db-replica-AbCdEf", None)
    ]


def test_region_and_account_replace_those_of_the_world():
    elsewhere = {"region": "eu-west-1", "account": "111111111111"}

    assert statements(need("GetSecretValue"), need("kms:Decrypt", KEY), **elsewhere) == [
        {
            "Sid": "Secrets",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-??????"],
        },
        {
            "Sid": "Keys",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": ["arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
            "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}},
        },
    ]


def test_a_region_decides_the_partition():
    (statement,) = statements(need("GetSecretValue"), region="cn-north-1")

    assert statement["Resource"] == ["arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-??????"]


def test_other_regions_and_accounts_than_those_of_the_world_stay():
    other = "arn:aws:secretsmanager:ap-south-1:999999999999:secret:db-AbCdEf"

    (statement,) = statements(need("GetSecretValue", other), region="eu-west-1", account="111111111111")

    assert statement["Resource"] == [other]


def test_worlds_of_different_regions_give_the_same_policy_elsewhere():
    there = need(
        "GetSecretValue",
        ARN.replace("us-east-1", "eu-west-1") + "db-??????",
        home=Home(HOME.account_id, "eu-west-1"),
    )

    assert short(need("GetSecretValue"), there, region="us-east-1") == [("GetSecretValue", "db-??????", None)]


SEVERAL = [
    need(action, name, VersionStage=stage)
    for action, name, stage in itertools.product(
        ("GetSecretValue", "UpdateSecretVersionStage"), ("a-??????", "b-??????"), ("AWSCURRENT", "LIVE")
    )
]
SEVERAL += [need("ListSecrets", "*"), need("DescribeSecret", "a-??????"), need("kms:Decrypt", KEY)]


@pytest.mark.slow
@given(st.permutations(SEVERAL))
def test_the_order_of_the_needs_does_not_matter(needs):
    assert json.dumps(document_for(needs)) == json.dumps(document_for(SEVERAL))


SESSION = "arn:aws:sts::123456789012:assumed-role/rotator/session"
ROLE = "arn:aws:iam::123456789012:role/rotator"
BY_SEVERAL = [
    need("DescribeSecret", function="rotate"),
    need("GetSecretValue"),
    need("GetSecretValue", principal=ROLE),
]


def test_the_only_caller_need_not_be_named():
    needs = [need("GetSecretValue"), need("DescribeSecret", function="rotate")]

    assert needs_of_caller(needs) == (needs[0],)


def test_where_only_a_rotation_function_makes_calls_it_is_meant():
    needs = [need("DescribeSecret", function="rotate")]

    assert needs_of_caller(needs) == tuple(needs)


def test_a_rotation_function_is_named_by_its_name_or_its_arn():
    needs = [need("GetSecretValue"), need("DescribeSecret", function="rotate")]

    assert needs_of_caller(needs, function="rotate") == needs[1:]
    assert (
        needs_of_caller(needs, function="arn:aws:lambda:us-east-1:123456789012:function:rotate:live") == needs[1:]
    )


def test_a_role_is_named_by_its_own_arn_or_that_of_a_session():
    needs = [need("GetSecretValue"), need("DescribeSecret", principal=ROLE)]

    assert needs_of_caller(needs, principal=ROLE) == needs_of_caller(needs, principal=SESSION) == needs[1:]


def test_the_calls_of_a_rotation_function_with_a_role_are_the_roles():
    needs = [need("DescribeSecret", principal=ROLE, function="rotate")]

    assert needs_of_caller(needs, principal=ROLE) == needs


def test_the_calls_of_a_rotation_function_without_a_role_are_not_the_roots():
    needs = [need("GetSecretValue"), need("DescribeSecret", function="rotate")]

    assert needs_of_caller(needs, principal=ROOT) == needs[:1]


def test_one_of_several_callers_has_to_be_chosen():
    needs = [
        need("GetSecretValue", principal=ROLE),
        need("GetSecretValue"),
        need("DescribeSecret", function="rotate"),
    ]

    with pytest.raises(ValueError, match="made by 3 callers") as refused:
        needs_of_caller(needs)

    assert str(refused.value).splitlines()[1:] == [
        f"- principal='{ROLE}'",
        f"- principal='{ROOT}'",
        "- function='rotate'",
    ]


@pytest.mark.parametrize(
    ("needs", "chosen", "message"),
    [
        ([], {"function": "rotate"}, "function='rotate' has made no call, and neither has any other function"),
        ([need("GetSecretValue")], {"principal": ROLE}, f"principal='{ROLE}' isn't a choice"),
        ([need("GetSecretValue")], {"principal": ROOT, "function": "f"}, "are two callers: give one of them"),
    ],
)
def test_a_caller_who_made_no_call_is_refused(needs, chosen, message):
    with pytest.raises(ValueError, match=message):
        needs_of_caller(needs, **chosen)


def test_each_caller_has_its_own_needs_the_principals_first():
    needs = [
        need("DescribeSecret", function="rotate"),
        need("GetSecretValue"),
        need("GetSecretValue", principal=ROLE),
    ]

    assert [(one.kind, one.name, len(one.needs)) for one in by_caller(needs)] == [
        ("principal", ROLE, 1),
        ("principal", ROOT, 1),
        ("function", "rotate", 1),
    ]
