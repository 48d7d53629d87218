"""Every request ends in a valid response, a ParamValidationError or one of AWS's error codes.

The short form sends a few hundred requests. With FAKE_SECRETS_LONG=1 it sends more than 20,000. At the
end it prints a line with the figures.
"""

import collections
import datetime
import functools
import os

import boto3
import botocore.config
import botocore.exceptions
import botocore.handlers
import botocore.serialize
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from operation_tables import check_table
from request_strategies import (
    ACCOUNT,
    ACROSS_ACCOUNTS,
    BODIES,
    GOOD_REQUESTS,
    LABELS,
    MARKER,
    MARKERS,
    MODEL,
    OPERATIONS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    REGIONS,
    REPLICAS,
    SEEDED_ELSEWHERE,
    SEEDED_NAMES,
    SUFFIX,
    VERSION_IDS,
    Fuzzed,
    as_json,
    function_arn,
    policy,
    replica_arn,
    requests,
    resolve,
    secret_arn,
)
from store_pictures import picture_of
from two_accounts import check_link

from fake_secrets import UnsupportedOperationError, mock_stages
from fake_secrets.service import dispatch
from fake_secrets.service.rules.stages import LABEL_QUOTA

KEY_STATES = ["disabled", "denied"]

IS_LONG = bool(os.environ.get("FAKE_SECRETS_LONG"))
LONG_RUN = 20_000

# Besides an operation's own errors, only these may occur: those of AWS's front end for a malformed
# request (api-facts 1.1, and a wrong JSON type), and AccessDeniedException (M16, M41, M42).
CODES_OF_EVERY_OPERATION = {"ValidationException", "SerializationException", "AccessDeniedException"}

# A rotation that exceeds a quota. AWS's error for this was never recorded.
CODES_BESIDE_THE_MODELS = {"RotateSecret": {"LimitExceededException"}}

# The members that a response always has, by the path of their structure (api-facts 5). An empty answer has none.
ALWAYS_PRESENT = {
    "AssociateCrossAccountReplica": {"ARN", "CrossAccountReplicaARN", "ReplicationStatus"},
    "BatchGetSecretValue": {"SecretValues", "Errors"},
    "BatchGetSecretValue.SecretValues": {"ARN", "Name", "VersionId", "CreatedDate"},
    "BatchGetSecretValue.Errors": {"SecretId", "ErrorCode", "Message"},
    "CancelRotateSecret": {"ARN", "Name"},
    "CreateSecret": {"ARN", "Name"},
    "DeleteResourcePolicy": {"ARN", "Name"},
    "DeleteSecret": {"ARN", "Name", "DeletionDate"},
    "DescribeSecret": {"ARN", "Name", "LastChangedDate", "CreatedDate"},
    "DisassociateCrossAccountReplica": {"ARN", "CrossAccountReplicaARN"},
    "GetRandomPassword": {"RandomPassword"},
    "GetResourcePolicy": {"ARN", "Name"},
    "GetSecretValue": {"ARN", "Name", "VersionId", "CreatedDate"},
    "ListResourcePolicies": {"ResourcePolicies"},
    "ListResourcePolicies.ResourcePolicies": {"PolicyName"},
    "ListSecretVersionIds": {"Versions", "ARN", "Name"},
    "ListSecretVersionIds.Versions": {"VersionId", "CreatedDate", "KmsKeyIds"},
    "ListSecrets": {"SecretList"},
    "ListSecrets.SecretList": {"ARN", "Name", "LastChangedDate", "CreatedDate"},
    "PutResourcePolicy": {"ARN", "Name"},
    "PutSecretValue": {"ARN", "Name", "VersionId", "VersionStages"},
    "RemoveRegionsFromReplication": {"ARN", "ReplicationStatus"},
    "ReplicateSecretToRegions": {"ARN", "ReplicationStatus"},
    "RestoreSecret": {"ARN", "Name"},
    # VersionId too, unless RotateImmediately is False.
    "RotateSecret": {"ARN", "Name"},
    "StopReplicationToReplica": {"ARN"},
    "TagResource": set(),
    "UntagResource": set(),
    "UpdateSecret": {"ARN", "Name"},
    "UpdateSecretVersionStage": {"ARN", "Name"},
    "ValidateResourcePolicy": {"PolicyValidationPassed", "ValidationErrors"},
}
# Structures that have exactly one of SecretString and SecretBinary.
WITH_A_VALUE = {"GetSecretValue", "BatchGetSecretValue.SecretValues"}
# Members with a user's own content, which may be the empty string.
MAY_BE_EMPTY = {"Value"}
TYPES = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "blob": bytes,
    "timestamp": datetime.datetime,
    "list": list,
    "map": dict,
    "structure": dict,
}

steps = st.lists(
    st.one_of(requests(), requests(), requests(), st.sampled_from([datetime.timedelta(hours=30)])),
    min_size=5,
    max_size=12,
)


# Requests that once failed.
FULL_OF_LABELS = Fuzzed(
    "RotateSecret", {"SecretId": "crowded", "RotationLambdaARN": function_arn("turns")}, REGION, "validated"
)
VALUES_WHERE_NONE_BELONG = [
    Fuzzed(
        operation,
        {"SecretId": "plain", "SecretString": MARKER, "Other": {"SecretBinary": MARKER}},
        REGION,
        "written",
    )
    for operation in ("DescribeSecret", "ListSecrets", "RotateSecret", "UpdateSecret")
]


@pytest.mark.slow
def test_every_request_ends_in_a_valid_response_or_an_aws_error(freezer_at_noon):
    figures = collections.Counter()
    noon = freezer_at_noon()

    @settings(
        max_examples=5_000 if IS_LONG else 100,
        deadline=None,
        derandomize=not IS_LONG,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @example(steps=[FULL_OF_LABELS], lane="fast")
    @example(steps=VALUES_WHERE_NONE_BELONG, lane="fast")
    @given(steps=steps, lane=st.sampled_from(["fast", "fast", "fast", "wire"]))
    def fuzz(steps, lane):
        freezer_at_noon.move_to(noon)
        with mock_stages({}, rotation_errors="record", _lane=lane) as fake_secrets:
            seed(fake_secrets)
            run = Run(fake_secrets, figures)
            for step in steps:
                if isinstance(step, datetime.timedelta):
                    freezer_at_noon.tick(step)
                    # Every call first does what has fallen due, even if the call is refused. This one does
                    # it before the next request is compared with the store.
                    client_of(REGION, "unvalidated").get_random_password()
                else:
                    run.send(step)
            for shown in (fake_secrets, fake_secrets.calls, fake_secrets.rotations):
                assert not shows_a_secret_value(repr(shown))

    fuzz()
    outcomes = collections.Counter(outcome for _, outcome in figures.elements())
    print(f"\n{figures.total()} requests:", ", ".join(f"{n} {outcome}" for outcome, n in outcomes.most_common()))
    if IS_LONG:
        assert figures.total() >= LONG_RUN
        assert {operation for operation, outcome in figures if outcome == "succeeded"} == set(OPERATIONS)


@pytest.mark.parametrize("lane", ["fast", "wire"])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.slow
def test_any_body_ends_in_a_valid_response_or_an_aws_error(operation, lane):
    with mock_stages({}, rotation_errors="record", _lane=lane) as fake_secrets:
        seed(fake_secrets)
        run = Run(fake_secrets, collections.Counter())
        for body in BODIES:
            run.send(Fuzzed(operation, {}, REGION, "written", body=body))
        for way in ("validated", "unvalidated", "written"):
            run.send(Fuzzed(operation, {}, REGION, way))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["validated", "unvalidated", "written"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_fuzzers_good_requests_succeed(operation, way):
    for members in GOOD_REQUESTS[operation]:
        with mock_stages({}, rotation_errors="record") as fake_secrets:
            seed(fake_secrets)
            figures = collections.Counter()
            Run(fake_secrets, figures).send(Fuzzed(operation, members, REGIONS.get(operation, REGION), way))
            assert figures == {(operation, "succeeded"): 1}


class TestTheTablesOfTheFuzzer:
    def test_each_operation_has_good_requests(self):
        where = "_good_requests in tests/service/request_strategies.py"
        check_table(GOOD_REQUESTS, dispatch.OPERATIONS, where, "requests that succeed in the world of `seed`")
        assert [operation for operation, good in GOOD_REQUESTS.items() if not good] == []

    def test_each_operation_has_the_members_of_its_answer(self):
        named = [path for path in ALWAYS_PRESENT if "." not in path]
        where = "ALWAYS_PRESENT in tests/service/test_fuzz.py"
        check_table(named, dispatch.OPERATIONS, where, "the members that each answer has, or set()")


class Run:
    """Sends requests to one world, and checks the outcome of each."""

    def __init__(self, fake_secrets, figures):
        self.fake_secrets = fake_secrets
        self.figures = figures
        self.answers = []

    def send(self, request):
        store = self.fake_secrets._world.store
        members = resolve(request.members, self.answers)
        before = picture_of(store)
        try:
            response = self.call(request, members)
        except botocore.exceptions.ParamValidationError:
            # Its text isn't checked: it is botocore's own, and shows values.
            assert request.way == "validated"
            outcome = "ParamValidationError"
        except UnsupportedOperationError as error:
            assert is_excused(request.operation, str(error))
            assert not shows_a_secret_value(str(error))
            outcome = "unsupported"
        except botocore.exceptions.ClientError as error:
            outcome = check_refusal(request.operation, error)
        else:
            outcome = "succeeded"
            check_answer(request.operation, response)
            starts = request.operation == "RotateSecret" and members.get("RotateImmediately") is not False
            assert not starts or "VersionId" in response
            self.answers.append(response)
            after = picture_of(store)
            empty(dict(response))
            assert picture_of(store) == after, "the answer shares something with the store"
        if outcome != "succeeded":
            assert picture_of(store) == before, "a refused request has changed something"
        check_soundness(store)
        self.figures[request.operation, outcome] += 1

    def call(self, request, members):
        way = request.way
        if way == "unvalidated" and not is_serialisable(request.operation, members):
            way = "written"
        client = client_of(request.region, way, request.account)
        method = getattr(client, botocore.xform_name(request.operation))
        if way != "written":
            return method(**members)
        client.body = as_json(members) if request.body is None else request.body
        return method()


@functools.cache
def client_of(region, way, account=None):
    """Return a client: a plain one, one that adds no checks and tokens, or one that sends its `body`."""
    # botocore would wait and retry after a LimitExceededException.
    config = botocore.config.Config(parameter_validation=way == "validated", retries={"total_max_attempts": 1})
    # An access key id of twelve digits makes the client call from that account.
    keys = {} if account in {None, ACCOUNT} else {"aws_access_key_id": account, "aws_secret_access_key": "-"}
    client = boto3.client("secretsmanager", region_name=region, config=config, **keys)
    if way == "validated":
        return client
    client.meta.events.unregister("before-parameter-build", botocore.handlers.generate_idempotent_uuid)
    if way == "written":

        def write_body(params, **_):
            params["body"] = client.body

        client.meta.events.register("before-call.secrets-manager", write_body)
    return client


def is_serialisable(operation, members):
    """Return whether botocore can serialise members that it hasn't validated."""
    try:
        botocore.serialize.create_serializer("json", include_validation=False).serialize_to_request(
            members, MODEL.operation_model(operation)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


SEEDED_BY_THEMSELVES = {"empty", "labelled", "crowded", "app/binary", "pending", "managed", "shared", *KEY_STATES}


def seed(fake_secrets):
    """Fill a world with secrets in every state. Every value has the marker."""
    add = functools.partial(fake_secrets.add, arn_suffix=SUFFIX)
    first, second, third, fourth = VERSION_IDS
    text = f"{MARKER}-seeded"
    for region, names in ((REGION, SEEDED_NAMES), (OTHER_REGION, SEEDED_ELSEWHERE)):
        for name in set(names) - SEEDED_BY_THEMSELVES:
            add(name, text, version_ids={"AWSCURRENT": first}, region=region, tags={"team": "a"})
    add("app/binary", text.encode(), version_ids={"AWSCURRENT": first}, description="A word, andAnother2")
    add("empty")
    staged = dict(zip(["AWSPREVIOUS", "LIVE", "AWSCURRENT", "CANARY"], [first, second, third, third], strict=True))
    add("labelled", labels=dict.fromkeys(staged, text), version_ids=staged, kms_key_id="alias/mine")
    crowd = ["AWSCURRENT", *(f"full-{number}" for number in range(LABEL_QUOTA - 1))]
    add("crowded", labels=dict.fromkeys(crowd, text), version_ids=dict.fromkeys(crowd, first))
    add(
        "pending",
        labels={"AWSCURRENT": text, "AWSPENDING": None},
        version_ids={"AWSCURRENT": first, "AWSPENDING": fourth},
    )
    add("managed", text, version_ids={"AWSCURRENT": first}, owning_service="rds")
    add("shared", text, version_ids={"AWSCURRENT": first}, kms_key_id="alias/mine")
    for state in KEY_STATES:
        add(state, text, version_ids={"AWSCURRENT": first}, kms_key_id=f"alias/{state}")
        fake_secrets.set_kms_key(f"alias/{state}", state)
    functions = {"turns": turn, "raises": fail, "idles": idle}
    arns = {name: fake_secrets.lambda_function(function, name) for name, function in functions.items()}
    assert arns["turns"] == function_arn("turns")
    client = client_of(REGION, "validated")
    client.put_secret_value(
        SecretId="labelled", SecretString=text, ClientRequestToken=fourth, VersionStages=LABELS[3:]
    )
    client.delete_secret(SecretId="scheduled")
    client.untag_resource(SecretId="untagged", TagKeys=["team"])
    client.tag_resource(SecretId="tagged", Tags=[{"Key": f"tag-{n}", "Value": ""} for n in range(48)])
    client.rotate_secret(
        SecretId="rotated",
        RotationLambdaARN=arns["turns"],
        RotationRules={"AutomaticallyAfterDays": 30},
        ClientRequestToken=second,
    )
    shared = policy(Principal={"AWS": OTHER_ACCOUNT}, Action="secretsmanager:*")
    client.put_resource_policy(SecretId="watched", ResourcePolicy=policy())
    client.put_resource_policy(SecretId="shared", ResourcePolicy=shared)
    replicate = client.replicate_secret_to_regions
    replicate(SecretId="replicated", AddReplicaRegions=[{"Region": OTHER_REGION}, {"Region": "us-west-2"}])
    replicate(SecretId="replaced", AddReplicaRegions=[{"Region": OTHER_REGION, "KmsKeyId": "alias/mine"}])
    # The other region has a secret with this name already, so this replication fails.
    replicate(SecretId="plain", AddReplicaRegions=[{"Region": OTHER_REGION}])
    if ACROSS_ACCOUNTS:
        pair_up(client)
    fake_secrets.quotas.versions = 6
    fake_secrets.quotas.secrets = len(SEEDED_NAMES) + 1


def pair_up(client):
    """Give two secrets replicas in the other account, of which one is detached again."""
    other = client_of(REGION, "validated", OTHER_ACCOUNT)
    for name, primary in zip(REPLICAS, [*ACROSS_ACCOUNTS, "plain"], strict=True):
        other.create_secret(Name=name, KmsKeyId="alias/mine", CrossAccountPrimaryARN=secret_arn(primary))
    for name in ACROSS_ACCOUNTS:
        client.associate_cross_account_replica(SecretId=name, CrossAccountReplicaARN=replica_arn(f"{name}-copy"))
    client.disassociate_cross_account_replica(SecretId="parted", CrossAccountReplicaARN=replica_arn("parted-copy"))


def turn(event, context):
    """Rotate a secret in the four steps."""
    client = client_of(REGION, "validated")
    secret_id, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=secret_id,
            ClientRequestToken=token,
            SecretString=f"{MARKER}-{token}",
            VersionStages=["AWSPENDING"],
            RotationToken=event["RotationToken"],
        )
    elif event["Step"] == "finishSecret":
        versions = client.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
        current = next((version for version, labels in versions.items() if "AWSCURRENT" in labels), None)
        leaving = {} if current in {None, token} else {"RemoveFromVersionId": current}
        client.update_secret_version_stage(
            SecretId=secret_id, VersionStage="AWSCURRENT", MoveToVersionId=token, **leaving
        )


def fail(event, context):
    raise RuntimeError(MARKER)


def idle(event, context):
    pass


def check_soundness(store):
    for secret in store:
        assert secret.versions.keys() >= set(secret.labels.values())
        assert len(secret.labels) <= store.quotas.labels
        has_value = any(version.value is not None for version in secret.versions.values())
        assert "AWSCURRENT" in secret.labels or not has_value
        check_link(secret)


def check_refusal(operation, error):
    """Check that AWS has such an error, and return its code."""
    code = error.response["Error"]["Code"]
    assert isinstance(error.response["Error"]["Message"], str)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    modelled = {shape.error_code for shape in MODEL.operation_model(operation).error_shapes}
    assert code in CODES_OF_EVERY_OPERATION | modelled | CODES_BESIDE_THE_MODELS.get(operation, set())
    assert not shows_a_secret_value("\n".join([str(error), repr(error), *getattr(error, "__notes__", ())]))
    return code


def check_answer(operation, response):
    """Check a response against the model's output shape and the members that it must always have."""
    metadata = response.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    shape = MODEL.operation_model(operation).output_shape
    if shape is None:
        assert response == {}
    else:
        check_value(shape, response, operation)


def check_value(shape, value, path):
    kind = shape.type_name
    assert isinstance(value, TYPES[kind]), path
    assert kind == "boolean" or not isinstance(value, bool), path
    if kind == "structure":
        assert value.keys() <= shape.members.keys(), path
        assert value.keys() >= ALWAYS_PRESENT.get(path, set()), path
        assert path not in WITH_A_VALUE or len(value.keys() & {"SecretString", "SecretBinary"}) == 1, path
        for name, member in value.items():
            check_value(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        for item in value:
            check_value(shape.member, item, path)
    elif kind == "map":
        for key, item in value.items():
            check_value(shape.key, key, path)
            check_value(shape.value, item, path)
    elif kind == "timestamp":
        assert value.tzinfo is not None, path
    elif kind == "string":
        assert value or path.rpartition(".")[2] in MAY_BE_EMPTY, path
        assert value in shape.metadata.get("enum", [value]), path


def is_excused(operation, message):
    """Return whether a request asks for something that isn't faked yet, and the message names it."""
    return operation == "RotateSecret" and "without a Lambda function" in message


def shows_a_secret_value(text):
    return any(marker in text for marker in MARKERS)


def empty(value):
    """Remove everything from a response, at every depth."""
    for inner in (
        list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    ):
        empty(inner)
    if isinstance(value, dict | list):
        value.clear()
