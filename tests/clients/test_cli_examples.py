"""The examples on the CLI pages of all operations, played by the real AWS CLI against a served world.

Version 2 plays those that it installs. Version 1 plays those that version 2 doesn't have, and some more:
`test_awscli.py` plays its commands in the process.
"""

import json
import re

import boto3
import cli_pages
import pytest
import real_clients
from real_clients import AWS_CLI_1_PAGES, AWS_CLI_2_PAGES
from rotators import Rotator

NAME = "MyTestSecret"
FIRST, SECOND, THIRD = (f"a1b2c3d4-5678-90ab-cdef-EXAMPLE{digit * 5}" for digit in "123")
DATABASE = "MyTestDatabaseSecret"
FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:SecretsManagerTestRotationLambda"
KEY = "arn:aws:kms:us-west-2:123456789012:key/EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE"
RDS = "rds!cluster-a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
CLUSTER = "arn:aws:rds:us-west-2:123456789012:cluster:database-1"
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},'
    '"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
)

_DEPRECATED = """,
        {
            "CreatedDate": 1.51197446236E9,
            "VersionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333;"
        }"""
# What the pages have that can't be so.
MISPRINTS = [
    # An account has twelve digits, and an ARN begins with arn:aws.
    ("1234566789012", "123456789012"),
    ("aws:arn:", "arn:aws:"),
    # The filter `name` matches the beginning of a name only [A: api-facts].
    ('Key="name",Values="Test"', 'Key="name",Values="MyTest"'),
    # The days between two rotations, which AWS counts in the schedule beside it.
    ('"AutomaticallyAfterDays": 2,', '"AutomaticallyAfterDays": 14,'),
    # Deprecated versions are only listed with --include-deprecated.
    (_DEPRECATED, ""),
]


# What the world of an example has beside MyTestSecret


def nothing(world, client):
    """The example needs MyTestSecret only."""


def no_secret(world, client):
    client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


def two_secrets(world, client):
    client.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPREVIOUS", RemoveFromVersionId=SECOND)
    world.add("AnotherSecret", "x", version_ids={"AWSCURRENT": SECOND}, arn_suffix="d4e5f6")


def three_secrets(world, client):
    engine = {
        "engine": "mysql",
        "host": "secretsmanagertutorial.cluster.us-west-2.rds.amazonaws.com",
        "port": 3306,
    }
    cluster = {**engine, "dbClusterIdentifier": "secretsmanagertutorial"}
    for number, letter, user, more in [
        ("1", "a", "diego_ramirez", cluster),
        ("2", "b", "akua_mansa", {}),
        ("3", "c", "jie_liu", {}),
    ]:
        text = json.dumps({"username": user, "password": "EXAMPLE-PASSWORD", **more}, separators=(",", ":"))
        # On the page the brace is missing that closes the shorter ones.
        value = text if more else text.removesuffix("}")
        version = {"AWSCURRENT": f"a1b2c3d4-5678-90ab-cdef-EXAMPLE{letter * 5}"}
        world.add(f"MySecret{number}", value, version_ids=version, arn_suffix="a1b2c3")


def a_secret_of_rds(world, client):
    world.add(
        RDS,
        {"username": "admin", "password": "old"},
        version_ids={"AWSCURRENT": "a1b2c3d4-5678-90ab-cdef-EXAMPLEaaaaa"},
        arn_suffix="a1b2c3",
        owning_service="rds",
        description=f"Secret associated with primary RDS DB cluster: {CLUSTER}",
        tags={"aws:rds:primaryDBClusterArn": CLUSTER},
    )
    rules = {"AutomaticallyAfterDays": 1}
    client.rotate_secret(
        SecretId=RDS, RotationRules=rules, ClientRequestToken="a1b2c3d4-5678-90ab-cdef-EXAMPLEbbbbb"
    )
    client.get_secret_value(SecretId=RDS)


def tagged(world, client):
    tags = [{"Key": "SecondTag", "Value": "AnotherValue"}, {"Key": "FirstTag", "Value": "SomeValue"}]
    client.tag_resource(SecretId=NAME, Tags=tags)


def with_policy(world, client):
    client.put_resource_policy(SecretId=NAME, ResourcePolicy=POLICY)


def deleted(world, client):
    client.delete_secret(SecretId=NAME)


def replicated(world, client):
    client.replicate_secret_to_regions(SecretId=NAME, AddReplicaRegions=[{"Region": "eu-west-3"}])


def rotating(world, client):
    rules = {"ScheduleExpression": "cron(0 16 1,15 * ? *)", "Duration": "2h"}
    function = world.lambda_function(Rotator(), "MyTestRotationLambda")
    client.rotate_secret(SecretId=NAME, RotationLambdaARN=function, RotationRules=rules, ClientRequestToken=SECOND)


def database(world, client):
    world.add(DATABASE, {"username": "app", "password": "old"}, arn_suffix="a1b2c3")
    world.lambda_function(Rotator(), arn=FUNCTION)


def rotating_database(world, client):
    database(world, client)
    client.rotate_secret(
        SecretId=DATABASE, RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 1}
    )


def new_secret(world, client):
    no_secret(world, client)
    world.add(NAME, "x", version_ids={"AWSCURRENT": FIRST}, arn_suffix="Ca8JGt")


def everything(world, client):
    new_secret(world, client)
    client.update_secret(SecretId=NAME, Description="My test secret", KmsKeyId=KEY)
    rotating(world, client)
    replicated(world, client)
    tagged(world, client)
    client.put_secret_value(
        SecretId=NAME, SecretString="3", VersionStages=["AWSPENDING"], ClientRequestToken=THIRD
    )


def read_versions(world, client):
    client.update_secret_version_stage(
        SecretId=NAME, VersionStage="AWSCURRENT", MoveToVersionId=SECOND, RemoveFromVersionId=FIRST
    )
    for version in (FIRST, SECOND):
        client.get_secret_value(SecretId=NAME, VersionId=version)


def replica_of_this_region(world, client):
    """StopReplicationToReplica is called where the replica is, in the Region of the CLI."""
    no_secret(world, client)
    world.add(NAME, "x", region="eu-west-3", arn_suffix="a1b2c3")
    elsewhere = boto3.client("secretsmanager", region_name="eu-west-3")
    elsewhere.replicate_secret_to_regions(SecretId=NAME, AddReplicaRegions=[{"Region": "us-west-2"}])


WORLDS = {
    "batch-get-secret-value": [three_secrets, three_secrets],
    "cancel-rotate-secret": [everything],
    "create-secret": [no_secret, no_secret],
    "delete-resource-policy": [with_policy],
    "delete-secret": [nothing, nothing],
    "describe-secret": [everything],
    "get-random-password": [nothing],
    "get-resource-policy": [with_policy],
    "get-secret-value": [nothing, nothing],
    "list-secret-version-ids": [read_versions],
    "list-secrets": [two_secrets, two_secrets, a_secret_of_rds],
    "put-resource-policy": [nothing],
    "put-secret-value": [nothing, nothing],
    "remove-regions-from-replication": [replicated],
    "replicate-secret-to-regions": [nothing],
    "restore-secret": [deleted],
    "rotate-secret": [database, database, rotating_database],
    "stop-replication-to-replica": [replica_of_this_region],
    "tag-resource": [nothing, nothing],
    "untag-resource": [tagged],
    "update-secret": [nothing, nothing],
    "validate-resource-policy": [nothing],
}
ONLY_IN_1 = [("batch-get-secret-value", 0), ("batch-get-secret-value", 1), ("list-secrets", 2)]
PLAYED_BY_1 = [*ONLY_IN_1, ("describe-secret", 0), ("rotate-secret", 0), ("tag-resource", 1)]


def examples_in(pages):
    """Return the examples that are installed, operation and number, but those that test_cli_page.py plays."""
    return [
        (page.stem, number)
        for page in sorted(pages.glob("*.rst"))
        if page.stem != "update-secret-version-stage"
        for number in range(len(cli_pages.examples_on(page.read_text())))
    ]


PLAYED = [
    pytest.param(major, *example, id=f"aws-{major}-{example[0]}-{example[1] + 1}")
    for major, examples in ((1, PLAYED_BY_1), (2, examples_in(AWS_CLI_2_PAGES)))
    for example in examples
]


@pytest.mark.slow
def test_every_example_of_both_versions_is_played():
    real_clients.the_cli(1), real_clients.the_cli(2)
    installed = {*examples_in(AWS_CLI_1_PAGES), *examples_in(AWS_CLI_2_PAGES)}

    assert installed - {tuple(case.values[1:]) for case in PLAYED} == set()


# Values that differ from one run to the next, by the member that has them.
VARYING = {
    "VersionId": re.compile(r"[0-9A-Za-z-]{32,64}"),
    "RandomPassword": re.compile(r".{16,}"),
    **dict.fromkeys(
        ["CreatedDate", "DeletionDate", "LastAccessedDate", "LastChangedDate", "LastRotatedDate"],
        re.compile(r"\d{10}\.?\d*|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00"),
    ),
}
UNORDERED = {"Tags", "Versions"}
# Members that AWS has added since the pages were written, or that they leave out.
ADDED = {"CreatedDate", "KmsKeyIds", "NextRotationDate", "KmsKeyId", "RotationLambdaARN", "LastAccessedDate"}


def comparable(value, member=""):
    """Return a value without what differs from one run to the next."""
    if isinstance(value, dict):
        return {name: comparable(value[name], name) for name in sorted(value)}
    if isinstance(value, list):
        items = [comparable(inner) for inner in value]
        return sorted(items, key=json.dumps) if member in UNORDERED else items
    if member in VARYING:
        return f"a {member}" if VARYING[member].fullmatch(str(value)) else value
    if member == "ARN":
        return re.sub(r"-\w{6}$", "-??????", value)
    return json.loads(value, strict=False) if member == "ResourcePolicy" else value


def shown_of(printed, shown):
    """Return what is printed without the members that the page of its time couldn't show."""
    if isinstance(printed, dict) and isinstance(shown, dict):
        kept = {name: inner for name, inner in printed.items() if name in shown or name not in ADDED}
        return {name: shown_of(inner, shown.get(name)) for name, inner in kept.items()}
    if isinstance(printed, list) and isinstance(shown, list) and len(printed) == len(shown):
        return [shown_of(*pair) for pair in zip(printed, shown, strict=True)]
    return printed


@pytest.mark.slow
@pytest.mark.parametrize(("cli", "operation", "number"), PLAYED, indirect=["cli"])
def test_an_example_prints_what_its_page_shows(operation, number, cli, aws, world, client, tmp_path):
    example = cli.examples_of(operation, MISPRINTS)[number]
    for name, text in example.files.items():
        (tmp_path / name).write_text(text)
    WORLDS[operation][number](world, client)

    outcome = aws(*example.arguments)

    assert (outcome.status, outcome.stderr) == (0, "")
    printed, shown = (
        comparable(json.loads(text, strict=False)) if text else "" for text in (outcome.stdout, example.output)
    )
    assert shown_of(printed, shown) == shown


@pytest.mark.slow
def test_the_account_of_thirteen_digits_on_the_page_of_rotate_secret_is_refused(cli, aws, world, client):
    database(world, client)
    example = cli.examples_of("rotate-secret")[0]

    outcome = aws(*example.arguments)

    assert outcome.status == cli.status_of_a_refusal
    assert (
        "(InvalidParameterException) when calling the RotateSecret operation: Invalid rotation" in outcome.stderr
    )
