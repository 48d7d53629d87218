"""What DescribeSecret and ListSecrets show of a secret in each state, and which calls move its dates."""

from datetime import UTC, datetime, timedelta

import boto3
import botocore.loaders
import botocore.model
import pytest
from minimal_requests import POLICY

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)
needs_type = pytest.mark.skipif(
    "Type" not in MODEL.operation_model("CreateSecret").input_shape.members,
    reason="this botocore is older than secrets of partners",
)
V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
ABROAD = "eu-west-1"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
LATER = timedelta(days=1, seconds=10)

BARE = {"ARN", "Name", "LastChangedDate", "CreatedDate"}
BASE = BARE | {"VersionIdsToStages"}


@pytest.fixture
def abroad(fake_secrets):
    return boto3.client("secretsmanager", region_name=ABROAD)


@pytest.fixture
def do(freezer_at_noon, fake_secrets, secretsmanager):
    """Call operations on the secret app/db in turn, given as method names with members."""

    def do(*calls):
        for name, members in calls:
            getattr(secretsmanager, name)(SecretId="app/db", **members)

    return do


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1})


@pytest.fixture
def shown(answer):
    """Return the members that DescribeSecret shows, after checking that ListSecrets shows the same."""

    def shown(client):
        described = answer(client.describe_secret, SecretId="app/db")
        (entry,) = client.list_secrets(IncludePlannedDeletion=True)["SecretList"]
        if "SecretVersionsToStages" in entry:
            entry["VersionIdsToStages"] = entry.pop("SecretVersionsToStages")
        assert entry == {name: value for name, value in described.items() if name != "ReplicationStatus"}
        return described

    return shown


def rotate(fake_secrets, client, handler=lambda event, context: None, **members):
    arn = fake_secrets.lambda_function(handler, "rotator")
    return client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn, **members)


def finish(event, context):
    """A rotation function that does as little as it can."""
    client = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString="S2", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=V1
        )


TAGS = ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]})
NO_TAGS = ("untag_resource", {"TagKeys": ["a"]})
REPLICATE = ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": ABROAD}]})
NOT_REPLICATE = ("remove_regions_from_replication", {"RemoveReplicaRegions": [ABROAD]})


class TestMembersByState:
    @pytest.mark.parametrize(
        ("created", "extra"),
        [
            ({}, set()),
            ({"SecretString": "x"}, {"VersionIdsToStages"}),
            ({"Description": ""}, set()),
            ({"Description": "d"}, {"Description"}),
            ({"KmsKeyId": ""}, set()),
            ({"KmsKeyId": "alias/aws/secretsmanager"}, {"KmsKeyId"}),
            ({"Tags": [{"Key": "a", "Value": ""}]}, {"Tags"}),
            pytest.param({"Type": "SalesforceClientSecret"}, {"Type"}, marks=needs_type),
        ],
    )
    def test_a_created_secret(self, freezer_at_noon, secretsmanager, shown, created, extra):
        secretsmanager.create_secret(Name="app/db", **created)
        assert shown(secretsmanager).keys() == BARE | extra

    @pytest.mark.parametrize(
        ("calls", "extra"),
        [
            ([("get_secret_value", {})], {"LastAccessedDate"}),
            ([TAGS], {"Tags"}),
            ([TAGS, NO_TAGS], {"Tags"}),
            ([NO_TAGS], set()),
            ([("update_secret", {"Description": "d"})], {"Description"}),
            ([("update_secret", {"Description": "d"}), ("update_secret", {"Description": ""})], set()),
            ([("update_secret", {"KmsKeyId": "alias/app"})], {"KmsKeyId"}),
            ([("update_secret", {"KmsKeyId": "alias/app"}), ("update_secret", {"KmsKeyId": ""})], set()),
            ([("put_resource_policy", {"ResourcePolicy": POLICY})], set()),
            ([("cancel_rotate_secret", {})], set()),
            ([("delete_secret", {})], {"DeletedDate"}),
            ([TAGS, ("delete_secret", {})], {"Tags", "DeletedDate"}),
            ([("delete_secret", {}), ("restore_secret", {})], set()),
            ([REPLICATE], {"PrimaryRegion", "ReplicationStatus"}),
            ([REPLICATE, NOT_REPLICATE], set()),
            pytest.param([("update_secret", {"Type": "SalesforceClientSecret"})], {"Type"}, marks=needs_type),
        ],
    )
    def test_after_calls(self, db, do, secretsmanager, shown, calls, extra):
        do(*calls)
        assert shown(secretsmanager).keys() == BASE | extra

    def test_a_replica(self, db, do, secretsmanager, abroad, shown):
        do(TAGS, NO_TAGS, ("get_secret_value", {}), REPLICATE)
        assert shown(abroad).keys() == BASE | {"PrimaryRegion"}

    def test_a_replica_does_not_show_its_primarys_rotation(
        self, fake_secrets, db, do, secretsmanager, abroad, shown
    ):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 1})
        do(TAGS, REPLICATE)
        assert shown(abroad).keys() == BASE | {"PrimaryRegion", "Tags"}

    def test_a_promoted_replica_and_its_former_primary(self, db, do, secretsmanager, abroad, shown):
        do(TAGS, REPLICATE)
        abroad.stop_replication_to_replica(SecretId="app/db")
        assert [shown(client).keys() for client in (secretsmanager, abroad)] == [BASE | {"Tags"}] * 2

    @pytest.mark.parametrize(("rules", "names"), [({}, set()), ({"AutomaticallyAfterDays": 1}, {"RotationRules"})])
    def test_a_secret_that_was_never_rotated_successfully(
        self, fake_secrets, db, secretsmanager, shown, rules, names
    ):
        rotate(fake_secrets, secretsmanager, RotationRules=rules)
        next_date = {"NextRotationDate"} if rules else set()
        assert shown(secretsmanager).keys() == BASE | {"RotationEnabled", "RotationLambdaARN"} | names | next_date

    def test_a_rotated_secret(self, fake_secrets, db, secretsmanager, shown):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 1})
        described = shown(secretsmanager)
        assert described.keys() == BASE | {
            "LastRotatedDate",
            "NextRotationDate",
            "RotationEnabled",
            "RotationLambdaARN",
            "RotationRules",
        }
        assert described["RotationEnabled"] is True

    def test_a_secret_whose_rotation_was_cancelled(self, fake_secrets, db, do, secretsmanager, shown):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 1})
        do(("cancel_rotate_secret", {}))
        described = shown(secretsmanager)
        assert described.keys() == BASE | {"RotationEnabled", "RotationLambdaARN", "RotationRules"}
        assert described["RotationEnabled"] is False

    def test_a_secret_that_lost_its_only_label(self, freezer_at_noon, fake_secrets, do, secretsmanager, shown):
        fake_secrets.add("app/db")
        rotate(fake_secrets, secretsmanager, ClientRequestToken=V2)
        assert shown(secretsmanager)["VersionIdsToStages"] == {V2: ["AWSPENDING"]}
        do(("update_secret_version_stage", {"VersionStage": "AWSPENDING", "RemoveFromVersionId": V2}))
        assert "VersionIdsToStages" not in shown(secretsmanager)

    def test_a_managed_secret(self, freezer_at_noon, fake_secrets, secretsmanager, shown):
        fake_secrets.add("app/db", "x", owning_service="rds")
        names = {"NextRotationDate", "OwningService", "RotationEnabled", "RotationRules", "Tags"}
        assert shown(secretsmanager).keys() == BASE | names

    def test_tags_that_were_emptied_are_an_empty_list(self, db, do, secretsmanager, shown):
        do(TAGS, NO_TAGS)
        assert shown(secretsmanager)["Tags"] == []

    @needs_type
    def test_a_type_is_echoed_and_changed(self, freezer_at_noon, secretsmanager, shown):
        secretsmanager.create_secret(Name="app/db", Type="SalesforceClientSecret", SecretString="x")
        assert shown(secretsmanager)["Type"] == "SalesforceClientSecret"
        secretsmanager.update_secret(SecretId="app/db", Type="BigIDClientSecret")
        assert shown(secretsmanager)["Type"] == "BigIDClientSecret"
        secretsmanager.update_secret(SecretId="app/db", Description="d")
        assert shown(secretsmanager)["Type"] == "BigIDClientSecret"

    def test_members_are_in_awss_order(self, fake_secrets, db, do, secretsmanager, answer):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 1})
        metadata = {"Description": "d", "KmsKeyId": "alias/app"}
        do(("update_secret", metadata), ("get_secret_value", {}), TAGS, REPLICATE)
        assert list(answer(secretsmanager.describe_secret, SecretId="app/db")) == [
            "ARN",
            "Name",
            "Description",
            "KmsKeyId",
            "RotationEnabled",
            "RotationLambdaARN",
            "RotationRules",
            "LastRotatedDate",
            "LastChangedDate",
            "LastAccessedDate",
            "NextRotationDate",
            "Tags",
            "VersionIdsToStages",
            "CreatedDate",
            "PrimaryRegion",
            "ReplicationStatus",
        ]
        do(NOT_REPLICATE, ("delete_secret", {}))
        names = list(answer(secretsmanager.describe_secret, SecretId="app/db"))
        assert names[names.index("LastAccessedDate") + 1] == "DeletedDate"


CHANGED = {"LastChangedDate": NOON + LATER}
READ = {"LastAccessedDate": MIDNIGHT + timedelta(days=1)}


class TestDates:
    """Which calls move which dates of a secret that was read on the day before (api-facts 3)."""

    @pytest.fixture
    def dates(self, answer):
        def dates(client):
            described = answer(client.describe_secret, SecretId="app/db")
            return {name: value for name, value in described.items() if name.endswith("Date")}

        return dates

    @pytest.fixture
    def seen(self, db, do):
        """A secret with a policy, a tag and an older version, which has been read."""
        do(
            ("put_secret_value", {"SecretString": "S2", "ClientRequestToken": V2}),
            ("put_resource_policy", {"ResourcePolicy": POLICY}),
            TAGS,
            ("get_secret_value", {}),
        )

    @pytest.mark.parametrize(
        ("call", "moved"),
        [
            (("describe_secret", {}), {}),
            (("list_secret_version_ids", {}), {}),
            (("get_resource_policy", {}), {}),
            (("validate_resource_policy", {"ResourcePolicy": POLICY}), {}),
            (("get_secret_value", {}), READ),
            (("get_secret_value", {"VersionId": V1}), READ),
            (("put_secret_value", {"SecretString": "S3"}), CHANGED),
            (("put_secret_value", {"SecretString": "S3", "VersionStages": ["LIVE"]}), CHANGED),
            (("put_secret_value", {"SecretString": "S2"}), CHANGED),
            (("put_secret_value", {"SecretString": "S2", "ClientRequestToken": V2}), {}),
            (("update_secret", {"SecretString": "S3"}), CHANGED),
            (("update_secret", {"SecretString": "S2"}), CHANGED),
            (("update_secret", {"SecretString": "S2", "ClientRequestToken": V2}), {}),
            (("update_secret", {"Description": "d"}), CHANGED),
            (("update_secret", {"KmsKeyId": "alias/app"}), CHANGED),
            (("update_secret", {}), CHANGED),
            (("tag_resource", {"Tags": [{"Key": "new", "Value": ""}]}), CHANGED),
            (NO_TAGS, CHANGED),
            (("put_resource_policy", {"ResourcePolicy": POLICY}), CHANGED),
            (("delete_resource_policy", {}), CHANGED),
            (("update_secret_version_stage", {"VersionStage": "LIVE", "MoveToVersionId": V1}), CHANGED),
            (
                ("update_secret_version_stage", {"VersionStage": "AWSPREVIOUS", "RemoveFromVersionId": V1}),
                CHANGED,
            ),
            (REPLICATE, CHANGED),
            (("delete_secret", {}), {**CHANGED, "DeletedDate": NOON + LATER}),
        ],
    )
    def test_a_call_moves(self, freezer_at_noon, seen, do, secretsmanager, dates, call, moved):
        before = dates(secretsmanager)
        freezer_at_noon.tick(LATER)
        do(call)
        assert dates(secretsmanager) == {**before, **moved}

    def test_a_batch_moves_what_a_read_does(self, freezer_at_noon, seen, secretsmanager, dates):
        before = dates(secretsmanager)
        freezer_at_noon.tick(LATER)
        secretsmanager.batch_get_secret_value(SecretIdList=["app/db"])
        assert dates(secretsmanager) == {**before, **READ}

    def test_lists_move_nothing(self, freezer_at_noon, seen, secretsmanager, dates):
        before = dates(secretsmanager)
        freezer_at_noon.tick(LATER)
        secretsmanager.list_secrets(IncludePlannedDeletion=True)
        assert dates(secretsmanager) == before

    def test_restoring_removes_the_date_of_deletion(self, freezer_at_noon, seen, do, secretsmanager, dates):
        before = dates(secretsmanager)
        do(("delete_secret", {}))
        freezer_at_noon.tick(LATER)
        do(("restore_secret", {}))
        assert dates(secretsmanager) == {**before, **CHANGED}

    def test_removing_a_region_moves_the_primarys(self, freezer_at_noon, seen, do, secretsmanager, dates):
        do(REPLICATE)
        before = dates(secretsmanager)
        freezer_at_noon.tick(LATER)
        do(NOT_REPLICATE)
        assert dates(secretsmanager) == {**before, **CHANGED}

    def test_a_replica_copies_the_date_of_change_only(
        self, freezer_at_noon, seen, do, secretsmanager, abroad, dates
    ):
        freezer_at_noon.tick(LATER)
        do(REPLICATE)
        assert dates(abroad) == {**CHANGED, "CreatedDate": NOON + LATER}
        freezer_at_noon.tick(LATER)
        do(("put_secret_value", {"SecretString": "S3"}))
        abroad.get_secret_value(SecretId="app/db")
        assert dates(abroad) == {
            "CreatedDate": NOON + LATER,
            "LastChangedDate": NOON + 2 * LATER,
            "LastAccessedDate": MIDNIGHT + timedelta(days=2),
        }
        assert dates(secretsmanager)["LastAccessedDate"] == MIDNIGHT

    def test_a_rotation_that_begins_moves_the_date_of_change(
        self, freezer_at_noon, fake_secrets, seen, secretsmanager, dates
    ):
        before = dates(secretsmanager)
        freezer_at_noon.tick(LATER)
        rotate(fake_secrets, secretsmanager)
        assert dates(secretsmanager) == {**before, **CHANGED}

    def test_a_finished_rotation_is_dated_by_its_last_call(
        self, freezer_at_noon, fake_secrets, db, secretsmanager, dates
    ):
        freezer_at_noon.tick(LATER)
        rotate(fake_secrets, secretsmanager, finish)
        assert dates(secretsmanager) == {"CreatedDate": NOON, **CHANGED, "LastRotatedDate": NOON + LATER}

    @pytest.mark.parametrize("call", ["put_secret_value", "update_secret"])
    def test_a_value_by_hand_moves_the_date_of_the_next_rotation(
        self, freezer_at_noon, fake_secrets, db, do, secretsmanager, dates, call
    ):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 30})
        freezer_at_noon.tick(LATER)
        do((call, {"SecretString": "by hand"}))
        assert dates(secretsmanager) == {
            "CreatedDate": NOON,
            **CHANGED,
            "LastRotatedDate": NOON,
            "NextRotationDate": datetime(2026, 4, 4, 23, 59, 59, tzinfo=UTC),
        }

    def test_a_cancelled_rotation_loses_its_dates(
        self, freezer_at_noon, fake_secrets, db, do, secretsmanager, dates
    ):
        rotate(fake_secrets, secretsmanager, finish, RotationRules={"AutomaticallyAfterDays": 30})
        freezer_at_noon.tick(LATER)
        do(("cancel_rotate_secret", {}))
        assert dates(secretsmanager) == {"CreatedDate": NOON, **CHANGED}

    def test_created_date_of_a_secret_and_of_its_versions(self, freezer_at_noon, db, do, secretsmanager, dates):
        first = dates(secretsmanager)
        assert first == {"CreatedDate": NOON, "LastChangedDate": NOON}
        freezer_at_noon.tick(LATER)
        do(("put_secret_value", {"SecretString": "S2", "ClientRequestToken": V2}))
        assert dates(secretsmanager)["CreatedDate"] == NOON
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]
        created = {version["VersionId"]: version["CreatedDate"] for version in listed}
        assert created == {V1: NOON, V2: NOON + LATER}
        for version_id, date in created.items():
            read = secretsmanager.get_secret_value(SecretId="app/db", VersionId=version_id)
            assert read["CreatedDate"] == date

    def test_last_accessed_date_is_the_same_all_day(self, freezer_at_noon, db, do, secretsmanager, dates):
        for hours, midnight in [(0, 0), (11.99, 0), (0.02, 1), (23, 1), (1, 2)]:
            freezer_at_noon.tick(timedelta(hours=hours))
            do(("get_secret_value", {}))
            (version,) = secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]
            expected = MIDNIGHT + timedelta(days=midnight)
            assert dates(secretsmanager)["LastAccessedDate"] == version["LastAccessedDate"] == expected
