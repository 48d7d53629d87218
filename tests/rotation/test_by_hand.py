"""Steps and events that a test delivers by hand."""

import os
import threading

import pytest
from rotators import Rotator

from fake_secrets import FunctionCrash, RotationFailedError, RotationNotOpenError

TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.fixture
def client(secretsmanager):
    return secretsmanager


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


@pytest.fixture
def rotator(client):
    return Rotator(client)


class TestDeliver:
    @pytest.fixture
    def rotation(self, db, fake_secrets, rotator):
        return fake_secrets.rotate("prod/db", rotator, token=TOKEN)

    @pytest.mark.parametrize("step", STEPS)
    def test_the_function_gets_the_event_of_the_step_again(self, rotation, rotator, step):
        before = [event for event in rotator.events if event["Step"] == step]
        try:
            rotation.deliver(step)
        finally:
            assert rotator.events[4:] == before

    def test_the_rotation_stays_as_it_was(self, rotation, db):
        rotation.deliver("testSecret")
        assert (rotation.outcome, rotation.steps, rotation.attempts) == ("succeeded", STEPS, 1)
        assert db.stages["AWSCURRENT"] == TOKEN

    def test_it_has_lambdas_context_and_environment(self, db, fake_secrets):
        seen = []

        def handler(event, context):
            seen.append((context.invoked_function_arn, context.aws_request_id, os.environ["STAGE"]))

        arn = fake_secrets.lambda_function(handler, environment={"STAGE": "prod"})
        fake_secrets.rotate("prod/db", arn).deliver("setSecret")
        assert {(one[0], one[2]) for one in seen} == {(arn, "prod")}
        assert len({one[1] for one in seen}) == 5

    def test_its_calls_are_recorded_as_calls_of_the_step(self, rotation, fake_secrets, rotator):
        rotator.finishes = False
        rotation.deliver("createSecret")
        assert {call.step for call in fake_secrets.calls[-2:]} == {"createSecret"}

    def test_it_returns_what_the_function_returns(self, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", lambda event, context: {"step": event["Step"]})
        assert rotation.deliver("setSecret") == {"step": "setSecret"}

    @pytest.mark.fake_secrets(rotation_errors="record")
    def test_an_error_comes_out_unchanged_and_is_not_recorded(self, rotation, rotator):
        rotator.fails_in = "setSecret"
        with pytest.raises(RuntimeError) as raised:
            rotation.deliver("setSecret")
        assert raised.value is rotator.error
        assert raised.value.__notes__ == ["raised in setSecret, delivered by hand, of secret 'prod/db'"]
        assert (rotation.error, rotation.outcome) == (None, "succeeded")

    def test_a_crash_is_a_failure(self, rotation, rotator):
        rotator.fails_in, rotator.error = "setSecret", FunctionCrash()
        with pytest.raises(RotationFailedError, match="the rotation function died in setSecret"):
            rotation.deliver("setSecret")

    def test_a_failed_rotation_is_completed_by_hand(self, db, client, fake_secrets, rotator):
        rotator.fails_in = "createSecret"
        rotation = fake_secrets.rotate("prod/db", rotator, token=TOKEN, errors="record")
        rotator.fails_in = None
        rotation.deliver("createSecret")
        assert rotation.retry().succeeded

    def test_a_second_delivery_of_a_step_during_the_rotation(self, db, client, fake_secrets):
        rotator, twice = Rotator(client), []

        def handler(event, context):
            rotator(event, context)
            if event["Step"] == "createSecret" and not twice:
                twice.append(True)
                fake_secrets.rotations[0].deliver("createSecret")

        assert fake_secrets.rotate("prod/db", handler).succeeded
        assert rotator.steps == ["createSecret", *STEPS]

    def test_a_delivery_in_another_thread(self, rotation, rotator):
        thread = threading.Thread(target=rotation.deliver, args=("setSecret",))
        thread.start()
        thread.join(5)
        assert rotator.steps == [*STEPS, "setSecret"]

    def test_an_unknown_step_is_refused_with_the_steps(self, rotation):
        with pytest.raises(ValueError, match="isn't a step") as refused:
            rotation.deliver("createSecrets")
        assert str(refused.value).splitlines() == [
            "'createSecrets' isn't a step of a rotation. The steps are:",
            *(f"- {step}" for step in STEPS),
        ]

    def test_after_a_reset_it_is_refused(self, rotation, fake_secrets):
        fake_secrets.reset()
        with pytest.raises(RotationNotOpenError, match="the world was reset"):
            rotation.deliver("createSecret")

    def test_rotations_that_it_starts_run_after_it(self, db, client, fake_secrets, rotator):
        fake_secrets.add("prod/api", "old")
        arn = fake_secrets.lambda_function(rotator, "api")
        ran = []

        def handler(event, context):
            client.rotate_secret(SecretId="prod/api", RotationLambdaARN=arn)
            ran.append(list(rotator.events))

        fake_secrets.invoke(handler, {})
        assert (ran, rotator.steps) == ([[]], STEPS)


class TestInvoke:
    def test_a_function_gets_any_event(self, fake_secrets):
        seen = []

        def handler(event, context):
            seen.append(event)

        fake_secrets.invoke(handler, {"Step": "cleanUp", "SecretId": "?"})
        fake_secrets.invoke(handler, [1, 2])
        assert seen == [{"Step": "cleanUp", "SecretId": "?"}, [1, 2]]

    def test_it_returns_what_the_function_returns(self, fake_secrets):
        assert fake_secrets.invoke(lambda event, context: event["a"] + 1, {"a": 1}) == 2

    def test_a_registered_function_is_found_by_its_arn(self, fake_secrets, rotator, db):
        arn = fake_secrets.lambda_function(rotator, "rotate-db")
        fake_secrets.invoke(arn, {"Step": "setSecret", "SecretId": db.arn, "ClientRequestToken": TOKEN})
        assert rotator.contexts[0].function_name == "rotate-db"

    def test_calls_are_recorded_with_the_step_of_the_event(self, fake_secrets, client, db):
        def handler(event, context):
            client.describe_secret(SecretId="prod/db")

        fake_secrets.invoke(handler, {"Step": "any"})
        fake_secrets.invoke(handler, {})
        assert [call.step for call in fake_secrets.calls] == ["any", None]

    def test_a_foreign_token_meets_the_functions_guard(self, fake_secrets, rotator, db):
        fake_secrets.rotate("prod/db", rotator)
        with pytest.raises(rotator.client.exceptions.ClientError):
            fake_secrets.invoke(rotator, {"Step": "finishSecret", "SecretId": db.arn, "ClientRequestToken": TOKEN})

    def test_an_error_comes_out_unchanged(self, fake_secrets, rotator):
        rotator.fails_in = "setSecret"
        with pytest.raises(RuntimeError) as raised:
            fake_secrets.invoke(rotator, {"Step": "setSecret"})
        assert raised.value is rotator.error

    def test_a_time_out_ends_it(self, fake_secrets, client, db, freezer_at_noon):
        def slow(event, context):
            freezer_at_noon.tick(4)
            client.put_secret_value(SecretId="prod/db", SecretString="late")

        arn = fake_secrets.lambda_function(slow, timeout=3)
        with pytest.raises(RotationFailedError, match=r"Task timed out after 3\.00 seconds"):
            fake_secrets.invoke(arn, {})
        assert db.value() == "old"

    def test_a_crash_is_a_failure(self, fake_secrets):
        def dies(event, context):
            raise FunctionCrash

        with pytest.raises(RotationFailedError, match="the rotation function died in the invocation"):
            fake_secrets.invoke(dies, {})

    def test_an_unknown_arn_is_refused_with_the_known_ones(self, fake_secrets, rotator):
        arn = fake_secrets.lambda_function(rotator, "rotate-db")
        with pytest.raises(ValueError, match="no function is registered under") as refused:
            fake_secrets.invoke(arn + "s", {})
        assert f"\n- {arn}\n" in str(refused.value)

    def test_its_calls_come_from_the_account_of_the_function(self, fake_secrets, client):
        fake_secrets.add("far", "theirs")
        arn = fake_secrets.lambda_function(
            lambda event, context: client.create_secret(Name="own"),
            arn="arn:aws:lambda:us-east-1:210987654321:function:theirs",
        )
        assert ":210987654321:" in fake_secrets.invoke(arn, {})["ARN"]
