"""What a plain rotation did that AWS lets pass and that breaks production."""

import inspect
import threading

import boto3
import pytest
from rotators import Rotator

from fake_secrets import RotationWarning, mock_stages

TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
OTHER = "e2e2e2e2-e2e2-4e2e-8e2e-e2e2e2e2e2e2"
THIRD = "f3f3f3f3-f3f3-4f3f-8f3f-f3f3f3f3f3f3"

ignored = pytest.mark.filterwarnings("ignore::fake_secrets.RotationWarning")


@pytest.fixture
def client(secretsmanager):
    return secretsmanager


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


def finish(client, event):
    arn, token = event["SecretId"], event["ClientRequestToken"]
    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
    if current != token:
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


def function(client, *, last=finish, **puts):
    """Return a rotation function that stores a value in each of the named steps and then finishes."""

    def handler(event, context):
        request = puts.get(event["Step"])
        if request is not None:
            client.put_secret_value(
                SecretId=event["SecretId"],
                SecretString=f"new {event['Step']}",
                **request(event["ClientRequestToken"]),
            )
        if event["Step"] == "finishSecret" and last:
            last(client, event)

    return handler


def pending(token):
    return {"ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}


def only(rotation):
    (finding,) = rotation.findings
    return finding


@ignored
class TestWhatIsFound:
    def test_create_secret_without_version_stages_makes_the_new_value_current_at_once(
        self, client, db, fake_secrets
    ):
        handler = function(client, createSecret=lambda token: {"ClientRequestToken": token})
        rotation = fake_secrets.rotate("prod/db", handler, token=TOKEN)
        assert rotation.succeeded
        assert only(rotation) == (
            f"AWSCURRENT moved before finishSecret: in createSecret, PutSecretValue made version {TOKEN} of "
            "secret 'prod/db' current, so consumers read its value before the rotation has tested it. Store the "
            'new value with VersionStages=["AWSPENDING"], and move AWSCURRENT in finishSecret only.'
        )

    @pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret"])
    def test_a_step_that_moves_awscurrent_too_early_is_named(self, client, db, fake_secrets, step):
        def handler(event, context):
            if event["Step"] == "createSecret":
                client.put_secret_value(
                    SecretId="prod/db", SecretString="new", **pending(event["ClientRequestToken"])
                )
            if event["Step"] == step:
                finish(client, event)

        rotation = fake_secrets.rotate("prod/db", handler)
        assert only(rotation).startswith(
            f"AWSCURRENT moved before finishSecret: in {step}, UpdateSecretVersionStage made version "
        )

    def test_update_secret_moves_it_too(self, client, db, fake_secrets):
        def handler(event, context):
            if event["Step"] == "createSecret":
                client.update_secret(
                    SecretId="prod/db", SecretString="new", ClientRequestToken=event["ClientRequestToken"]
                )

        rotation = fake_secrets.rotate("prod/db", handler)
        assert "in createSecret, UpdateSecret made version" in only(rotation)

    def test_a_version_that_never_got_a_value_is_current(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", function(client), token=TOKEN)
        assert rotation.succeeded
        assert only(rotation) == (
            "Current version without a value: in finishSecret, UpdateSecretVersionStage moved AWSCURRENT of "
            f"secret 'prod/db' to version {TOKEN}, which has no value, so GetSecretValue fails for every "
            'consumer. Store the new value in createSecret with ClientRequestToken=event["ClientRequestToken"].'
        )

    @pytest.mark.slow
    def test_a_value_under_another_token_leaves_the_rotations_version_empty(self, client, db, fake_secrets):
        handler = function(
            client, createSecret=lambda _: {"ClientRequestToken": OTHER, "VersionStages": ["AWSPENDING"]}
        )
        rotation = fake_secrets.rotate("prod/db", handler, token=TOKEN)
        first, second = rotation.findings
        assert first == (
            f"Value under another token: in createSecret, PutSecretValue stored a value of secret 'prod/db' in "
            f"version {OTHER}, and the rotation's own version {TOKEN} has none. Pass "
            'ClientRequestToken=event["ClientRequestToken"].'
        )
        assert second.startswith("Current version without a value: in finishSecret, UpdateSecretVersionStage ")
        assert repr(rotation) == (
            f"<Rotation of 'prod/db', version {TOKEN}: unfinished because AWSPENDING is on version {OTHER}, "
            "though AWSCURRENT is on the new version; remove AWSPENDING from it with "
            "update_secret_version_stage, with 2 findings>"
        )

    def test_a_value_put_without_token_and_stages_is_found_though_the_rotation_is_abandoned(
        self, client, db, fake_secrets
    ):
        rotation = fake_secrets.rotate(
            "prod/db", function(client, createSecret=lambda _: {}, last=None), token=TOKEN
        )
        assert rotation.outcome == "abandoned"
        assert only(rotation).startswith("Value under another token: in createSecret, PutSecretValue stored ")

    def test_more_versions_than_one_are_found(self, client, db, fake_secrets):
        handler = function(
            client,
            createSecret=pending,
            setSecret=lambda _: {"ClientRequestToken": OTHER, "VersionStages": ["backup"]},
            testSecret=lambda _: {"ClientRequestToken": THIRD, "VersionStages": ["backup"]},
        )
        rotation = fake_secrets.rotate("prod/db", handler, token=TOKEN)
        assert rotation.succeeded
        assert only(rotation) == (
            f"More than one new version: in setSecret, PutSecretValue made version {OTHER} of secret 'prod/db', "
            "although this rotation had stored a value in another version before. A rotation makes one version: "
            f"that of its token, {TOKEN}."
        )

    def test_two_values_put_without_token_and_stages_are_more_versions_than_one(self, client, db, fake_secrets):
        handler = function(client, createSecret=lambda _: {}, setSecret=lambda _: {}, last=None)
        first, second = fake_secrets.rotate("prod/db", handler).findings
        assert first.startswith("Value under another token: in createSecret")
        assert second.startswith("More than one new version: in setSecret")

    def test_a_function_whose_threads_call_but_never_move_awscurrent_is_not_said_to_make_no_call(
        self, db, fake_secrets
    ):
        def handler(event, context):
            step = threading.Thread(target=Rotator(finishes=False), args=(event, context))
            step.start()
            step.join(5)

        assert only(fake_secrets.rotate("prod/db", handler)).startswith("AWSCURRENT not moved: ")

    def test_a_function_that_makes_no_call_about_the_secret_is_found(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", lambda event, context: client.list_secrets(), token=TOKEN)
        assert rotation.outcome == "unfinished"
        assert only(rotation) == (
            "No call about the secret: all steps passed, but from createSecret to finishSecret the rotation "
            "function made no call about secret 'prod/db'. The rotation isn't complete: finishSecret has to move "
            f"AWSCURRENT to version {TOKEN}."
        )

    def test_a_function_that_never_moves_awscurrent_is_found(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", Rotator(finishes=False), token=TOKEN)
        assert only(rotation) == (
            "AWSCURRENT not moved: all steps passed, but no call of finishSecret moved AWSCURRENT of secret "
            f"'prod/db' to version {TOKEN}. The rotation isn't complete: finishSecret has to call "
            "UpdateSecretVersionStage."
        )

    @pytest.mark.parametrize(
        "returned",
        [
            {"statusCode": 500, "body": "hunter2"},
            {"statusCode": "404"},
            {"status": "error"},
            {"error": "hunter2"},
            {"errorMessage": "hunter2", "errorType": "KeyError"},
            {"success": False},
            "Error: hunter2",
            "failed: hunter2",
            False,
            ValueError("hunter2"),
            "An error occurred (hunter2)",
            {"Status": "FAILED"},
            ("hunter2", {"statusCode": 500}),
        ],
        ids=repr,
    )
    def test_an_error_that_is_returned_after_a_failed_call_is_found(self, client, db, fake_secrets, returned):
        rotator = Rotator(client)

        def handler(event, context):
            rotator(event, context)
            if event["Step"] == "testSecret":
                try:
                    client.get_secret_value(SecretId="prod/db", VersionStage="AWSPENDINGS")
                except client.exceptions.ResourceNotFoundException:
                    client.list_secrets()
                    return returned
            return None

        rotation = fake_secrets.rotate("prod/db", handler)
        assert rotation.succeeded
        assert only(rotation) == (
            f"Error returned and not raised: testSecret returned a {type(returned).__name__} that describes an "
            "error, after GetSecretValue had failed with ResourceNotFoundException. AWS ignores what a rotation "
            "function returns, so the rotation goes on. Raise an exception instead."
        )

    @pytest.mark.fake_secrets(rotation="manual")
    def test_a_rotation_that_is_run_step_by_step_is_judged_as_well(self, client, db, fake_secrets):
        rotation = fake_secrets.rotate("prod/db", function(client, createSecret=lambda token: {}))
        rotation.step()
        assert len(rotation.findings) == 1

    def test_findings_stay_after_a_retry(self, client, db, fake_secrets):
        def handler(event, context):
            if event["Step"] == "createSecret":
                client.put_secret_value(
                    SecretId="prod/db", SecretString="new", ClientRequestToken=event["ClientRequestToken"]
                )
            if event["Step"] == "setSecret" and rotation_is_first:
                raise RuntimeError
            if event["Step"] == "finishSecret":
                finish(client, event)

        rotation_is_first = True
        rotation = fake_secrets.rotate("prod/db", handler, errors="record")
        rotation_is_first = False
        assert rotation.retry().succeeded
        assert len(rotation.findings) == 1


class TestWhatIsInOrder:
    """None of these has a finding."""

    @pytest.fixture(autouse=True)
    def _clean(self, fake_secrets):
        yield
        assert fake_secrets.rotations
        assert [rotation.findings for rotation in fake_secrets.rotations] == [[]] * len(fake_secrets.rotations)

    def test_a_correct_function(self, db, fake_secrets):
        assert fake_secrets.rotate("prod/db", Rotator()).succeeded

    def test_a_correct_function_after_a_failure_in_each_step(self, client, db, fake_secrets):
        rotator = Rotator(client)
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            rotator.fails_in = step
            rotation = fake_secrets.rotate("prod/db", rotator, errors="record")
            rotator.fails_in = None
            assert rotation.retry().succeeded

    def test_empty_set_and_test_steps(self, client, db, fake_secrets):
        assert fake_secrets.rotate("prod/db", function(client, createSecret=pending)).succeeded

    def test_only_a_test_of_the_function(self, client, db, fake_secrets):
        client.rotate_secret(
            SecretId="prod/db",
            RotationLambdaARN=fake_secrets.lambda_function(lambda event, context: None),
            RotateImmediately=False,
        )
        assert fake_secrets.rotations[0].is_test

    def test_a_function_that_also_writes_other_secrets(self, client, db, fake_secrets):
        fake_secrets.add("keytab", "old")
        rotator = Rotator(client)

        def handler(event, context):
            rotator(event, context)
            client.put_secret_value(SecretId="keytab", SecretString=f"new {event['Step']}")

        assert fake_secrets.rotate("prod/db", handler).succeeded

    @pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_value_that_a_test_puts_meanwhile(self, client, db, fake_secrets, step, when):
        rotator = Rotator(client)

        def handler(event, context):
            is_now = event["Step"] == step
            if is_now and when == "before":
                client.put_secret_value(SecretId="prod/db", SecretString="by hand")
            rotator(event, context)
            if is_now and when == "after":
                client.put_secret_value(SecretId="prod/db", SecretString="by hand")

        assert fake_secrets.rotate("prod/db", handler, errors="record").findings == []

    def test_a_value_that_another_thread_puts_meanwhile(self, client, db, fake_secrets):
        rotator = Rotator(client)

        def handler(event, context):
            if event["Step"] == "testSecret":
                put = threading.Thread(
                    target=client.put_secret_value, kwargs={"SecretId": "prod/db", "SecretString": "by hand"}
                )
                put.start()
                put.join(5)
            rotator(event, context)

        fake_secrets.rotate("prod/db", handler, errors="record")

    def test_a_function_whose_threads_make_the_calls(self, db, fake_secrets):
        rotator = Rotator()

        def handler(event, context):
            step = threading.Thread(target=rotator, args=(event, context))
            step.start()
            step.join(5)

        assert fake_secrets.rotate("prod/db", handler).succeeded

    def test_a_function_that_fails(self, db, fake_secrets):
        fake_secrets.rotate("prod/db", Rotator(fails_in="createSecret"), errors="record")

    def test_a_function_that_removes_awspending(self, client, db, fake_secrets):
        def handler(event, context):
            Rotator()(event, context)
            if event["Step"] == "finishSecret":
                client.update_secret_version_stage(
                    SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=event["ClientRequestToken"]
                )

        assert fake_secrets.rotate("prod/db", handler).succeeded

    def test_an_expected_failure_and_a_result_that_says_so(self, client, db, fake_secrets):
        rotator = Rotator(client)

        def handler(event, context):
            rotator(event, context)
            return {"statusCode": 500} if event["Step"] == "createSecret" else {"statusCode": 200}

        assert fake_secrets.rotate("prod/db", handler).succeeded

    def test_a_secret_that_is_deleted_meanwhile(self, client, db, fake_secrets):
        def handler(event, context):
            if event["Step"] == "setSecret":
                client.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)

        fake_secrets.rotate("prod/db", handler)

    def test_a_managed_secret(self, fake_secrets):
        fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
        assert fake_secrets.rotate("rds!db").succeeded


class TestWarnings:
    @pytest.fixture
    def quiet(self):
        def quiet(event, context):
            pass

        return quiet

    def test_a_finding_is_told_when_the_world_is_left(self, quiet, recwarn):
        with mock_stages({"db": "old"}) as world:
            finding = only(world.rotate("db", quiet))
            assert not recwarn.list
        warning = recwarn.pop(RotationWarning)
        assert str(warning.message) == finding

    def test_it_points_at_the_line_that_started_the_rotation(self, quiet, recwarn):
        with mock_stages({"db": "old"}) as world:
            line = world.rotate("db", quiet) and here()
        assert line_of(recwarn) == line

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_it_points_at_the_line_of_a_clients_call(self, quiet, lane, recwarn):
        with mock_stages({"db": "old"}, _lane=lane) as world:
            arn = world.lambda_function(quiet)
            client = boto3.client("secretsmanager", region_name=world.region)
            line = client.rotate_secret(SecretId="db", RotationLambdaARN=arn) and here()
        assert line_of(recwarn) == line

    def test_that_of_a_scheduled_rotation_points_at_the_call_that_set_the_schedule(
        self, client, freezer_at_noon, recwarn
    ):
        rotator = Rotator(client)
        with mock_stages({"db": "old"}) as world:
            arn = world.lambda_function(rotator)
            rules = {"AutomaticallyAfterDays": 1}
            line = client.rotate_secret(SecretId="db", RotationLambdaARN=arn, RotationRules=rules) and here()
            rotator.finishes = False
            freezer_at_noon.move_to(world.next_due())
            client.list_secrets()
        assert line_of(recwarn) == line

    @pytest.mark.filterwarnings("error::fake_secrets.RotationWarning")
    def test_a_filter_makes_it_an_error_that_comes_out_when_the_world_is_left(self, quiet):
        world = mock_stages({"db": "old"})
        handle = world.start()
        handle.rotate("db", quiet)
        with pytest.raises(RotationWarning, match=r"^No call about the secret: "):
            world.stop()

    @pytest.mark.filterwarnings("error::fake_secrets.RotationWarning")
    def test_an_error_becomes_a_note_of_the_exception_that_leaves_the_world(self, quiet):
        with pytest.raises(ZeroDivisionError) as raised, mock_stages({"db": "old"}) as world:
            world.rotate("db", quiet)
            raise ZeroDivisionError
        (note,) = raised.value.__notes__
        assert note.startswith("RotationWarning: No call about the secret: ")

    @pytest.mark.filterwarnings("error::fake_secrets.RotationWarning")
    def test_it_never_comes_out_of_a_clients_call(self, client, quiet):
        world = mock_stages({"db": "old"})
        arn = world.start().lambda_function(quiet)
        client.rotate_secret(SecretId="db", RotationLambdaARN=arn)
        client.describe_secret(SecretId="db")
        with pytest.raises(RotationWarning):
            world.stop()

    def test_each_is_told_once(self, quiet, recwarn):
        outer = mock_stages({"db": "old"})
        with outer as world:
            with outer:
                world.rotate("db", quiet)
            assert not recwarn.list
        assert len(recwarn.list) == 1


def line_of(recorded):
    warning = recorded.pop(RotationWarning)
    assert not recorded.list
    return warning.filename, warning.lineno


def here():
    """Return the file and line of the caller."""
    frame = inspect.stack()[1]
    return frame.filename, frame.lineno
