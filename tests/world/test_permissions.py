"""`fake_secrets.permissions`: what the callers of a world may do."""

import json
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import FakeSecretsWarning, UnsupportedOperationError, mock_stages
from fake_secrets.policies import RolePolicies

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/fake-secrets"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/worker"


def policy(*actions, resource="*", effect="Allow", **statement):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": effect,
                "Action": [f"secretsmanager:{action}" for action in actions],
                "Resource": resource,
                **statement,
            }
        ],
    }


READER = policy("GetSecretValue")


@pytest.fixture
def client(fake_secrets):
    fake_secrets.add("app/db", "x", arn_suffix="AbCdEf")
    return boto3.client("secretsmanager", region_name="us-east-1")


def denied(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    return error["Message"]


class TestWithoutAnyPolicy:
    def test_everything_is_allowed(self, client):
        client.put_secret_value(SecretId="app/db", SecretString="y")
        assert client.get_secret_value(SecretId="app/db")["SecretString"] == "y"

    def test_a_deny_of_the_secrets_policy_holds_for_its_own_account(self, client):
        everybody = {"Principal": "*", **policy("GetSecretValue", effect="Deny")["Statement"][0]}
        client.put_resource_policy(
            SecretId="app/db", ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": everybody})
        )
        assert denied(client.get_secret_value, SecretId="app/db") == (
            f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: secretsmanager:GetSecretValue "
            "on resource: app/db with an explicit deny in a resource-based policy"
        )
        client.describe_secret(SecretId="app/db")

    def test_a_root_that_is_locked_out_can_delete_the_policy(self, fake_secrets, client):
        locked = {"Principal": "*", **policy("*", effect="Deny")["Statement"][0]}
        client.put_resource_policy(
            SecretId="app/db", ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": locked})
        )
        with pytest.raises(ClientError) as caught:
            client.get_resource_policy(SecretId="app/db")
        assert "can still call DeleteResourcePolicy" in "".join(caught.value.__notes__)
        client.delete_resource_policy(SecretId="app/db")
        assert client.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    def test_a_secret_added_with_a_policy_is_protected_by_it(self, fake_secrets, client):
        deny = {"Principal": "*", **policy("GetSecretValue", effect="Deny")["Statement"][0]}
        fake_secrets.add("other", "x", resource_policy={"Version": "2012-10-17", "Statement": deny})
        assert "explicit deny in a resource-based policy" in denied(client.get_secret_value, SecretId="other")


class TestTheDefaultCaller:
    def test_may_do_what_its_policy_allows_and_no_more(self, fake_secrets, client):
        with fake_secrets.permissions(READER):
            assert client.get_secret_value(SecretId="app/db")["SecretString"] == "x"
            assert denied(client.describe_secret, SecretId="app/db") == (
                f"User: {USER} is not authorized to perform: secretsmanager:DescribeSecret on resource: app/db "
                "because no identity-based policy allows the secretsmanager:DescribeSecret action"
            )

    def test_is_free_again_after_the_block(self, fake_secrets, client):
        with fake_secrets.permissions([]):
            denied(client.get_secret_value, SecretId="app/db")
        client.get_secret_value(SecretId="app/db")

    def test_the_innermost_block_counts(self, fake_secrets, client):
        with fake_secrets.permissions([]), fake_secrets.permissions(READER):
            client.get_secret_value(SecretId="app/db")

    def test_several_policies_add_up(self, fake_secrets, client):
        with fake_secrets.permissions([READER, json.dumps(policy("DescribeSecret"))]):
            client.get_secret_value(SecretId="app/db")
            client.describe_secret(SecretId="app/db")

    def test_a_client_with_an_account_of_its_own_stays_its_root(self, fake_secrets, client):
        own = boto3.client(
            "secretsmanager", region_name="us-east-1", aws_access_key_id=ACCOUNT, aws_secret_access_key="x"
        )
        with fake_secrets.permissions([]):
            own.get_secret_value(SecretId="app/db")
            denied(client.get_secret_value, SecretId="app/db")

    def test_mock_stages_takes_its_policy(self):
        with mock_stages({"db": "x"}, identity_policy=READER):
            client = boto3.client("secretsmanager", region_name="us-east-1")
            client.get_secret_value(SecretId="db")
            assert f"User: {USER} is not" in denied(client.list_secrets)

    def test_the_handle_is_bound_by_no_policy(self, fake_secrets, client):
        ran = []
        with fake_secrets.permissions([]):
            fake_secrets.rotate("app/db", lambda event, context: ran.append(event["Step"]), errors="record")
        assert ran


class TestAPrincipal:
    @pytest.fixture
    def worker(self, fake_secrets, client):
        return boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(SESSION))

    def test_a_role_and_its_path_are_known_by_a_session(self, fake_secrets, worker):
        named = policy("GetSecretValue", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})
        with fake_secrets.permissions(named, principal=ROLE):
            worker.get_secret_value(SecretId="app/db")
            assert f"User: {SESSION} is not" in denied(worker.describe_secret, SecretId="app/db")

    def test_others_are_not_bound(self, fake_secrets, client, worker):
        with fake_secrets.permissions([], principal=ROLE):
            client.get_secret_value(SecretId="app/db")
            denied(worker.get_secret_value, SecretId="app/db")

    def test_a_boundary_caps_it(self, fake_secrets, worker):
        with fake_secrets.permissions(policy("*"), principal=ROLE, boundary=READER):
            worker.get_secret_value(SecretId="app/db")
            message = denied(worker.describe_secret, SecretId="app/db")
        assert message.endswith("because no permissions boundary allows the secretsmanager:DescribeSecret action")

    def test_a_session_policy_caps_it(self, fake_secrets, worker):
        with fake_secrets.permissions(policy("*"), principal=ROLE, session_policy=READER):
            message = denied(worker.describe_secret, SecretId="app/db")
        assert message.endswith("because no session policy allows the secretsmanager:DescribeSecret action")

    def test_its_tags_fill_policy_variables(self, fake_secrets, worker):
        own = policy("GetSecretValue", resource="arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*")
        with fake_secrets.permissions(own, principal=ROLE, tags={"team": "app"}):
            worker.get_secret_value(SecretId="app/db")
        with fake_secrets.permissions(own, principal=ROLE, tags={"team": "other"}):
            denied(worker.get_secret_value, SecretId="app/db")

    def test_what_only_the_author_knows_is_given_as_context(self, fake_secrets, worker):
        at_home = policy("GetSecretValue", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
        with fake_secrets.permissions(at_home, principal=ROLE, context={"aws:SourceIp": "203.0.113.7"}):
            worker.get_secret_value(SecretId="app/db")
        with fake_secrets.permissions(at_home, principal=ROLE, context={"aws:SourceIp": "198.51.100.1"}):
            denied(worker.get_secret_value, SecretId="app/db")


class TestRefusals:
    def test_a_missing_secret_does_not_show_without_permission(self, fake_secrets, client):
        with fake_secrets.permissions(
            policy("GetSecretValue", resource="arn:aws:secretsmanager:*:*:secret:app/*")
        ):
            assert "on resource: other because" in denied(client.get_secret_value, SecretId="other")
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.get_secret_value(SecretId="app/other")

    def test_the_resource_is_shown_as_an_arn_if_the_caller_sent_one(self, fake_secrets, client):
        arn = fake_secrets["app/db"].arn
        with fake_secrets.permissions([]):
            assert f"on resource: {arn} because" in denied(client.get_secret_value, SecretId=arn)

    def test_a_denied_creation_names_the_arn_to_be_and_creates_nothing(self, fake_secrets, client):
        with fake_secrets.permissions(READER):
            message = denied(client.create_secret, Name="new", SecretString="x")
        assert "on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:new-" in message
        assert "new" not in fake_secrets

    def test_tags_on_creation_need_a_permission_of_their_own(self, fake_secrets, client):
        with fake_secrets.permissions(policy("CreateSecret")):
            client.create_secret(Name="plain", SecretString="x")
            message = denied(client.create_secret, Name="new", Tags=[{"Key": "a", "Value": "b"}])
        assert "perform: secretsmanager:TagResource on resource: arn:" in message
        assert "new" not in fake_secrets

    def test_a_batch_tells_each_denied_secret_among_its_errors(self, fake_secrets, client):
        fake_secrets.add("other", "y")
        allowed = policy("GetSecretValue", resource="arn:aws:secretsmanager:*:*:secret:app/*")
        with fake_secrets.permissions([allowed, policy("BatchGetSecretValue")]):
            answer = client.batch_get_secret_value(SecretIdList=["app/db", "other"])
        assert [value["Name"] for value in answer["SecretValues"]] == ["app/db"]
        assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [
            ("other", "AccessDeniedException")
        ]

    def test_a_batch_by_filters_needs_to_list(self, fake_secrets, client):
        with fake_secrets.permissions(policy("BatchGetSecretValue", "GetSecretValue")):
            client.batch_get_secret_value(SecretIdList=["app/db"])
            message = denied(client.batch_get_secret_value, Filters=[{"Key": "name", "Values": ["app"]}])
        assert message == (
            f"User: {USER} is not authorized to perform: secretsmanager:ListSecrets because no identity-based "
            "policy allows the secretsmanager:ListSecrets action"
        )

    def test_rotation_needs_to_invoke_the_function(self, fake_secrets, client):
        function = fake_secrets.lambda_function(lambda event, context: None, "rotate")
        with fake_secrets.permissions(policy("RotateSecret")):
            message = denied(client.rotate_secret, SecretId="app/db", RotationLambdaARN=function)
        assert f"perform: lambda:InvokeFunction on resource: {function} because" in message
        assert len(fake_secrets["app/db"].versions) == 1

    def test_a_caller_may_not_take_its_own_permission_away_by_a_tag(self, fake_secrets, client):
        tagged = policy("TagResource", Condition={"StringEqualsIfExists": {"aws:ResourceTag/open": "yes"}})
        with fake_secrets.permissions(tagged):
            client.tag_resource(SecretId="app/db", Tags=[{"Key": "open", "Value": "yes"}])
            denied(client.tag_resource, SecretId="app/db", Tags=[{"Key": "open", "Value": "no"}])
        assert fake_secrets["app/db"].tags == {"open": "yes"}

    def test_a_missing_secret_is_told_to_the_author_of_the_test(self, fake_secrets, client):
        with fake_secrets.permissions([]), pytest.raises(ClientError) as caught:
            client.get_secret_value(SecretId="other")
        assert caught.value.__notes__[0].splitlines()[0] == (
            "fake_secrets: There is no secret 'other'. AWS asks the policies before it looks for the secret, by "
            "an ARN without the random suffix."
        )

    @pytest.mark.parametrize(
        "given", ["app/bd", "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/bd-AbCdEf"]
    )
    def test_a_name_that_is_nearly_right_comes_before_what_policies_say(self, fake_secrets, client, given):
        with fake_secrets.permissions(policy("DescribeSecret")):
            denied(client.get_secret_value, SecretId=given)
        explanation = fake_secrets.permissions.denials[-1].explanation
        assert explanation.startswith(f"There is no secret {given!r}. Did you mean 'app/db'? AWS asks")
        assert '"Resource"' not in explanation

    def test_a_policy_for_a_secret_that_is_still_missing_needs_no_change(self, fake_secrets, client):
        resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:new-??????"
        with fake_secrets.permissions(policy("GetSecretValue", resource=resource)):
            denied(client.get_secret_value, SecretId="new")
        (_, _, last) = fake_secrets.permissions.denials[-1].explanation.splitlines()
        assert last == (
            f"Statement 1 of policy= allows the action, but its Resource {resource!r} covers the secret "
            "only once it exists, since '-??????' stands for the end of its ARN."
        )


class TestWhatIsNotSaid:
    def test_stays_as_it_was(self, fake_secrets, client):
        at_home = policy("GetSecretValue", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
        with fake_secrets.permissions(at_home):
            with fake_secrets.permissions(None, context={"aws:SourceIp": "203.0.113.7"}):
                client.get_secret_value(SecretId="app/db")
            with fake_secrets.permissions(None, context={"aws:SourceIp": "198.51.100.1"}):
                denied(client.get_secret_value, SecretId="app/db")

    def test_stays_for_the_role_of_a_function(self, fake_secrets, client):
        def handler(event, context):
            client.describe_secret(SecretId="app/db")

        function = fake_secrets.lambda_function(handler, "rotate", role=ROLE, policy=READER)
        with fake_secrets.permissions(None, principal=ROLE, tags={"team": "a"}):
            assert "DescribeSecret" in denied(fake_secrets.rotate, secret_id="app/db", handler=function)


class TestPermissionsWithoutEffect:
    def test_a_principal_that_makes_no_call_is_told_if_others_do(self):
        with (
            pytest.warns(FakeSecretsWarning, match=f"permissions had no effect: {ROLE} made no call") as told,
            mock_stages({"db": "x"}) as fake_secrets,
            fake_secrets.permissions([], principal=ROLE),
        ):
            boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="db")
        assert told[0].filename == __file__

    def test_an_identity_policy_is_told_if_only_a_function_makes_calls(self):
        def handler(event, context):
            boto3.client("secretsmanager", region_name="us-east-1").describe_secret(SecretId="db")

        with (
            pytest.warns(FakeSecretsWarning, match="identity_policy had no effect"),
            mock_stages({"db": "x"}, identity_policy=[]) as fake_secrets,
        ):
            fake_secrets.rotate("db", handler, errors="record")

    def test_without_any_call_nothing_is_told(self):
        with mock_stages({"db": "x"}, identity_policy=[]) as fake_secrets, fake_secrets.permissions([]):
            pass


class TestMisuse:
    def test_a_principal_has_one_boundary(self, fake_secrets):
        role = RolePolicies("App", {"Read": READER}, boundary=READER)
        with pytest.raises(ValueError, match="has a permissions boundary of its own"):
            fake_secrets.permissions(role, boundary=READER)

    def test_the_root_user_is_bound_by_no_identity_policy(self, fake_secrets):
        with pytest.raises(ValueError, match="root user of an account, whom no identity policy binds"):
            fake_secrets.permissions(READER, principal=f"arn:aws:iam::{ACCOUNT}:root")

    @pytest.mark.parametrize("tags", [["team"], {"team": 1}, "team"])
    def test_tags_are_a_mapping_of_texts(self, fake_secrets, tags):
        with pytest.raises(TypeError, match="tags= takes a mapping from str to str"):
            fake_secrets.permissions(READER, tags=tags)

    @pytest.mark.parametrize("context", [["aws:SourceIp"], {"aws:SourceIp": 1}, {1: "x"}])
    def test_context_maps_condition_keys_to_texts(self, fake_secrets, context):
        with pytest.raises(TypeError, match="context"):
            fake_secrets.permissions(READER, context=context)


class TestDenials:
    def test_what_was_caught_or_told_in_a_batch_is_kept(self, fake_secrets, client):
        with fake_secrets.permissions(policy("BatchGetSecretValue")):
            client.batch_get_secret_value(SecretIdList=["app/db"])
        (denial,) = fake_secrets.permissions.denials
        assert (denial.action, denial.resource, denial.principal) == (
            "secretsmanager:GetSecretValue",
            fake_secrets["app/db"].arn,
            USER,
        )
        assert denial.message in repr(denial)
        assert "No statement of policy= allows" in denial.explanation

    def test_a_reset_forgets_them(self, fake_secrets, client):
        with fake_secrets.permissions([]):
            denied(client.list_secrets)
        fake_secrets.reset()
        assert fake_secrets.permissions.denials == []

    def test_the_error_tells_what_decided(self, fake_secrets, client):
        with fake_secrets.permissions(READER), pytest.raises(ClientError) as caught:
            client.describe_secret(SecretId="app/db")
        assert fake_secrets.permissions.denials[-1].explanation in caught.value.__notes__[0]


def test_a_function_of_another_account_takes_the_callers_permission_only(fake_secrets, client):
    arn = "arn:aws:lambda:us-east-1:210987654321:function:rotate"
    fake_secrets.lambda_function(None, arn=arn)
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    rotate = policy("RotateSecret")
    with fake_secrets.permissions(rotate):
        assert "lambda:InvokeFunction" in denied(client.rotate_secret, SecretId="app/db", RotationLambdaARN=arn)
    with fake_secrets.permissions([rotate, {"Version": "2012-10-17", "Statement": invoke}]):
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)


class TestRolesAndTheirSessions:
    @pytest.fixture
    def worker(self, fake_secrets, client):
        return boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(SESSION))

    def test_another_path_in_a_block_takes_no_permissions_away_from_after_it(self, fake_secrets, worker):
        other = f"arn:aws:iam::{ACCOUNT}:role/other/app"
        with fake_secrets.permissions(READER, principal=ROLE):
            with fake_secrets.permissions([], principal=other):
                denied(worker.get_secret_value, SecretId="app/db")
            worker.get_secret_value(SecretId="app/db")
            denied(worker.describe_secret, SecretId="app/db")

    def test_a_block_that_is_left_leaves_no_path_of_a_role(self, fake_secrets, worker):
        with fake_secrets.permissions([], principal=ROLE):
            denied(worker.get_secret_value, SecretId="app/db")
        named = {"Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/app"}}}
        deny = {"Principal": "*", **policy("GetSecretValue", effect="Deny", **named)["Statement"][0]}
        fake_secrets.add("other", "x", resource_policy={"Version": "2012-10-17", "Statement": deny})
        worker.get_secret_value(SecretId="other")

    def test_a_session_has_the_policies_of_its_role_within_its_session_policy(self, fake_secrets, worker):
        with (
            fake_secrets.permissions(policy("DescribeSecret"), principal=ROLE),
            fake_secrets.permissions(None, principal=SESSION, session_policy=policy("*")),
        ):
            worker.describe_secret(SecretId="app/db")
            denied(worker.get_secret_value, SecretId="app/db")

    def test_a_user_has_no_session_policy(self, fake_secrets):
        with pytest.raises(ValueError, match="only sessions have session policies"):
            fake_secrets.permissions(READER, session_policy=READER)

    def test_blocks_can_be_left_in_any_order(self, fake_secrets, client):
        first, second = fake_secrets.permissions([]), fake_secrets.permissions(READER)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        client.get_secret_value(SecretId="app/db")
        denied(client.describe_secret, SecretId="app/db")
        second.__exit__(None, None, None)
        client.describe_secret(SecretId="app/db")

    def test_the_context_of_the_root_user_can_be_given(self, fake_secrets, client):
        elsewhere = {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}
        deny = {"Principal": "*", **policy("*", effect="Deny", **elsewhere)["Statement"][0]}
        fake_secrets.add("other", "x", resource_policy={"Version": "2012-10-17", "Statement": deny})
        root = f"arn:aws:iam::{ACCOUNT}:root"
        with fake_secrets.permissions(None, principal=root, context={"aws:PrincipalOrgID": "o-1"}):
            client.get_secret_value(SecretId="other")
        with fake_secrets.permissions(None, principal=root, context={"aws:PrincipalOrgID": "o-2"}):
            denied(client.get_secret_value, SecretId="other")


class TestUnknownConditionKeys:
    ORG = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}

    def resource_policy(self, principal, **statement):
        only = {"Principal": principal, **policy("*", **statement, **self.ORG)["Statement"][0]}
        return {"Version": "2012-10-17", "Statement": only}

    def test_a_statement_about_others_does_not_matter(self, fake_secrets, client):
        fake_secrets.add(
            "other", "x", resource_policy=self.resource_policy({"AWS": "999999999999"}, effect="Deny")
        )
        client.get_secret_value(SecretId="other")

    def test_an_allow_does_not_matter_to_who_is_allowed_anyway(self, fake_secrets, client):
        fake_secrets.add("other", "x", resource_policy=self.resource_policy("*"))
        client.get_secret_value(SecretId="other")
        client.delete_resource_policy(SecretId="other")

    def test_a_deny_that_may_apply_is_told(self, fake_secrets, client):
        fake_secrets.add("other", "x", resource_policy=self.resource_policy("*", effect="Deny"))
        with pytest.raises(UnsupportedOperationError, match="condition on aws:principalorgid"):
            client.get_secret_value(SecretId="other")

    def test_an_allow_that_may_be_the_only_one_is_told(self, fake_secrets, client):
        with (
            fake_secrets.permissions(policy("GetSecretValue", **self.ORG)),
            pytest.raises(UnsupportedOperationError, match="condition on aws:principalorgid"),
        ):
            client.get_secret_value(SecretId="app/db")

    def test_a_use_of_a_key_that_a_call_does_not_make_does_not_matter(self, fake_secrets, client):
        key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        used = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
        unused = {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*", **self.ORG}
        kms = {"Version": "2012-10-17", "Statement": [used, unused]}
        with fake_secrets.permissions([policy("*"), kms]):
            client.create_secret(
                Name="new", SecretString="x", KmsKeyId=key, AddReplicaRegions=[{"Region": "eu-west-1"}]
            )
        assert "new" in fake_secrets

    def test_a_replica_of_a_secret_whose_key_could_not_be_decided_is_not_half_made(self, fake_secrets, client):
        key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        secret = fake_secrets.add("keyed", "x", kms_key_id=key)
        kms = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **self.ORG}
        before = client.describe_secret(SecretId="keyed")
        with (
            fake_secrets.permissions([policy("*"), {"Version": "2012-10-17", "Statement": kms}]),
            pytest.raises(UnsupportedOperationError),
        ):
            client.replicate_secret_to_regions(SecretId="keyed", AddReplicaRegions=[{"Region": "eu-west-1"}])
        after = client.describe_secret(SecretId="keyed")
        assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
        assert len(secret.versions) == 1

    def test_a_call_that_could_not_be_decided_is_not_half_applied(self, fake_secrets, client):
        key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        kms = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **self.ORG}
        with (
            fake_secrets.permissions([policy("*"), {"Version": "2012-10-17", "Statement": kms}]),
            pytest.raises(UnsupportedOperationError),
        ):
            client.create_secret(Name="new", AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": key}])
        assert "new" not in fake_secrets


@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_both_lanes_deny_with_the_same_words_and_note(lane):
    with mock_stages({"db": "x"}, identity_policy=READER, _lane=lane):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.get_secret_value(SecretId="db")
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.list_secrets()
    assert caught.value.response["Error"]["Message"].endswith("allows the secretsmanager:ListSecrets action")
    assert "ListSecrets" in caught.value.__notes__[0]


def test_a_world_in_which_nobody_has_a_policy_imports_nothing_that_decides():
    source = (
        "import sys, boto3, fake_secrets\n"
        "with fake_secrets.mock_stages({'prod/db': 'x'}):\n"
        "    boto3.client('secretsmanager', region_name='us-east-1').get_secret_value(SecretId='prod/db')\n"
        "print([name for name in ('coverage', 'evaluation') if f'fake_secrets.iam.{name}' in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, check=True)
    assert ran.stdout == "[]\n"
