"""Secrets of other accounts: used by ARN, if the resource policy allows it and the key isn't the default."""

import json

import boto3
import pytest

from fake_secrets import UnsupportedOperationError

OWNER, FOREIGN = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{FOREIGN}:role/app"
SESSION = f"arn:aws:sts::{FOREIGN}:assumed-role/app/fake-secrets"
_DEFAULT_KEY_MESSAGE = (
    "You can't access a secret from a different AWS account if you encrypt the secret "
    "with the default KMS service key."
)
DEFAULT_KEY = ("InvalidRequestException", _DEFAULT_KEY_MESSAGE)
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
NEW_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"},
    }
)


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("app/db", "x", kms_key_id="alias/app", arn_suffix="a1b2c3")


@pytest.fixture
def foreigner(fake_secrets):
    return boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(ROLE))


@pytest.fixture
def allow(db, secretsmanager):
    def allow(action="secretsmanager:*", *, secret_id="app/db", effect="Allow", principal=None, **statement):
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": effect,
                    "Principal": principal or {"AWS": FOREIGN},
                    "Action": action,
                    "Resource": "*",
                    **statement,
                }
            ],
        }
        secretsmanager.put_resource_policy(SecretId=secret_id, ResourcePolicy=json.dumps(policy))

    return allow


def denied(operation, resource, *, reason="because no resource-based policy allows the {} action"):
    action = f"secretsmanager:{operation}"
    why = reason.format(action)
    return (
        "AccessDeniedException",
        f"User: {SESSION} is not authorized to perform: {action} on resource: {resource} {why}",
    )


class TestWithoutAPolicy:
    def test_another_accounts_secret_is_denied(self, db, foreigner, refusal):
        refused = refusal(foreigner.get_secret_value, SecretId=db.arn)
        assert refused == denied("GetSecretValue", db.arn)

    def test_a_secret_that_does_not_exist_is_denied_in_the_same_way(self, foreigner, refusal):
        arn = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:none-AbCdEf"
        assert refusal(foreigner.describe_secret, SecretId=arn) == denied("DescribeSecret", arn)

    def test_a_forced_deletion_is_denied(self, db, fake_secrets, foreigner, refusal):
        call = foreigner.delete_secret
        refused = refusal(call, SecretId=db.arn, ForceDeleteWithoutRecovery=True)
        assert refused == denied("DeleteSecret", db.arn)
        assert db.arn in fake_secrets

    def test_a_name_means_the_callers_own_secret(self, db, foreigner, refusal):
        assert refusal(foreigner.get_secret_value, SecretId="app/db") == NOT_FOUND

    def test_lists_never_show_it(self, db, allow, foreigner):
        allow()
        assert foreigner.list_secrets()["SecretList"] == []

    def test_both_accounts_can_have_the_name(self, db, foreigner, secretsmanager):
        arn = foreigner.create_secret(Name="app/db", SecretString="own")["ARN"]
        assert f":{FOREIGN}:" in arn
        assert foreigner.get_secret_value(SecretId="app/db")["SecretString"] == "own"
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"


class TestWithAPolicy:
    READS_AND_WRITES = (
        ("describe_secret", {}),
        ("get_resource_policy", {}),
        ("list_secret_version_ids", {}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("put_resource_policy", {"ResourcePolicy": NEW_POLICY}),
        ("delete_secret", {"ForceDeleteWithoutRecovery": True}),
    )

    @pytest.mark.parametrize("key", [None, "alias/app"])
    @pytest.mark.parametrize(("call", "members"), READS_AND_WRITES)
    def test_calls_that_need_no_key_work_with_any_key(self, fake_secrets, allow, foreigner, key, call, members):
        secret = fake_secrets.add("other", "x", kms_key_id=key)
        allow(secret_id="other")
        reply = getattr(foreigner, call)(SecretId=secret.arn, **members)
        assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200

    @pytest.mark.parametrize("key", [None, "alias/aws/secretsmanager"])
    @pytest.mark.parametrize(
        ("call", "members"), [("get_secret_value", {}), ("put_secret_value", {"SecretString": "y"})]
    )
    def test_values_under_the_default_key_are_refused(
        self, fake_secrets, allow, foreigner, refusal, key, call, members
    ):
        secret = fake_secrets.add("other", "x", kms_key_id=key)
        allow(secret_id="other")
        assert refusal(getattr(foreigner, call), SecretId=secret.arn, **members) == DEFAULT_KEY
        assert secret.value() == "x"

    def test_values_under_a_key_of_its_own_work(self, db, allow, foreigner):
        allow()
        foreigner.put_secret_value(SecretId=db.arn, SecretString="y")
        assert foreigner.get_secret_value(SecretId=db.arn)["SecretString"] == "y"

    def test_deleting_and_restoring_work(self, db, allow, foreigner):
        allow()
        foreigner.delete_secret(SecretId=db.arn)
        foreigner.restore_secret(SecretId=db.arn)
        assert foreigner.get_secret_value(SecretId=db.arn)["SecretString"] == "x"

    def test_a_partial_arn_works_too(self, db, allow, foreigner):
        allow()
        assert foreigner.get_secret_value(SecretId=db.arn[:-7])["ARN"] == db.arn

    def test_an_action_that_the_policy_does_not_allow_is_denied(self, db, allow, foreigner, refusal):
        allow("secretsmanager:DescribeSecret")
        foreigner.describe_secret(SecretId=db.arn)
        refused = refusal(foreigner.get_secret_value, SecretId=db.arn)
        assert refused == denied("GetSecretValue", db.arn)

    def test_the_message_names_an_explicit_deny(self, db, allow, foreigner, refusal):
        allow(effect="Deny")
        refused = refusal(foreigner.get_secret_value, SecretId=db.arn)
        assert refused == denied(
            "GetSecretValue", db.arn, reason="with an explicit deny in a resource-based policy"
        )

    def test_the_policy_may_name_the_role(self, db, allow, foreigner):
        allow(principal={"AWS": ROLE})
        assert foreigner.describe_secret(SecretId=db.arn)["Name"] == "app/db"

    def test_another_role_is_denied(self, db, allow, foreigner, refusal):
        allow(principal={"AWS": f"{ROLE}-2"})
        assert refusal(foreigner.describe_secret, SecretId=db.arn) == denied("DescribeSecret", db.arn)

    @pytest.mark.parametrize(("stage", "is_read"), [("AWSCURRENT", True), ("AWSPREVIOUS", False)])
    def test_a_condition_may_test_the_label(self, fake_secrets, allow, foreigner, refusal, stage, is_read):
        fake_secrets.add("two", labels={"AWSCURRENT": "new", "AWSPREVIOUS": "old"}, kms_key_id="alias/app")
        allow(
            secret_id="two",
            Condition={"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}},
        )
        request = {"SecretId": fake_secrets["two"].arn, "VersionStage": stage}
        if is_read:
            assert foreigner.get_secret_value(**request)["SecretString"] == "new"
        else:
            assert refusal(foreigner.get_secret_value, **request)[0] == "AccessDeniedException"

    def test_a_condition_may_test_a_tag(self, fake_secrets, allow, foreigner, refusal):
        for name, team in (("ours", "a"), ("theirs", "b")):
            fake_secrets.add(name, "x", tags={"team": team}, kms_key_id="alias/app")
            allow(secret_id=name, Condition={"StringEquals": {"aws:ResourceTag/team": "a"}})
        assert foreigner.get_secret_value(SecretId=fake_secrets["ours"].arn)["SecretString"] == "x"
        refused = refusal(foreigner.get_secret_value, SecretId=fake_secrets["theirs"].arn)
        assert refused[0] == "AccessDeniedException"

    def test_a_batch_checks_the_policy_of_each_secret(self, fake_secrets, db, allow, foreigner):
        other = fake_secrets.add("other", "x", kms_key_id="alias/app")
        allow("secretsmanager:GetSecretValue")
        reply = foreigner.batch_get_secret_value(SecretIdList=[db.arn, other.arn])
        assert [entry["Name"] for entry in reply["SecretValues"]] == ["app/db"]
        assert [(error["SecretId"], error["ErrorCode"]) for error in reply["Errors"]] == [
            (other.arn, "AccessDeniedException")
        ]


class TestRegions:
    def test_an_arn_of_another_region_is_not_found(self, db, refusal):
        abroad = boto3.client("secretsmanager", region_name="eu-west-1")
        assert refusal(abroad.get_secret_value, SecretId=db.arn) == NOT_FOUND

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
    )
    def test_the_clients_region_and_partition_make_the_arn(self, fake_secrets, region, partition):
        arn = boto3.client("secretsmanager", region_name=region).create_secret(Name="a", SecretString="x")["ARN"]
        assert arn.startswith(f"arn:{partition}:secretsmanager:{region}:{OWNER}:secret:a-")

    def test_each_region_has_its_own_secrets(self, db):
        abroad = boto3.client("secretsmanager", region_name="eu-west-1")
        abroad.create_secret(Name="app/db", SecretString="abroad")
        assert db.value() == "x"
        assert abroad.get_secret_value(SecretId="app/db")["SecretString"] == "abroad"


class TestManagedSecrets:
    MANAGED = (
        "InvalidRequestException",
        "This secret is managed by an AWS service, and you must use that service to update it.",
    )
    WRITES = (
        ("put_secret_value", {"SecretString": "y"}),
        ("update_secret", {"Description": "y"}),
        ("update_secret_version_stage", {"VersionStage": "LIVE", "MoveToVersionId": "9" * 32}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("delete_secret", {}),
        ("delete_secret", {"ForceDeleteWithoutRecovery": True}),
    )

    @pytest.fixture
    def managed(self, freezer_at_noon, fake_secrets):
        return fake_secrets.add("rds!db-1", {"username": "admin", "password": "x"}, owning_service="rds")

    def test_describe_shows_the_service_and_its_rotation_without_a_function(self, managed, secretsmanager):
        described = secretsmanager.describe_secret(SecretId="rds!db-1")
        assert described["OwningService"] == "rds"
        assert described["RotationEnabled"] is True
        assert described["RotationRules"] == {"AutomaticallyAfterDays": 7}
        assert described["NextRotationDate"].isoformat() == "2026-03-11T23:59:59+00:00"
        assert described["Tags"] == [{"Key": "aws:secretsmanager:owningService", "Value": "rds"}]
        assert "RotationLambdaARN" not in described

    def test_it_can_be_read(self, managed, secretsmanager):
        assert "admin" in secretsmanager.get_secret_value(SecretId="rds!db-1")["SecretString"]

    @pytest.mark.parametrize(("call", "members"), WRITES)
    def test_users_cannot_change_it(self, managed, secretsmanager, refusal, answer, call, members):
        before = answer(secretsmanager.describe_secret, SecretId="rds!db-1")
        assert refusal(getattr(secretsmanager, call), SecretId="rds!db-1", **members) == self.MANAGED
        assert answer(secretsmanager.describe_secret, SecretId="rds!db-1") == before

    def test_its_rules_can_be_set(self, managed, secretsmanager, answer):
        reply = answer(
            secretsmanager.rotate_secret,
            SecretId="rds!db-1",
            RotationRules={"AutomaticallyAfterDays": 3},
            RotateImmediately=False,
        )
        assert set(reply) == {"ARN", "Name"}
        described = secretsmanager.describe_secret(SecretId="rds!db-1")
        assert described["RotationRules"] == {"AutomaticallyAfterDays": 3}

    def test_lists_find_it_by_its_service(self, fake_secrets, managed, secretsmanager):
        fake_secrets.add("own", "x")
        for value, names in [("rd", ["rds!db-1"]), ("RDS", []), ("!rds", ["own"])]:
            listed = secretsmanager.list_secrets(Filters=[{"Key": "owning-service", "Values": [value]}])
            assert [entry["Name"] for entry in listed["SecretList"]] == names


def test_a_sessions_principal_arn_is_the_arn_of_its_role(fake_secrets, db, allow):
    session = f"arn:aws:sts::{FOREIGN}:assumed-role/app/lambda-1"
    allow(Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})
    caller = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(session))
    assert caller.get_secret_value(SecretId=db.arn)["SecretString"] == "x"


class TestConditionKeys:
    @pytest.mark.parametrize(
        "condition",
        [
            {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            {"NumericGreaterThan": {"aws:EpochTime": "1577836800"}},
            {"StringEquals": {"aws:ResourceAccount": OWNER}},
            {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
            {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
            {"Bool": {"aws:PrincipalIsAWSService": "false"}},
            {"Null": {"aws:SourceVpce": "true"}},
            {"Null": {"secretsmanager:SecretPrimaryRegion": "true"}},
            {"ArnLike": {"secretsmanager:SecretId": f"arn:aws:secretsmanager:*:{OWNER}:secret:app/*"}},
        ],
    )
    def test_a_condition_on_a_key_of_every_request_is_met(self, db, allow, foreigner, condition):
        allow(Condition=condition)
        assert foreigner.get_secret_value(SecretId=db.arn)["SecretString"] == "x"

    def test_a_condition_on_a_member_of_the_request(self, db, allow, foreigner, refusal):
        allow(Condition={"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}})
        call = foreigner.delete_secret
        assert refusal(call, SecretId=db.arn, ForceDeleteWithoutRecovery=True)[0] == "AccessDeniedException"
        foreigner.delete_secret(SecretId=db.arn, ForceDeleteWithoutRecovery=False)

    def test_a_condition_on_tags_of_the_request(self, db, allow, foreigner, refusal):
        allow(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}})
        foreigner.tag_resource(SecretId=db.arn, Tags=[{"Key": "team", "Value": "a"}])
        refused = refusal(foreigner.tag_resource, SecretId=db.arn, Tags=[{"Key": "other", "Value": "a"}])
        assert refused[0] == "AccessDeniedException"

    def test_a_condition_on_a_users_name(self, fake_secrets, db, allow):
        allow(Condition={"StringEquals": {"aws:username": "ann"}})
        keys = fake_secrets.credentials(f"arn:aws:iam::{FOREIGN}:user/team/ann")
        caller = boto3.client("secretsmanager", region_name="us-east-1", **keys)
        assert caller.describe_secret(SecretId=db.arn)["Name"] == "app/db"

    @pytest.mark.parametrize(
        ("key", "advice"),
        [
            ("aws:SourceIp", "so give it: `with fake_secrets.permissions(None"),
            ("aws:PrincipalOrgID", "so give it"),
            ("aws:PrincpalAccount", "Did you mean aws:principalaccount?"),
            ("secretsmanager:VersionStages", "Did you mean secretsmanager:versionstage?"),
            ("aws:ResourceTag", "Such a key ends in a name: aws:resourcetag/team."),
        ],
    )
    def test_an_unknown_condition_key_comes_with_advice(self, db, allow, foreigner, key, advice):
        allow(Condition={"StringEquals": {key: "x"}})
        with pytest.raises(UnsupportedOperationError) as refused:
            foreigner.get_secret_value(SecretId=db.arn)
        assert advice in str(refused.value)

    @pytest.mark.parametrize("key", ["aws:SourceIp", "aws:PrincipalOrgID", "aws:PrincpalAccount"])
    def test_an_unknown_condition_key_is_refused_by_name(self, db, allow, foreigner, key):
        allow(Condition={"StringEquals": {key: "x"}})
        with pytest.raises(
            UnsupportedOperationError, match=f"has a condition on {key.lower()}, which fake_secrets doesn't know"
        ):
            foreigner.get_secret_value(SecretId=db.arn)
