"""What principals must be allowed to replicate a secret to another account."""

import json

import boto3
import botocore.exceptions
import pytest
from service_model import botocore_knows, needs_2026
from two_accounts import PRIMARY_ACCOUNT, PRIMARY_KEY, REPLICA_ACCOUNT, REPLICA_KEY, Pair

from fake_secrets import UnsupportedOperationError

pytestmark = pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)

ROLE = f"arn:aws:iam::{PRIMARY_ACCOUNT}:role/replicates"
OTHER = f"arn:aws:iam::{REPLICA_ACCOUNT}:user/operator"
COPY = f"arn:aws:secretsmanager:us-east-1:{REPLICA_ACCOUNT}:secret:copy/db-??????"
PRIMARY = f"arn:aws:secretsmanager:us-east-1:{PRIMARY_ACCOUNT}:secret:app/db-??????"
ASSOCIATING = {
    "secretsmanager:AssociateCrossAccountReplica": PRIMARY,
    "secretsmanager:GetSecretValue": PRIMARY,
    "secretsmanager:AcceptCrossAccountReplication": COPY,
    "kms:Decrypt": PRIMARY_KEY,
    "kms:Encrypt": REPLICA_KEY,
}


def policy(allowed):
    statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed.items()]
    return {"Version": "2012-10-17", "Statement": statements}


def allow(action, principal):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def deny(action, principal=PRIMARY_ACCOUNT):
    statement = {"Effect": "Deny", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def pair(fake_secrets):
    return Pair()


@pytest.fixture
def operator(fake_secrets, pair):
    """The pair, of whose replica a user takes care."""
    pair.other = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(OTHER))
    return pair


def denied(call, **members):
    """Return the text with which a call is denied."""
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**members)
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    return error["Message"]


def test_the_documented_permissions_suffice_to_associate(fake_secrets, pair):
    with fake_secrets.permissions(policy(ASSOCIATING)):
        pair.associate()
    assert pair.statuses() == ("InSync", "InSync")


@pytest.mark.parametrize("lacking", ASSOCIATING)
def test_each_of_them_is_needed_and_without_it_neither_side_changes(fake_secrets, pair, lacking):
    allowed = {action: arn for action, arn in ASSOCIATING.items() if action != lacking}
    with fake_secrets.permissions(policy(allowed)):
        message = denied(pair.associate)
    assert lacking.startswith("kms:") or lacking in message
    assert pair.statuses() == (None, "Pending")


def test_a_role_needs_to_be_passed_and_uses_the_keys_instead_of_the_caller(fake_secrets, pair):
    own = {action: arn for action, arn in ASSOCIATING.items() if not action.startswith("kms:")}
    keys = {action: arn for action, arn in ASSOCIATING.items() if action.startswith("kms:")}
    with fake_secrets.permissions(policy(keys), principal=ROLE):
        with fake_secrets.permissions(policy(own)):
            message = denied(pair.associate, ReplicationRoleARN=ROLE)
            assert f"iam:PassRole on resource: {ROLE}" in message
        with fake_secrets.permissions(policy({**own, "iam:PassRole": ROLE})):
            pair.associate(ReplicationRoleARN=ROLE)
        with fake_secrets.permissions(policy({"secretsmanager:PutSecretValue": "*", "kms:*": PRIMARY_KEY})):
            pair.put("two")
    assert pair.statuses() == ("InSync", "InSync")


def test_the_policy_of_the_secret_doesnt_allow_to_pass_a_role(fake_secrets, pair):
    writer = f"arn:aws:iam::{PRIMARY_ACCOUNT}:user/writer"
    pair.owner.put_resource_policy(SecretId="app/db", ResourcePolicy=allow("*", writer))
    client = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(writer))
    with fake_secrets.permissions(policy({"secretsmanager:*": "*", "kms:*": "*"}), principal=writer):
        members = {"SecretId": "app/db", "CrossAccountReplicaARN": pair.replica, "ReplicationRoleARN": ROLE}
        assert "iam:PassRole" in denied(client.associate_cross_account_replica, **members)


def test_the_role_uses_the_keys_from_its_own_account_whoever_makes_the_change(fake_secrets, pair):
    pair.associate(ReplicationRoleARN=ROLE)
    only_theirs = {"StringEquals": {"kms:CallerAccount": [PRIMARY_ACCOUNT, REPLICA_ACCOUNT]}}
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": only_theirs,
    }
    fake_secrets.set_kms_key(REPLICA_KEY, "enabled", policy={"Version": "2012-10-17", "Statement": statement})
    third = "arn:aws:iam::333333333333:user/writer"
    pair.owner.put_resource_policy(SecretId="app/db", ResourcePolicy=allow("secretsmanager:*", third))
    client = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(third))
    client.put_secret_value(SecretId=pair.primary, SecretString="two")
    assert (pair.copied(), pair.statuses()) == ("two", ("InSync", "InSync"))


@pytest.mark.parametrize("new_key", [None, "alias/new"])
def test_what_cant_be_decided_is_told_before_anything_is_changed(fake_secrets, pair, new_key):
    pair.associate(ReplicationRoleARN=ROLE)
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    undecidable = policy({"kms:*": "*"})
    undecidable["Statement"][0]["Condition"] = condition
    key = {} if new_key is None else {"KmsKeyId": new_key}
    client = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(ROLE))
    with fake_secrets.permissions(undecidable, principal=ROLE):
        with pytest.raises(UnsupportedOperationError):
            pair.owner.update_secret(SecretId="app/db", SecretString="two", **key)
        # A policy of a role that makes no call is warned of.
        denied(client.list_secrets)
    assert pair.owner.get_secret_value(SecretId="app/db")["SecretString"] == "one"
    assert pair.statuses() == ("InSync", "InSync")


def test_the_least_policy_of_a_role_has_the_keys_of_all_values_that_it_has_copied(fake_secrets, pair):
    pair.put("two")
    first = pair.owner.get_secret_value(SecretId="app/db", VersionStage="AWSPREVIOUS")["VersionId"]
    pair.put("three")
    pair.associate(ReplicationRoleARN=ROLE)
    pair.owner.update_secret_version_stage(SecretId="app/db", VersionStage="LIVE", MoveToVersionId=first)
    new = f"arn:aws:kms:us-east-1:{PRIMARY_ACCOUNT}:key/cccccccc-1111-4111-8111-aaaaaaaaaaaa"
    pair.owner.update_secret(SecretId="app/db", SecretString="four", KmsKeyId=new)
    least = fake_secrets.permissions.least_policy(principal=ROLE)
    (decrypt,) = (one for one in least["Statement"] if "kms:Decrypt" in one["Action"])
    assert set(decrypt["Resource"]) == {PRIMARY_KEY, new}


def test_the_least_policy_of_the_caller_passes_the_role_to_secrets_manager_only(fake_secrets, pair):
    pair.associate(ReplicationRoleARN=ROLE)
    least = fake_secrets.permissions.least_policy(principal=f"arn:aws:iam::{PRIMARY_ACCOUNT}:user/fake-secrets")
    (passing,) = (one for one in least["Statement"] if "iam:PassRole" in one["Action"])
    assert passing == {
        "Sid": "Roles",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [ROLE],
        "Condition": {"StringEquals": {"iam:PassedToService": "secretsmanager.amazonaws.com"}},
    }


def test_a_change_by_a_caller_who_may_not_use_the_replicas_key_is_made_but_not_replicated(fake_secrets, pair):
    pair.associate()
    with fake_secrets.permissions(policy({"secretsmanager:PutSecretValue": "*", "kms:*": PRIMARY_KEY})):
        pair.put("two")
    assert pair.owner.get_secret_value(SecretId="app/db")["SecretString"] == "two"
    assert (pair.copied(), pair.statuses()) == ("one", ("Failed", "Failed"))


def test_the_replicas_own_policy_can_refuse_the_primarys_account(pair):
    pair.other.put_resource_policy(
        SecretId="copy/db", ResourcePolicy=deny("secretsmanager:AcceptCrossAccountReplication")
    )
    assert "AcceptCrossAccountReplication" in denied(pair.associate)
    assert pair.statuses() == (None, "Pending")


def test_the_system_policy_of_a_replica_lets_nobody_read_it(pair):
    pair.associate()
    assert "GetSecretValue" in denied(pair.owner.get_secret_value, SecretId=pair.replica)


def test_all_attached_policies_count(fake_secrets, pair):
    pair.other.put_resource_policy(SecretId="copy/db", ResourcePolicy=deny("secretsmanager:GetSecretValue"))
    pair.associate()
    assert pair.statuses() == ("InSync", "InSync")
    assert "GetSecretValue" in denied(pair.owner.get_secret_value, SecretId=pair.replica)


def test_whoever_creates_a_replica_needs_to_attach_its_policy(fake_secrets, operator):
    with fake_secrets.permissions(policy({"secretsmanager:CreateSecret": "*"}), principal=OTHER):
        assert "PutResourcePolicy" in denied(operator.create, name="new")
    create = {"secretsmanager:CreateSecret": "*", "secretsmanager:PutResourcePolicy": "*"}
    with fake_secrets.permissions(policy(create), principal=OTHER):
        operator.create("new")


def test_whoever_makes_a_replica_standalone_needs_to_delete_its_policy(fake_secrets, operator):
    stop = {"secretsmanager:StopReplicationToReplica": "*"}
    with fake_secrets.permissions(policy(stop), principal=OTHER):
        assert "DeleteResourcePolicy" in denied(operator.stop)
    with fake_secrets.permissions(policy({**stop, "secretsmanager:DeleteResourcePolicy": "*"}), principal=OTHER):
        operator.stop()
    assert operator.statuses() == (None, None)


def test_disassociating_needs_one_permission_on_the_primary(fake_secrets, pair):
    pair.associate()
    with fake_secrets.permissions(policy({"secretsmanager:DisassociateCrossAccountReplica": PRIMARY})):
        pair.disassociate()
    assert pair.statuses() == (None, "Detached")


def test_a_policy_can_narrow_which_resource_policy_may_be_changed(fake_secrets, pair):
    narrow = policy({"secretsmanager:PutResourcePolicy": "*", "secretsmanager:DeleteResourcePolicy": "*"})
    for statement in narrow["Statement"]:
        statement["Condition"] = {"StringEquals": {"secretsmanager:PolicyName": "default"}}
    theirs = deny("secretsmanager:GetRandomPassword", "999999999999")
    with fake_secrets.permissions(narrow):
        pair.owner.put_resource_policy(SecretId="app/db", PolicyName="default", ResourcePolicy=theirs)
        assert "PutResourcePolicy" in denied(
            pair.owner.put_resource_policy, SecretId="app/db", ResourcePolicy=theirs
        )
        pair.owner.delete_resource_policy(SecretId="app/db", PolicyName="default")


def test_listing_policies_has_a_permission_of_its_own(fake_secrets, pair):
    with fake_secrets.permissions(policy({"secretsmanager:ListResourcePolicies": PRIMARY})):
        assert pair.owner.list_resource_policies(SecretId="app/db")["ResourcePolicies"] == []
    with fake_secrets.permissions(policy({"secretsmanager:GetResourcePolicy": PRIMARY})):
        assert "ListResourcePolicies" in denied(pair.owner.list_resource_policies, SecretId="app/db")
