"""Rotations that fail after AWSCURRENT has moved, and functions that die."""

import contextlib

import boto3
import pytest
from rotators import Rotator

from fake_secrets import FunctionCrash, RotationFailedError, RotationNotOpenError

TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
DAILY = {"AutomaticallyAfterDays": 1}


class Killed(BaseException):
    pass


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


@pytest.fixture
def client(secretsmanager):
    return secretsmanager


class CleansUp(Rotator):
    """Moves AWSCURRENT, then fails in the clean-up as often as it is told; like AWS's keytab template."""

    def __init__(self, client, failures=1, *, removes_pending=False):
        super().__init__(client)
        self.failures = failures
        self.removes_pending = removes_pending

    def __call__(self, event, context):
        stages = self.client.describe_secret(SecretId=event["SecretId"])["VersionIdsToStages"]
        if "AWSCURRENT" not in stages.get(event["ClientRequestToken"], ()):
            super().__call__(event, context)
        else:
            self.events.append(event)
        if event["Step"] == "finishSecret":
            if self.removes_pending and self.failures:
                self.client.update_secret_version_stage(
                    SecretId=event["SecretId"],
                    VersionStage="AWSPENDING",
                    RemoveFromVersionId=event["ClientRequestToken"],
                )
            if self.failures:
                self.failures -= 1
                raise TimeoutError


class TestAfterAwscurrentHasMoved:
    @pytest.mark.parametrize("removes_pending", [False, True])
    def test_the_rotation_can_be_retried(self, client, db, fake_secrets, removes_pending):
        rotator = CleansUp(client, removes_pending=removes_pending)
        rotation = fake_secrets.rotate("prod/db", rotator, token=TOKEN, errors="record")
        assert (rotation.outcome, db.stages["AWSCURRENT"]) == ("failed", TOKEN)
        assert rotation.retry().succeeded
        assert rotator.steps == STEPS * 2
        assert (rotation.attempts, db.stages["AWSCURRENT"]) == (2, TOKEN)
        assert "LastRotatedDate" in client.describe_secret(SecretId="prod/db")

    def test_it_is_retried_as_often_as_retries_say(self, client, db, fake_secrets):
        fake_secrets.retries.max_attempts = 3
        rotation = fake_secrets.rotate("prod/db", CleansUp(client, failures=2), errors="record")
        assert (rotation.succeeded, rotation.attempts) == (True, 3)

    def test_it_is_retried_after_the_delay(self, client, db, fake_secrets, freezer_at_noon):
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        rotation = fake_secrets.rotate("prod/db", CleansUp(client), errors="record")
        assert rotation.outcome == "failed"
        freezer_at_noon.tick(60)
        client.list_secrets()
        assert (rotation.succeeded, rotation.attempts) == (True, 2)

    def test_step_begins_a_new_attempt(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", CleansUp(client), errors="record")
        assert rotation.step().steps == ["createSecret"]

    def test_the_next_rotate_secret_begins_a_new_rotation(self, client, db, fake_secrets):
        late = fake_secrets.rotate("prod/db", CleansUp(client), errors="record")
        assert fake_secrets.rotate("prod/db").succeeded
        with pytest.raises(RotationNotOpenError, match="AWSPENDING isn't on its version any more"):
            late.retry()

    def test_a_rotation_that_has_succeeded_cannot_be_retried(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", CleansUp(client, failures=0))
        with pytest.raises(RotationNotOpenError, match="it succeeded"):
            rotation.retry()


def dies_in(client, step, error, **options):
    rotator = Rotator(client, **options)
    rotator.fails_in, rotator.error = step, error
    return rotator


@pytest.mark.parametrize("step", STEPS)
class TestDeath:
    def test_a_crash_comes_out_as_a_failed_rotation(self, client, db, fake_secrets, step):
        crash = FunctionCrash("killed")
        with pytest.raises(RotationFailedError, match=f"the rotation function died in {step}") as raised:
            fake_secrets.rotate("prod/db", dies_in(client, step, crash))
        assert raised.value.__cause__ is crash
        assert raised.value.__notes__ == [f"raised in {step} while rotating secret 'prod/db'"]

    @pytest.mark.parametrize("error", [FunctionCrash, Killed, GeneratorExit])
    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_any_death_is_recorded_and_the_rotation_can_be_retried(self, client, db, fake_secrets, step, error):
        rotator = dies_in(client, step, error())
        client.rotate_secret(SecretId="prod/db", RotationLambdaARN=fake_secrets.lambda_function(rotator))
        (rotation,) = fake_secrets.rotations
        assert (rotation.outcome, rotation.failed_step) == ("failed", step)
        assert error in {type(rotation.error), type(rotation.error.__cause__)}
        rotator.fails_in = None
        assert rotation.retry().succeeded

    @pytest.mark.parametrize("error", [FunctionCrash, Killed])
    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_retries_follow_a_death(self, client, db, fake_secrets, step, error):
        fake_secrets.retries.max_attempts = 2

        class DiesOnce(Rotator):
            def __call__(self, event, context):
                try:
                    super().__call__(event, context)
                finally:
                    self.fails_in = None if event["Step"] == self.fails_in else self.fails_in

        rotator = DiesOnce(client, fails_in=step, error=error())
        assert fake_secrets.rotate("prod/db", rotator).attempts == 2

    def test_no_call_of_the_dead_takes_effect(self, client, db, fake_secrets, step):
        def handler(event, context):
            try:
                rotator(event, context)
            finally:
                if event["Step"] == step:
                    client.put_secret_value(SecretId="prod/db", SecretString="from the grave")

        rotator = dies_in(client, step, FunctionCrash())
        with pytest.raises(RotationFailedError):
            fake_secrets.rotate("prod/db", handler)
        assert db.value() == "old"

    def test_a_function_that_survives_its_death_by_handling_it_stays_dead(self, client, db, fake_secrets, step):
        def handler(event, context):
            try:
                rotator(event, context)
            except BaseException:
                if event["Step"] != step:
                    raise
                with contextlib.suppress(BaseException):
                    client.describe_secret(SecretId="prod/db")

        rotator = dies_in(client, step, FunctionCrash())
        with pytest.raises(RotationFailedError, match=f"died in {step}"):
            fake_secrets.rotate("prod/db", handler)


class TestDeathOfAScheduledRotation:
    @pytest.fixture
    def rotator(self, client, db, fake_secrets, freezer_at_noon):
        rotator = Rotator(client)
        arn = fake_secrets.lambda_function(rotator)
        client.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules=DAILY)
        freezer_at_noon.move_to(fake_secrets.next_due())
        return rotator

    @pytest.mark.parametrize("error", [FunctionCrash, Killed])
    def test_it_does_not_come_out_of_an_unrelated_call(self, client, fake_secrets, rotator, error):
        rotator.fails_in, rotator.error = "setSecret", error()
        client.list_secrets()
        assert fake_secrets.rotations[-1].outcome == "failed"

    def test_it_comes_out_of_run_due(self, fake_secrets, rotator):
        rotator.fails_in, rotator.error = "setSecret", FunctionCrash()
        with pytest.raises(RotationFailedError, match="the rotation function died in setSecret"):
            fake_secrets.run_due()

    @pytest.mark.parametrize("error", [KeyboardInterrupt, pytest.fail.Exception])
    def test_what_ends_the_test_comes_out_of_any_call(self, client, rotator, error):
        rotator.fails_in, rotator.error = "setSecret", error("stop")
        with pytest.raises(error):
            client.list_secrets()


class TestErrorsOfOneAttempt:
    @pytest.fixture
    def rotation(self, client, db, fake_secrets):
        return fake_secrets.rotate("prod/db", Rotator(client, fails_in="setSecret"), errors="record")

    def test_retry_records_them(self, rotation):
        assert rotation.retry(errors="record").outcome == "failed"

    def test_step_records_them(self, rotation):
        rotation.step(errors="record")
        assert rotation.step(errors="record").outcome == "failed"

    @pytest.mark.fake_secrets(rotation_errors="record")
    @pytest.mark.parametrize("method", ["retry", "step"])
    def test_they_are_raised_though_the_world_records_them(self, rotation, method):
        if method == "step":
            rotation.step()
        with pytest.raises(RuntimeError):
            getattr(rotation, method)(errors="raise")

    @pytest.mark.parametrize("method", ["retry", "step"])
    def test_an_unknown_choice_is_refused(self, rotation, method):
        with pytest.raises(ValueError, match="ignore"):
            getattr(rotation, method)(errors="ignore")
        assert rotation.attempts == 1


class TestTimes:
    def test_a_rotation_knows_when_it_started_and_ended(self, client, db, fake_secrets, freezer_at_noon):
        class Slow(Rotator):
            def __call__(self, event, context):
                super().__call__(event, context)
                freezer_at_noon.tick(5)

        freezer_at_noon.move_to("2026-01-01T00:00:00Z")
        rotation = fake_secrets.rotate("prod/db", Slow(client))
        assert str(rotation.started_at) == "2026-01-01 00:00:00+00:00"
        assert str(rotation.ended_at) == "2026-01-01 00:00:20+00:00"

    @pytest.mark.fake_secrets(rotation="manual")
    def test_one_in_progress_has_not_ended(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", Rotator(client))
        assert rotation.step().ended_at is None
        for _ in STEPS[1:]:
            rotation.step()
        assert rotation.ended_at is not None

    def test_a_retry_ends_anew(self, client, db, fake_secrets, freezer_at_noon):
        rotator = Rotator(client, fails_in="setSecret")
        rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
        first = rotation.ended_at
        rotator.fails_in = None
        freezer_at_noon.tick(60)
        assert (rotation.retry().ended_at - first).total_seconds() == 60
        assert rotation.started_at == first


def test_the_death_is_the_same_in_the_wire_lane(fake_secrets, db):
    client = boto3.client("secretsmanager")
    client.meta.events.register("before-send.secrets-manager.*", lambda **_: None)

    def handler(event, context):
        try:
            raise FunctionCrash
        finally:
            client.put_secret_value(SecretId="prod/db", SecretString="from the grave")

    with pytest.raises(RotationFailedError):
        fake_secrets.rotate("prod/db", handler)
    assert db.value() == "old"
