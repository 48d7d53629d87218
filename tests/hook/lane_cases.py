"""The cases for both lanes: the answers and refusals of every operation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.minimal_requests import ABOUT_A_SECRET

HOME, ABROAD = "us-east-1", "eu-west-3"
OWNER, STRANGER = "123456789012", "210987654321"
# The callers: the owner in the world's region, the owner in another region, and another account.
CLIENTS = {
    "owner": {},
    "abroad": {"region_name": ABROAD},
    "stranger": {"aws_access_key_id": STRANGER, "aws_secret_access_key": "x"},
}

V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32
PARTY = "MongoDBAtlasDatabaseUser"
ROLE = f"arn:aws:iam::{OWNER}:role/rotates"


def arn_of(name, account_id=OWNER):
    return f"arn:aws:secretsmanager:{HOME}:{account_id}:secret:{name}-a1b2c3"


def lambda_arn(name):
    return f"arn:aws:lambda:{HOME}:{OWNER}:function:{name}"


def policy(effect="Allow", principal=f"arn:aws:iam::{STRANGER}:root"):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "secretsmanager:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def set_stage(fake, clients):
    """Add secrets in every state that needs no call, keys, and rotation functions to a world."""

    def add(name, value=None, **metadata):
        metadata.setdefault("version_ids", {"AWSCURRENT": V1} if value is not None else None)
        fake.add(name, value, arn_suffix="a1b2c3", **metadata)

    def rotate(event, context):
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            value = {"SecretString": "rotated", "VersionStages": ["AWSPENDING"]}
            clients["owner"].put_secret_value(SecretId=secret_id, ClientRequestToken=token, **value)
        if event["Step"] == "finishSecret":
            move = {"RemoveFromVersionId": V1, "MoveToVersionId": token}
            clients["owner"].update_secret_version_stage(SecretId=secret_id, VersionStage="AWSCURRENT", **move)

    def fail(event, context):
        msg = "the database is down"
        raise ConnectionError(msg)

    add("bare")
    add("text", "s3cret")
    add("binary", b"\0\xff\n")
    add("unicode", {"password": "pässwörd \U0001f511 \x00", "empty": ""})
    add(
        "whole",
        labels={"AWSCURRENT": "new", "AWSPREVIOUS": "old", "CUSTOM": "old"},
        version_ids={"AWSCURRENT": V1, "AWSPREVIOUS": V2, "CUSTOM": V2},
        description="All there is",
        kms_key_id="alias/app",
        tags={"team": "a", "empty": ""},
    )
    open_rotation = {"AWSCURRENT": "new", "AWSPENDING": None}
    add("open", labels=open_rotation, version_ids={"AWSCURRENT": V1, "AWSPENDING": V2})
    add("managed", "rds's", owning_service="rds")
    add("disabled", "s3cret", kms_key_id="alias/disabled")
    add("denied", "s3cret", kms_key_id="alias/denied")
    add("taken", "here")
    add("taken", "abroad", region=ABROAD)
    fake.set_kms_key("alias/disabled", "disabled")
    fake.set_kms_key("alias/denied", "denied")
    fake.lambda_function(rotate, arn=lambda_arn("rotates"))
    fake.lambda_function(lambda event, context: None, arn=lambda_arn("idles"))
    fake.lambda_function(fail, arn=lambda_arn("fails"))


@dataclass(frozen=True)
class Call:
    """One call: the operation, its request, and the caller."""

    operation: str
    request: Mapping[str, Any]
    by: str = "owner"


@dataclass(frozen=True)
class Case:
    """A call to compare, the calls before it, and the code of its error if it has one."""

    title: str
    call: Call
    after: Sequence[Call] = ()
    error: str | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)

    def __str__(self):
        return f"{self.call.operation} {self.error or 'answers'}: {self.title}"


def call(operation, *, by="owner", **request):
    return Call(operation, request, by)


def answers(title, *, by="owner", after=(), **request):
    return lambda operation: Case(title, Call(operation, request, by), after)


def refuses(error, title, *, by="owner", after=(), quotas=None, **request):
    return lambda operation: Case(title, Call(operation, request, by), after, error, quotas or {})


# In a request, this stands for the NextToken of the previous answer.
FROM_PAGE_BEFORE = "the NextToken of the page before"

# The replica of "whole" in another account. Its suffix is random.
COPY_ARN = f"arn:aws:secretsmanager:{HOME}:{STRANGER}:secret:copy"

# The members that an operation with a SecretId needs in addition to it.
NEEDED = {
    **ABOUT_A_SECRET,
    "AssociateCrossAccountReplica": {"CrossAccountReplicaARN": COPY_ARN},
    "DisassociateCrossAccountReplica": {"CrossAccountReplicaARN": COPY_ARN},
    "PutResourcePolicy": {"ResourcePolicy": policy()},
    "PutSecretValue": {"SecretString": "new"},
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": [ABROAD]},
    "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": ABROAD}]},
    "RotateSecret": {"RotationLambdaARN": lambda_arn("rotates")},
    "TagResource": {"Tags": [{"Key": "team", "Value": "b"}]},
    "UntagResource": {"TagKeys": ["team"]},
    "UpdateSecret": {"SecretString": "new"},
    "UpdateSecretVersionStage": {"VersionStage": "CUSTOM", "MoveToVersionId": V1},
    "ValidateResourcePolicy": {"ResourcePolicy": policy()},
}
# What each of these operations takes or refuses decides which refusals `refused_alike` makes for it.
TAKES_WHAT_IS_DELETED = {"DescribeSecret", "ListSecretVersionIds", "RestoreSecret"}
TAKES_A_REPLICA = {
    "DescribeSecret",
    "GetResourcePolicy",
    "GetSecretValue",
    "ListResourcePolicies",
    "ListSecretVersionIds",
    "StopReplicationToReplica",
    "ValidateResourcePolicy",
}
REFUSES_WHAT_IS_MANAGED = {
    "DeleteSecret",
    "PutSecretValue",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
}

REPLICATE = call("ReplicateSecretToRegions", SecretId="whole", AddReplicaRegions=[{"Region": ABROAD}])
DELETE = call("DeleteSecret", SecretId="whole")
READ = call("GetSecretValue", SecretId="whole")
READ_REPLICA = call("GetSecretValue", by="abroad", SecretId="whole")
ADMIT_STRANGER = call("PutResourcePolicy", SecretId="whole", ResourcePolicy=policy())
ROTATE = call(
    "RotateSecret",
    SecretId="text",
    RotationLambdaARN=lambda_arn("rotates"),
    RotationRules={"ScheduleExpression": "cron(0 8/8 ? * MON *)", "Duration": "2h"},
)
CREATE_OF_PARTY = call("CreateSecret", Name="party", SecretString="s3cret", Type=PARTY)
ROTATE_OF_PARTY = call(
    "RotateSecret",
    SecretId="party",
    RotateImmediately=False,
    ExternalSecretRotationMetadata=[{"Key": "cluster", "Value": "a"}],
    ExternalSecretRotationRoleArn=ROLE,
)

CREATE_COPY = call(
    "CreateSecret", by="stranger", Name="copy", KmsKeyId="alias/copy", CrossAccountPrimaryARN=arn_of("whole")
)
ASSOCIATE = call("AssociateCrossAccountReplica", SecretId="whole", CrossAccountReplicaARN=COPY_ARN)
ASSOCIATE_BY_ROLE = call(
    "AssociateCrossAccountReplica", SecretId="whole", CrossAccountReplicaARN=COPY_ARN, ReplicationRoleARN=ROLE
)
FAIL_TO_COPY = (
    CREATE_COPY,
    ASSOCIATE_BY_ROLE,
    call("UpdateSecret", by="stranger", SecretId="copy", KmsKeyId="alias/denied"),
    call("PutSecretValue", SecretId="whole", SecretString="newer", ClientRequestToken=V3),
)

CASES_OF = {
    "AssociateCrossAccountReplica": [
        answers("a replica", after=[CREATE_COPY], SecretId="whole", CrossAccountReplicaARN=COPY_ARN),
        answers("again", after=[CREATE_COPY, ASSOCIATE], SecretId="whole", CrossAccountReplicaARN=COPY_ARN),
        refuses(
            "InvalidRequestException",
            "no replica of this secret",
            after=[CREATE_COPY],
            SecretId="text",
            CrossAccountReplicaARN=COPY_ARN,
        ),
        refuses(
            "InvalidParameterException",
            "a secret of the same account",
            SecretId="text",
            CrossAccountReplicaARN=arn_of("whole"),
        ),
        refuses(
            "LimitExceededException",
            "a second replica",
            after=[
                CREATE_COPY,
                ASSOCIATE,
                call(
                    "CreateSecret",
                    by="stranger",
                    Name="copy2",
                    KmsKeyId="alias/copy",
                    CrossAccountPrimaryARN=arn_of("whole"),
                ),
            ],
            SecretId="whole",
            CrossAccountReplicaARN=f"{COPY_ARN}2",
        ),
    ],
    "DisassociateCrossAccountReplica": [
        answers("a replica", after=[CREATE_COPY, ASSOCIATE], SecretId="whole", CrossAccountReplicaARN=COPY_ARN),
    ],
    "ListResourcePolicies": [
        answers("none", SecretId="whole"),
        answers("one", after=[ADMIT_STRANGER], SecretId="whole"),
        answers(
            "a page of two",
            by="stranger",
            after=[
                CREATE_COPY,
                call("PutResourcePolicy", by="stranger", SecretId="copy", ResourcePolicy=policy()),
            ],
            SecretId="copy",
            MaxResults=1,
        ),
        refuses("InvalidNextTokenException", "a token of nothing", SecretId="whole", NextToken="abc"),
    ],
    "BatchGetSecretValue": [
        answers("all read", SecretIdList=["text", "binary", "unicode", "whole"]),
        answers(
            "errors of every kind",
            SecretIdList=[
                "none",
                "text",
                "no name",
                "bare",
                "disabled",
                "denied",
                arn_of("x", account_id=STRANGER),
            ],
        ),
        answers("nothing found", Filters=[{"Key": "name", "Values": ["none"]}]),
        answers("a page", Filters=[{"Key": "name", "Values": ["!x"]}], MaxResults=2),
        answers(
            "the next page",
            after=[call("BatchGetSecretValue", Filters=[{"Key": "name", "Values": ["!x"]}], MaxResults=2)],
            Filters=[{"Key": "name", "Values": ["!x"]}],
            MaxResults=2,
            NextToken=FROM_PAGE_BEFORE,
        ),
        refuses("InvalidParameterException", "neither list nor filters"),
        refuses(
            "InvalidNextTokenException",
            "a token of nothing",
            Filters=[{"Key": "name", "Values": ["a"]}],
            NextToken="abc",
        ),
        refuses("ValidationException", "an empty list", SecretIdList=[]),
        refuses("SerializationException", "text for a number", MaxResults="two"),
    ],
    "CancelRotateSecret": [
        answers("never rotated", SecretId="text"),
        answers("rotated", after=[ROTATE], SecretId="text"),
        answers(
            "while a rotation is open",
            after=[call("RotateSecret", SecretId="text", RotationLambdaARN=lambda_arn("idles"))],
            SecretId="text",
        ),
    ],
    "CreateSecret": [
        answers("without a value", Name="new"),
        answers("with text", Name="new", SecretString="pässwörd"),
        answers("with bytes and a token", Name="new", SecretBinary=b"\x00", ClientRequestToken=V1),
        answers("of a partner", **CREATE_OF_PARTY.request),
        answers(
            "with replicas, of which one fails",
            after=[call("DeleteSecret", SecretId="taken", ForceDeleteWithoutRecovery=True)],
            Name="taken",
            SecretString="x",
            AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "alias/app"}, {"Region": ABROAD}],
        ),
        refuses("ResourceExistsException", "the name exists", Name="text"),
        refuses("InvalidRequestException", "no token", Name="new", ClientRequestToken=None),
        refuses("InvalidRequestException", "scheduled for deletion", after=[DELETE], Name="whole"),
        refuses("InvalidParameterException", "both values", Name="new", SecretString="x", SecretBinary=b"x"),
        refuses("LimitExceededException", "one too many", quotas={"secrets": 1}, Name="new"),
        refuses(
            "EncryptionFailure", "the key is disabled", Name="new", SecretString="x", KmsKeyId="alias/disabled"
        ),
        refuses(
            "AccessDeniedException", "the key is denied", Name="new", SecretString="x", KmsKeyId="alias/denied"
        ),
        refuses("ValidationException", "no name", Name="no name"),
        refuses("ValidationException", "three violations", ClientRequestToken="", SecretBinary=b""),
        refuses("SerializationException", "a number for a string", Name="new", SecretString=5),
        answers(
            "a replica of another account's secret",
            Name="new",
            KmsKeyId="alias/app",
            CrossAccountPrimaryARN=arn_of("x", account_id=STRANGER),
        ),
        refuses(
            "InvalidParameterException",
            "such a replica with the default key",
            Name="new",
            CrossAccountPrimaryARN=arn_of("x", account_id=STRANGER),
        ),
    ],
    "DeleteResourcePolicy": [
        answers("one there", after=[ADMIT_STRANGER], SecretId="whole"),
        answers("none there", SecretId="whole"),
        answers("one there, by its name", after=[ADMIT_STRANGER], SecretId="whole", PolicyName="default"),
        refuses("InvalidParameterException", "of another name", SecretId="whole", PolicyName="x"),
    ],
    "DeleteSecret": [
        answers("after a window", SecretId="whole", RecoveryWindowInDays=7),
        answers("at once", SecretId="whole", ForceDeleteWithoutRecovery=True),
        answers("at once, never there", SecretId="none", ForceDeleteWithoutRecovery=True),
        refuses("InvalidParameterException", "an odd window", SecretId="whole", RecoveryWindowInDays=31),
    ],
    "DescribeSecret": [
        answers("next to nothing", SecretId="bare"),
        answers("by its ARN", SecretId=arn_of("whole")),
        answers("read", after=[READ], SecretId="whole"),
        answers("scheduled for deletion", after=[DELETE], SecretId="whole"),
        answers(
            "its last tag gone",
            after=[call("UntagResource", SecretId="whole", TagKeys=["team", "empty"])],
            SecretId="whole",
        ),
        answers("rotated", after=[ROTATE], SecretId="text"),
        answers(
            "rotation cancelled", after=[ROTATE, call("CancelRotateSecret", SecretId="text")], SecretId="text"
        ),
        answers("rotation open", SecretId="open"),
        answers("managed", SecretId="managed"),
        answers("a partner's", after=[CREATE_OF_PARTY, ROTATE_OF_PARTY], SecretId="party"),
        answers("a primary", after=[REPLICATE, READ_REPLICA], SecretId="whole"),
        answers("a replica", after=[REPLICATE, READ_REPLICA], by="abroad", SecretId="whole"),
        answers("of another account", after=[ADMIT_STRANGER], by="stranger", SecretId=arn_of("whole")),
        answers("a primary of another account's replica", after=[CREATE_COPY, ASSOCIATE], SecretId="whole"),
        answers("one whose replication has failed", after=FAIL_TO_COPY, SecretId="whole"),
        answers("another account's replica", after=[CREATE_COPY], by="stranger", SecretId="copy"),
        answers("one to which it has failed", after=FAIL_TO_COPY, by="stranger", SecretId="copy"),
    ],
    "GetRandomPassword": [
        answers("by default"),
        answers("with a space", PasswordLength=4096, IncludeSpace=True),
        refuses("InvalidParameterException", "too short", PasswordLength=1),
        refuses("ValidationException", "too long", PasswordLength=4097),
        refuses("SerializationException", "text for a number", PasswordLength="x"),
    ],
    "GetResourcePolicy": [
        answers("none there", SecretId="whole"),
        answers("one there", after=[ADMIT_STRANGER], SecretId="whole"),
        answers("by its name", SecretId="whole", PolicyName="default"),
        refuses("ResourceNotFoundException", "of another name", SecretId="whole", PolicyName="x"),
    ],
    "GetSecretValue": [
        answers("text", SecretId="text"),
        answers("bytes", SecretId="binary"),
        answers("text beyond ASCII", SecretId="unicode"),
        answers("by its label", SecretId="whole", VersionStage="CUSTOM"),
        answers(
            "of a version without labels",
            after=[
                call("PutSecretValue", SecretId="text", SecretString="2"),
                call("PutSecretValue", SecretId="text", SecretString="3"),
            ],
            SecretId="text",
            VersionId=V1,
        ),
        refuses("ResourceNotFoundException", "no such version", SecretId="text", VersionId=V3),
        refuses("ResourceNotFoundException", "no value", SecretId="bare"),
        refuses(
            "InvalidRequestException",
            "a label of another version",
            SecretId="whole",
            VersionId=V1,
            VersionStage="CUSTOM",
        ),
        refuses("DecryptionFailure", "the key is disabled", SecretId="disabled"),
        refuses("AccessDeniedException", "the key is denied", SecretId="denied"),
        refuses("ResourceNotFoundException", "of another region", by="abroad", SecretId="text"),
    ],
    "ListSecrets": [
        answers("all", after=[READ, ROTATE, REPLICATE, READ_REPLICA]),
        answers("none", Filters=[{"Key": "name", "Values": ["none"]}]),
        answers("a page", MaxResults=2, SortOrder="desc"),
        answers(
            "the next page", after=[call("ListSecrets", MaxResults=2)], MaxResults=2, NextToken=FROM_PAGE_BEFORE
        ),
        answers("the last page", after=[call("ListSecrets", MaxResults=9)], NextToken=FROM_PAGE_BEFORE),
        answers("those planned to be deleted", after=[DELETE], IncludePlannedDeletion=True),
        answers("by name", SortBy="name"),
        answers("a partner's", after=[CREATE_OF_PARTY, ROTATE_OF_PARTY]),
        answers("replicas", after=[REPLICATE], by="abroad"),
        refuses("InvalidParameterException", "a filter of nothing", Filters=[{"Key": "name"}]),
        refuses("InvalidNextTokenException", "a token of nothing", NextToken="abc"),
        refuses("ValidationException", "an odd key", Filters=[{"Key": "x", "Values": ["a"]}]),
        refuses("SerializationException", "text for a boolean", IncludePlannedDeletion="x"),
    ],
    "ListSecretVersionIds": [
        answers("no version", SecretId="bare"),
        answers("read, and not", after=[READ], SecretId="whole"),
        answers("rotation open", SecretId="open"),
        answers(
            "deprecated ones, too",
            after=[
                call("PutSecretValue", SecretId="text", SecretString="2"),
                call("PutSecretValue", SecretId="text", SecretString="3"),
            ],
            SecretId="text",
            IncludeDeprecated=True,
        ),
        answers(
            "the next page",
            after=[call("ListSecretVersionIds", SecretId="whole", MaxResults=1)],
            SecretId="whole",
            MaxResults=1,
            NextToken=FROM_PAGE_BEFORE,
        ),
        refuses("InvalidNextTokenException", "a token of nothing", SecretId="whole", NextToken="a"),
    ],
    "PutResourcePolicy": [
        answers("by its name", SecretId="whole", ResourcePolicy=policy(), PolicyName="default"),
        answers("without a name", **ADMIT_STRANGER.request),
        refuses(
            "InvalidParameterException",
            "of another name",
            SecretId="whole",
            ResourcePolicy=policy(),
            PolicyName="x",
        ),
        refuses("MalformedPolicyDocumentException", "no JSON", SecretId="whole", ResourcePolicy="{"),
        refuses(
            "PublicPolicyException",
            "for everyone",
            SecretId="whole",
            ResourcePolicy=policy(principal="*"),
            BlockPublicPolicy=True,
        ),
    ],
    "PutSecretValue": [
        answers("text", SecretId="text", SecretString="new"),
        answers("bytes under labels", SecretId="text", SecretBinary=b"\xff", VersionStages=["B", "A"]),
        answers("the same again", SecretId="text", SecretString="s3cret", ClientRequestToken=V1),
        refuses(
            "ResourceExistsException", "a token in use", SecretId="text", SecretString="x", ClientRequestToken=V1
        ),
        refuses("InvalidRequestException", "neither value", SecretId="text"),
        refuses("InvalidParameterException", "both values", SecretId="text", SecretString="x", SecretBinary=b"x"),
        refuses(
            "LimitExceededException",
            "one version too many",
            quotas={"versions": 1},
            SecretId="text",
            SecretString="x",
        ),
        refuses("ValidationException", "too large", quotas={"value_bytes": 1}, SecretId="text", SecretString="xx"),
        refuses("EncryptionFailure", "the key is disabled", SecretId="disabled", SecretString="x"),
        refuses("AccessDeniedException", "the key is denied", SecretId="denied", SecretString="x"),
    ],
    "RemoveRegionsFromReplication": [
        answers("the only one", after=[REPLICATE], SecretId="whole", RemoveReplicaRegions=[ABROAD]),
        answers(
            "one of two",
            after=[
                REPLICATE,
                call("ReplicateSecretToRegions", SecretId="whole", AddReplicaRegions=[{"Region": "eu-west-1"}]),
                READ_REPLICA,
            ],
            SecretId="whole",
            RemoveReplicaRegions=["eu-west-1"],
        ),
    ],
    "ReplicateSecretToRegions": [
        answers(
            "under keys",
            SecretId="whole",
            AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "k"}, {"Region": ABROAD}],
        ),
        answers("failing", SecretId="taken", AddReplicaRegions=[{"Region": ABROAD}]),
        refuses(
            "InvalidParameterException", "its own region", SecretId="whole", AddReplicaRegions=[{"Region": HOME}]
        ),
    ],
    "RestoreSecret": [
        answers("scheduled for deletion", after=[DELETE], SecretId="whole"),
        answers("not scheduled for deletion", SecretId="whole"),
    ],
    "RotateSecret": [
        answers("done at once", **ROTATE.request),
        answers("left unfinished", SecretId="whole", RotationLambdaARN=lambda_arn("idles"), ClientRequestToken=V3),
        answers("a partner's rules only", after=[CREATE_OF_PARTY], **ROTATE_OF_PARTY.request),
        refuses(
            "ConnectionError", "what the function raises", SecretId="text", RotationLambdaARN=lambda_arn("fails")
        ),
        refuses("InvalidRequestException", "no function", SecretId="text"),
        refuses("InvalidRequestException", "one is open", SecretId="open", RotationLambdaARN=lambda_arn("idles")),
        refuses("InvalidParameterException", "no token", SecretId="text", ClientRequestToken=None),
        refuses(
            "AccessDeniedException", "no such function", SecretId="text", RotationLambdaARN=lambda_arn("none")
        ),
        refuses("LimitExceededException", "one version too many", quotas={"versions": 1}, **ROTATE.request),
        refuses("UnsupportedOperationError", "managed", SecretId="managed"),
    ],
    "StopReplicationToReplica": [
        answers("a replica", after=[REPLICATE], by="abroad", SecretId="whole"),
        refuses("InvalidRequestException", "a primary", SecretId="whole"),
    ],
    "TagResource": [
        answers("an empty body", SecretId="text", Tags=[{"Key": "team", "Value": "b"}]),
        refuses(
            "InvalidParameterException", "a key of AWS", SecretId="text", Tags=[{"Key": "aws:x", "Value": ""}]
        ),
    ],
    "UntagResource": [
        answers("an empty body", SecretId="whole", TagKeys=["team", "none"]),
    ],
    "UpdateSecret": [
        answers("its description", SecretId="whole", Description=""),
        answers("its type", SecretId="whole", Type=PARTY),
        answers("its value", SecretId="whole", SecretBinary=b"\x00"),
        refuses(
            "ResourceExistsException", "a token in use", SecretId="text", SecretString="x", ClientRequestToken=V1
        ),
        refuses("InvalidRequestException", "no token", SecretId="text", ClientRequestToken=None),
        refuses("InvalidParameterException", "both values", SecretId="text", SecretString="x", SecretBinary=b"x"),
        refuses(
            "LimitExceededException",
            "one version too many",
            quotas={"versions": 1},
            SecretId="text",
            SecretString="x",
        ),
        refuses("EncryptionFailure", "the new key is disabled", SecretId="text", KmsKeyId="alias/disabled"),
        refuses("DecryptionFailure", "the old key is disabled", SecretId="disabled", KmsKeyId="alias/app"),
        refuses(
            "AccessDeniedException",
            "the new key is denied",
            SecretId="text",
            KmsKeyId="alias/denied",
            SecretString="new",
        ),
        answers("a new key that is denied", SecretId="text", KmsKeyId="alias/denied"),
    ],
    "UpdateSecretVersionStage": [
        answers("moved", SecretId="whole", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2),
        refuses(
            "ResourceNotFoundException", "no such version", SecretId="whole", VersionStage="A", MoveToVersionId=V3
        ),
        refuses("InvalidParameterException", "neither version", SecretId="whole", VersionStage="A"),
        refuses(
            "LimitExceededException",
            "one label too many",
            quotas={"labels": 1},
            SecretId="whole",
            VersionStage="A",
            MoveToVersionId=V1,
        ),
    ],
    "ValidateResourcePolicy": [
        answers("sound", ResourcePolicy=policy()),
        answers("public, and locks out", SecretId="whole", ResourcePolicy=policy(principal="*")),
        answers("locks everyone out", ResourcePolicy=policy("Deny", "*")),
        refuses("MalformedPolicyDocumentException", "no JSON", ResourcePolicy="{"),
    ],
}


# If a case ends in another error than it should, one of these may be wrong about its operation.
TABLES = (
    (
        "scheduled for deletion",
        "TAKES_WHAT_IS_DELETED",
        "has the operations on a secret that is marked for deletion",
    ),
    ("a replica", "TAKES_A_REPLICA", "has the operations on a replica"),
    ("managed", "REFUSES_WHAT_IS_MANAGED", "has the operations that refuse a secret of an AWS service"),
)


def hint_at(case, error):
    """Return what to mend if a case ends in another error than it should, or in none."""
    ended = f"{case} ended {'without an error' if error is None else f'in {error}'}. "
    for title, table, meaning in TABLES:
        if case.title == title and case.error is not None:
            return f"{ended}Mend the operation, or {table} in tests/hook/lane_cases.py, which {meaning}."
    return f"{ended}Mend the operation, or its NEEDED or CASES_OF in tests/hook/lane_cases.py."


def refused_alike(operation, needed):
    """Yield the refusals that all operations with a SecretId have in common."""
    whole = {"SecretId": "whole", **needed}
    yield refuses("ResourceNotFoundException", "no such secret", **{**whole, "SecretId": "none"})
    yield refuses("ValidationException", "no name", **{**whole, "SecretId": "no name"})
    yield refuses("ValidationException", "too short", **{**whole, "SecretId": ""})
    yield refuses("SerializationException", "a number for a string", **{**whole, "SecretId": 5})
    yield refuses(
        "AccessDeniedException", "another account's", by="stranger", **{**whole, "SecretId": arn_of("whole")}
    )
    if operation not in TAKES_WHAT_IS_DELETED:
        yield refuses("InvalidRequestException", "scheduled for deletion", after=[DELETE], **whole)
    if operation not in TAKES_A_REPLICA:
        yield refuses("InvalidParameterException", "a replica", by="abroad", after=[REPLICATE], **whole)
    if operation in REFUSES_WHAT_IS_MANAGED:
        yield refuses("InvalidRequestException", "managed", **{**whole, "SecretId": "managed"})


CASES = [
    *(case(operation) for operation, cases in CASES_OF.items() for case in cases),
    *(case(operation) for operation, needed in NEEDED.items() for case in refused_alike(operation, needed)),
]
