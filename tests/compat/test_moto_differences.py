"""The rarer differences that `docs/how-to/coming-from-moto.md` lists: what moto does, and what AWS and we do."""

import datetime

import boto3
import pytest
from botocore.exceptions import ClientError

pytest.importorskip("moto")

import moto

from fake_secrets import mock_stages

pytestmark = pytest.mark.skipif(
    tuple(map(int, moto.__version__.split(".")[:3])) < (5, 2, 5), reason="the page is about moto 5.2.5"
)

PASSES = "passes"


def tags(client, *keys):
    client.create_secret(Name="a", SecretString="x", Tags=[{"Key": key, "Value": "v"} for key in keys])
    return PASSES


def batch(client, **members):
    client.batch_get_secret_value(**members)
    return PASSES


def create(client, **members):
    client.create_secret(Name="a", **members)
    return PASSES


def rotate(client, days):
    client.create_secret(Name="a", SecretString="x")
    client.rotate_secret(SecretId="a", RotationRules={"AutomaticallyAfterDays": days})


def cancel(client):
    client.create_secret(Name="a", SecretString="x")
    client.cancel_rotate_secret(SecretId="a")
    return PASSES


def descending(client):
    for name in "bac":
        client.create_secret(Name=name, SecretString="x")
    return "".join(secret["Name"] for secret in client.list_secrets(SortOrder="desc")["SecretList"])


def moved_back(client):
    old = client.create_secret(Name="a", SecretString="old")["VersionId"]
    new = client.put_secret_value(SecretId="a", SecretString="new")["VersionId"]
    client.update_secret_version_stage(
        SecretId="a", VersionStage="AWSCURRENT", MoveToVersionId=old, RemoveFromVersionId=new
    )
    return client.get_secret_value(SecretId="a")["SecretString"]


def version_count(client):
    client.create_secret(Name="a", SecretString="1")
    for value in "23":
        client.put_secret_value(SecretId="a", SecretString=value)
    return len(client.list_secret_version_ids(SecretId="a")["Versions"])


def has_access_date(client):
    client.create_secret(Name="a", SecretString="1")
    client.get_secret_value(SecretId="a")
    return client.describe_secret(SecretId="a").get("LastAccessedDate") is not None


def days_to_deletion(client):
    """Return how many days DeletedDate is after the call of DeleteSecret."""
    client.create_secret(Name="a", SecretString="1")
    client.delete_secret(SecretId="a", RecoveryWindowInDays=7)
    deleted = client.describe_secret(SecretId="a")["DeletedDate"]
    return round((deleted - datetime.datetime.now(datetime.UTC)).total_seconds() / 86_400)


def dates_of_versions(client):
    client.create_secret(Name="a", SecretString="1")
    (version,) = client.list_secret_version_ids(SecretId="a")["Versions"]
    return "LastAccessedDate" in version


def status_of_replica(client):
    arn = client.create_secret(Name="a", SecretString="1")["ARN"]
    regions = [{"Region": "eu-west-1"}]
    return client.replicate_secret_to_regions(SecretId=arn, AddReplicaRegions=regions)["ReplicationStatus"][0][
        "Status"
    ]


def name_of_policy(client):
    client.create_secret(Name="a", SecretString="1")
    return client.get_resource_policy(SecretId="a").get("PolicyName")


DIFFERENCES = {
    "the date of a deletion": (days_to_deletion, 7, 0),
    "the dates of a version that nobody has read": (dates_of_versions, True, False),
    "the status of a new replica": (status_of_replica, "InSync", "InProgress"),
    "both values": (
        lambda client: create(client, SecretString="x", SecretBinary=b"x"),
        PASSES,
        "InvalidParameterException",
    ),
    "70,000 characters": (lambda client: create(client, SecretString="x" * 70_000), PASSES, "ValidationException"),
    "a tag key twice": (lambda client: tags(client, "a", "a"), PASSES, "InvalidParameterException"),
    "51 tags": (lambda client: tags(client, *map(str, range(51))), PASSES, "InvalidParameterException"),
    "a reserved tag key": (lambda client: tags(client, "aws:a"), PASSES, "InvalidParameterException"),
    "a batch of nothing": (batch, PASSES, "InvalidParameterException"),
    "a batch of 21": (
        lambda client: batch(client, SecretIdList=list(map(str, range(21)))),
        PASSES,
        "ValidationException",
    ),
    "2000 days": (lambda client: rotate(client, 2000), "InvalidParameterException", "ValidationException"),
    "cancel without rotation": (cancel, "InvalidRequestException", PASSES),
    "descending": (descending, "bac", "cab"),
    "AWSCURRENT moved back": (moved_back, "new", "old"),
    "versions without a label": (version_count, 3, 2),
    "the date of a read": (has_access_date, False, True),
    "a bad NextToken": (
        lambda client: client.list_secrets(NextToken="zzz"),
        "ValueError",
        "InvalidNextTokenException",
    ),
}


def result(call):
    try:
        return call(boto3.client("secretsmanager"))
    except ClientError as error:
        return error.response["Error"]["Code"]
    except ValueError:
        return "ValueError"


@pytest.mark.slow
@pytest.mark.parametrize(("call", "motos", "ours"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_moto_and_we_differ_as_the_page_says(call, motos, ours, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto.mock_aws():
        assert result(call) == motos
    with mock_stages():
        assert result(call) == ours


def test_the_message_about_an_unknown_label_differs(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    messages = []
    for world in (moto.mock_aws(), mock_stages()):
        with world:
            client = boto3.client("secretsmanager")
            client.create_secret(Name="a", SecretString="x")
            with pytest.raises(ClientError) as refused:
                client.get_secret_value(SecretId="a", VersionStage="NOPE")
            messages.append(refused.value.response["Error"]["Message"])
    assert messages == [
        "Secrets Manager can't find the specified secret.",
        "Secrets Manager can't find the specified secret value for staging label: NOPE",
    ]
