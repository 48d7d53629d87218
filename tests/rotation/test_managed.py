"""Managed secrets, which AWS or a partner rotates without a rotation function."""

import functools

import pytest

from fake_secrets import RotationFailedError, UnsupportedOperationError

TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
EXTERNAL = [{"Key": "orgId", "Value": "00D5g"}]
ROLE = "arn:aws:iam::123456789012:role/rotates"


@pytest.fixture(autouse=True)
def noon(freezer_at_noon):
    return freezer_at_noon


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("rds!db-1", {"username": "app", "password": "old"}, owning_service="rds")


@pytest.fixture
def knows_types(secretsmanager):
    if "Type" not in secretsmanager.meta.service_model.operation_model("CreateSecret").input_shape.members:
        pytest.skip("this botocore is older than secrets of partners")


@pytest.fixture
def external(fake_secrets, secretsmanager, knows_types):
    secretsmanager.create_secret(Name="crm", SecretString="old", Type="SalesforceClientSecret")
    return fake_secrets["crm"]


class TestOwnedByAService:
    def test_rotate_secret_makes_a_new_password(self, db, secretsmanager):
        answer = secretsmanager.rotate_secret(SecretId="rds!db-1", ClientRequestToken=TOKEN)
        assert answer["VersionId"] == TOKEN
        assert db.value()["username"] == "app"
        assert db.value()["password"] != "old"

    def test_the_labels_move_as_in_any_rotation(self, db, secretsmanager):
        before = db.stages["AWSCURRENT"]
        secretsmanager.rotate_secret(SecretId="rds!db-1", ClientRequestToken=TOKEN)
        assert db.stages == {"AWSCURRENT": TOKEN, "AWSPENDING": TOKEN, "AWSPREVIOUS": before}

    def test_the_dates_and_events_are_those_of_any_rotation(self, db, fake_secrets, secretsmanager):
        secretsmanager.rotate_secret(SecretId="rds!db-1")
        described = secretsmanager.describe_secret(SecretId="rds!db-1")
        assert described["LastRotatedDate"].isoformat() == "2026-03-04T12:00:00+00:00"
        assert described["NextRotationDate"].isoformat() == "2026-03-11T23:59:59+00:00"
        assert [record["eventName"] for record in fake_secrets.trail.service_events] == [
            "RotationStarted",
            "RotationSucceeded",
        ]

    def test_the_test_can_make_the_new_value(self, db, fake_secrets, secretsmanager):
        fake_secrets.managed_rotation("rds!db-1", lambda current: {**current, "password": "chosen"})
        secretsmanager.rotate_secret(SecretId="rds!db-1")
        assert db.value() == {"username": "app", "password": "chosen"}

    def test_it_rotates_every_seven_days(self, noon, db, secretsmanager):
        """rotation-facts 1.6 [C]."""
        secretsmanager.list_secrets()
        noon.move_to("2026-03-26T00:00:00Z")
        secretsmanager.list_secrets()
        assert [f"{version.created:%m-%d}" for version in db.versions] == ["03-04", "03-11", "03-18", "03-25"]

    def test_the_rules_can_be_set_without_rotating(self, db, fake_secrets, secretsmanager):
        secretsmanager.rotate_secret(
            SecretId="rds!db-1", RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
        )
        assert (db.value()["password"], fake_secrets.rotations) == ("old", [])
        assert f"{fake_secrets.next_due():%m-%d}" == "04-03"

    def test_an_error_in_the_tests_function_fails_the_rotation(self, db, fake_secrets, secretsmanager):
        def breaks(current):
            raise ConnectionError

        fake_secrets.managed_rotation("rds!db-1", breaks)
        with pytest.raises(ConnectionError):
            secretsmanager.rotate_secret(SecretId="rds!db-1")
        (rotation,) = fake_secrets.rotations
        assert (rotation.outcome, rotation.steps) == ("failed", ["managedRotation"])
        assert db.value()["password"] == "old"
        assert fake_secrets.trail.service_events[-1]["eventName"] == "RotationFailed"

    def test_a_failed_rotation_can_be_retried(self, db, fake_secrets, secretsmanager):
        fake_secrets.managed_rotation("rds!db-1", lambda current: 1 / 0)
        rotation = fake_secrets.rotate("rds!db-1", errors="record")
        fake_secrets.managed_rotation("rds!db-1", lambda current: "chosen")
        assert rotation.retry().succeeded
        assert db.value() == "chosen"

    def test_the_rotation_appears_in_the_timeline(self, db, fake_secrets):
        fake_secrets.rotate("rds!db-1")
        assert [moment.operation for moment in fake_secrets.timeline("rds!db-1").moments] == [
            "(seed)",
            "RotateSecret",
            "(managed rotation)",
        ]

    def test_rotation_can_be_cancelled(self, noon, db, fake_secrets, secretsmanager):
        secretsmanager.cancel_rotate_secret(SecretId="rds!db-1")
        noon.move_to("2027-01-01")
        assert fake_secrets.run_due() == []

    def test_a_replica_gets_the_new_value(self, fake_secrets, secretsmanager, external):
        secretsmanager.replicate_secret_to_regions(SecretId="crm", AddReplicaRegions=[{"Region": "sa-east-1"}])
        fake_secrets.managed_rotation("crm", lambda current: "new")
        fake_secrets.rotate("crm")
        replica = external.arn.replace("us-east-1", "sa-east-1")
        assert fake_secrets[replica].value() == "new"


class TestExternal:
    def test_metadata_and_role_are_kept_and_shown(self, external, fake_secrets, secretsmanager):
        fake_secrets.managed_rotation("crm", lambda current: f"after {current}")
        secretsmanager.rotate_secret(
            SecretId="crm", ExternalSecretRotationMetadata=EXTERNAL, ExternalSecretRotationRoleArn=ROLE
        )
        described = secretsmanager.describe_secret(SecretId="crm")
        assert described["ExternalSecretRotationMetadata"] == EXTERNAL
        assert described["ExternalSecretRotationRoleArn"] == ROLE
        assert external.value() == "after old"

    def test_metadata_and_role_stay_in_the_next_rotation(self, external, fake_secrets, secretsmanager):
        fake_secrets.managed_rotation("crm", lambda current: f"after {current}")
        secretsmanager.rotate_secret(
            SecretId="crm", ExternalSecretRotationMetadata=EXTERNAL, ExternalSecretRotationRoleArn=ROLE
        )
        secretsmanager.rotate_secret(SecretId="crm")
        (listed,) = secretsmanager.list_secrets()["SecretList"]
        assert listed["ExternalSecretRotationRoleArn"] == ROLE
        assert external.value() == "after after old"

    def test_a_value_without_a_password_needs_managed_rotation(self, external, secretsmanager):
        with pytest.raises(UnsupportedOperationError, match=r"fake_secrets\.managed_rotation"):
            secretsmanager.rotate_secret(SecretId="crm")

    def test_a_binary_value_can_be_rotated(self, fake_secrets, secretsmanager, knows_types):
        secretsmanager.create_secret(Name="key", SecretBinary=b"old", Type="SnowflakeKeyPairAuthentication")
        fake_secrets.managed_rotation("key", lambda current: current[::-1])
        fake_secrets.rotate("key")
        assert fake_secrets["key"].value() == b"dlo"

    @pytest.mark.parametrize("value", [None, 7, ["new"]])
    def test_an_invalid_new_value_fails_the_rotation(self, external, fake_secrets, value):
        fake_secrets.managed_rotation("crm", lambda current: value)
        with pytest.raises(TypeError, match="value of secret 'crm'"):
            fake_secrets.rotate("crm")
        assert external.value() == "old"

    def test_a_managed_secret_can_be_rotated_by_a_function(self, external, fake_secrets):
        rotation = fake_secrets.rotate("crm", lambda event, context: None)
        assert rotation.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.mark.fake_secrets(rotation_errors="record")
def test_an_unsupported_rotation_raises_even_if_errors_are_recorded(external, secretsmanager):
    with pytest.raises(UnsupportedOperationError):
        secretsmanager.rotate_secret(SecretId="crm")


def test_a_secret_that_is_not_managed_is_refused(fake_secrets):
    fake_secrets.add("prod/db", "old")
    with pytest.raises(ValueError, match="'prod/db' isn't managed, so a rotation function rotates it"):
        fake_secrets.managed_rotation("prod/db", lambda current: "new")


def test_the_label_event_comes_before_the_success_event(db, fake_secrets):
    fake_secrets.rotate("rds!db-1")
    assert [event["detail"].get("eventName", event["detail-type"]) for event in fake_secrets.trail.events] == [
        "RotationStarted",
        "Secret Label Updated",
        "RotationSucceeded",
    ]


def test_exceeding_the_label_quota_fails_the_rotation_and_changes_nothing(db, fake_secrets):
    before = db.stages
    fake_secrets.quotas.labels = 2
    with pytest.raises(RotationFailedError, match="maximum number of staging labels"):
        fake_secrets.rotate("rds!db-1", token=TOKEN)
    assert db.stages == {**before, "AWSPENDING": TOKEN}
    assert db.value("AWSPENDING") is None


@pytest.mark.fake_secrets(rotation="manual")
def test_a_value_that_was_put_into_the_pending_version_is_overwritten(external, fake_secrets, secretsmanager):
    fake_secrets.managed_rotation("crm", lambda current: "new")
    rotation = fake_secrets.rotate("crm")
    secretsmanager.put_secret_value(
        SecretId="crm", ClientRequestToken=rotation.token, SecretString="x", VersionStages=["AWSPENDING"]
    )
    assert rotation.step().succeeded
    assert external.value() == "new"


def test_a_function_that_returns_a_coroutine_is_refused(external, fake_secrets):
    async def new_value(current):
        return "new"

    fake_secrets.managed_rotation("crm", functools.partial(lambda make, current: make(current), new_value))
    with pytest.raises(TypeError, match="has returned a coroutine"):
        fake_secrets.rotate("crm")


def test_a_new_value_that_cannot_be_called_is_refused(db, fake_secrets):
    with pytest.raises(TypeError, match="from the current value to the new one"):
        fake_secrets.managed_rotation("rds!db-1", "new")


def test_a_value_that_is_put_during_the_rotation_stays_current(external, fake_secrets, secretsmanager):
    def puts(current):
        secretsmanager.put_secret_value(SecretId="crm", SecretString="by hand")
        return "new"

    fake_secrets.managed_rotation("crm", puts)
    rotation = fake_secrets.rotate("crm")
    assert (external.value(), rotation.outcome) == ("by hand", "abandoned")
