"""The least policy, fed back: it allows exactly the same run, and each part of it is needed for that."""

import copy
import json
from typing import NamedTuple

import boto3
import botocore.exceptions
import hypothesis.strategies as st
from hypothesis import given, settings

from fake_secrets import mock_stages

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/0000abcd-12ab-34cd-56ef-1234567890ab"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
NAMES = ("app/db", "app/db-old", "api")
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

    `outcomes` has for each call the codes of the errors in its answer, none if it has succeeded. At the end it has
    what has become of replicas, since the answer doesn't show whether a key could be used.
    """

    def __init__(self, calls, policy=None):
        given = {} if policy is None else {"identity_policy": policy}
        with mock_stages(region="us-east-1", **given) as world:
            world.add("app/db", "value", tags={"env": "test"})
            world.add("app/db-old", "value", arn_suffix="AbCdEf", kms_key_id=KEY)
            world.lambda_function(None, arn=FUNCTION)
            self.client = boto3.client("secretsmanager", region_name="us-east-1")
            self.outcomes = [self.make(call) for call in calls]
            stored = [replica for secret in world._world.store for replica in secret.replicas.values()]
            self.outcomes.append([(replica.region, replica.status) for replica in stored])
            self.least = None if policy is not None else world.permissions.least_policy()

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
CALLS = st.one_of(
    calls("batch_get_secret_value", {"SecretIdList": st.lists(name, min_size=1, max_size=3, unique=True)}),
    calls("batch_get_secret_value", {"Filters": st.just([{"Key": "name", "Values": ["app/"]}])}),
    calls("cancel_rotate_secret", secret_id),
    calls("create_secret", {"Name": name}, {"Tags": tags, "SecretString": st.just("x"), "KmsKeyId": key}),
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
    calls("replicate_secret_to_regions", {**secret_id, "AddReplicaRegions": st.just([{"Region": "eu-west-1"}])}),
    calls("restore_secret", secret_id),
    calls("rotate_secret", secret_id, {"RotationLambdaARN": st.just(FUNCTION)}),
    calls("tag_resource", {**secret_id, "Tags": tags}),
    calls("untag_resource", {**secret_id, "TagKeys": st.just(["env"])}),
    calls("update_secret", secret_id, {"SecretString": st.just("z"), "Description": st.just("d")}),
    calls("update_secret_version_stage", {**secret_id, "VersionStage": stage}),
    calls("validate_resource_policy", {"ResourcePolicy": st.just("{}")}, secret_id),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=6))
def test_the_same_run_is_allowed_and_nothing_less_would_do(calls):
    check(calls)
