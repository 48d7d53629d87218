"""Functions that are invoked by a version or an alias, and functions that aren't run here."""

import pytest

from fake_secrets import FunctionClashError, RotationNotOpenError

ARN = "arn:aws:lambda:us-east-1:123456789012:function:rotator"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
V1 = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("db", "S1", version_ids={"AWSCURRENT": V1})


@pytest.fixture
def rotate(db, secretsmanager):
    return lambda arn, **members: secretsmanager.rotate_secret(
        SecretId="db", RotationLambdaARN=arn, ClientRequestToken=TOKEN, **members
    )


@pytest.fixture
def rotator(secretsmanager):
    def rotator(event, context):
        if event["Step"] == "createSecret":
            store(secretsmanager)
        if event["Step"] == "finishSecret":
            make_current(secretsmanager)

    return rotator


def store(client):
    client.put_secret_value(
        SecretId="db", SecretString="S2", ClientRequestToken=TOKEN, VersionStages=["AWSPENDING"]
    )


def make_current(client):
    client.update_secret_version_stage(
        SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=TOKEN, RemoveFromVersionId=V1
    )


class TestAQualifier:
    @pytest.mark.parametrize(
        ("qualifier", "version"), [("", "$LATEST"), (":$LATEST", "$LATEST"), (":7", "7"), (":prod", "$LATEST")]
    )
    def test_of_a_registered_function_is_invoked_and_shown_in_the_context(
        self, fake_secrets, rotate, qualifier, version
    ):
        contexts = []
        fake_secrets.lambda_function(lambda _, context: contexts.append(context), arn=ARN)
        rotate(ARN + qualifier)
        assert {context.invoked_function_arn for context in contexts} == {ARN + qualifier}
        assert {context.function_version for context in contexts} == {version}
        assert {context.function_name for context in contexts} == {"rotator"}
        assert f"[{version}]" in contexts[0].log_stream_name

    @pytest.mark.parametrize(
        ("registered", "invoked"), [(":prod", ""), (":prod", ":test"), (":1", ":$LATEST"), (":1", ":2")]
    )
    def test_under_which_a_function_is_registered_is_the_only_one(
        self, fake_secrets, rotate, secretsmanager, registered, invoked
    ):
        fake_secrets.lambda_function(lambda *_: None, arn=ARN + registered)
        with pytest.raises(secretsmanager.exceptions.ClientError, match="cannot invoke") as raised:
            rotate(ARN + invoked)
        assert f"no function is registered under {ARN}{invoked}." in raised.value.__notes__[0]

    def test_for_the_latest_version_means_the_function_itself(self, fake_secrets, rotate):
        invoked = []
        fake_secrets.lambda_function(lambda *_: invoked.append(1), arn=f"{ARN}:$LATEST")
        rotate(ARN)
        assert invoked

    def test_with_a_handler_of_its_own_comes_first(self, fake_secrets, rotate):
        invoked = []
        fake_secrets.lambda_function(lambda *_: invoked.append("any"), arn=ARN)
        fake_secrets.lambda_function(lambda *_: invoked.append("prod"), arn=f"{ARN}:prod")
        rotate(f"{ARN}:prod")
        assert set(invoked) == {"prod"}

    def test_can_be_invoked_by_hand(self, fake_secrets):
        fake_secrets.lambda_function(lambda _, context: context.invoked_function_arn, arn=ARN)
        assert fake_secrets.invoke(f"{ARN}:prod", {}) == f"{ARN}:prod"


WHY = (
    f"{ARN} was registered without a handler; register it with fake_secrets.lambda_function(handler, arn=...), or "
    "make its calls yourself"
)


class TestAFunctionWithoutAHandler:
    @pytest.fixture
    def rotation(self, fake_secrets, rotate):
        assert fake_secrets.lambda_function(None, arn=ARN) == ARN
        rotate(ARN)
        return fake_secrets.rotations[0]

    def test_leaves_its_rotation_begun_and_unfinished(self, rotation, secretsmanager):
        assert (rotation.outcome, rotation.attempts, rotation.steps) == ("unfinished", 0, [])
        shown = secretsmanager.describe_secret(SecretId="db")
        assert shown["RotationEnabled"]
        assert shown["VersionIdsToStages"] == {V1: ["AWSCURRENT"], TOKEN: ["AWSPENDING"]}

    def test_is_named_by_the_rotation(self, rotation):
        expected = f"<Rotation of 'db', version {TOKEN}: started, but its function isn't run here>"
        assert repr(rotation) == expected

    @pytest.mark.parametrize("method", ["retry", "step"])
    def test_cannot_be_attempted_and_the_error_says_what_to_do(self, rotation, method):
        with pytest.raises(RotationNotOpenError) as raised:
            getattr(rotation, method)()
        assert str(raised.value) == f"{rotation!r} can't be attempted: {WHY}."

    def test_gets_no_event_by_hand(self, rotation, fake_secrets):
        with pytest.raises(RotationNotOpenError) as of_rotation:
            rotation.deliver("createSecret")
        with pytest.raises(ValueError, match="without a handler") as of_function:
            fake_secrets.invoke(ARN, {})
        assert WHY in str(of_rotation.value)
        assert str(of_function.value) == WHY

    def test_can_be_replaced_by_the_test_with_calls(self, rotation, db, secretsmanager):
        store(secretsmanager)
        make_current(secretsmanager)
        assert db.value() == "S2"
        assert not rotation.succeeded
        secretsmanager.rotate_secret(SecretId="db")

    @pytest.mark.parametrize("method", ["retry", "step"])
    def test_runs_once_its_handler_is_registered(self, rotation, fake_secrets, rotator, method):
        fake_secrets.lambda_function(rotator, arn=ARN)
        assert "createSecret is next" in repr(rotation)
        while not rotation.succeeded:
            getattr(rotation, method)()

    def test_can_be_rotated_by_the_handle(self, fake_secrets, db):
        rotation = fake_secrets.rotate("db", fake_secrets.lambda_function(None, "rotator"))
        assert rotation.outcome == "unfinished"

    def test_leaves_a_due_rotation_begun(self, freezer_at_noon, fake_secrets, rotate, secretsmanager):
        fake_secrets.lambda_function(None, arn=ARN)
        rotate(ARN, RotationRules={"AutomaticallyAfterDays": 1})
        store(secretsmanager)
        make_current(secretsmanager)
        freezer_at_noon.tick(2 * 86_400)
        (due,) = fake_secrets.run_due()
        assert (due.outcome, due.attempts) == ("unfinished", 0)

    def test_that_is_only_to_be_tested_leaves_no_version(self, fake_secrets, rotate, secretsmanager):
        fake_secrets.lambda_function(None, arn=ARN)
        rotate(ARN, RotateImmediately=False)
        shown = secretsmanager.describe_secret(SecretId="db")
        assert shown["RotationEnabled"]
        assert shown["VersionIdsToStages"] == {V1: ["AWSCURRENT"]}
        assert "its function isn't run here" in repr(fake_secrets.rotations[0])
        assert not any("Succeeded" in record["eventName"] for record in fake_secrets.trail.service_events)
        secretsmanager.rotate_secret(SecretId="db")

    def test_is_registered_for_its_versions_and_aliases_too(self, fake_secrets, rotate):
        fake_secrets.lambda_function(None, arn=ARN)
        rotate(f"{ARN}:prod")
        assert fake_secrets.rotations[0].outcome == "unfinished"

    def test_needs_an_arn_or_a_name(self, fake_secrets):
        with pytest.raises(TypeError, match="it needs arn= or name="):
            fake_secrets.lambda_function(None)

    def test_does_not_replace_a_handler(self, fake_secrets, rotator):
        fake_secrets.lambda_function(rotator, arn=ARN)
        with pytest.raises(FunctionClashError, match="is taken by"):
            fake_secrets.lambda_function(None, arn=ARN)
