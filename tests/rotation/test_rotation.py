"""Rotation of a secret by the user's own rotation function, with real clients."""

import asyncio
import dataclasses
import os
import threading

import boto3
import botocore.exceptions
import pytest
from rotators import Rotator

from fake_secrets import RequestRefusedError, RotationFailedError, RotationNotOpenError, mock_stages

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


def rotate(secretsmanager, fake_secrets, handler, **request):
    return secretsmanager.rotate_secret(
        SecretId="prod/db", RotationLambdaARN=fake_secrets.lambda_function(handler, "rotator"), **request
    )


def described(secretsmanager):
    return secretsmanager.describe_secret(SecretId="prod/db")


class TestSuccess:
    def test_the_four_steps_are_run_before_the_call_returns(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator)
        assert rotator.steps == STEPS

    def test_the_answer_names_the_new_version(self, fake_secrets, secretsmanager, db):
        answer = rotate(secretsmanager, fake_secrets, Rotator(), ClientRequestToken=TOKEN)
        del answer["ResponseMetadata"]
        assert answer == {"ARN": db.arn, "Name": "prod/db", "VersionId": TOKEN}

    def test_the_new_version_is_current_and_the_old_one_previous(self, fake_secrets, secretsmanager, db):
        old = db.stages["AWSCURRENT"]
        rotate(secretsmanager, fake_secrets, Rotator(), ClientRequestToken=TOKEN)
        assert db.stages == {"AWSCURRENT": TOKEN, "AWSPENDING": TOKEN, "AWSPREVIOUS": old}

    def test_the_event_has_awss_members(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator, ClientRequestToken=TOKEN)
        token = rotator.events[0]["RotationToken"]
        assert rotator.events == [
            {"SecretId": db.arn, "ClientRequestToken": TOKEN, "Step": step, "RotationToken": token}
            for step in STEPS
        ]

    def test_the_rotation_token_has_the_documented_form(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator)
        token = rotator.events[0]["RotationToken"]
        assert 36 <= len(token) <= 256
        assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")

    def test_the_context_has_lambdas_members(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator)
        context = rotator.contexts[0]
        assert context.function_name == "rotator"
        assert context.function_version == "$LATEST"
        assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:rotator"
        assert context.memory_limit_in_mb == "128"
        assert context.log_group_name == "/aws/lambda/rotator"
        assert "[$LATEST]" in context.log_stream_name
        assert context.identity.cognito_identity_id is None
        assert context.client_context is None

    def test_each_step_is_a_separate_invocation(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator)
        assert len({context.aws_request_id for context in rotator.contexts}) == 4

    def test_the_remaining_time_counts_down_by_the_tests_clock(
        self, freezer_at_noon, fake_secrets, secretsmanager, db
    ):
        remaining = []

        def slow(event, context):
            remaining.append(context.get_remaining_time_in_millis())
            freezer_at_noon.tick(12)
            remaining.append(context.get_remaining_time_in_millis())
            freezer_at_noon.tick(100)
            remaining.append(context.get_remaining_time_in_millis())

        arn = fake_secrets.lambda_function(slow, timeout=15)
        with pytest.raises(RotationFailedError):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert remaining == [15_000, 3_000, 0]

    def test_the_function_sees_lambdas_environment_variables(self, fake_secrets, secretsmanager, db, monkeypatch):
        monkeypatch.delenv("EXCLUDE_CHARACTERS", raising=False)
        seen = {}
        arn = fake_secrets.lambda_function(
            lambda event, context: seen.update(os.environ), "rotator", environment={"EXCLUDE_CHARACTERS": "/@"}
        )
        before = dict(os.environ)
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)
        assert dict(os.environ) == before
        assert {name: seen.get(name) for name in seen.keys() - before.keys()} == {
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "rotator",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/rotator",
            "EXCLUDE_CHARACTERS": "/@",
        }

    def test_the_empty_version_exists_when_the_function_begins(self, fake_secrets, secretsmanager, db):
        seen = []

        def look(event, context):
            client = boto3.client("secretsmanager")
            seen.append(client.describe_secret(SecretId="prod/db")["VersionIdsToStages"][TOKEN])
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.get_secret_value(SecretId="prod/db", VersionId=TOKEN, VersionStage="AWSPENDING")

        rotate(secretsmanager, fake_secrets, look, ClientRequestToken=TOKEN)
        assert seen[0] == ["AWSPENDING"]

    def test_describe_secret_shows_dates_and_rules(self, freezer_at_noon, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 30})
        answer = described(secretsmanager)
        assert answer["RotationEnabled"] is True
        assert answer["RotationRules"] == {"AutomaticallyAfterDays": 30}
        assert answer["LastRotatedDate"].isoformat() == "2026-03-04T12:00:00+00:00"
        assert answer["NextRotationDate"].isoformat() == "2026-04-03T23:59:59+00:00"
        assert answer["LastChangedDate"].isoformat() == "2026-03-04T12:00:00+00:00"

    def test_empty_rules_are_like_no_rules(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 30})
        secretsmanager.rotate_secret(SecretId="prod/db", RotationRules={})
        assert described(secretsmanager)["RotationRules"] == {"AutomaticallyAfterDays": 30}

    def test_a_second_rotation_needs_no_parameters(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator, RotationRules={"AutomaticallyAfterDays": 30})
        secretsmanager.rotate_secret(SecretId="prod/db")
        assert rotator.steps == STEPS * 2
        assert described(secretsmanager)["RotationRules"] == {"AutomaticallyAfterDays": 30}

    def test_putting_a_value_moves_only_the_next_date(self, freezer_at_noon, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 30})
        freezer_at_noon.tick(86_400)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        answer = described(secretsmanager)
        assert answer["NextRotationDate"].isoformat() == "2026-04-04T23:59:59+00:00"
        assert answer["LastRotatedDate"].isoformat() == "2026-03-04T12:00:00+00:00"

    def test_the_next_date_counts_from_the_end_of_the_rotation(
        self, freezer_at_noon, fake_secrets, secretsmanager, db
    ):
        def slow(event, context):
            Rotator()(event, context)
            freezer_at_noon.tick(86_400)

        rotate(secretsmanager, fake_secrets, slow, RotationRules={"AutomaticallyAfterDays": 1})
        answer = described(secretsmanager)
        assert answer["LastRotatedDate"].isoformat() == "2026-03-08T12:00:00+00:00"
        assert answer["NextRotationDate"].isoformat() == "2026-03-09T23:59:59+00:00"

    @pytest.mark.parametrize("stages", [["AWSPENDING"], ["LIVE"]])
    def test_a_value_that_does_not_become_current_moves_no_date(
        self, freezer_at_noon, fake_secrets, secretsmanager, db, stages
    ):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 1})
        before = described(secretsmanager)["NextRotationDate"]
        freezer_at_noon.tick(3_600)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=stages)
        assert described(secretsmanager)["NextRotationDate"] == before

    def test_the_last_rotated_date_stays_when_the_next_rotation_begins(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator)
        before = described(secretsmanager)["LastRotatedDate"]
        rotator.fails_in = "createSecret"
        with pytest.raises(RuntimeError):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert described(secretsmanager)["LastRotatedDate"] == before

    def test_repeating_a_token_starts_no_rotation(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        rotate(secretsmanager, fake_secrets, rotator, ClientRequestToken=TOKEN)
        answer = rotate(secretsmanager, fake_secrets, rotator, ClientRequestToken=TOKEN)
        assert answer["VersionId"] == TOKEN
        assert rotator.steps == STEPS

    def test_the_same_token_during_the_rotation_gets_the_same_answer(self, fake_secrets, secretsmanager, db):
        answers = []

        def handler(event, context):
            answers.append(secretsmanager.rotate_secret(SecretId="prod/db", ClientRequestToken=TOKEN))

        rotate(secretsmanager, fake_secrets, handler, ClientRequestToken=TOKEN)
        assert [answer["VersionId"] for answer in answers] == [TOKEN] * 4

    def test_another_token_during_the_rotation_is_refused(self, fake_secrets, secretsmanager, db):
        refusals = []

        def handler(event, context):
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                secretsmanager.rotate_secret(SecretId="prod/db")
            refusals.append(refused.value.response["Error"]["Message"])

        rotate(secretsmanager, fake_secrets, handler)
        assert refusals == ["A previous rotation isn't complete. That rotation will be reattempted."] * 4

    def test_a_secret_in_another_region_is_rotated_there(self, fake_secrets):
        fake_secrets.add("far/db", "old", region="eu-west-3")
        seen = []

        def look(event, context):
            seen.append((os.environ["AWS_REGION"], boto3.client("secretsmanager").meta.region_name))

        client = boto3.client("secretsmanager", region_name="eu-west-3")
        arn = fake_secrets.lambda_function(look, arn="arn:aws:lambda:eu-west-3:123456789012:function:far")
        client.rotate_secret(SecretId="far/db", RotationLambdaARN=arn)
        assert seen[0] == ("eu-west-3", "eu-west-3")

    def test_a_call_from_a_thread_of_the_function_is_answered(self, fake_secrets, secretsmanager, db):
        values = []

        def in_a_thread(event, context):
            client = boto3.client("secretsmanager")
            thread = threading.Thread(
                target=lambda: values.append(client.get_secret_value(SecretId="prod/db")["SecretString"])
            )
            thread.start()
            thread.join(10)

        rotate(secretsmanager, fake_secrets, in_a_thread)
        assert values == ["old"] * 4


class TestFailure:
    @pytest.mark.parametrize("step", STEPS)
    def test_the_functions_error_comes_out_of_the_call(self, fake_secrets, secretsmanager, db, step):
        rotator = Rotator(fails_in=step)
        with pytest.raises(RuntimeError) as raised:
            rotate(secretsmanager, fake_secrets, rotator)
        assert raised.value is rotator.error
        assert raised.value.__notes__ == [f"raised in {step} while rotating secret 'prod/db'"]

    @pytest.mark.parametrize("step", STEPS)
    def test_later_steps_are_not_run(self, fake_secrets, secretsmanager, db, step):
        rotator = Rotator(fails_in=step)
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, rotator)
        assert rotator.steps == STEPS[: STEPS.index(step) + 1]

    @pytest.mark.parametrize("step", STEPS)
    def test_pending_stays_on_the_new_version_and_current_does_not_move(
        self, fake_secrets, secretsmanager, db, step
    ):
        old = db.stages["AWSCURRENT"]
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, Rotator(fails_in=step), ClientRequestToken=TOKEN)
        assert db.stages == {"AWSCURRENT": old, "AWSPENDING": TOKEN}

    def test_a_never_successful_rotation_has_no_last_rotated_date(self, fake_secrets, secretsmanager, db):
        rules = {"AutomaticallyAfterDays": 30}
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, Rotator(fails_in="setSecret"), RotationRules=rules)
        answer = described(secretsmanager)
        assert answer["RotationEnabled"] is True
        assert "NextRotationDate" in answer
        assert "LastRotatedDate" not in answer

    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_a_recorded_error_is_in_rotations(self, fake_secrets, secretsmanager, db):
        rotator = Rotator(fails_in="testSecret")
        rotate(secretsmanager, fake_secrets, rotator)
        (rotation,) = fake_secrets.rotations
        assert (rotation.outcome, rotation.failed_step, rotation.error) == ("failed", "testSecret", rotator.error)

    def test_system_exit_fails_the_step(self, fake_secrets, db):
        rotator = Rotator(fails_in="setSecret", error=SystemExit(1))
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        assert rotation.outcome == "failed"

    @pytest.mark.parametrize("error", [KeyboardInterrupt, pytest.fail.Exception("not so")])
    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_what_ends_the_test_is_always_raised(self, fake_secrets, secretsmanager, db, error):
        kind = error if isinstance(error, type) else type(error)
        with pytest.raises(kind):
            rotate(secretsmanager, fake_secrets, Rotator(fails_in="setSecret", error=error))
        assert fake_secrets.rotations[0].outcome == "failed"

    def test_the_next_call_is_refused(self, fake_secrets, secretsmanager, db):
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, Rotator(fails_in="setSecret"))
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert refused.value.response["Error"] == {
            "Code": "InvalidRequestException",
            "Message": "A previous rotation isn't complete. That rotation will be reattempted.",
        }

    def test_the_next_call_with_the_same_token_is_refused_too(self, fake_secrets, secretsmanager, db):
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, Rotator(fails_in="setSecret"), ClientRequestToken=TOKEN)
        with pytest.raises(botocore.exceptions.ClientError, match="previous rotation isn't complete"):
            secretsmanager.rotate_secret(SecretId="prod/db", ClientRequestToken=TOKEN)

    def test_the_refused_call_attempts_the_rotation_again(self, fake_secrets, secretsmanager, db):
        rotator = Rotator(fails_in="createSecret")
        with pytest.raises(RuntimeError):
            rotate(secretsmanager, fake_secrets, rotator)
        with pytest.raises(botocore.exceptions.ClientError):
            secretsmanager.rotate_secret(SecretId="prod/db")
        assert rotator.steps == ["createSecret"] * 2
        assert [rotation.attempts for rotation in fake_secrets.rotations] == [2]

    def test_raising_after_moving_current_fails_the_rotation(self, fake_secrets, secretsmanager, db):
        def promotes_and_raises(event, context):
            Rotator()(event, context)
            if event["Step"] == "finishSecret":
                raise RuntimeError

        rotation = fake_secrets.rotate("prod/db", promotes_and_raises, token=TOKEN, errors="record")
        assert (rotation.outcome, db.stages["AWSCURRENT"]) == ("failed", TOKEN)
        assert "LastRotatedDate" not in described(secretsmanager)

    def test_an_exception_that_cannot_carry_a_note_comes_out_unchanged(self, fake_secrets, db):
        @dataclasses.dataclass(frozen=True)
        class FrozenError(Exception):
            text: str

        with pytest.raises(FrozenError):
            fake_secrets.rotate("prod/db", Rotator(fails_in="setSecret", error=FrozenError("no")))

    def test_an_exception_that_is_raised_twice_has_one_note(self, fake_secrets, db):
        rotator = Rotator(fails_in="createSecret")
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        with pytest.raises(RuntimeError) as raised:
            rotation.retry()
        assert len(raised.value.__notes__) == 1


class TestUnfinished:
    def test_four_steps_that_do_not_move_current_leave_it_unfinished(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(finishes=False))
        (rotation,) = fake_secrets.rotations
        assert (rotation.outcome, rotation.succeeded) == ("unfinished", False)

    def test_the_repr_says_what_is_missing(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", Rotator(finishes=False), token=TOKEN)
        assert repr(rotation) == (
            f"<Rotation of 'prod/db', version {TOKEN}: unfinished because AWSCURRENT isn't on the new version, "
            "though no step raised; finishSecret has to move it there with update_secret_version_stage, "
            "with 1 finding>"
        )

    @pytest.mark.filterwarnings("ignore:More than one new version")
    def test_pending_on_another_version_leaves_it_unfinished(self, fake_secrets, secretsmanager, db):
        def moves_pending_away(event, context):
            Rotator()(event, context)
            if event["Step"] == "finishSecret":
                secretsmanager.put_secret_value(
                    SecretId="prod/db", SecretString="stray", VersionStages=["AWSPENDING"]
                )

        rotation = fake_secrets.rotate("prod/db", moves_pending_away)
        assert rotation.outcome == "unfinished"
        stray = db.stages["AWSPENDING"]
        assert (
            f": unfinished because AWSPENDING is on version {stray}, though AWSCURRENT is on the new version; "
            in (repr(rotation))
        )

    def test_an_unfinished_rotation_sets_no_last_rotated_date(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(finishes=False))
        assert "LastRotatedDate" not in described(secretsmanager)


class TestRefusals:
    """AWS's errors. After each one, nothing is stored."""

    def refused(self, secretsmanager, **request):
        before = described(secretsmanager)
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            secretsmanager.rotate_secret(SecretId="prod/db", **request)
        after = described(secretsmanager)
        del before["ResponseMetadata"], after["ResponseMetadata"]
        assert after == before
        error = refused.value.response["Error"]
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error["Code"], error["Message"]

    def test_rotation_without_a_function_is_refused(self, secretsmanager, db):
        assert self.refused(secretsmanager, RotationRules={"AutomaticallyAfterDays": 30}) == (
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        )

    def test_an_unregistered_function_is_refused(self, secretsmanager, db):
        arn = "arn:aws:lambda:us-east-1:123456789012:function:unknown"
        assert self.refused(secretsmanager, RotationLambdaARN=arn) == (
            "AccessDeniedException",
            (
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
                "grants access to the principal secretsmanager.amazonaws.com."
            ),
        )

    @pytest.mark.parametrize(
        "arn",
        [
            "rotator",
            "arn:aws:sns:us-east-1:123456789012:topic",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
        ],
    )
    def test_an_arn_that_names_no_function_in_the_region_is_refused(self, secretsmanager, db, arn):
        assert self.refused(secretsmanager, RotationLambdaARN=arn) == (
            "InvalidParameterException",
            (
                "Invalid rotation Lambda ARN. Ensure the ARN matches format "
                "arn:aws:lambda:us-east-1:123456789012:function:<functionName>."
            ),
        )

    def test_days_and_schedule_together_are_refused(self, fake_secrets, secretsmanager, db):
        rules = {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}
        arn = fake_secrets.lambda_function(Rotator())
        assert self.refused(secretsmanager, RotationLambdaARN=arn, RotationRules=rules) == (
            "InvalidParameterException",
            "You cannot specify both rotation frequency and schedule expression together.",
        )

    @pytest.mark.parametrize("days", [0, 1001])
    def test_days_out_of_range_are_refused(self, fake_secrets, db, days):
        client = boto3.client("secretsmanager", config=botocore.config.Config(parameter_validation=False))
        code, message = self.refused(
            client,
            RotationLambdaARN=fake_secrets.lambda_function(Rotator()),
            RotationRules={"AutomaticallyAfterDays": days},
        )
        assert code == "ValidationException"
        assert message.startswith(
            f"1 validation error detected: Value '{days}' at 'rotationRules.automaticallyAfterDays' failed"
        )


class TestRotateImmediatelyFalse:
    @pytest.fixture
    def seen(self):
        return []

    @pytest.fixture
    def try_out(self, fake_secrets, secretsmanager, seen):
        """Return a function that calls RotateSecret with a rotation function that records what it sees."""

        def handler(event, context):
            token = event["ClientRequestToken"]
            request = {"SecretId": event["SecretId"], "VersionId": token, "VersionStage": "AWSPENDING"}
            seen.append((event["Step"], secretsmanager.get_secret_value(**request)["SecretString"]))

        arn = fake_secrets.lambda_function(handler, "tried")

        def try_out(**members):
            return secretsmanager.rotate_secret(
                SecretId="prod/db",
                ClientRequestToken=TOKEN,
                RotationLambdaARN=arn,
                RotateImmediately=False,
                **{"RotationRules": {"AutomaticallyAfterDays": 30}, **members},
            )

        return try_out

    def test_only_test_secret_runs_on_a_copy_of_the_current_value(self, db, try_out, seen):
        try_out()
        assert seen == [("testSecret", db.value())]

    def test_the_copy_is_removed_afterwards(self, db, try_out):
        before = db.stages, [version.id for version in db.versions]
        try_out()
        assert (db.stages, [version.id for version in db.versions]) == before

    def test_the_configuration_is_kept_and_no_rotation_is_dated(self, db, try_out, secretsmanager):
        try_out()
        now = described(secretsmanager)
        assert (now["RotationEnabled"], now["RotationRules"]) == (True, {"AutomaticallyAfterDays": 30})
        assert "NextRotationDate" in now
        assert "LastRotatedDate" not in now

    def test_the_test_succeeds_without_moving_a_label(self, fake_secrets, db, try_out):
        try_out()
        (rotation,) = fake_secrets.rotations
        assert (rotation.is_test, rotation.outcome, rotation.steps) == (True, "succeeded", ["testSecret"])

    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_a_function_that_raises_fails_the_test_and_leaves_no_copy(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("prod/db", "x")
        before = secret.stages
        arn = fake_secrets.lambda_function(lambda event, context: 1 / 0, "broken")
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)
        (rotation,) = fake_secrets.rotations
        assert (rotation.outcome, rotation.failed_step) == ("failed", "testSecret")
        assert secret.stages == before
        with pytest.raises(RotationNotOpenError, match="it only tested the rotation function"):
            rotation.retry()

    def test_the_error_comes_out_of_the_call(self, fake_secrets, secretsmanager, db):
        arn = fake_secrets.lambda_function(lambda event, context: 1 / 0, "broken")
        with pytest.raises(ZeroDivisionError):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotateImmediately=False)

    def test_a_rotation_can_follow_the_test(self, fake_secrets, db, try_out):
        try_out()
        assert fake_secrets.rotate("prod/db", Rotator()).succeeded


class TestRotateOfTheHandle:
    def test_rotate_returns_the_finished_rotation(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", Rotator(), token=TOKEN)
        assert rotation.succeeded
        assert rotation.token == TOKEN
        assert rotation.steps == STEPS
        assert rotation.error is None

    def test_rotate_registers_the_handler(self, fake_secrets, secretsmanager, db):
        rotator = Rotator()
        fake_secrets.rotate("prod/db", rotator)
        arn = described(secretsmanager)["RotationLambdaARN"]
        assert arn == fake_secrets.lambda_function(rotator)

    def test_without_a_handler_the_configured_function_runs(self, fake_secrets, db):
        rotator = Rotator()
        fake_secrets.rotate("prod/db", rotator)
        fake_secrets.rotate("prod/db")
        assert rotator.steps == STEPS * 2

    def test_errors_are_raised_by_default(self, fake_secrets, db):
        with pytest.raises(RuntimeError, match="the database is down"):
            fake_secrets.rotate("prod/db", Rotator(fails_in="setSecret"))

    def test_errors_can_be_recorded(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", Rotator(fails_in="setSecret"), errors="record")
        assert repr(rotation).endswith(": failed in setSecret with RuntimeError>")

    def test_a_request_that_aws_would_refuse_is_refused(self, fake_secrets, db):
        with pytest.raises(RequestRefusedError, match="No Lambda rotation function ARN") as refused:
            fake_secrets.rotate("prod/db")
        assert refused.value.code == "InvalidRequestException"

    def test_a_refusal_because_of_an_open_rotation_says_how_to_continue(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", Rotator(finishes=False))
        with pytest.raises(RequestRefusedError) as refused:
            fake_secrets.rotate("prod/db")
        assert str(refused.value).splitlines() == [
            (
                "RotateSecret was refused with InvalidRequestException: A previous rotation isn't complete. That "
                "rotation will be reattempted."
            ),
            f"The open rotation was attempted again: {rotation!r}.",
            (
                "To go on, call retry() on it, or remove AWSPENDING from the pending version with "
                "update_secret_version_stage."
            ),
        ]

    def test_it_takes_the_arn_of_a_registered_function(self, fake_secrets, db):
        assert fake_secrets.rotate("prod/db", fake_secrets.lambda_function(Rotator())).succeeded

    def test_an_arn_that_is_not_registered_is_refused_with_those_that_are(self, fake_secrets, db):
        arn = fake_secrets.lambda_function(Rotator(), "rotate-db")
        with pytest.raises(RequestRefusedError) as refused:
            fake_secrets.rotate("prod/db", arn + "s")
        assert str(refused.value).splitlines()[1:] == [
            f"no function is registered under {arn}s. Registered functions:",
            f"- {arn}",
            "Register it with fake_secrets.lambda_function(handler, arn=...).",
        ]

    def test_a_token_that_was_used_before_is_refused(self, fake_secrets, db):
        fake_secrets.rotate("prod/db", Rotator(), token=TOKEN)
        with pytest.raises(ValueError, match="was used before, so RotateSecret starts no rotation"):
            fake_secrets.rotate("prod/db", token=TOKEN)

    def test_a_token_of_a_version_that_exists_is_refused_and_configures_nothing(
        self, fake_secrets, secretsmanager, db
    ):
        with pytest.raises(ValueError, match="was used before, so RotateSecret starts no rotation"):
            fake_secrets.rotate("prod/db", Rotator(), token=db.stages["AWSCURRENT"])
        assert "RotationEnabled" not in described(secretsmanager)

    def test_a_secret_in_another_region_is_rotated_there(self, fake_secrets):
        far = fake_secrets.add("far/db", "old", region="eu-west-3")
        rotation = fake_secrets.rotate(far.arn, Rotator())
        assert rotation.succeeded

    @pytest.mark.parametrize("token", ["short", "x" * 65])
    def test_a_token_of_the_wrong_length_is_refused(self, fake_secrets, db, token):
        with pytest.raises(ValueError, match="32 to 64"):
            fake_secrets.rotate("prod/db", Rotator(), token=token)

    def test_an_unknown_errors_argument_is_refused(self, fake_secrets, db):
        with pytest.raises(ValueError, match="errors='ignore' isn't a choice"):
            fake_secrets.rotate("prod/db", Rotator(), errors="ignore")

    def test_rotate_appears_in_calls(self, fake_secrets, db):
        fake_secrets.rotate("prod/db", Rotator())
        assert [(call.step, call.operation) for call in fake_secrets.calls] == [
            (None, "RotateSecret"),
            ("createSecret", "GetSecretValue"),
            ("createSecret", "GetRandomPassword"),
            ("createSecret", "PutSecretValue"),
            ("finishSecret", "DescribeSecret"),
            ("finishSecret", "UpdateSecretVersionStage"),
        ]

    def test_a_rotation_of_an_outer_world_calls_the_outer_world(self):
        with mock_stages({"prod/db": "outer"}) as outer, mock_stages({"prod/db": "inner"}) as inner:
            assert outer.rotate("prod/db", Rotator()).succeeded
            assert inner.calls == []

    def test_a_world_that_the_function_opens_answers_its_calls(self):
        seen = []

        def handler(event, context):
            with mock_stages({"prod/db": "innermost"}):
                seen.append(boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")["SecretString"])

        with mock_stages({"prod/db": "outer"}) as outer:
            outer.rotate("prod/db", handler)
        assert seen == ["innermost"] * 4

    def test_a_rotation_started_after_the_world_is_left_reaches_no_network(self):
        with mock_stages({"prod/db": "x"}) as fake:
            client = boto3.client("secretsmanager")
        seen = []

        def read(event, context):
            seen.append(client.get_secret_value(SecretId="prod/db")["SecretString"])

        fake.rotate("prod/db", read)
        assert seen == ["x"] * 4


class TestRetry:
    def failed(self, fake_secrets, rotator):
        return fake_secrets.rotate("prod/db", rotator, token=TOKEN, errors="record")

    def test_a_function_that_is_not_idempotent_fails_as_on_aws(self, fake_secrets, db):
        rotator = Rotator(fails_in="testSecret")
        rotation = self.failed(fake_secrets, rotator)
        rotator.fails_in = None
        rotator.events.clear()
        with pytest.raises(botocore.exceptions.ClientError, match="ResourceExistsException"):
            # This function isn't idempotent: it stores a different password under the same token.
            rotation.retry()
        assert [event["ClientRequestToken"] for event in rotator.events] == [TOKEN]

    def test_a_retry_can_succeed(self, fake_secrets, db):
        rotator = Rotator(fails_in="createSecret")
        rotation = self.failed(fake_secrets, rotator)
        rotator.fails_in = None
        assert rotation.retry().succeeded
        assert (rotation.steps, rotation.attempts, rotation.error) == (STEPS, 2, None)
        assert db.stages["AWSCURRENT"] == TOKEN

    def test_a_retry_is_no_new_rotation(self, fake_secrets, db):
        rotator = Rotator(fails_in="createSecret")
        rotation = self.failed(fake_secrets, rotator)
        rotator.fails_in = None
        rotation.retry()
        assert fake_secrets.rotations == [rotation]

    def test_an_unfinished_rotation_can_be_retried(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", lambda event, context: None)
        assert rotation.retry().outcome == "unfinished"

    def test_a_succeeded_rotation_cannot_be_retried(self, fake_secrets, db):
        rotation = fake_secrets.rotate("prod/db", Rotator())
        with pytest.raises(RotationNotOpenError, match="it succeeded"):
            rotation.retry()

    @pytest.mark.parametrize(
        ("meanwhile", "why"),
        [
            (lambda client: client.cancel_rotate_secret(SecretId="prod/db"), "rotation was cancelled"),
            (lambda client: client.delete_secret(SecretId="prod/db"), "the secret is marked for deletion"),
            (
                lambda client: client.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True),
                "the secret was deleted",
            ),
        ],
    )
    def test_a_rotation_that_aws_would_not_attempt_again_cannot_be_retried(
        self, fake_secrets, secretsmanager, db, meanwhile, why
    ):
        rotation = self.failed(fake_secrets, Rotator(fails_in="createSecret"))
        meanwhile(secretsmanager)
        with pytest.raises(RotationNotOpenError, match=why):
            rotation.retry()

    def test_a_rotation_of_a_world_that_was_reset_cannot_be_retried(self, fake_secrets, db):
        rotation = self.failed(fake_secrets, Rotator(fails_in="createSecret"))
        fake_secrets.reset()
        with pytest.raises(RotationNotOpenError, match="the world was reset"):
            rotation.retry()

    def test_a_running_rotation_cannot_be_retried(self, fake_secrets, db):
        refusals = []

        def handler(event, context):
            with pytest.raises(RotationNotOpenError, match="is running"):
                fake_secrets.rotations[0].retry()
            refusals.append(event["Step"])

        fake_secrets.rotate("prod/db", handler)
        assert refusals == STEPS

    def test_a_rotation_that_runs_in_another_thread_cannot_be_retried(self, fake_secrets, db):
        is_in, go_on = threading.Event(), threading.Event()

        def handler(event, context):
            is_in.set()
            go_on.wait(10)

        thread = threading.Thread(target=fake_secrets.rotate, args=("prod/db", handler))
        thread.start()
        is_in.wait(10)
        with pytest.raises(RotationNotOpenError, match="it is running"):
            fake_secrets.rotations[0].retry()
        go_on.set()
        thread.join()

    def test_a_rotation_that_was_interrupted_can_be_retried(self, fake_secrets, db):
        rotator = Rotator(fails_in="setSecret", error=KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            fake_secrets.rotate("prod/db", rotator)
        rotator.fails_in = "finishSecret"
        rotator.error = ConnectionError()
        with pytest.raises(botocore.exceptions.ClientError, match="ResourceExistsException"):
            # The retry begins with createSecret, which isn't idempotent.
            fake_secrets.rotations[0].retry()

    def test_a_rotation_runs_even_if_a_users_handler_breaks_the_answer(self, fake_secrets, db):
        client = boto3.client("secretsmanager")
        client.meta.events.register("after-call.secrets-manager.RotateSecret", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rotate(client, fake_secrets, Rotator())
        assert fake_secrets.rotations[0].succeeded

    def test_an_abandoned_rotation_cannot_be_retried(self, fake_secrets, secretsmanager, db):
        rotation = self.failed(fake_secrets, Rotator(fails_in="createSecret"))
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        with pytest.raises(RotationNotOpenError, match="AWSPENDING isn't on its version"):
            rotation.retry()


class TestCancelling:
    def cancel(self, secretsmanager):
        answer = secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        del answer["ResponseMetadata"]
        return answer

    @pytest.mark.slow
    def test_rotation_is_off_and_its_configuration_is_kept(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 1})
        assert self.cancel(secretsmanager) == {"ARN": db.arn, "Name": "prod/db"}
        answer = described(secretsmanager)
        assert answer["RotationEnabled"] is False
        assert answer["RotationLambdaARN"].endswith(":function:rotator")
        assert answer["RotationRules"] == {"AutomaticallyAfterDays": 1}
        assert "NextRotationDate" not in answer
        assert "LastRotatedDate" not in answer

    def test_the_answer_names_the_open_version_which_keeps_its_label(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(finishes=False), ClientRequestToken=TOKEN)
        assert self.cancel(secretsmanager)["VersionId"] == TOKEN
        assert db.stages["AWSPENDING"] == TOKEN

    def test_the_answer_does_not_name_an_abandoned_version(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(finishes=False))
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=["AWSPENDING"])
        assert "VersionId" not in self.cancel(secretsmanager)

    def test_last_changed_date_moves(self, freezer_at_noon, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator())
        freezer_at_noon.tick(10)
        self.cancel(secretsmanager)
        assert described(secretsmanager)["LastChangedDate"].second == 10

    def test_cancelling_leaves_a_secret_without_rotation_unchanged(self, secretsmanager, db):
        assert self.cancel(secretsmanager) == {"ARN": db.arn, "Name": "prod/db"}
        assert "RotationEnabled" not in described(secretsmanager)

    def test_the_remaining_label_blocks_the_next_rotation(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(finishes=False))
        self.cancel(secretsmanager)
        with pytest.raises(botocore.exceptions.ClientError, match="previous rotation isn't complete"):
            secretsmanager.rotate_secret(SecretId="prod/db")

    def test_cancelling_a_running_rotation_leaves_no_dates(self, fake_secrets, secretsmanager, db):
        def cancels(event, context):
            Rotator()(event, context)
            if event["Step"] == "testSecret":
                secretsmanager.cancel_rotate_secret(SecretId="prod/db")

        rotate(secretsmanager, fake_secrets, cancels, RotationRules={"AutomaticallyAfterDays": 1})
        answer = described(secretsmanager)
        assert not {"LastRotatedDate", "NextRotationDate"} & answer.keys()

    def test_putting_a_value_after_cancelling_sets_no_next_date(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator(), RotationRules={"AutomaticallyAfterDays": 1})
        self.cancel(secretsmanager)
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="by hand")
        assert "NextRotationDate" not in described(secretsmanager)

    def test_rotating_after_cancelling_turns_rotation_on_again(self, fake_secrets, secretsmanager, db):
        rotate(secretsmanager, fake_secrets, Rotator())
        self.cancel(secretsmanager)
        secretsmanager.rotate_secret(SecretId="prod/db")
        assert described(secretsmanager)["RotationEnabled"] is True


class TestRotationsThatMeet:
    """Several rotations at the same time, and tasks that outlive one."""

    def test_a_rotation_started_by_a_rotation_function_runs_after_it(self, fake_secrets, secretsmanager, db):
        fake_secrets.add("other", "old")
        order = []

        def inner(event, context):
            order.append(("other", event["Step"]))
            Rotator()(event, context)

        def outer(event, context):
            order.append(("prod/db", event["Step"]))
            Rotator()(event, context)
            if event["Step"] == "createSecret":
                secretsmanager.rotate_secret(
                    SecretId="other", RotationLambdaARN=fake_secrets.lambda_function(inner, "inner")
                )

        fake_secrets.rotate("prod/db", outer)
        assert order == [(secret, step) for secret in ("prod/db", "other") for step in STEPS]
        assert [rotation.outcome for rotation in fake_secrets.rotations] == ["succeeded", "succeeded"]

    def test_the_first_error_is_raised_after_the_rotations_it_started_have_run(
        self, fake_secrets, secretsmanager, db
    ):
        for name in ("b", "d"):
            fake_secrets.add(name, "old")

        def broken(event, context):
            raise ValueError

        def outer(event, context):
            for name in ("b", "d"):
                secretsmanager.rotate_secret(
                    SecretId=name, RotationLambdaARN=fake_secrets.lambda_function(broken, "broken")
                )
            raise RuntimeError

        with pytest.raises(RuntimeError):
            fake_secrets.rotate("prod/db", outer)
        assert [rotation.failed_step for rotation in fake_secrets.rotations] == ["createSecret"] * 3

    def test_the_error_of_a_rotation_started_by_the_function_is_raised(self, fake_secrets, secretsmanager, db):
        fake_secrets.add("other", "old")

        def broken(event, context):
            raise ZeroDivisionError

        def outer(event, context):
            if event["Step"] == "createSecret":
                secretsmanager.rotate_secret(
                    SecretId="other", RotationLambdaARN=fake_secrets.lambda_function(broken, "broken")
                )
            Rotator()(event, context)

        with pytest.raises(ZeroDivisionError):
            fake_secrets.rotate("prod/db", outer)

    @pytest.mark.fake_secrets({"prod/db": "old", "other": "old"})
    def test_a_reset_forgets_waiting_rotations(self, fake_secrets, secretsmanager):
        seen = []

        def outer(event, context):
            if event["Step"] == "createSecret":
                arn = fake_secrets.lambda_function(lambda event, context: seen.append(event), "inner")
                secretsmanager.rotate_secret(SecretId="other", RotationLambdaARN=arn)
                fake_secrets.reset()

        fake_secrets.rotate("prod/db", outer)
        assert seen == []

    def test_a_rotation_that_it_starts_in_another_world_runs_at_once(self, fake_secrets, db):
        seen = []

        def outer(event, context):
            with mock_stages({"inner": "x"}) as inner:
                inner.rotate("inner", lambda event, context: seen.append(event["Step"]))
            seen.append("outer")

        fake_secrets.rotate("prod/db", outer)
        assert seen == [*STEPS, "outer"] * 4

    def test_a_retry_by_a_rotation_function_is_refused(self, fake_secrets, db):
        fake_secrets.add("other", "old")
        failed = fake_secrets.rotate("other", Rotator(fails_in="createSecret"), errors="record")

        def handler(event, context):
            with pytest.raises(RotationNotOpenError, match="a rotation function is running"):
                failed.retry()

        fake_secrets.rotate("prod/db", handler)
        assert failed.attempts == 1

    def test_rotations_in_two_threads_restore_the_environment(self, fake_secrets, db):
        fake_secrets.add("other", "old")
        before = dict(os.environ)
        first_is_in, second_is_in, first_is_out = threading.Event(), threading.Event(), threading.Event()

        def first(event, context):
            first_is_in.set()
            second_is_in.wait(10)
            raise RuntimeError

        def second(event, context):
            second_is_in.set()
            first_is_out.wait(10)
            raise RuntimeError

        threads = [
            threading.Thread(target=fake_secrets.rotate, args=(name, handler), kwargs={"errors": "record"})
            for name, handler in (("prod/db", first), ("other", second))
        ]
        threads[0].start()
        first_is_in.wait(10)
        threads[1].start()
        threads[0].join()
        first_is_out.set()
        threads[1].join()
        assert dict(os.environ) == before

    def test_a_rotation_that_outlives_its_world_restores_the_environment(self):
        before = dict(os.environ)
        is_in, go_on = threading.Event(), threading.Event()

        def handler(event, context):
            is_in.set()
            go_on.wait(10)

        with mock_stages({"prod/db": "x"}, region="eu-west-1") as fake:
            thread = threading.Thread(target=fake.rotate, args=("prod/db", handler))
            thread.start()
            is_in.wait(10)
        go_on.set()
        thread.join()
        assert dict(os.environ) == before

    def test_environment_values_that_are_no_strings_are_refused_at_registration(self, fake_secrets, db):
        with pytest.raises(TypeError, match="environment= takes a mapping from str to str"):
            fake_secrets.lambda_function(Rotator(), environment={"LEVEL": 5})

    def test_a_task_that_outlives_the_rotation_calls_the_innermost_world(self):
        async def read():
            await asyncio.sleep(0)
            return boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")["SecretString"]

        async def main():
            tasks = []
            with mock_stages({"prod/db": "first"}) as first:
                first.rotate("prod/db", lambda event, context: tasks.append(asyncio.ensure_future(read())))
            with mock_stages({"prod/db": "second"}) as second:
                values = [await task for task in tasks]
                return values, {call.step for call in second.calls}

        assert asyncio.run(main()) == (["second"] * 4, {None})

    def test_a_bare_mock_stages_in_the_function_joins_the_rotating_world(self):
        seen = []

        def handler(event, context):
            with mock_stages() as joined:
                seen.append(joined["prod/db"].value())

        with mock_stages({"prod/db": "outer"}) as outer, mock_stages({"prod/db": "inner"}):
            outer.rotate("prod/db", handler)
        assert seen == ["outer"] * 4

    def test_a_twenty_first_label_is_refused(self, fake_secrets, secretsmanager, db):
        labels = [f"L{number}" for number in range(19)]
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="x", VersionStages=labels)
        before = db.stages
        with pytest.raises(secretsmanager.exceptions.LimitExceededException):
            rotate(secretsmanager, fake_secrets, Rotator())
        assert db.stages == before
        assert "RotationEnabled" not in described(secretsmanager)

    def test_the_functions_arn_is_in_the_partition_of_its_region(self):
        with mock_stages({"prod/db": "x"}, region="cn-north-1") as fake:
            arn = fake.lambda_function(Rotator(), "rotator")
        assert arn == "arn:aws-cn:lambda:cn-north-1:123456789012:function:rotator"


def test_the_end_of_an_abandoned_rotation_does_not_end_the_next_one(fake_secrets, secretsmanager):
    """A put abandons the first; the second begins in another thread while the first is still running."""
    fake_secrets.add("db", "x")
    tokens = ["1" * 32, "2" * 32]
    entered, gates = ({token: threading.Event() for token in tokens} for _ in range(2))

    def handler(event, context):
        if event["Step"] == "createSecret":
            entered[event["ClientRequestToken"]].set()
            gates[event["ClientRequestToken"]].wait(10)

    arn = fake_secrets.lambda_function(handler, "slow")
    threads = []
    for token in tokens:
        request = {"SecretId": "db", "RotationLambdaARN": arn, "ClientRequestToken": token}
        threads.append(threading.Thread(target=secretsmanager.rotate_secret, kwargs=request))
        threads[-1].start()
        entered[token].wait(10)
        if token == tokens[0]:
            secretsmanager.put_secret_value(SecretId="db", SecretString="by hand")
    gates[tokens[0]].set()
    threads[0].join()
    again = secretsmanager.rotate_secret(SecretId="db", ClientRequestToken=tokens[1])
    gates[tokens[1]].set()
    threads[1].join()
    assert again["VersionId"] == tokens[1]
