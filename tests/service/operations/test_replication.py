"""Replication: ReplicateSecretToRegions, RemoveRegionsFromReplication, StopReplicationToReplica."""

import dataclasses

import boto3
import botocore.exceptions
import pytest
from minimal_requests import method_of, request_of
from service_model import botocore_knows

from fake_secrets.service.state.model import StoredSecret

PRIMARY, REPLICA, OTHER = "us-east-1", "eu-west-1", "ap-south-1"
REPLICA_ONLY = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
BAD_REGION = ("InvalidParameterException", "Invalid replica region.")
IN_PROGRESS = {"Region": REPLICA, "KmsKeyId": "alias/aws/secretsmanager", "Status": "InProgress"}
IN_SYNC = {**IN_PROGRESS, "Status": "InSync", "StatusMessage": "Replication succeeded"}
INVALID_KEY = "The operation failed because of an invalid KMS key: "
# KmsKeyId of a replica, and the reason in the StatusMessage.
UNUSABLE_KEYS = {
    "mine": f"{INVALID_KEY}Invalid keyId",
    "arn:aws:kms:us-east-1:123456789012:key/1234": f"{INVALID_KEY}Invalid arn us-east-1",
    "alias/aws/ebs": "Access to KMS is not allowed",
    "alias/broken": "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
}
NAME_TAKEN = "Secret with this name already exists in this region"


@pytest.fixture
def primary(secretsmanager):
    return secretsmanager


@pytest.fixture(scope="session")
def _abroad():
    return boto3.client("secretsmanager", region_name=REPLICA)


@pytest.fixture
def replica(fake_secrets, _abroad):
    """A client in the replica's region."""
    return _abroad


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "x", tags={"team": "a"}, description="a database", arn_suffix="a1b2c3")


@pytest.fixture
def replicate(db, primary, answer):
    def replicate(*regions, **members):
        added = [{"Region": region} for region in regions or (REPLICA,)]
        return answer(primary.replicate_secret_to_regions, SecretId="app/db", AddReplicaRegions=added, **members)

    return replicate


@pytest.fixture
def statuses(primary):
    return lambda: primary.describe_secret(SecretId="app/db").get("ReplicationStatus")


class TestReplicateSecretToRegions:
    def test_the_response_shows_in_progress_without_name_or_message(self, db, replicate):
        assert replicate() == {"ARN": db.arn, "ReplicationStatus": [IN_PROGRESS]}

    def test_it_is_in_sync_afterwards(self, replicate, primary, answer):
        replicate()
        described = answer(primary.describe_secret, SecretId="app/db")
        assert described["PrimaryRegion"] == PRIMARY
        assert described["ReplicationStatus"] == [IN_SYNC]

    def test_the_replica_shows_its_primary_but_no_status(self, db, replicate, primary, replica, answer):
        replicate()
        described = answer(replica.describe_secret, SecretId="app/db")
        of_primary = answer(primary.describe_secret, SecretId="app/db")
        assert described.pop("ARN") == db.arn.replace(PRIMARY, REPLICA)
        assert described == {
            name: value for name, value in of_primary.items() if name not in {"ARN", "ReplicationStatus"}
        }

    def test_the_replica_was_created_when_it_was_replicated(self, freezer_at_noon, db, replicate, replica):
        freezer_at_noon.tick(10)
        replicate()
        assert replica.describe_secret(SecretId="app/db")["CreatedDate"].second == 10

    def test_last_changed_date_moves_on_both(self, freezer_at_noon, db, replicate, primary, replica):
        freezer_at_noon.tick(10)
        replicate()
        dates = {c.describe_secret(SecretId="app/db")["LastChangedDate"].second for c in (primary, replica)}
        assert dates == {10}

    def test_the_replica_has_the_same_value_under_the_same_version(self, replicate, primary, replica, answer):
        replicate()
        read = answer(replica.get_secret_value, SecretId="app/db")
        read.pop("ARN")
        of_primary = answer(primary.get_secret_value, SecretId="app/db")
        assert read.items() <= of_primary.items()

    def test_a_replica_shows_no_tags_after_the_last_tag_is_removed(self, db, replicate, primary, replica):
        primary.untag_resource(SecretId="app/db", TagKeys=["team"])
        replicate()
        assert primary.describe_secret(SecretId="app/db")["Tags"] == []
        assert "Tags" not in replica.describe_secret(SecretId="app/db")

    def test_a_key_is_kept_as_given_and_the_replicas_own(self, db, primary, replica, statuses):
        key = "arn:aws:kms:eu-west-1:123456789012:key/1234"
        primary.replicate_secret_to_regions(
            SecretId="app/db", AddReplicaRegions=[{"Region": REPLICA, "KmsKeyId": key}]
        )
        assert statuses() == [{**IN_SYNC, "KmsKeyId": key}]
        assert replica.describe_secret(SecretId="app/db")["KmsKeyId"] == key
        assert "KmsKeyId" not in primary.describe_secret(SecretId="app/db")

    def test_more_regions_come_after_the_first(self, replicate, statuses):
        replicate()
        reply = replicate(OTHER)["ReplicationStatus"]
        assert [(entry["Region"], entry["Status"]) for entry in reply] == [
            (REPLICA, "InSync"),
            (OTHER, "InProgress"),
        ]
        assert [entry["Status"] for entry in statuses()] == ["InSync", "InSync"]

    def test_adding_a_region_again_keeps_its_replica(self, replicate, replica, statuses):
        replicate()
        before = replica.describe_secret(SecretId="app/db")["CreatedDate"]
        replicate()
        assert replica.describe_secret(SecretId="app/db")["CreatedDate"] == before
        assert statuses() == [IN_SYNC]

    def test_adding_a_region_again_can_change_its_key(self, replicate, primary, replica, statuses):
        replicate()
        for key in ("alias/new", "arn:aws:kms:us-east-1:123456789012:key/elsewhere"):
            added = [{"Region": REPLICA, "KmsKeyId": key}]
            primary.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=added)
        assert statuses()[0]["Status"] == "Failed"
        assert replica.describe_secret(SecretId="app/db")["KmsKeyId"] == "alias/new"
        (version,) = replica.list_secret_version_ids(SecretId="app/db")["Versions"]
        assert version["KmsKeyIds"] == ["alias/new"]

    @pytest.mark.parametrize("region", [PRIMARY, "mars-north-1", "cn-north-1", "us-gov-west-1"])
    def test_the_secrets_own_region_and_unknown_regions_are_refused(self, db, primary, statuses, refusal, region):
        added = [{"Region": REPLICA}, {"Region": region}]
        call = primary.replicate_secret_to_regions
        assert refusal(call, SecretId="app/db", AddReplicaRegions=added) == BAD_REGION
        assert statuses() is None

    def test_a_region_given_twice_is_refused(self, db, primary, refusal):
        call = primary.replicate_secret_to_regions
        assert refusal(call, SecretId="app/db", AddReplicaRegions=[{"Region": REPLICA}] * 2) == BAD_REGION

    def test_a_taken_name_fails_later_and_leaves_the_other_secret(
        self, fake_secrets, db, replicate, replica, statuses
    ):
        fake_secrets.add("app/db", "other", region=REPLICA)
        assert replicate()["ReplicationStatus"] == [IN_PROGRESS]
        assert statuses() == [{**IN_PROGRESS, "Status": "Failed", "StatusMessage": NAME_TAKEN}]
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "other"
        assert "PrimaryRegion" not in replica.describe_secret(SecretId="app/db")

    def test_force_overwrites_another_secret(self, fake_secrets, db, replicate, replica, statuses):
        fake_secrets.add("app/db", "other", region=REPLICA)
        replicate(ForceOverwriteReplicaSecret=True)
        assert statuses() == [IN_SYNC]
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    def test_force_does_not_overwrite_another_primarys_replica(self, fake_secrets, db, replicate, statuses):
        fake_secrets.add("app/db", "other", region=OTHER)
        boto3.client("secretsmanager", region_name=OTHER).replicate_secret_to_regions(
            SecretId="app/db", AddReplicaRegions=[{"Region": REPLICA}]
        )
        replicate(ForceOverwriteReplicaSecret=True)
        message = (
            f"Replication failed: Secret name app/db is currently replicated to {REPLICA} with a different arn"
        )
        assert [(entry["Status"], entry["StatusMessage"]) for entry in statuses()] == [("Failed", message)]

    def test_force_does_not_overwrite_a_primary_that_has_replicas(
        self, fake_secrets, db, replicate, replica, statuses
    ):
        fake_secrets.add("app/db", "other", region=REPLICA)
        replica.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": OTHER}])
        replicate(ForceOverwriteReplicaSecret=True)
        assert [(entry["Status"], entry["StatusMessage"]) for entry in statuses()] == [("Failed", NAME_TAKEN)]

    def test_a_failed_region_can_be_tried_again(self, fake_secrets, db, replicate, replica, statuses):
        fake_secrets.add("app/db", "other", region=REPLICA)
        replicate()
        replica.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
        replicate()
        assert statuses() == [IN_SYNC]

    @pytest.mark.filterwarnings("ignore:no secret used the KMS key")
    @pytest.mark.parametrize(("key", "reason"), UNUSABLE_KEYS.items())
    def test_a_key_that_cannot_be_used_fails_later(
        self, fake_secrets, db, primary, replica, statuses, key, reason
    ):
        fake_secrets.set_kms_key("alias/broken", "disabled")
        added = [{"Region": REPLICA, "KmsKeyId": key}, {"Region": OTHER}]
        answered = primary.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=added)
        assert [entry["Status"] for entry in answered["ReplicationStatus"]] == ["InProgress", "InProgress"]
        failed, replicated = statuses()
        assert failed == {
            "Region": REPLICA,
            "KmsKeyId": key,
            "Status": "Failed",
            "StatusMessage": f"Replication failed: {reason}",
        }
        assert replicated["Status"] == "InSync"
        assert replica.list_secrets()["SecretList"] == []

    @pytest.mark.parametrize("key", UNUSABLE_KEYS)
    @pytest.mark.filterwarnings("ignore:no secret used the KMS key")
    def test_a_secret_is_created_even_if_the_key_of_its_replica_cannot_be_used(self, fake_secrets, primary, key):
        fake_secrets.set_kms_key("alias/broken", "disabled")
        added = [{"Region": REPLICA, "KmsKeyId": key}]
        primary.create_secret(Name="new", SecretString="x", AddReplicaRegions=added)
        (status,) = primary.describe_secret(SecretId="new")["ReplicationStatus"]
        assert (status["Region"], status["Status"]) == (REPLICA, "Failed")
        assert primary.get_secret_value(SecretId="new")["SecretString"] == "x"

    def test_a_replica_is_not_replicated_further(self, replicate, replica, refusal):
        replicate()
        call = replica.replicate_secret_to_regions
        assert refusal(call, SecretId="app/db", AddReplicaRegions=[{"Region": OTHER}]) == REPLICA_ONLY

    def test_a_secret_marked_for_deletion_is_refused(self, db, primary, refusal):
        primary.delete_secret(SecretId="app/db")
        for region in (REPLICA, PRIMARY):
            call, added = primary.replicate_secret_to_regions, [{"Region": region}]
            assert refusal(call, SecretId="app/db", AddReplicaRegions=added) == DELETED


class TestReplicasFollowTheirPrimary:
    @pytest.fixture(autouse=True)
    def replicated(self, replicate):
        replicate()

    def same(self, primary, replica, *names):
        of_primary, of_replica = (c.describe_secret(SecretId="app/db") for c in (primary, replica))
        return all(of_primary.get(name) == of_replica.get(name) for name in names)

    def test_in_values_and_labels(self, primary, replica):
        primary.put_secret_value(SecretId="app/db", SecretString="y", VersionStages=["AWSCURRENT", "LIVE"])
        assert replica.get_secret_value(SecretId="app/db", VersionStage="LIVE")["SecretString"] == "y"
        assert self.same(primary, replica, "VersionIdsToStages", "LastChangedDate")

    def test_in_moved_labels(self, primary, replica):
        new = primary.put_secret_value(SecretId="app/db", SecretString="y", VersionStages=["LIVE"])["VersionId"]
        current = primary.get_secret_value(SecretId="app/db")["VersionId"]
        primary.update_secret_version_stage(
            SecretId="app/db",
            VersionStage="AWSCURRENT",
            RemoveFromVersionId=current,
            MoveToVersionId=new,
        )
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "y"
        assert self.same(primary, replica, "VersionIdsToStages")

    def test_in_tags_and_description(self, primary, replica):
        primary.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "b"}])
        primary.update_secret(SecretId="app/db", Description="new")
        assert self.same(primary, replica, "Tags", "Description", "LastChangedDate")

    def test_in_the_policy(self, primary, replica):
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
            '"Action":"secretsmanager:DeleteSecret","Resource":"*"}]}'
        )
        primary.put_resource_policy(SecretId="app/db", ResourcePolicy=policy)
        assert replica.get_resource_policy(SecretId="app/db")["ResourcePolicy"] == policy

    def test_in_a_rotation(self, fake_secrets, primary, replica):
        def handler(event, context):
            if event["Step"] == "createSecret":
                primary.put_secret_value(
                    SecretId="app/db",
                    SecretString="rotated",
                    ClientRequestToken=event["ClientRequestToken"],
                    VersionStages=["AWSPENDING"],
                )
            if event["Step"] == "finishSecret":
                current = primary.get_secret_value(SecretId="app/db")["VersionId"]
                primary.update_secret_version_stage(
                    SecretId="app/db",
                    VersionStage="AWSCURRENT",
                    RemoveFromVersionId=current,
                    MoveToVersionId=event["ClientRequestToken"],
                )

        assert fake_secrets.rotate("app/db", handler).succeeded
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "rotated"
        assert "RotationEnabled" not in replica.describe_secret(SecretId="app/db")

    def test_in_versions_that_are_removed(self, fake_secrets, freezer_at_noon, primary, replica):
        fake_secrets.quotas.versions = 2
        primary.put_secret_value(SecretId="app/db", SecretString="y")
        freezer_at_noon.tick(24 * 3600)
        primary.put_secret_value(SecretId="app/db", SecretString="z")
        listed = [
            client.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)["Versions"]
            for client in (primary, replica)
        ]
        assert [len(versions) for versions in listed] == [2, 2]

    def test_but_not_in_being_read(self, primary, replica, statuses):
        primary.get_secret_value(SecretId="app/db")
        assert "LastAccessedDate" not in replica.describe_secret(SecretId="app/db")
        assert "LastAccessedDate" not in statuses()[0]

    def test_the_status_shows_when_the_replica_was_read(self, primary, replica, statuses):
        replica.get_secret_value(SecretId="app/db")
        assert statuses()[0]["LastAccessedDate"].isoformat() == "2026-03-04T00:00:00+00:00"
        assert "LastAccessedDate" not in primary.describe_secret(SecretId="app/db")

    def test_lists_show_the_primary_region_on_both(self, primary, replica):
        entries = [client.list_secrets()["SecretList"] for client in (primary, replica)]
        assert [[entry["PrimaryRegion"] for entry in one] for one in entries] == [[PRIMARY], [PRIMARY]]
        assert not any("ReplicationStatus" in entry for one in entries for entry in one)

    def test_lists_are_filtered_by_primary_region(self, fake_secrets, replica):
        fake_secrets.add("own", "x", region=REPLICA)
        for value, names in [("us-", ["app/db"]), ("eu-", []), ("!us-", ["own"])]:
            listed = replica.list_secrets(Filters=[{"Key": "primary-region", "Values": [value]}])["SecretList"]
            assert [entry["Name"] for entry in listed] == names


POLICY = '{"Version":"2012-10-17","Statement":[]}'
WRITES = [
    ("put_secret_value", {"SecretString": "y"}),
    ("update_secret", {"Description": "y"}),
    ("update_secret_version_stage", {"VersionStage": "LIVE", "MoveToVersionId": "9" * 32}),
    ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ("untag_resource", {"TagKeys": ["team"]}),
    ("put_resource_policy", {"ResourcePolicy": POLICY}),
    ("delete_resource_policy", {}),
    ("delete_secret", {}),
    ("delete_secret", {"ForceDeleteWithoutRecovery": True}),
    ("restore_secret", {}),
    ("rotate_secret", {}),
    ("cancel_rotate_secret", {}),
    ("remove_regions_from_replication", {"RemoveReplicaRegions": [REPLICA]}),
]


READS = [
    "BatchGetSecretValue",
    "DescribeSecret",
    "GetResourcePolicy",
    "GetSecretValue",
    "ListSecretVersionIds",
    "ListSecrets",
    "ValidateResourcePolicy",
]


class TestReplicasRefuseWrites:
    @pytest.mark.parametrize(("call", "members"), WRITES)
    def test_every_write_is_refused(self, replicate, replica, refusal, answer, call, members):
        replicate()
        before = answer(replica.describe_secret, SecretId="app/db")
        assert refusal(getattr(replica, call), SecretId="app/db", **members) == REPLICA_ONLY
        assert answer(replica.describe_secret, SecretId="app/db") == before

    def test_a_replica_is_refused_before_a_wrong_region(self, replicate, replica, refusal):
        replicate()
        call, added = replica.replicate_secret_to_regions, [{"Region": REPLICA}]
        assert refusal(call, SecretId="app/db", AddReplicaRegions=added) == REPLICA_ONLY

    @pytest.mark.parametrize(
        ("call", "members"),
        [
            ("tag_resource", {"Tags": [{"Key": "aws:a", "Value": ""}]}),
            ("update_secret_version_stage", {"VersionStage": "LIVE"}),
            ("put_resource_policy", {"ResourcePolicy": "{"}),
            ("update_secret", {"KmsKeyId": "arn:aws:kms:ap-south-1:123456789012:key/1234"}),
        ],
    )
    def test_a_replica_is_refused_before_other_faults(self, replicate, replica, refusal, call, members):
        replicate()
        assert refusal(getattr(replica, call), SecretId="app/db", **members) == REPLICA_ONLY

    def test_a_replica_is_refused_before_a_managed_secret(self, fake_secrets, primary, replica, refusal):
        fake_secrets.add("rds!db", "x", owning_service="rds")
        primary.replicate_secret_to_regions(SecretId="rds!db", AddReplicaRegions=[{"Region": REPLICA}])
        for call, members in WRITES:
            assert refusal(getattr(replica, call), SecretId="rds!db", **members) == REPLICA_ONLY

    def test_a_window_out_of_range_is_refused_before_a_replica(self, replicate, replica, refusal):
        replicate()
        code, message = refusal(replica.delete_secret, SecretId="app/db", RecoveryWindowInDays=0)
        assert (code, "RecoveryWindowInDays" in message) == ("InvalidParameterException", True)

    @pytest.mark.parametrize("operation", READS)
    def test_every_read_is_answered(self, replicate, replica, operation):
        replicate()
        assert method_of(replica, operation)(**request_of(operation))["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_its_name_is_taken(self, replicate, replica, refusal):
        replicate()
        code, _ = refusal(replica.create_secret, Name="app/db", SecretString="y")
        assert code == "ResourceExistsException"


# The fields of a secret that a replica in another region takes from its primary, and those that are its own.
TAKEN = {
    "announced", "changed", "description", "empty", "labels", "name", "account_id", "owning_service", "policy",
    "removed", "tags", "type", "version_count",
}  # fmt: skip
ITS_OWN = {
    "accessed", "across_accounts", "arn", "created", "deleted", "deletion_date", "kms_key_id", "primary",
    "region", "replicas", "rotation", "serial",
}  # fmt: skip


def test_a_replica_takes_every_field_from_its_primary_that_is_not_its_own(fake_secrets, primary, replicate):
    names = {field.name for field in dataclasses.fields(StoredSecret)} - {"versions"}
    assert names == TAKEN | ITS_OWN, (
        "decide whether a replica takes the new field from its primary: _copy in service/operations/replication.py"
    )
    partner = {"Type": "MongoDBAtlasDatabaseUser"} if botocore_knows("UpdateSecret", "Type") else {}
    primary.update_secret(SecretId="app/db", SecretString="y", **partner)
    primary.put_resource_policy(**request_of("PutResourcePolicy"))
    replicate()
    secret, copy = sorted(fake_secrets._world.store, key=lambda one: one.region == REPLICA)
    for name in TAKEN - {"empty", "owning_service", "removed", "type"}:
        assert getattr(secret, name), f"the test must set {name}"
    assert [name for name in sorted(TAKEN) if getattr(copy, name) != getattr(secret, name)] == []


class TestCreateSecretWithReplicas:
    def test_the_response_has_the_status(self, fake_secrets, primary, replica, answer):
        reply = answer(
            primary.create_secret, Name="app/db", SecretString="x", AddReplicaRegions=[{"Region": REPLICA}]
        )
        assert list(reply) == ["ARN", "Name", "VersionId", "ReplicationStatus"]
        assert reply["ReplicationStatus"] == [IN_PROGRESS]
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    def test_a_wrong_region_creates_nothing(self, fake_secrets, primary, refusal):
        call, added = primary.create_secret, [{"Region": REPLICA}, {"Region": PRIMARY}]
        assert refusal(call, Name="app/db", SecretString="x", AddReplicaRegions=added) == BAD_REGION
        assert "app/db" not in fake_secrets

    def test_force_overwrites(self, fake_secrets, primary, replica):
        fake_secrets.add("app/db", "other", region=REPLICA)
        primary.create_secret(
            Name="app/db",
            SecretString="x",
            AddReplicaRegions=[{"Region": REPLICA}],
            ForceOverwriteReplicaSecret=True,
        )
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "x"


class TestDeletingAPrimary:
    @pytest.mark.parametrize("members", [{}, {"ForceDeleteWithoutRecovery": True}])
    def test_a_primary_with_replicas_cannot_be_deleted(self, db, replicate, primary, refusal, members):
        replicate(REPLICA, OTHER)
        message = f"You can't delete secret {db.arn} that still has replica regions [{REPLICA}, {OTHER}]."
        refused = refusal(primary.delete_secret, SecretId="app/db", **members)
        assert refused == ("InvalidParameterException", message)

    def test_a_primary_without_replicas_can_be_deleted(self, fake_secrets, replicate, primary):
        replicate()
        primary.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[REPLICA])
        primary.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
        assert "app/db" not in fake_secrets


class TestRemoveRegionsFromReplication:
    def test_the_last_region_leaves_an_empty_status_and_no_replica(self, db, replicate, primary, replica, answer):
        replicate()
        call = primary.remove_regions_from_replication
        reply = answer(call, SecretId="app/db", RemoveReplicaRegions=[REPLICA])
        assert reply == {"ARN": db.arn, "ReplicationStatus": []}
        with pytest.raises(botocore.exceptions.ClientError, match="ResourceNotFoundException"):
            replica.describe_secret(SecretId="app/db")

    def test_describe_forgets_that_there_were_replicas(self, replicate, primary):
        replicate()
        primary.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[REPLICA])
        described = primary.describe_secret(SecretId="app/db")
        assert not {"PrimaryRegion", "ReplicationStatus"} & described.keys()

    def test_other_regions_stay(self, replicate, primary):
        replicate(REPLICA, OTHER)
        reply = primary.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[OTHER])
        assert reply["ReplicationStatus"] == [IN_SYNC]

    def test_a_region_without_a_replica_is_no_error(self, replicate, primary):
        replicate()
        reply = primary.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[OTHER])
        assert reply["ReplicationStatus"] == [IN_SYNC]

    def test_a_failed_region_leaves_the_other_secret(self, fake_secrets, db, replicate, primary, replica):
        fake_secrets.add("app/db", "other", region=REPLICA)
        replicate()
        primary.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[REPLICA])
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "other"


class TestStopReplicationToReplica:
    def test_the_answer_is_the_replicas_arn(self, db, replicate, replica, answer):
        replicate()
        call = replica.stop_replication_to_replica
        assert answer(call, SecretId="app/db") == {"ARN": db.arn.replace(PRIMARY, REPLICA)}

    def test_the_promoted_secret_keeps_what_it_has_and_can_be_written(self, replicate, replica):
        replicate()
        before = replica.describe_secret(SecretId="app/db")
        replica.stop_replication_to_replica(SecretId="app/db")
        after = replica.describe_secret(SecretId="app/db")
        assert "PrimaryRegion" not in after
        assert all(after[name] == before[name] for name in ("ARN", "VersionIdsToStages", "Tags", "CreatedDate"))
        replica.put_secret_value(SecretId="app/db", SecretString="own")
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "own"

    def test_the_promoted_secret_no_longer_follows(self, replicate, primary, replica, statuses):
        replicate()
        replica.stop_replication_to_replica(SecretId="app/db")
        primary.put_secret_value(SecretId="app/db", SecretString="y")
        assert replica.get_secret_value(SecretId="app/db")["SecretString"] == "x"
        assert statuses() is None

    def test_a_secret_that_is_not_a_replica_is_refused(self, db, primary, refusal):
        code, _ = refusal(primary.stop_replication_to_replica, SecretId="app/db")
        assert code == "InvalidRequestException"
