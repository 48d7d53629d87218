"""What a rotation function may do: `lambda_function(handler, role=..., policy=...)`."""

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import FunctionClashError, PolicyError

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/rotation"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-??????"
# The permissions that AWS documents for a rotation function.
DOCUMENTED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": SECRET,
        },
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
    ],
}


def rotate(event, context):
    client = boto3.client("secretsmanager", region_name="us-east-1")
    secret_id, token = event["SecretId"], event["ClientRequestToken"]
    versions = client.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
    if event["Step"] == "createSecret":
        client.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")
        password = client.get_random_password()["RandomPassword"]
        client.put_secret_value(
            SecretId=secret_id, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=secret_id, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


def without(action):
    first, second = DOCUMENTED["Statement"]
    kept = [other for other in first["Action"] if other != f"secretsmanager:{action}"]
    statements = [{**first, "Action": kept}, *([] if action == "GetRandomPassword" else [second])]
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.fixture
def client(fake_secrets):
    fake_secrets.add("db", "x")
    return boto3.client("secretsmanager", region_name="us-east-1")


def test_the_documented_permissions_suffice(fake_secrets, client):
    function = fake_secrets.lambda_function(rotate, "rotate", policy=DOCUMENTED)
    client.rotate_secret(SecretId="db", RotationLambdaARN=function)
    assert fake_secrets.rotations[-1].succeeded


@pytest.mark.parametrize(
    ("action", "step"),
    [
        ("DescribeSecret", "createSecret"),
        ("GetSecretValue", "createSecret"),
        ("GetRandomPassword", "createSecret"),
        ("PutSecretValue", "createSecret"),
        ("UpdateSecretVersionStage", "finishSecret"),
    ],
)
def test_each_one_less_fails_the_step_that_needs_it(fake_secrets, client, action, step):
    function = fake_secrets.lambda_function(rotate, "rotate", policy=without(action))
    with pytest.raises(ClientError) as caught:
        client.rotate_secret(SecretId="db", RotationLambdaARN=function)
    assert f"perform: secretsmanager:{action} " in str(caught.value)
    assert fake_secrets.rotations[-1].failed_step == step


def test_it_calls_as_a_session_of_its_role(fake_secrets, client):
    function = fake_secrets.lambda_function(rotate, "rotate", role=ROLE, policy=without("DescribeSecret"))
    with pytest.raises(ClientError) as caught:
        client.rotate_secret(SecretId="db", RotationLambdaARN=function)
    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/rotation/rotate is not" in str(caught.value)


def test_its_role_is_named_like_itself_if_none_is_given(fake_secrets, client):
    function = fake_secrets.lambda_function(rotate, "rotate", policy=DOCUMENTED)
    client.rotate_secret(SecretId="db", RotationLambdaARN=function)
    principals = {call.principal for call in fake_secrets.calls.of("PutSecretValue")}
    assert principals == {f"arn:aws:sts::{ACCOUNT}:assumed-role/rotate/rotate"}


def test_without_a_role_it_stays_the_root_of_its_account(fake_secrets, client):
    with fake_secrets.permissions(
        [
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": ["secretsmanager:RotateSecret", "lambda:InvokeFunction"],
                    "Resource": "*",
                },
            }
        ]
    ):
        client.rotate_secret(SecretId="db", RotationLambdaARN=fake_secrets.lambda_function(rotate, "rotate"))
    assert fake_secrets.rotations[-1].succeeded


def test_what_is_said_of_its_role_holds_for_it(fake_secrets, client):
    function = fake_secrets.lambda_function(rotate, "rotate", role=ROLE)
    with fake_secrets.permissions([], principal=ROLE), pytest.raises(ClientError, match="is not authorized"):
        client.rotate_secret(SecretId="db", RotationLambdaARN=function)


def test_a_block_overrides_its_policy(fake_secrets, client):
    function = fake_secrets.lambda_function(rotate, "rotate", role=ROLE, policy=[])
    with fake_secrets.permissions(DOCUMENTED, principal=ROLE):
        client.rotate_secret(SecretId="db", RotationLambdaARN=function)
    assert fake_secrets.rotations[-1].succeeded


def test_its_permissions_stay_when_the_world_is_reset(fake_secrets):
    function = fake_secrets.lambda_function(rotate, "rotate", policy=[])
    fake_secrets.reset()
    fake_secrets.add("db", "x")
    with pytest.raises(ClientError, match="is not authorized"):
        fake_secrets.rotate("db", function)


class TestMisuse:
    def test_a_role_in_another_account_is_refused(self, fake_secrets):
        role = "arn:aws:iam::210987654321:role/rotation"
        with pytest.raises(ValueError, match="isn't in account 123456789012, as the function is"):
            fake_secrets.lambda_function(rotate, role=role)

    @pytest.mark.parametrize("role", ["rotation", f"arn:aws:iam::{ACCOUNT}:user/rotation", 1])
    def test_a_role_is_given_by_its_arn(self, fake_secrets, role):
        with pytest.raises(ValueError, match="isn't the ARN of a role"):
            fake_secrets.lambda_function(rotate, role=role)

    def test_a_policy_that_iam_would_refuse_registers_nothing(self, fake_secrets):
        with pytest.raises(PolicyError, match="must contain resources"):
            fake_secrets.lambda_function(
                rotate,
                "rotate",
                policy={"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:Decrypt"}},
            )
        fake_secrets.lambda_function(rotate, "rotate")

    def test_the_same_function_with_another_role_clashes(self, fake_secrets):
        fake_secrets.lambda_function(rotate, "rotate")
        with pytest.raises(FunctionClashError, match="with other options"):
            fake_secrets.lambda_function(rotate, "rotate", role=ROLE)


class TestSharedRoles:
    def test_two_functions_with_one_role_have_its_policies(self, fake_secrets):
        fake_secrets.add("db", "x")
        fake_secrets.lambda_function(rotate, "first", role=ROLE, policy=DOCUMENTED)
        second = fake_secrets.lambda_function(rotate, "second", role=ROLE)
        assert fake_secrets.rotate("db", second).succeeded

    def test_other_policies_for_the_same_role_clash(self, fake_secrets):
        fake_secrets.lambda_function(rotate, "first", role=ROLE, policy=DOCUMENTED)
        with pytest.raises(FunctionClashError, match="another function has the role"):
            fake_secrets.lambda_function(rotate, "second", role=ROLE, policy=[])

    def test_a_function_without_a_role_may_be_given_other_policies(self, fake_secrets, client):
        fake_secrets.lambda_function(rotate, "rotate", policy=[])
        function = fake_secrets.lambda_function(rotate, "rotate", policy=DOCUMENTED)
        assert fake_secrets.rotate("db", function).succeeded

    def test_a_declared_function_keeps_its_role(self, fake_secrets):
        arn = fake_secrets.lambda_function(None, "external", role=ROLE, policy=[])
        fake_secrets.lambda_function(None, "external")
        assert fake_secrets.lambda_function(rotate, "external") == arn
        fake_secrets.add("db", "x")
        with pytest.raises(ClientError, match="assumed-role/rotation/external is not authorized"):
            fake_secrets.rotate("db", arn)
