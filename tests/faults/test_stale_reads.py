"""Reads see the state before the last write, as planned."""

import functools
import itertools
import json
import threading

import boto3
import pytest
from botocore.exceptions import ClientError
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from service_model import botocore_knows

from fake_secrets import mock_stages
from fake_secrets.errors import FaultError

SORTS = botocore_knows("ListSecrets", "SortBy")

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


@pytest.mark.skipif(not SORTS, reason="this botocore is older than SortBy")
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


@pytest.mark.slow
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
        fake_secrets.faults.stale_reads()
        assert labels(client) == ["AWSCURRENT"]
        assert labels(client) == ["AWSCURRENT", "AWSPENDING"]


def test_a_scheduled_rotation_is_a_write():
    with freeze_time("2026-03-04") as clock, mock_stages({NAME: "old"}) as fake_secrets:
        client = boto3.client("secretsmanager")
        arn = fake_secrets.lambda_function(None, "rotator")
        rules = {"AutomaticallyAfterDays": 1}
        client.rotate_secret(SecretId=NAME, RotationLambdaARN=arn, RotationRules=rules, RotateImmediately=False)
        clock.tick(2 * 86_400)
        fake_secrets.faults.stale_reads()
        assert labels(client) == ["AWSCURRENT"]
        assert labels(client) == ["AWSCURRENT", "AWSPENDING"]


def labels(client):
    return sorted(itertools.chain(*client.describe_secret(SecretId=NAME)["VersionIdsToStages"].values()))


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
    with pytest.raises(there.exceptions.ResourceNotFoundException):
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


def test_the_refusal_of_a_stale_read_gives_no_advice_about_a_secret_that_is_there(faults, client):
    client.create_secret(Name="new", SecretString="value")
    faults.stale_reads()
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_secret_value(SecretId="new")
    assert getattr(caught.value, "__notes__", []) == []


def test_an_interrupted_stale_read_changes_nothing(faults, client, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    put(client, "new")
    faults.stale_reads(2)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("fake_secrets.service.state.earlier.EarlierState.keep_access", interrupt)
        value(client)
    assert [value(client), value(client)] == ["old", "new"]
    # Nobody holds the world's lock.
    thread = threading.Thread(target=lambda: put(client, "newer"), daemon=True)
    thread.start()
    thread.join(10)
    assert value(client) == "newer"


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


NAMES = ("a", "b")


def move_label(client, name):
    """Move a label to a version that doesn't have it, or remove it if there is no other version."""
    ids = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    held = [version["VersionId"] for version in ids if "LIVE" in version.get("VersionStages", ())]
    free = [version["VersionId"] for version in ids if version["VersionId"] not in held]
    members = {"RemoveFromVersionId": held[:1], "MoveToVersionId": free[:1]}
    members = {member: ids[0] for member, ids in members.items() if ids}
    return client.update_secret_version_stage(SecretId=name, VersionStage="LIVE", **members)


WRITES = {
    "create": lambda client, name: client.create_secret(Name=name, SecretString="first"),
    "put": lambda client, name: client.put_secret_value(SecretId=name, SecretString="next"),
    "stage": lambda client, name: client.put_secret_value(
        SecretId=name, SecretString="pending", VersionStages=["AWSPENDING"]
    ),
    "describe": lambda client, name: client.update_secret(SecretId=name, Description="words"),
    "encrypt": lambda client, name: client.update_secret(SecretId=name, KmsKeyId="alias/own"),
    "update": lambda client, name: client.update_secret(SecretId=name, SecretString="updated", KmsKeyId=""),
    "move": move_label,
    "tag": lambda client, name: client.tag_resource(SecretId=name, Tags=[{"Key": "k", "Value": "v"}]),
    "untag": lambda client, name: client.untag_resource(SecretId=name, TagKeys=["k"]),
    "delete": lambda client, name: client.delete_secret(SecretId=name),
    "restore": lambda client, name: client.restore_secret(SecretId=name),
    "remove": lambda client, name: client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
    "replicate": lambda client, name: client.replicate_secret_to_regions(
        SecretId=name, AddReplicaRegions=[{"Region": "eu-west-1"}]
    ),
    "unreplicate": lambda client, name: client.remove_regions_from_replication(
        SecretId=name, RemoveReplicaRegions=["eu-west-1"]
    ),
    "rotate": lambda client, name: client.rotate_secret(SecretId=name, RotationLambdaARN=ROTATOR),
    "cancel": lambda client, name: client.cancel_rotate_secret(SecretId=name),
}
ROTATOR = "arn:aws:lambda:us-east-1:123456789012:function:rotator"
READS = {
    "get": lambda client, name: client.get_secret_value(SecretId=name),
    "describe": lambda client, name: client.describe_secret(SecretId=name),
    "versions": lambda client, name: client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True),
}
READS_OF_ALL = {
    "list": lambda client: client.list_secrets(IncludePlannedDeletion=True),
    **(
        {"by access": lambda client: client.list_secrets(SortBy="last-accessed-date", SortOrder="desc")}
        if SORTS
        else {}
    ),
    "batch": lambda client: client.batch_get_secret_value(SecretIdList=list(NAMES)),
}


def answer(read, *args):
    try:
        response = read(*args)
    except ClientError as error:
        return error.response["Error"]
    del response["ResponseMetadata"]
    return response


def answers(client):
    found = {(name, what): answer(read, client, name) for name in NAMES for what, read in READS.items()}
    return found | {(None, what): answer(read, client) for what, read in READS_OF_ALL.items()}


@functools.cache
def any_client():
    return boto3.client("secretsmanager", "us-east-1")


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.sampled_from(sorted(WRITES)), st.sampled_from(NAMES)), max_size=12))
def test_a_stale_read_is_what_the_same_read_would_have_answered_before_the_last_write(writes):
    client = any_client()
    with freeze_time("2026-03-04") as clock, mock_stages(region="us-east-1") as fake_secrets:
        fake_secrets.lambda_function(None, "rotator")
        # The state before the last write: of each secret, and of all.
        present, before = answers(client), {}
        for write, name in [("create", "a"), ("put", "a"), *writes]:
            clock.tick(1)
            answer(WRITES[write], client, name)
            # Each write moves LastChangedDate.
            then, present = present, answers(client)
            if then[name, "describe"] != present[name, "describe"]:
                before[name] = before[None] = then
        for (name, what), expected in present.items():
            read = READS_OF_ALL[what] if name is None else READS[what]
            args = () if name is None else (name,)
            with fake_secrets.faults.stale_reads(optional=True) as fault:
                seen = answer(read, client, *args)
            assert seen == before.get(name, present)[name, what]
            assert fault.hits == (name in before)
            assert answer(read, client, *args) == expected
        assert answers(client) == present


def test_a_read_of_a_secret_that_was_not_there_yet_is_in_its_timeline(fake_secrets, secretsmanager):
    secretsmanager.create_secret(Name="new", SecretString="value")
    fake_secrets.faults.stale_reads()
    with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
        secretsmanager.get_secret_value(SecretId="new")
    operations = [moment.operation for moment in fake_secrets.timeline("new").moments]
    assert operations == ["CreateSecret", "GetSecretValue"]
