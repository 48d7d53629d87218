"""What calls of a world needed, as the least policy shows it."""

import boto3
import botocore.exceptions
import pytest

from fake_secrets import mock_stages

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"
ROTATE = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
NotThere = botocore.exceptions.ClientError


@pytest.fixture
def world():
    with mock_stages(region="us-east-1") as world:
        yield world


@pytest.fixture
def client(world):
    return boto3.client("secretsmanager", region_name="us-east-1")


def short(policy):
    """Return the statements of a policy as lists of what they have, without the common beginnings."""
    return [
        (
            " ".join(statement["Action"]).replace("secretsmanager:", ""),
            " ".join(statement["Resource"]).replace(ARN, ""),
            *([statement["Condition"]] if "Condition" in statement else []),
        )
        for statement in policy["Statement"]
    ]


def least(world, **chosen):
    return short(world.permissions.least_policy(**chosen))


class TestWhichCallsCount:
    def test_without_calls_nothing_is_needed(self, world):
        assert world.permissions.least_policy() == {"Version": "2012-10-17", "Statement": []}

    def test_secrets_that_a_test_adds_need_nothing(self, world):
        world.add("db", "value")

        assert least(world) == []

    def test_requests_of_the_handle_do_not_count(self, world):
        world.add("db", "value")
        world.lambda_function(None, arn=ROTATE)
        world.rotate("db", ROTATE)

        assert least(world) == []

    def test_calls_that_fail_count(self, world, client):
        world.add("db", "value")
        with pytest.raises(NotThere, match="ResourceNotFound"):
            client.get_secret_value(SecretId="db", VersionStage="LIVE")

        assert least(world) == [
            ("GetSecretValue", "db-??????", {"StringEquals": {"secretsmanager:VersionStage": "LIVE"}})
        ]

    def test_calls_that_were_denied_count(self, world, client):
        world.add("db", "value")
        with world.permissions([]), pytest.raises(NotThere, match="AccessDenied"):
            client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db-??????")]

    def test_calls_that_a_planned_fault_has_met_count(self, world, client):
        world.add("db", "value")
        world.faults.fail("GetSecretValue", "InternalServiceError", times=1)
        client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db-??????")]

    @pytest.mark.parametrize("secret_id", ["a b", "x" * 2049])
    def test_malformed_calls_do_not_count(self, world, client, secret_id):
        with pytest.raises(NotThere, match="ValidationException"):
            client.get_secret_value(SecretId=secret_id)

        assert least(world) == []

    def test_a_reset_begins_anew(self, world, client):
        client.list_secrets()
        world.reset()

        assert least(world) == []


class TestSecrets:
    def test_a_name_and_an_arn_mean_the_same_secret(self, world, client):
        secret = world.add("db", "value")
        client.get_secret_value(SecretId="db")
        client.get_secret_value(SecretId=secret.arn)

        assert least(world) == [("GetSecretValue", "db-??????")]

    def test_a_secret_whose_suffix_a_test_has_chosen_keeps_it(self, world, client):
        world.add("db", "value", arn_suffix="AbCdEf")
        client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db-AbCdEf")]

    def test_a_new_secret_never_has_the_suffix_of_another_one(self, world, client):
        world.add("db", "value", arn_suffix="AbCdEf")
        with pytest.raises(NotThere, match="ResourceExists"):
            client.create_secret(Name="db")

        assert least(world) == [("CreateSecret", "db-??????")]

    def test_an_arn_that_does_not_exist_stays_as_the_code_has_it(self, world, client):
        with pytest.raises(NotThere, match="ResourceNotFound"):
            client.get_secret_value(SecretId=f"{ARN}db-AbCdEf")

        assert least(world) == [("GetSecretValue", "db-AbCdEf")]

    def test_a_secret_that_does_not_exist_has_no_suffix(self, world, client):
        with pytest.raises(NotThere, match="ResourceNotFound"):
            client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db")]

    def test_a_replica_has_the_region_of_its_own(self, world, client):
        world.add("db", "value", arn_suffix="AbCdEf")
        client.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        boto3.client("secretsmanager", region_name="eu-west-1").get_secret_value(SecretId="db")

        assert least(world) == [
            ("GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
            ("ReplicateSecretToRegions", "db-AbCdEf"),
        ]

    def test_each_secret_of_a_batch_is_read(self, world, client):
        for name in ("a", "b"):
            world.add(name, "value")
        client.batch_get_secret_value(SecretIdList=["a", "b", "c"])

        assert least(world) == [("GetSecretValue", "a-?????? b-?????? c"), ("BatchGetSecretValue", "*")]

    def test_a_replica_that_only_a_batch_reads_is_read(self, world, client):
        world.add("db", "value", kms_key_id=KEY)
        client.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        abroad = boto3.client("secretsmanager", region_name="eu-west-1")
        with world.as_principal("arn:aws:iam::123456789012:user/reader"):
            abroad.batch_get_secret_value(SecretIdList=["db"])

        document = world.permissions.least_policy(principal="arn:aws:iam::123456789012:user/reader")
        resources = {one["Action"][0]: one["Resource"] for one in document["Statement"]}
        replica = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-??????"
        assert resources["secretsmanager:GetSecretValue"] == [replica]

    def test_a_replica_that_is_gone_was_read_all_the_same(self, world, client):
        world.add("db", "value")
        client.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        boto3.client("secretsmanager", region_name="eu-west-1").batch_get_secret_value(SecretIdList=["db"])
        client.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=["eu-west-1"])

        statements = world.permissions.least_policy()["Statement"]
        resources = {action: one["Resource"] for one in statements for action in one["Action"]}
        replica = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-??????"
        assert resources["secretsmanager:GetSecretValue"] == [replica]

    def test_a_secret_without_a_value_is_read_in_a_batch_and_one_that_is_missing_has_no_suffix(
        self, world, client
    ):
        client.create_secret(Name="empty")
        client.batch_get_secret_value(SecretIdList=["empty", "missing"])

        assert ("GetSecretValue", "empty-?????? missing") in least(world)

    def test_a_batch_with_filters_lists_secrets(self, world, client):
        world.add("a", "value")
        client.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["a"]}])

        assert least(world) == [("GetSecretValue", "a-??????"), ("BatchGetSecretValue ListSecrets", "*")]

    def test_tags_and_replicas_of_a_new_secret_need_actions_of_their_own(self, world, client):
        client.create_secret(
            Name="db", Tags=[{"Key": "Owner", "Value": "me"}], AddReplicaRegions=[{"Region": "eu-west-1"}]
        )

        assert least(world) == [
            ("CreateSecret TagResource", "db-??????", {"Null": {"aws:RequestTag/Owner": "false"}}),
            ("ReplicateSecretToRegions", "db-??????"),
        ]

    def test_the_validation_of_a_policy_needs_the_action_that_attaches_it(self, world, client):
        world.add("db", "value")
        with pytest.raises(NotThere, match="MalformedPolicyDocument"):
            client.validate_resource_policy(SecretId="db", ResourcePolicy="{}")

        assert least(world) == [("PutResourcePolicy ValidateResourcePolicy", "db-??????")]


class TestKeysAndFunctions:
    VIA = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}

    def test_a_value_under_a_key_of_the_customers_is_decrypted(self, world, client):
        world.add("db", "value", kms_key_id=KEY)
        client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db-??????"), ("kms:Decrypt", KEY_ARN, self.VIA)]

    def test_the_default_key_needs_nothing(self, world, client):
        world.add("db", "value", kms_key_id="alias/aws/secretsmanager")
        client.get_secret_value(SecretId="db")

        assert least(world) == [("GetSecretValue", "db-??????")]

    def test_a_new_value_is_encrypted(self, world, client):
        client.create_secret(Name="db", SecretString="value", KmsKeyId=KEY)

        assert least(world)[1:] == [("kms:Decrypt kms:GenerateDataKey", KEY_ARN, self.VIA)]

    def test_a_put_uses_the_key_of_the_secret(self, world, client):
        world.add("db", "value", kms_key_id=KEY)
        client.put_secret_value(SecretId="db", SecretString="new")

        assert least(world)[1:] == [("kms:Decrypt kms:GenerateDataKey", KEY_ARN, self.VIA)]

    def test_a_batch_decrypts_each_value(self, world, client):
        world.add("db", "value", kms_key_id=KEY)
        client.batch_get_secret_value(SecretIdList=["db"])

        assert least(world)[2:] == [("kms:Decrypt", KEY_ARN, self.VIA)]

    def test_a_key_that_the_secret_had_at_the_time_of_the_call_counts(self, world, client):
        world.add("db", "value", kms_key_id=KEY)
        client.get_secret_value(SecretId="db")
        client.update_secret(SecretId="db", KmsKeyId="")
        client.get_secret_value(SecretId="db")

        assert least(world) == [
            ("GetSecretValue UpdateSecret", "db-??????"),
            ("kms:Decrypt", KEY_ARN, self.VIA),
        ]

    def test_another_key_encrypts_the_values_again(self, world, client):
        world.add("db", "value")
        client.update_secret(SecretId="db", KmsKeyId=KEY)

        assert least(world)[1:] == [("kms:Decrypt kms:Encrypt kms:GenerateDataKey", KEY_ARN, self.VIA)]

    def test_a_key_that_only_has_an_alias_is_any_key_with_it(self, world, client):
        world.add("db", "value", kms_key_id="alias/app")
        client.get_secret_value(SecretId="db")

        assert least(world)[1:] == [
            (
                "kms:Decrypt",
                "arn:aws:kms:us-east-1:123456789012:key/*",
                {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}, **self.VIA},
            )
        ]

    def test_an_alias_that_the_test_has_explained_stands_for_its_key(self, world, client):
        world.set_kms_key(KEY, "enabled", aliases=["alias/app"])
        world.add("db", "value", kms_key_id="alias/app")
        client.get_secret_value(SecretId="db")

        assert least(world)[1:] == [("kms:Decrypt", KEY_ARN, self.VIA)]

    def test_who_rotates_a_secret_invokes_the_function(self, world, client):
        world.add("db", "value")
        world.lambda_function(None, arn=ROTATE)
        client.rotate_secret(SecretId="db", RotationLambdaARN=ROTATE)

        assert least(world) == [("RotateSecret", "db-??????"), ("lambda:InvokeFunction", ROTATE)]

    def test_who_rotates_a_secret_again_invokes_the_function_that_it_has(self, world, client):
        world.add("db", "value")
        world.lambda_function(None, arn=ROTATE)
        world.rotate("db", ROTATE)
        with pytest.raises(NotThere, match="previous rotation isn't complete"):
            client.rotate_secret(SecretId="db")

        assert least(world)[1:] == [("lambda:InvokeFunction", ROTATE)]


class TestConditions:
    def test_the_case_of_a_tags_key_is_kept(self, world, client):
        world.add("db", "value")
        client.tag_resource(SecretId="db", Tags=[{"Key": "CostCentre", "Value": "1"}])

        assert least(world)[0][2] == {"Null": {"aws:RequestTag/CostCentre": "false"}}

    def test_no_value_of_a_tag_is_shown(self, world, client):
        client.create_secret(Name="db", Tags=[{"Key": "owner", "Value": "my-own-tag"}], SecretString="s3cret")

        shown = str(world.permissions.least_policy())
        assert "my-own-tag" not in shown
        assert "s3cret" not in shown

    def test_a_recovery_window_that_every_call_has_sent(self, world, client):
        for name, days in (("a", 7), ("b", 30)):
            world.add(name, "value")
            client.delete_secret(SecretId=name, RecoveryWindowInDays=days)

        assert least(world)[0][2] == {"NumericEquals": {"secretsmanager:RecoveryWindowInDays": ["30", "7"]}}

    def test_text_that_would_be_a_policy_variable_makes_no_condition(self, world, client):
        world.add("db", "value")
        with pytest.raises(NotThere, match="ResourceNotFound"):
            client.get_secret_value(SecretId="db", VersionStage="${aws:username}")

        assert least(world) == [("GetSecretValue", "db-??????")]


def rotate(event, context):
    client = boto3.client("secretsmanager", region_name="us-east-1")
    client.describe_secret(SecretId=event["SecretId"])
    if event["Step"] == "createSecret":
        token = event["ClientRequestToken"]
        client.put_secret_value(
            SecretId=event["SecretId"], ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
        )


class TestCallers:
    ROLE = "arn:aws:iam::123456789012:role/app"

    def test_the_calls_of_a_rotation_function_are_its_own(self, world, client):
        world.add("db", "value")
        client.describe_secret(SecretId="db")
        world.rotate("db", world.lambda_function(rotate, "rotate"))

        assert least(world) == [("DescribeSecret", "db-??????")]
        assert least(world, function="rotate") == [("DescribeSecret PutSecretValue", "db-??????")]

    def test_steps_that_are_delivered_by_hand_and_events_of_the_tests_own_count(self, world):
        secret = world.add("db", "value")
        world.lambda_function(rotate, "rotate")
        event = {"Step": "setSecret", "SecretId": secret.arn, "ClientRequestToken": "t" * 32}
        world.invoke(rotate, event)

        assert least(world, function="rotate") == [("DescribeSecret", "db-??????")]

    def test_a_function_can_be_named_by_its_arn(self, world):
        world.add("db", "value")
        arn = world.lambda_function(rotate, "rotate")
        world.rotate("db", arn)

        assert least(world, function=arn) == least(world, function="rotate") == least(world)

    def test_the_sessions_of_a_role_share_its_policy(self, world, client):
        world.add("db", "value")
        for session in ("one", "two"):
            with world.as_principal(f"arn:aws:sts::123456789012:assumed-role/app/{session}"):
                client.get_secret_value(SecretId="db")

        assert least(world, principal=self.ROLE) == least(world) == [("GetSecretValue", "db-??????")]

    def test_the_caller_of_the_tests_clients_is_the_same_with_and_without_a_policy(self, world, client):
        world.add("db", "value")
        client.describe_secret(SecretId="db")
        with world.permissions([]), pytest.raises(NotThere, match="AccessDenied"):
            client.get_secret_value(SecretId="db")

        needed = [("DescribeSecret GetSecretValue", "db-??????")]
        assert least(world) == needed
        for name in ("root", "user/fake-secrets"):
            assert least(world, principal=f"arn:aws:iam::123456789012:{name}") == needed

    def test_the_root_of_another_account_is_a_caller_of_its_own(self, world, client):
        client.list_secrets()
        other = "arn:aws:iam::999999999999:root"
        with world.as_principal(other):
            client.get_random_password()

        assert least(world, principal=other) == [("GetRandomPassword", "*")]

    def test_callers_have_policies_of_their_own(self, world, client):
        world.add("db", "value")
        client.describe_secret(SecretId="db")
        with world.as_principal(self.ROLE):
            client.get_secret_value(SecretId="db")

        assert least(world, principal=self.ROLE) == [("GetSecretValue", "db-??????")]
        with pytest.raises(ValueError, match="made by 2 callers, and each has a policy of its own"):
            world.permissions.least_policy()


@pytest.mark.parametrize(
    ("elsewhere", "message"),
    [
        ({"region": "nowhere in particular"}, "region"),
        ({"region": 1}, "region=1 isn't a region"),
        (
            {"region": "rotate-db"},
            "region='rotate-db' isn't a region, such as 'us-east-1'. Name a caller with principal= or function=.",
        ),
        ({"account": "1234"}, "account='1234' isn't a string of twelve"),
    ],
)
def test_a_region_and_an_account_have_their_forms(world, elsewhere, message):
    with pytest.raises(ValueError, match=message):
        world.permissions.least_policy(**elsewhere)


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1"])
def test_every_region_of_aws_is_one(world, region):
    assert world.permissions.least_policy(region)["Statement"] == []


@pytest.mark.parametrize("method", ["least_policy", "unused"])
@pytest.mark.parametrize("argument", ["principal", "function"])
def test_a_caller_is_named_by_a_text(world, method, argument):
    policy = {"unused": [[]]}.get(method, [])
    with pytest.raises(
        TypeError, match=rf"^{argument}=<function least at 0x\w+> is a function, not a str. Give the "
    ):
        getattr(world.permissions, method)(*policy, **{argument: least})


def test_a_policy_for_production_has_its_region_and_account(world, client):
    world.add("db", "value")
    client.get_secret_value(SecretId="db")

    assert least(world, region="eu-west-1", account="111111111111") == [
        ("GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-??????")
    ]
