"""`faults.replication` holds back the replica of a secret in another account."""

import datetime

import pytest
from service_model import botocore_knows, needs_2026
from two_accounts import Pair

from fake_secrets import FaultError, UnusedFaultError, mock_stages

pytestmark = pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)


@pytest.fixture
def pair(fake_secrets):
    pair = Pair()
    pair.associate()
    return pair


def test_a_replica_in_progress_keeps_its_value_while_the_fault_stands(fake_secrets, pair):
    with fake_secrets.faults.replication("InProgress") as fault:
        pair.put("two")
        assert (pair.copied(), pair.statuses()) == ("one", ("InProgress", "InProgress"))
    assert fault.hits == 1


def test_it_gets_what_it_has_missed_when_the_fault_ends(fake_secrets, pair):
    fault = fake_secrets.faults.replication("InProgress")
    pair.put("two")
    pair.put("three")
    fault.cancel()
    assert (pair.copied(), pair.statuses()) == ("three", ("InSync", "InSync"))


def test_a_replication_that_fails_stays_so_until_it_is_associated_again(fake_secrets, pair):
    with fake_secrets.faults.replication("Failed", "The key is pending deletion."):
        pair.put("two")
    assert (pair.copied(), pair.statuses()) == ("one", ("Failed", "Failed"))
    primary, replica = pair.described()
    assert primary["CrossAccountReplicas"][0]["StatusMessage"] == "The key is pending deletion."
    assert replica["CrossAccountPrimary"]["StatusMessage"] == "The key is pending deletion."
    pair.associate()
    assert (pair.copied(), pair.statuses()) == ("two", ("InSync", "InSync"))


def test_a_failure_has_a_message_also_if_the_test_gives_none(fake_secrets, pair):
    with fake_secrets.faults.replication("Failed"):
        pair.put("two")
    assert pair.described()[0]["CrossAccountReplicas"][0]["StatusMessage"] == "Replication failed."


def test_an_association_can_be_held_back_so_that_the_replica_has_no_value_yet(fake_secrets):
    pair = Pair()
    with fake_secrets.faults.replication("InProgress"):
        pair.associate()
        assert pair.statuses() == ("InProgress", "InProgress")
        with pytest.raises(pair.other.exceptions.ResourceNotFoundException):
            pair.copied()
    assert pair.copied() == "one"


@pytest.mark.parametrize("side", ["app/db", "primary", "replica"])
def test_it_can_be_for_one_pair_named_by_either_side(fake_secrets, pair, side):
    second = pair.owner.create_secret(Name="second", SecretString="one")["ARN"]
    copy = pair.create("second-copy", CrossAccountPrimaryARN=second)
    pair.owner.associate_cross_account_replica(SecretId="second", CrossAccountReplicaARN=copy)
    named = {"primary": pair.primary, "replica": pair.replica}.get(side, side)
    with fake_secrets.faults.replication("InProgress", secret_id=named):
        pair.put("two")
        pair.owner.put_secret_value(SecretId="second", SecretString="two")
        assert pair.copied() == "one"
        assert pair.other.get_secret_value(SecretId="second-copy")["SecretString"] == "two"


def test_the_first_association_can_be_held_back_by_the_replicas_arn(fake_secrets):
    pair = Pair()
    with fake_secrets.faults.replication("Failed", secret_id=pair.replica):
        pair.associate()
    assert pair.statuses() == ("Failed", "Failed")


def test_it_counts_replications(fake_secrets):
    pair = Pair()
    with fake_secrets.faults.replication("InProgress") as fault:
        pair.associate()
        fake_secrets.faults.fail("GetSecretValue", "InternalServiceError", optional=True).cancel()
        pair.owner.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "b"}])
        assert fault.hits == 1
        pair.put("two")
        pair.put("three")
    assert fault.hits == 3


def test_naming_a_secret_doesnt_change_which_secret_a_call_is_about(fake_secrets, pair):
    fake_secrets.add("other", "x")
    with fake_secrets.faults.replication("InProgress", secret_id="other", optional=True):
        pair.put("two")
    assert "PutSecretValue" not in str(fake_secrets.timeline("other"))
    assert "PutSecretValue" in str(fake_secrets.timeline("app/db"))


def test_the_replica_changes_when_it_gets_its_value(fake_secrets, freezer_at_noon):
    pair = Pair()
    pair.associate()
    fault = fake_secrets.faults.replication("InProgress")
    pair.put("two")
    freezer_at_noon.tick(60)
    pair.other.tag_resource(SecretId="copy/db", Tags=[{"Key": "a", "Value": "b"}])
    tagged = pair.described()[1]["LastChangedDate"]
    freezer_at_noon.tick(60)
    fault.cancel()
    assert pair.described()[1]["LastChangedDate"] == tagged + datetime.timedelta(seconds=60)
    listed = pair.other.list_secrets(SortBy="last-changed-date", SortOrder="desc")["SecretList"]
    assert listed[0]["Name"] == "copy/db"


def test_one_fault_takes_over_from_another_that_ends(fake_secrets, pair):
    first = fake_secrets.faults.replication("InProgress")
    pair.put("two")
    with fake_secrets.faults.replication("Failed", "second", optional=True):
        first.cancel()
        assert pair.statuses() == ("Failed", "Failed")


def test_a_rotation_is_held_back_too(fake_secrets, pair):
    def rotate(event, context):
        if event["Step"] == "createSecret":
            pair.put("rotated", ClientRequestToken=event["ClientRequestToken"], VersionStages=["AWSPENDING"])
        if event["Step"] == "finishSecret":
            old = pair.owner.get_secret_value(SecretId="app/db")["VersionId"]
            move = {"RemoveFromVersionId": old, "MoveToVersionId": event["ClientRequestToken"]}
            pair.owner.update_secret_version_stage(SecretId="app/db", VersionStage="AWSCURRENT", **move)

    with fake_secrets.faults.replication("InProgress"):
        fake_secrets.rotate("app/db", rotate)
        assert pair.copied() == "one"
    assert pair.copied() == "rotated"


def test_a_reset_ends_it(fake_secrets, pair):
    fake_secrets.faults.replication("InProgress", optional=True)
    fake_secrets.reset()
    again = Pair()
    again.associate()
    assert again.statuses() == ("InSync", "InSync")


def test_the_first_of_several_decides(fake_secrets, pair):
    with (
        fake_secrets.faults.replication("Failed", "first"),
        fake_secrets.faults.replication("InProgress", optional=True),
    ):
        pair.put("two")
        assert pair.statuses() == ("Failed", "Failed")


def test_one_that_never_holds_a_replica_back_is_told():
    with (
        pytest.raises(UnusedFaultError, match=r"never happened: replication Failed, planned at"),
        mock_stages() as fake_secrets,
    ):
        fake_secrets.faults.replication("Failed")


@pytest.mark.parametrize("status", ["InSync", "Detached", "failed", None])
def test_a_status_that_holds_nothing_back_is_refused(fake_secrets, status):
    with pytest.raises(FaultError, match="holds no replica back"):
        fake_secrets.faults.replication(status)
