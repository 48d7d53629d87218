"""The trail: events in the shapes of CloudTrail and EventBridge."""

import boto3
import botocore.exceptions
import freezegun
import pytest
from rotators import Rotator

from fake_secrets import mock_stages

TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
FIRST = "11111111-1111-4111-8111-111111111111"


@pytest.fixture(autouse=True)
def noon(freezer_at_noon):
    return freezer_at_noon


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old", version_ids={"AWSCURRENT": FIRST})


def names(fake_secrets):
    return [record["eventName"] for record in fake_secrets.trail.service_events]


def label_events(fake_secrets):
    return [
        event["detail"] for event in fake_secrets.trail.events if event["detail-type"] == "Secret Label Updated"
    ]


class TestServiceEvents:
    def test_the_record_of_a_failed_rotation_has_the_recorded_shape(self, db, fake_secrets):
        """rotation-facts 3.3 [A]."""
        handler = Rotator(fails_in="testSecret")
        fake_secrets.rotate("prod/db", handler, token=TOKEN, errors="record")
        record = fake_secrets.trail.service_events[-1]
        assert len(record.pop("eventID")) == 36
        assert record == {
            "eventVersion": "1.08",
            "userIdentity": {"accountId": "123456789012", "invokedBy": "secretsmanager.amazonaws.com"},
            "eventTime": "2026-03-04T12:00:00Z",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "RotationFailed",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "secretsmanager.amazonaws.com",
            "userAgent": "secretsmanager.amazonaws.com",
            "errorMessage": (
                f"Error when executing lambda {fake_secrets.lambda_function(handler)} during testSecret step"
            ),
            "requestParameters": None,
            "responseElements": None,
            "additionalEventData": {"SecretId": db.arn},
            "requestID": f"Rotation-{db.arn}-{TOKEN}",
            "readOnly": False,
            "eventType": "AwsServiceEvent",
            "managementEvent": True,
            "eventCategory": "Management",
            "recipientAccountId": "123456789012",
        }

    def test_other_records_have_no_error_message(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        assert [record.get("errorMessage") for record in fake_secrets.trail.service_events] == [None, None]

    def test_a_rotation_starts_and_succeeds(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        assert names(fake_secrets) == ["RotationStarted", "RotationSucceeded"]

    def test_a_rotation_that_stays_open_has_only_started(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator(finishes=False))
        assert names(fake_secrets) == ["RotationStarted"]

    def test_each_failed_attempt_has_a_record(self, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", Rotator(fails_in="createSecret"), errors="record")
        with pytest.raises(RuntimeError):
            rotation.retry()
        assert names(fake_secrets) == ["RotationStarted", "RotationFailed", "RotationFailed"]

    def test_another_current_value_abandons_an_open_rotation(self, db, fake_secrets, secretsmanager):
        fake_secrets.rotate("prod/db", Rotator(finishes=False), token=TOKEN)
        secretsmanager.update_secret(SecretId="prod/db", SecretString="by hand")
        record = fake_secrets.trail.service_events[-1]
        assert (record["eventName"], record["requestID"]) == ("RotationAbandoned", f"Rotation-{db.arn}-{TOKEN}")

    def test_another_value_does_not_abandon_a_complete_rotation(self, db, fake_secrets, secretsmanager):
        fake_secrets.rotate("prod/db", Rotator())
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        assert names(fake_secrets) == ["RotationStarted", "RotationSucceeded"]

    def test_a_rotation_without_pending_is_not_abandoned_later(self, db, fake_secrets, secretsmanager):
        fake_secrets.rotate("prod/db", Rotator(finishes=False), token=TOKEN)
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=TOKEN
        )
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        assert names(fake_secrets) == ["RotationStarted"]

    @pytest.mark.parametrize(
        ("handler", "end"),
        [(Rotator(), "TestRotationSucceeded"), (Rotator(fails_in="testSecret"), "TestRotationFailed")],
        ids=["passes", "fails"],
    )
    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_testing_a_function_has_its_own_records(self, db, fake_secrets, secretsmanager, handler, end):
        arn = fake_secrets.lambda_function(handler)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        assert names(fake_secrets) == ["TestRotationStarted", end]

    def test_a_deletion_starts_for_each_version(self, db, fake_secrets, secretsmanager):
        second = secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")["VersionId"]
        secretsmanager.delete_secret(SecretId="prod/db")
        assert [
            (record["eventName"], record["additionalEventData"]) for record in fake_secrets.trail.service_events
        ] == [
            ("StartSecretVersionDelete", {"SecretId": db.arn, "SecretVersionId": FIRST}),
            ("StartSecretVersionDelete", {"SecretId": db.arn, "SecretVersionId": second}),
        ]

    def test_restoring_cancels_the_deletion(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db")
        secretsmanager.restore_secret(SecretId="prod/db")
        assert names(fake_secrets) == ["StartSecretVersionDelete", "CancelSecretVersionDelete"]

    def test_restoring_a_secret_that_is_not_deleted_cancels_nothing(self, db, fake_secrets, secretsmanager):
        secretsmanager.restore_secret(SecretId="prod/db")
        assert names(fake_secrets) == []

    def test_the_deletion_ends_with_the_recovery_window(self, noon, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", RecoveryWindowInDays=7)
        noon.move_to("2026-03-20T00:00:00Z")
        secretsmanager.list_secrets()
        record = fake_secrets.trail.service_events[-1]
        assert (record["eventName"], record["eventTime"]) == ("EndSecretVersionDelete", "2026-03-11T12:00:00Z")

    def test_a_forced_deletion_starts_and_ends(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert names(fake_secrets) == ["StartSecretVersionDelete", "EndSecretVersionDelete"]

    def test_forcing_a_scheduled_deletion_only_ends_it(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db")
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert names(fake_secrets) == ["StartSecretVersionDelete", "EndSecretVersionDelete"]

    def test_a_refused_call_causes_no_event(self, db, fake_secrets, secretsmanager):
        with pytest.raises(botocore.exceptions.ClientError):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert len(fake_secrets.trail) == 0

    def test_a_record_has_the_secrets_region_and_account(self, fake_secrets):
        root = fake_secrets.credentials("arn:aws:iam::210987654321:root")
        client = boto3.client("secretsmanager", region_name="eu-west-3", **root)
        client.create_secret(Name="far", SecretString="x")
        client.delete_secret(SecretId="far")
        record = fake_secrets.trail.service_events[0]
        assert (record["awsRegion"], record["recipientAccountId"]) == ("eu-west-3", "210987654321")


class TestLabelEvents:
    """`Secret Label Updated`, rotation-facts 3.3 [B, C]."""

    def test_a_label_event_has_eventbridges_shape(self, db, fake_secrets, secretsmanager):
        version = secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")["VersionId"]
        (event,) = fake_secrets.trail.events
        assert len(event.pop("id")) == 36
        assert event == {
            "version": "0",
            "detail-type": "Secret Label Updated",
            "source": "aws.secretsmanager",
            "account": "123456789012",
            "time": "2026-03-04T12:00:00Z",
            "region": "us-east-1",
            "resources": [db.arn],
            "detail": {"name": "prod/db", "labelUpdated": "AWSCURRENT", "versionId": version},
        }

    def test_creating_a_secret_causes_an_event(self, fake_secrets, secretsmanager):
        version = secretsmanager.create_secret(Name="new", SecretString="x")["VersionId"]
        assert label_events(fake_secrets) == [{"name": "new", "labelUpdated": "AWSCURRENT", "versionId": version}]

    def test_seeds_cause_no_event(self, db, fake_secrets):
        assert label_events(fake_secrets) == []

    def test_custom_labels_cause_events(self, db, fake_secrets, secretsmanager):
        secretsmanager.update_secret_version_stage(SecretId="prod/db", VersionStage="LIVE", MoveToVersionId=FIRST)
        assert label_events(fake_secrets) == [{"name": "prod/db", "labelUpdated": "LIVE", "versionId": FIRST}]

    @pytest.mark.parametrize("label", ["AWSPENDING", "AWSPREVIOUS"])
    def test_pending_and_previous_cause_no_event(self, db, fake_secrets, secretsmanager, label):
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=[label])
        assert label_events(fake_secrets) == []

    def test_promoting_a_replica_causes_no_event(self, db, fake_secrets, secretsmanager):
        secretsmanager.replicate_secret_to_regions(SecretId="prod/db", AddReplicaRegions=[{"Region": "sa-east-1"}])
        boto3.client("secretsmanager", region_name="sa-east-1").stop_replication_to_replica(SecretId="prod/db")
        assert label_events(fake_secrets) == []

    def test_changing_metadata_causes_no_event(self, db, fake_secrets, secretsmanager):
        secretsmanager.update_secret(SecretId="prod/db", Description="changed")
        secretsmanager.tag_resource(SecretId="prod/db", Tags=[{"Key": "a", "Value": "b"}])
        assert label_events(fake_secrets) == []

    def test_a_rotation_causes_one_event_for_current(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator(), token=TOKEN)
        assert label_events(fake_secrets) == [
            {"name": "prod/db", "labelUpdated": "AWSCURRENT", "versionId": TOKEN}
        ]

    def test_label_events_and_records_are_in_order(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        assert [event["detail"].get("eventName", event["detail-type"]) for event in fake_secrets.trail.events] == [
            "RotationStarted",
            "Secret Label Updated",
            "RotationSucceeded",
        ]


class TestEvents:
    def test_a_record_is_the_detail_of_a_cloudtrail_event(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator(finishes=False))
        (event,) = fake_secrets.trail.events
        (record,) = fake_secrets.trail.service_events
        assert (event["detail-type"], event["resources"]) == ("AWS Service Event via CloudTrail", [])
        assert event["detail"] == record

    def test_ids_are_all_different(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        events = fake_secrets.trail.events
        ids = [event["id"] for event in events] + [event["detail"].get("eventID") for event in events]
        assert len(set(ids)) == len(ids) == 6

    def test_changing_an_event_changes_nothing_in_the_trail(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        fake_secrets.trail.events[0]["detail"].clear()
        fake_secrets.trail.service_events[0].clear()
        assert names(fake_secrets) == ["RotationStarted", "RotationSucceeded"]

    def test_the_trail_is_live(self, fake_secrets, secretsmanager):
        trail = fake_secrets.trail
        secretsmanager.create_secret(Name="new", SecretString="x")
        assert len(trail) == len(trail.events) == 1
        fake_secrets.reset()
        assert trail.events == []

    def test_reset_empties_the_trail(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        fake_secrets.reset()
        assert len(fake_secrets.trail) == 0

    def test_the_repr_is_short_and_shows_no_value(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator())
        names = ["RotationStarted", "Secret Label Updated", "RotationSucceeded"]
        assert repr(fake_secrets.trail) == f"<Trail {names}>"

    def test_worlds_have_trails_of_their_own(self, db, fake_secrets):
        with mock_stages({"other": "x"}) as inner:
            inner.rotate("other", Rotator())
        assert len(fake_secrets.trail) == 0

    def test_a_world_that_begins_later_numbers_from_the_start(self):
        def first_id():
            with freezegun.freeze_time("2026-01-01"), mock_stages({"db": "x"}, random_seed=1) as fake_secrets:
                boto3.client("secretsmanager").put_secret_value(SecretId="db", SecretString="y")
                return fake_secrets.trail.events

        assert first_id() == first_id()
