"""What a policy allows and no call needed."""

import boto3
import pytest

from fake_secrets import mock_stages
from fake_secrets.errors import PolicyError

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
GET, PUT = "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"


@pytest.fixture
def world():
    with mock_stages(region="us-east-1") as world:
        world.add("db", "value")
        world.add("api", "value")
        yield world


@pytest.fixture
def client(world):
    return boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def told(world, client):
    """A function that returns what is unused of some statements, after the secret db was read."""
    client.get_secret_value(SecretId="db")

    def told(*statements, **chosen):
        each = [{"Effect": "Allow", "Action": GET, "Resource": "*", **statement} for statement in statements]
        return list(map(str, world.permissions.unused({"Version": "2012-10-17", "Statement": each}, **chosen)))

    return told


def test_of_the_least_policy_nothing_is_unused(world, client):
    client.get_secret_value(SecretId="db", VersionStage="AWSCURRENT")
    client.create_secret(
        Name="new", Tags=[{"Key": "Owner", "Value": "me"}], SecretString="x", KmsKeyId="alias/app"
    )
    client.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["a"]}])

    assert world.permissions.unused(world.permissions.least_policy()) == []


def test_an_action_that_no_call_needed(world, client):
    client.get_secret_value(SecretId="db")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Db", "Effect": "Allow", "Action": [GET, PUT], "Resource": f"{ARN}db-??????"}],
    }

    (unused,) = world.permissions.unused(policy)

    assert (unused.policy, unused.statement, unused.is_whole) == ("policy", "Db", False)
    assert (unused.actions, unused.resources, unused.wider) == ((PUT,), (), {})
    assert str(unused) == f"policy, Db: no call used {PUT}"


def test_a_resource_that_no_call_needed(told):
    assert told({"Resource": [f"{ARN}db-??????", f"{ARN}api-??????"]}) == [
        f"policy, statement 1: no call used {ARN}api-??????"
    ]


def test_a_statement_that_no_call_needed(told):
    assert told({"Resource": f"{ARN}db-??????"}, {"Sid": "Write", "Action": PUT}) == [
        "policy, Write: no call used this statement"
    ]


def test_a_condition_that_no_call_fulfilled_leaves_its_statement_unused(told):
    pending = {"StringEquals": {"secretsmanager:VersionStage": "AWSPENDING"}}

    assert told({"Condition": pending}) == ["policy, statement 1: no call used this statement"]


def test_patterns_that_allow_more_than_was_needed(told):
    (sentence,) = told({"Action": "secretsmanager:*", "Resource": f"{ARN}*"})

    assert sentence.removeprefix("policy, statement 1: ").split("; ") == [
        f"secretsmanager:* is wider than needed, since calls used only {GET}",
        f"{ARN}* is wider than needed, since calls used only {ARN}db-??????",
    ]


def test_a_pattern_of_a_name_with_any_end_is_wide(told):
    assert told({"Resource": f"{ARN}db-*"}) == [
        f"policy, statement 1: {ARN}db-* is wider than needed, since calls used only {ARN}db-??????"
    ]


def test_the_exact_arn_of_a_secret_is_needed(world, told):
    assert told({"Resource": world["db"].arn}) == []


def test_an_action_and_a_resource_that_no_call_needed_together(world, client):
    client.get_secret_value(SecretId="db")
    client.get_secret_value(SecretId="api")
    client.delete_secret(SecretId="db")
    delete, api = "secretsmanager:DeleteSecret", f"{ARN}api-??????"
    statement = {"Effect": "Allow", "Action": [GET, delete], "Resource": [f"{ARN}db-??????", api]}

    (unused,) = world.permissions.unused({"Version": "2012-10-17", "Statement": [statement]})

    assert (unused.actions, unused.resources, unused.pairs) == ((), (), ((delete, api),))
    assert str(unused) == f"policy, statement 1: no call used {delete} on {api}"


def test_what_no_call_needed_at_all_is_told_once(told):
    assert told({"Action": [GET, PUT], "Resource": [f"{ARN}db-??????", f"{ARN}api-??????"]}) == [
        f"policy, statement 1: no call used {PUT}, {ARN}api-??????"
    ]


def test_an_action_and_a_resource_of_another_kind_allow_nothing_together(world, client):
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    client.create_secret(Name="new", SecretString="x", KmsKeyId=key)
    client.list_secrets()
    actions = ["secretsmanager:CreateSecret", "secretsmanager:ListSecrets", "kms:Decrypt", "kms:GenerateDataKey"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": [f"{ARN}new-??????", key, "*"]}

    (unused,) = world.permissions.unused({"Version": "2012-10-17", "Statement": [statement]})

    assert (unused.actions, unused.resources, unused.pairs) == ((), (), ())
    assert unused.wider == {"*": (key, f"{ARN}new-??????")}


HOME = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


def test_a_condition_whose_value_is_not_known_cannot_be_judged(told):
    statement = {"Action": [GET, PUT], "Resource": f"{ARN}db-??????", "Condition": HOME}

    (sentence,) = told(statement)
    judged, unjudged = sentence.split("; ")
    assert judged == f"policy, statement 1: no call used {PUT}"
    assert unjudged == (
        "its condition on aws:sourceip can't be judged without a value, so ask inside of the block "
        "`with fake_secrets.permissions(None, context={'aws:sourceip': ...}):`"
    )


def test_a_tag_of_a_caller_that_is_not_given_cannot_be_judged(told):
    (sentence,) = told(
        {"Resource": f"{ARN}db-??????", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "billing"}}}
    )

    assert "condition on aws:principaltag/team can't be judged" in sentence
    assert sentence.endswith("`with fake_secrets.permissions(None, tags={...}):`")


@pytest.mark.parametrize(
    ("address", "unused"),
    [("203.0.113.7", []), ("198.51.100.7", ["policy, statement 1: no call used this statement"])],
)
def test_a_condition_whose_value_a_test_gives_is_judged(world, told, address, unused):
    with world.permissions(None, context={"aws:SourceIp": address}):
        assert told({"Resource": f"{ARN}db-??????", "Condition": HOME}) == unused


def test_a_statement_for_other_secrets_is_unused_whatever_its_conditions(told):
    assert told({"Resource": f"{ARN}api-??????", "Condition": HOME}) == [
        "policy, statement 1: no call used this statement"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": PUT},
        {"Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"},
        {"Action": [GET, "s3:GetObject"], "Resource": [f"{ARN}db-??????", "arn:aws:s3:::bucket/*"]},
        {"Action": "SecretsManager:getsecretvalue", "Resource": f"{ARN}db-??????"},
    ],
)
def test_statements_in_which_nothing_is_unused(told, statement):
    assert told(statement) == []


def test_what_a_statement_leaves_out_is_not_looked_at(world, client):
    client.get_secret_value(SecretId="db")
    left_out = {"Effect": "Allow", "NotAction": PUT, "NotResource": f"{ARN}api-??????"}
    other = {"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": f"{ARN}api-??????"}

    (unused,) = world.permissions.unused({"Version": "2012-10-17", "Statement": [left_out, other]})

    assert (unused.statement, unused.is_whole, unused.actions) == ("statement 2", True, ())


def test_only_the_calls_of_a_chosen_caller_count(world, client, told):
    with world.as_principal("arn:aws:iam::123456789012:role/app"):
        client.describe_secret(SecretId="db")
    allowed = {"Action": [GET, "secretsmanager:DescribeSecret"], "Resource": f"{ARN}db-??????"}

    assert told(allowed) == []
    assert told(allowed, principal="arn:aws:iam::123456789012:role/app") == [
        f"policy, statement 1: no call used {GET}"
    ]


def test_a_caller_without_calls_is_refused(told):
    with pytest.raises(ValueError, match="function='rotate' has made no call"):
        told({}, function="rotate")


def test_a_policy_of_a_file_is_named_by_its_path(world, client, tmp_path):
    path = tmp_path / "app.json"
    path.write_text('{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')

    assert list(map(str, world.permissions.unused(path))) == [f"{path}, statement 1: no call used this statement"]


def test_a_malformed_policy_is_refused(world):
    with pytest.raises(PolicyError):
        world.permissions.unused({"Version": "2012-10-17"})


def test_calls_that_repeat_themselves_are_looked_at_once(world, client):
    for _ in range(200):
        client.get_secret_value(SecretId="db")

    assert world.permissions.unused(world.permissions.least_policy()) == []
