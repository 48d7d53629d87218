"""The least policy, fed back: it allows exactly the same run, and each part of it is needed for that."""

import copy
import json
from typing import NamedTuple

import boto3
import botocore.exceptions
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from service_model import botocore_knows, needs_2026

from fake_secrets import mock_stages

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/0000abcd-12ab-34cd-56ef-1234567890ab"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
NAMES = ("app/db", "app/db-old", "api")
CALLER = "arn:aws:iam::123456789012:user/fake-secrets"
KNOWS_OTHER_ACCOUNTS = botocore_knows("CreateSecret", "CrossAccountPrimaryARN")
COPY = "arn:aws:secretsmanager:us-east-1:222222222222:secret:copy"
OF_REPLICA = {
    "KmsKeyId": "arn:aws:kms:us-east-1:222222222222:key/2222abcd-12ab-34cd-56ef-1234567890ab",
    "CrossAccountPrimaryARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-old-AbCdEf",
}
GRANT = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "999999999999"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    },
}


class Call(NamedTuple):
    """A call of a client, by the name of its method."""

    method: str
    members: dict


class Run:
    """Makes calls in a world of its own, which has the same secrets each time, and notes how they end.

    `outcomes` has for each call the codes of the errors in its answer, none if it has succeeded, and the replicas
    that there are then, since the answer doesn't show whether a key could be used.
    """

    def __init__(self, calls, policy=None):
        given = {} if policy is None else {"identity_policy": policy}
        with mock_stages(region="us-east-1", **given) as world:
            world.add("app/db", "value", tags={"env": "test"})
            world.add("app/db-old", "value", arn_suffix="AbCdEf", kms_key_id=KEY)
            world.lambda_function(None, arn=FUNCTION)
            if KNOWS_OTHER_ACCOUNTS:
                other = boto3.client("secretsmanager", aws_access_key_id="222222222222", aws_secret_access_key="-")
                other.create_secret(Name="copy", **OF_REPLICA)
            self.calls = calls
            self.client = boto3.client("secretsmanager", region_name="us-east-1")
            self.outcomes = [(self.make(call), self.replicas_in(world._world.store)) for call in calls]
            self.least = None if policy is not None else world.permissions.least_policy(principal=CALLER)

    def replicas_in(self, store):
        across = [secret.cross_account_replica.status for secret in store if secret.cross_account_replica]
        return [(one.region, one.status) for secret in store for one in secret.replicas.values()], across

    def make(self, call):
        try:
            answer = getattr(self.client, call.method)(**copy.deepcopy(call.members))
        except botocore.exceptions.ClientError as error:
            return (error.response["Error"]["Code"],)
        return tuple(sorted(error["ErrorCode"] for error in answer.get("Errors", ())))


def parts_of(policy):
    """Yield each action and each ARN of a policy, with the policy that lacks it."""
    for number, statement in enumerate(policy["Statement"]):
        for element in ("Action", "Resource"):
            for part in statement[element]:
                less = copy.deepcopy(policy)
                less["Statement"][number][element].remove(part)
                if not less["Statement"][number][element]:
                    del less["Statement"][number]
                yield f"{part} of {statement['Sid']}", less


def check(calls):
    """Check that the least policy of some calls allows the same run, and that each part of it is needed."""
    run = Run(calls)
    assert Run(calls, run.least).outcomes == run.outcomes, json.dumps(run.least, indent=1)
    for part, less in parts_of(run.least):
        # A world with a policy of no statement can't be made, since IAM refuses it.
        outcomes = Run(calls, less if less["Statement"] else []).outcomes
        assert outcomes != run.outcomes, f"without {part}, nothing is denied"


name = st.sampled_from([*NAMES, "missing"])
stage = st.sampled_from(["AWSCURRENT", "AWSPENDING", "LIVE"])
tags = st.lists(st.sampled_from(["env", "Owner"]), min_size=1, unique=True).map(
    lambda keys: [{"Key": key, "Value": "v"} for key in keys]
)
key = st.sampled_from([KEY, OTHER_KEY, "alias/app"])


def calls(method, required=None, optional=None):
    members = st.fixed_dictionaries(required or {}, optional=optional or {})
    return members.map(lambda members: Call(method, members))


secret_id = {"SecretId": name}
key_there = st.sampled_from([OTHER_KEY.replace("us-east-1", "eu-west-1"), OTHER_KEY, KEY, "alias/app"])
replicas = st.fixed_dictionaries({"Region": st.just("eu-west-1")}, optional={"KmsKeyId": key_there}).map(
    lambda replica: [replica]
)
CALLS = st.one_of(
    calls("batch_get_secret_value", {"SecretIdList": st.lists(name, min_size=1, max_size=3, unique=True)}),
    calls("batch_get_secret_value", {"Filters": st.just([{"Key": "name", "Values": ["app/"]}])}),
    calls("cancel_rotate_secret", secret_id),
    calls(
        "create_secret",
        {"Name": name},
        {"Tags": tags, "SecretString": st.just("x"), "KmsKeyId": key, "AddReplicaRegions": replicas},
    ),
    calls("delete_resource_policy", secret_id),
    calls("delete_secret", secret_id, {"RecoveryWindowInDays": st.sampled_from([7, 30])}),
    calls("describe_secret", secret_id),
    calls("get_random_password"),
    calls("get_resource_policy", secret_id),
    calls("get_secret_value", secret_id, {"VersionStage": stage}),
    calls("list_secrets", {}, {"Filters": st.just([{"Key": "name", "Values": ["app/"]}])}),
    calls("list_secret_version_ids", secret_id),
    calls(
        "put_resource_policy",
        {
            **secret_id,
            "ResourcePolicy": st.just(json.dumps(GRANT)),
        },
        {"BlockPublicPolicy": st.booleans()},
    ),
    calls("put_secret_value", {**secret_id, "SecretString": st.just("y")}),
    calls("remove_regions_from_replication", {**secret_id, "RemoveReplicaRegions": st.just(["eu-west-1"])}),
    calls("replicate_secret_to_regions", {**secret_id, "AddReplicaRegions": replicas}),
    calls("restore_secret", secret_id),
    calls("rotate_secret", secret_id, {"RotationLambdaARN": st.just(FUNCTION)}),
    calls("tag_resource", {**secret_id, "Tags": tags}),
    calls("untag_resource", {**secret_id, "TagKeys": st.just(["env"])}),
    calls("update_secret", secret_id, {"SecretString": st.just("z"), "Description": st.just("d")}),
    calls("update_secret_version_stage", {**secret_id, "VersionStage": stage}),
    calls("validate_resource_policy", {"ResourcePolicy": st.just("{}")}, secret_id),
)


associated = {"SecretId": st.just("app/db-old"), "CrossAccountReplicaARN": st.sampled_from([COPY, f"{COPY}x"])}
CALLS_ACROSS_ACCOUNTS = st.one_of(
    calls("associate_cross_account_replica", associated),
    calls("disassociate_cross_account_replica", associated),
    calls("put_secret_value", {"SecretId": st.just("app/db-old"), "SecretString": st.just("y")}),
    calls("list_resource_policies", secret_id),
    CALLS,
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=6))
def test_the_same_run_is_allowed_and_nothing_less_would_do(calls):
    check(calls)


@pytest.mark.slow
@pytest.mark.skipif(not KNOWS_OTHER_ACCOUNTS, reason=needs_2026)
@settings(max_examples=20, deadline=None)
@given(st.lists(CALLS_ACROSS_ACCOUNTS, min_size=1, max_size=6))
def test_a_run_that_replicates_to_another_account_needs_both_keys_and_the_replicas_consent(calls):
    associate = {"SecretId": "app/db-old", "CrossAccountReplicaARN": COPY}
    check([Call("associate_cross_account_replica", associate), *calls])


@pytest.mark.slow
@pytest.mark.parametrize("key_id", [OTHER_KEY.replace("us-east-1", "eu-west-1"), KEY, "alias/app"])
@pytest.mark.parametrize("method", ["create_secret", "replicate_secret_to_regions"])
def test_a_replica_needs_its_key_in_its_region(method, key_id):
    replica = {"Region": "eu-west-1", "KmsKeyId": key_id}
    name = {"Name": "new", "SecretString": "x"} if method == "create_secret" else {"SecretId": "app/db-old"}
    run = Run([Call(method, {**name, "AddReplicaRegions": [replica]})])
    (there,) = (one for one in run.least["Statement"] if "kms:Encrypt" in one["Action"])

    check(run.calls)
    assert there["Action"] == ["kms:Encrypt", "kms:GenerateDataKey"]
    assert there["Resource"][0].startswith("arn:aws:kms:eu-west-1:123456789012:key/")
    assert there["Condition"]["StringEquals"] == {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}


@pytest.mark.slow
def test_a_replica_that_is_added_again_needs_the_key_that_it_has():
    replica = {"Region": "eu-west-1", "KmsKeyId": KEY}
    check(
        [
            Call("replicate_secret_to_regions", {"SecretId": "app/db", "AddReplicaRegions": [one]})
            for one in (replica, {"Region": "eu-west-1"})
        ]
    )


def rotate(event, context):
    """Rotate as AWS's templates do, with a superuser whose secret the function reads, too."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if step == "createSecret":
        client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        new = client.get_random_password()["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=new, VersionStages=["AWSPENDING"]
        )
    elif step == "setSecret":
        client.get_secret_value(SecretId="superuser")
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    elif step == "finishSecret":
        current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


def rotates_with(policy, role=None):
    """Return whether the function rotates a secret with a policy, and the least policy for what it did."""
    with mock_stages(region="us-east-1", rotation_errors="record") as world:
        world.add("superuser", "value", kms_key_id=OTHER_KEY)
        world.add("db", "value", kms_key_id=KEY)
        given = {} if policy is None else {"policy": policy, "role": role}
        rotation = world.rotate("db", world.lambda_function(rotate, "rotate", **given))
        return rotation.succeeded, world.permissions.least_policy(function="rotate")


@pytest.mark.slow
def test_a_rotation_function_rotates_with_its_least_policy_and_with_nothing_less():
    succeeded, least = rotates_with(None)
    assert succeeded

    role = "arn:aws:iam::123456789012:role/rotation/rotate"
    assert rotates_with(least, role) == (True, least)
    for part, less in parts_of(least):
        assert not rotates_with(less if less["Statement"] else [], role)[0], f"without {part}, it rotates"


def keys_after(policy=None):
    """Return the keys of a secret's versions after its key was changed, and the least policy for that."""
    given = {} if policy is None else {"identity_policy": policy}
    with mock_stages(region="us-east-1", **given) as world:
        world.add("db", "value", kms_key_id=KEY)
        client = boto3.client("secretsmanager", region_name="us-east-1")
        try:
            client.update_secret(SecretId="db", KmsKeyId=OTHER_KEY)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"], None
        stored = next(iter(world._world.store))
        keys = [stored.kms_key_id, *(version.kms_key_id for version in stored.versions.values())]
        return keys, world.permissions.least_policy()


def test_another_key_needs_all_that_encrypts_the_values_again():
    keys, least = keys_after()

    assert keys == [OTHER_KEY, OTHER_KEY]
    assert keys_after(least)[0] == keys
    for part, less in parts_of(least):
        assert keys_after(less)[0] != keys, f"without {part}, the key is changed"


def test_a_caller_of_another_account_needs_the_arn_of_the_owner():
    def reads(policy=None):
        arn = "arn:aws:iam::999999999999:role/reader"
        with mock_stages(region="us-east-1") as world:
            grant = {**GRANT, "Statement": {**GRANT["Statement"], "Principal": {"AWS": arn}}}
            secret = world.add("db", "value", resource_policy=grant, kms_key_id=KEY)
            client = boto3.client("secretsmanager", region_name="us-east-1", **world.credentials(arn))
            with world.permissions(policy, principal=arn):
                try:
                    client.get_secret_value(SecretId=secret.arn)
                except botocore.exceptions.ClientError:
                    return False, None
            return True, world.permissions.least_policy()

    _, least = reads()

    assert reads(least) == (True, least)
    assert all(not reads(less if less["Statement"] else [])[0] for _, less in parts_of(least))
