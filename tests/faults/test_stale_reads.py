"""Reads see the state before the last write, as planned."""

import json

import boto3
import pytest
from freezegun import freeze_time

from fake_secrets import mock_stages
from fake_secrets.errors import FaultError

NAME = "prod/db"


@pytest.fixture
def faults(fake_secrets):
    fake_secrets.add(NAME, "old")
    return fake_secrets.faults


@pytest.fixture
def client(secretsmanager):
    return secretsmanager


def value(client, **members):
    return client.get_secret_value(SecretId=NAME, **members)["SecretString"]


def put(client, text, name=NAME):
    return client.put_secret_value(SecretId=name, SecretString=text)["VersionId"]


def names(client, **members):
    return [secret["Name"] for secret in client.list_secrets(**members)["SecretList"]]


def test_the_next_reads_see_the_state_before_the_last_write(faults, client):
    put(client, "new")
    fault = faults.stale_reads(2)
    assert [value(client) for _ in range(3)] == ["old", "old", "new"]
    assert fault.hits == 2


def test_a_write_may_come_after_the_fault_was_planned(faults, client):
    faults.stale_reads()
    put(client, "new")
    assert [value(client), value(client)] == ["old", "new"]


def test_a_read_with_nothing_written_before_sees_the_present_and_is_not_hit(faults, client):
    fault = faults.stale_reads()
    assert (value(client), fault.hits) == ("old", 0)
    put(client, "new")
    assert (value(client), fault.hits) == ("old", 1)


def test_a_call_that_changes_nothing_is_no_write(faults, client):
    token = "x" * 32
    for _ in range(2):
        client.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=token)
    client.tag_resource(SecretId=NAME, Tags=[])
    with pytest.raises(client.exceptions.ResourceExistsException):
        client.put_secret_value(SecretId=NAME, SecretString="other", ClientRequestToken=token)
    faults.stale_reads()
    assert value(client) == "old"


def test_a_new_secret_is_not_there_yet(faults, client):
    client.create_secret(Name="new", SecretString="value")
    faults.stale_reads()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="new")
    assert client.get_secret_value(SecretId="new")["SecretString"] == "value"


@pytest.mark.parametrize("by", ["name", "ARN", "partial ARN"])
def test_a_removed_secret_is_still_there(faults, client, by):
    arn = client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)["ARN"]
    secret_id = {"name": NAME, "ARN": arn, "partial ARN": arn[:-7]}[by]
    faults.stale_reads()
    assert client.get_secret_value(SecretId=secret_id)["SecretString"] == "old"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId=secret_id)


def test_between_two_secrets_of_one_name_there_was_none(faults, client):
    client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    client.create_secret(Name=NAME, SecretString="again")
    faults.stale_reads()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        value(client)


def test_a_deletion_and_a_restoration_are_missed(faults, client):
    client.delete_secret(SecretId=NAME)
    faults.stale_reads()
    assert value(client) == "old"
    client.restore_secret(SecretId=NAME)
    faults.stale_reads(2)
    assert "DeletedDate" in client.describe_secret(SecretId=NAME)
    with pytest.raises(client.exceptions.InvalidRequestException):
        value(client)


def test_a_secret_whose_recovery_window_has_passed_is_still_there():
    with freeze_time("2026-03-04") as clock, mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        client.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
        clock.tick(8 * 86_400)
        fake_secrets.faults.stale_reads()
        assert "DeletedDate" in client.describe_secret(SecretId=NAME)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_secret(SecretId=NAME)


def test_each_secret_has_its_own_last_write(faults, client):
    put(client, "new")
    client.create_secret(Name="other", SecretString="value")
    faults.stale_reads(2)
    assert value(client) == "old"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_secret(SecretId="other")


def test_a_fault_for_one_secret_leaves_the_others_alone(faults, client):
    put(client, "new")
    client.create_secret(Name="other", SecretString="value")
    faults.stale_reads(secret_id=NAME)
    assert client.get_secret_value(SecretId="other")["SecretString"] == "value"
    assert names(client) == [NAME, "other"]
    assert value(client) == "old"


def test_a_list_shows_the_whole_store_before_its_last_write(faults, client):
    client.create_secret(Name="first", SecretString="value")
    client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    faults.stale_reads()
    assert [names(client), names(client)] == [[NAME, "first"], ["first"]]


@pytest.mark.parametrize("sort_by", ["created-date", "last-accessed-date", "last-changed-date", "name"])
def test_a_stale_list_leaves_the_order_of_the_next_ones_alone(faults, client, sort_by):
    for name in ("b", "a"):
        client.create_secret(Name=name, SecretString="value")
    before = names(client, SortBy=sort_by)
    client.create_secret(Name="c", SecretString="value")
    after = names(client, SortBy=sort_by)
    faults.stale_reads()
    assert [names(client, SortBy=sort_by), names(client, SortBy=sort_by)] == [before, after]


def test_a_batch_shows_every_secret_as_it_was_before_one_write(faults, client):
    client.create_secret(Name="other", SecretString="1")
    put(client, "new")
    put(client, "2", "other")
    faults.stale_reads()

    def batch():
        read = client.batch_get_secret_value(SecretIdList=[NAME, "other"])["SecretValues"]
        return [secret["SecretString"] for secret in read]

    assert [batch(), batch()] == [["new", "1"], ["new", "2"]]


def test_a_batch_for_one_secret_misses_all_that_happened_since_its_last_write(faults, client):
    client.create_secret(Name="other", SecretString="1")
    put(client, "new")
    put(client, "2", "other")
    faults.stale_reads(secret_id=NAME)
    read = client.batch_get_secret_value(SecretIdList=[NAME, "other"])["SecretValues"]
    assert [secret["SecretString"] for secret in read] == ["old", "1"]


def test_a_secret_that_a_test_adds_is_no_write(faults, fake_secrets, client):
    put(client, "new")
    fake_secrets.add("added", "value")
    faults.stale_reads(2)
    assert names(client) == [NAME, "added"]
    assert value(client) == "old"


def test_without_a_number_reads_are_stale_until_the_clock_moves():
    with freeze_time("2026-03-04") as clock, mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        put(client, "new")
        fault = fake_secrets.faults.stale_reads(None)
        assert [value(client), value(client)] == ["old", "old"]
        clock.tick(0.001)
        assert (value(client), fault.hits) == ("new", 2)
        put(client, "newer")
        assert value(client) == "new"


def test_a_read_in_a_rotation_misses_the_value_that_create_secret_has_put(faults, fake_secrets, client):
    seen = []

    def rotate(event, _):
        arn, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
        if event["Step"] == "setSecret":
            for _ in range(2):
                try:
                    seen.append(value(client, VersionStage="AWSPENDING"))
                except client.exceptions.ResourceNotFoundException:
                    seen.append(None)
        if event["Step"] == "finishSecret":
            held = fake_secrets[NAME].stages["AWSCURRENT"]
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", RemoveFromVersionId=held, MoveToVersionId=token
            )

    faults.stale_reads(step="setSecret")
    rotation = fake_secrets.rotate(NAME, rotate)
    assert (rotation.succeeded, seen) == (True, [None, "new"])
    faults.stale_reads(2)
    assert value(client) == "old"
    # The end of a rotation belongs to the write that finished it.
    assert "LastRotatedDate" not in client.describe_secret(SecretId=NAME)
    assert "LastRotatedDate" in client.describe_secret(SecretId=NAME)


def test_the_empty_version_of_a_rotation_is_a_write():
    with mock_stages({NAME: "old"}, rotation="manual") as fake_secrets:
        client = boto3.client("secretsmanager")
        fake_secrets.rotate(NAME, lambda event, context: None)
        fake_secrets.faults.stale_reads(2)
        assert list(client.describe_secret(SecretId=NAME)["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
        assert len(client.list_secret_version_ids(SecretId=NAME)["Versions"]) == 1
        assert len(client.list_secret_version_ids(SecretId=NAME)["Versions"]) == 2


def test_a_scheduled_rotation_is_a_write():
    with freeze_time("2026-03-04") as clock, mock_stages({NAME: "old"}, rotation="manual") as fake_secrets:
        client = boto3.client("secretsmanager")
        arn = fake_secrets.register(lambda event, context: None, "rotator") if hasattr(fake_secrets, "register") else ""
        assert arn, clock
        client.rotate_secret(
            SecretId=NAME, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False
        )


def test_a_managed_rotation_is_a_write(fake_secrets, client):
    fake_secrets.add(NAME, {"password": "old"}, owning_service="rds")
    client.rotate_secret(SecretId=NAME)
    assert json.loads(value(client))["password"] != "old"
    fake_secrets.faults.stale_reads()
    assert json.loads(value(client))["password"] == "old"


def test_replicas_are_as_they_were(fake_secrets, client):
    fake_secrets.add(NAME, "old")
    there = boto3.client("secretsmanager", region_name="eu-west-1")
    client.replicate_secret_to_regions(SecretId=NAME, AddReplicaRegions=[{"Region": "eu-west-1"}])
    fake_secrets.faults.stale_reads(2)
    assert "ReplicationStatus" not in client.describe_secret(SecretId=NAME)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        value(there)
    put(client, "new")
    fake_secrets.faults.stale_reads(2)
    assert [value(client), value(there)] == ["old", "old"]
    client.remove_regions_from_replication(SecretId=NAME, RemoveReplicaRegions=["eu-west-1"])
    fake_secrets.faults.stale_reads(2)
    assert value(there) == "new"
    assert client.describe_secret(SecretId=NAME)["ReplicationStatus"][0]["Status"] == "InSync"


def test_a_promoted_replica_is_a_replica_as_before(fake_secrets, client):
    fake_secrets.add(NAME, "old")
    there = boto3.client("secretsmanager", region_name="eu-west-1")
    client.replicate_secret_to_regions(SecretId=NAME, AddReplicaRegions=[{"Region": "eu-west-1"}])
    there.stop_replication_to_replica(SecretId=NAME)
    fake_secrets.faults.stale_reads(2)
    assert there.describe_secret(SecretId=NAME)["PrimaryRegion"] == client.meta.region_name
    assert "ReplicationStatus" in client.describe_secret(SecretId=NAME)
    assert "PrimaryRegion" not in there.describe_secret(SecretId=NAME)


def test_the_day_of_a_stale_read_is_kept_on_the_version_that_was_read():
    with freeze_time("2026-03-04") as clock, mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        old = value_id(client)
        new = put(client, "new")
        clock.tick(86_400)
        fake_secrets.faults.stale_reads()
        assert value_id(client) == old
        versions = client.list_secret_version_ids(SecretId=NAME)["Versions"]
        days = {version["VersionId"]: version.get("LastAccessedDate") for version in versions}
        assert (days[old].day, days[new]) == (5, None)
        assert client.describe_secret(SecretId=NAME)["LastAccessedDate"].day == 5


def value_id(client):
    return client.get_secret_value(SecretId=NAME)["VersionId"]


def test_a_stale_read_is_recorded_with_its_mark(faults, fake_secrets, client):
    put(client, "new")
    faults.stale_reads()
    value(client)
    call = fake_secrets.calls[-1]
    assert (call.operation, call.secret_id, call.outcome, call.fault) == (
        "GetSecretValue",
        NAME,
        "succeeded",
        "stale read",
    )
    assert fake_secrets[NAME].value() == "new"


def test_another_planned_error_takes_the_place_of_a_stale_read(faults, client):
    put(client, "new")
    faults.fail("GetSecretValue", "ThrottlingException")
    fault = faults.stale_reads()
    response = client.get_secret_value(SecretId=NAME)
    assert (response["SecretString"], response["ResponseMetadata"]["RetryAttempts"], fault.hits) == ("old", 1, 1)


def test_the_first_matching_reads_can_pass(faults, client):
    put(client, "new")
    faults.stale_reads(after=1, when=lambda call: call.operation == "GetSecretValue")
    client.describe_secret(SecretId=NAME)
    assert [value(client) for _ in range(3)] == ["new", "old", "new"]


@pytest.mark.parametrize("reads", [0, -1])
def test_less_than_one_stale_read_is_refused(faults, reads):
    with pytest.raises(FaultError, match=f"^reads={reads} is too small: it is at least 1$"):
        faults.stale_reads(reads)


@pytest.mark.parametrize("reads", [1.0, True, "GetSecretValue"])
def test_a_number_of_stale_reads_that_is_no_int_is_refused(faults, reads):
    with pytest.raises(TypeError, match=f"^reads is an int, not {reads!r}$"):
        faults.stale_reads(reads)
