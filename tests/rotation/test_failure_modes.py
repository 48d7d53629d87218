"""The failure modes of rotation in the service: rotation-facts 5, by row number."""

import datetime
import os

import botocore.exceptions
import pytest
from rotators import Rotator

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
UNKNOWN = "e2e2e2e2-e2e2-4e2e-8e2e-e2e2e2e2e2e2"
NOT_COMPLETE = "A previous rotation isn't complete. That rotation will be reattempted."


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


@pytest.fixture
def refused():
    """Return a function that returns code and message of a refused call."""

    def refused(call, **request):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call(SecretId="prod/db", **request)
        return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]

    return refused


def guarded(client):
    """Return a rotation function that checks the secret first, as AWS's documentation demands."""
    rotator = Rotator(client)

    def handler(event, context):
        described = client.describe_secret(SecretId=event["SecretId"])
        if not described["RotationEnabled"]:
            msg = f"Secret {event['SecretId']} is not enabled for rotation"
            raise ValueError(msg)
        stages = described["VersionIdsToStages"].get(event["ClientRequestToken"])
        if stages is None:
            msg = f"Secret version {event['ClientRequestToken']} has no stage for rotation"
            raise ValueError(msg)
        if "AWSCURRENT" not in stages:
            rotator(event, context)

    return handler


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.fake_secrets(rotation_errors="record")
class TestPendingStuck:
    """Row 2: a step fails, and AWSPENDING stays on a version of its own."""

    def test_the_next_rotation_is_refused(self, db, fake_secrets, secretsmanager, refused, step):
        fake_secrets.rotate("prod/db", Rotator(secretsmanager, fails_in=step))
        assert refused(secretsmanager.rotate_secret) == ("InvalidRequestException", NOT_COMPLETE)

    def test_a_retry_completes_it_once_the_function_is_fixed(self, db, fake_secrets, secretsmanager, step):
        rotator = Rotator(secretsmanager, fails_in=step)
        rotation = fake_secrets.rotate("prod/db", rotator)
        rotator.fails_in = None
        assert rotation.retry().succeeded

    def test_another_rotation_begins_once_pending_is_removed(self, db, fake_secrets, secretsmanager, step):
        rotator = Rotator(secretsmanager, fails_in=step)
        stuck = fake_secrets.rotate("prod/db", rotator)
        rotator.fails_in = None
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=stuck.token
        )
        rotation = fake_secrets.rotate("prod/db")
        assert rotation.succeeded
        assert rotation.token != stuck.token


class TestUnfinished:
    """Row 3: no step raises, and AWSCURRENT hasn't moved."""

    def test_the_repr_says_what_is_missing(self, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", lambda event, context: None)
        assert rotation.outcome == "unfinished"
        assert "finishSecret has to move it" in repr(rotation)

    def test_the_rotation_rules_cannot_be_changed(self, db, fake_secrets, secretsmanager, refused):
        fake_secrets.rotate("prod/db", lambda event, context: None)
        rules = {"AutomaticallyAfterDays": 9}
        code, message = refused(secretsmanager.rotate_secret, RotationRules=rules, RotateImmediately=False)
        assert (code, message) == ("InvalidRequestException", NOT_COMPLETE)
        assert "RotationRules" not in secretsmanager.describe_secret(SecretId="prod/db")


class TestNoValue:
    """Row 12: rotation of a secret that has no value yet."""

    def test_the_call_is_accepted_and_create_secret_fails(self, fake_secrets, secretsmanager):
        fake_secrets.add("prod/db")
        with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException, match="AWSCURRENT"):
            fake_secrets.rotate("prod/db", Rotator(secretsmanager), token=TOKEN)
        assert fake_secrets["prod/db"].stages == {"AWSPENDING": TOKEN}

    def test_storing_a_value_abandons_the_rotation(self, fake_secrets, secretsmanager):
        fake_secrets.add("prod/db")
        rotation = fake_secrets.rotate("prod/db", Rotator(secretsmanager), token=TOKEN, errors="record")
        version = secretsmanager.put_secret_value(SecretId="prod/db", SecretString="first")["VersionId"]
        assert fake_secrets["prod/db"].stages == {"AWSCURRENT": version}
        assert fake_secrets.trail.service_events[-1]["eventName"] == "RotationAbandoned"
        assert (rotation.outcome, rotation.failed_step) == ("abandoned", "createSecret")


@pytest.mark.parametrize("after", STEPS[:3])
@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
@pytest.mark.fake_secrets(rotation="manual", rotation_errors="record")
class TestValueMeanwhile:
    """Row 13: a value is stored during a rotation."""

    def test_the_next_step_finds_no_staging_label(self, db, fake_secrets, secretsmanager, after, operation):
        rotation = fake_secrets.rotate("prod/db", guarded(secretsmanager))
        while after not in rotation.steps:
            rotation.step()
        getattr(secretsmanager, operation)(SecretId="prod/db", SecretString="by hand")
        rotation.step()
        assert (rotation.outcome, rotation.failed_step) == ("abandoned", STEPS[STEPS.index(after) + 1])
        assert "has no stage for rotation" in str(rotation.error)
        assert db.value() == "by hand"

    def test_the_next_rotation_uses_a_new_version(self, db, fake_secrets, secretsmanager, after, operation):
        rotation = fake_secrets.rotate("prod/db", guarded(secretsmanager))
        while after not in rotation.steps:
            rotation.step()
        getattr(secretsmanager, operation)(SecretId="prod/db", SecretString="by hand")
        another = fake_secrets.rotate("prod/db")
        for _ in STEPS:
            another.step()
        assert another.succeeded


class TestNotInvocable:
    """Row 36: the function doesn't exist, or may not be invoked."""

    def test_nothing_is_stored(self, db, secretsmanager, refused):
        before = secretsmanager.describe_secret(SecretId="prod/db")
        arn = "arn:aws:lambda:us-east-1:123456789012:function:ungranted"
        code, _ = refused(
            secretsmanager.rotate_secret, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 9}
        )
        after = secretsmanager.describe_secret(SecretId="prod/db")
        assert code == "AccessDeniedException"
        assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}


@pytest.mark.parametrize("after", STEPS[:3])
@pytest.mark.fake_secrets(rotation="manual", rotation_errors="record")
class TestChangedMeanwhile:
    """Row 38: rotation is cancelled, or the secret is deleted, during a rotation."""

    def test_the_guard_raises_after_cancelling(self, db, fake_secrets, secretsmanager, after):
        rotation = fake_secrets.rotate("prod/db", guarded(secretsmanager))
        while after not in rotation.steps:
            rotation.step()
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        rotation.step()
        assert "is not enabled for rotation" in str(rotation.error)
        assert db.stages["AWSPENDING"] == rotation.token

    def test_the_functions_calls_are_refused_after_deleting(self, db, fake_secrets, secretsmanager, after):
        rotation = fake_secrets.rotate("prod/db", Rotator(secretsmanager))
        while after not in rotation.steps:
            rotation.step()
        before = db.stages
        secretsmanager.delete_secret(SecretId="prod/db")
        while rotation.next_step is not None:
            rotation.step()
        assert (rotation.outcome, rotation.failed_step) == ("failed", "finishSecret")
        assert db.stages == before


class TestInventedToken:
    """Row 41: the function is invoked manually, with a token that no rotation has."""

    def test_the_guard_raises_and_nothing_is_written(self, db, fake_secrets, secretsmanager):
        fake_secrets.rotate("prod/db", guarded(secretsmanager))
        before = db.stages
        event = {"SecretId": db.arn, "ClientRequestToken": UNKNOWN, "Step": "createSecret"}
        with pytest.raises(ValueError, match="has no stage for rotation"):
            guarded(secretsmanager)(event, None)
        assert db.stages == before


class TestEndpoint:
    """Row 45: the templates read SECRETS_MANAGER_ENDPOINT."""

    def test_the_function_sees_the_variable(self, db, fake_secrets):
        seen = set()
        fake_secrets.rotate("prod/db", lambda event, context: seen.add(os.environ["SECRETS_MANAGER_ENDPOINT"]))
        assert seen == {"https://secretsmanager.us-east-1.amazonaws.com"}


class TestEchoedSchedule:
    """Row 46: the rules that DescribeSecret shows can't be sent back unchanged."""

    @pytest.fixture
    def shown(self, db, fake_secrets, secretsmanager):
        secretsmanager.rotate_secret(
            SecretId="prod/db",
            RotationLambdaARN=fake_secrets.lambda_function(Rotator(secretsmanager)),
            RotationRules={"ScheduleExpression": "rate(10 days)"},
        )
        return secretsmanager.describe_secret(SecretId="prod/db")["RotationRules"]

    def test_a_schedule_with_the_derived_days_is_refused(self, shown, secretsmanager, refused):
        assert refused(secretsmanager.rotate_secret, RotationRules=shown) == (
            "InvalidParameterException",
            "You cannot specify both rotation frequency and schedule expression together.",
        )

    def test_a_schedule_without_the_derived_days_is_accepted(self, shown, secretsmanager):
        rules = {name: value for name, value in shown.items() if name != "AutomaticallyAfterDays"}
        secretsmanager.rotate_secret(SecretId="prod/db", RotationRules=rules)
        assert secretsmanager.describe_secret(SecretId="prod/db")["RotationRules"] == shown


class TestTrial:
    """Row 48: with RotateImmediately=False testSecret finds the current value under AWSPENDING."""

    def test_pending_and_current_are_the_same_value(self, db, fake_secrets, secretsmanager):
        seen = []

        def handler(event, context):
            values = [
                secretsmanager.get_secret_value(SecretId=event["SecretId"], VersionStage=label)["SecretString"]
                for label in ("AWSPENDING", "AWSCURRENT")
            ]
            seen.append((event["Step"], values))

        arn = fake_secrets.lambda_function(handler)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        assert seen == [("testSecret", ["old", "old"])]

    def test_a_function_that_expects_a_new_value_fails_and_leaves_nothing(self, db, fake_secrets, secretsmanager):
        before = db.stages

        def handler(event, context):
            pending = secretsmanager.get_secret_value(SecretId=event["SecretId"], VersionStage="AWSPENDING")
            assert pending["SecretString"] != "old"

        arn = fake_secrets.lambda_function(handler)
        with pytest.raises(AssertionError):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        assert (db.stages, len(db.versions)) == (before, 1)


class TestNeverConfigured:
    """Row 49: DescribeSecret of a secret that never had rotation has no RotationEnabled."""

    def test_a_function_that_reads_it_by_key_raises(self, db, secretsmanager):
        event = {"SecretId": db.arn, "ClientRequestToken": UNKNOWN, "Step": "createSecret"}
        with pytest.raises(KeyError, match="RotationEnabled"):
            guarded(secretsmanager)(event, None)


class TestNextRotationDate:
    """Row 50: NextRotationDate is the end of a window; it may be past or absent."""

    @pytest.fixture
    def next_date(self, freezer_at_noon, db, fake_secrets, secretsmanager):
        def next_date():
            return secretsmanager.describe_secret(SecretId="prod/db").get("NextRotationDate")

        rules = {"AutomaticallyAfterDays": 10}
        rotator = Rotator(secretsmanager)
        arn = fake_secrets.lambda_function(rotator)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules=rules)
        rotator.fails_in = "setSecret"
        return next_date

    def test_the_date_is_the_last_second_of_a_day(self, next_date):
        assert next_date() == datetime.datetime(2026, 3, 14, 23, 59, 59, tzinfo=datetime.UTC)

    def test_the_date_is_past_after_a_failed_rotation(self, next_date, freezer_at_noon):
        freezer_at_noon.move_to("2026-03-20T00:00:00Z")
        assert next_date() == datetime.datetime(2026, 3, 14, 23, 59, 59, tzinfo=datetime.UTC)

    def test_the_date_is_absent_after_cancelling(self, next_date, secretsmanager):
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        assert next_date() is None
