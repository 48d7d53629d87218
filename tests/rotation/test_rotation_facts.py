"""Recorded or documented facts about rotation that no other file tests, with a class for each section."""

import datetime

import boto3
import botocore.exceptions
import pytest

from fake_secrets import RotationFailedError

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
V1 = "11111111-1111-4111-8111-111111111111"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
LATER_TOKEN = "d2d2d2d2-d2d2-4d2d-8d2d-d2d2d2d2d2d2"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotator"

recorded = pytest.mark.fake_secrets(rotation_errors="record")


class Function:
    """A rotation function that does as little as possible, and more if a test asks for it.

    `before` maps a step to a function, which is called with the event before the step.
    """

    def __init__(self, **before):
        self.before = before
        self.events = []

    def __call__(self, event, context):
        self.events.append(event)
        self.before.get(event["Step"], lambda event: None)(event)
        client = boto3.client("secretsmanager")
        arn, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            self.create(client, arn, token)
        if event["Step"] == "finishSecret":
            versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
            (current,) = (version for version, labels in versions.items() if "AWSCURRENT" in labels)
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )

    def create(self, client, arn, token):
        request = {"SecretId": arn, "VersionStages": ["AWSPENDING"]}
        try:
            client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except client.exceptions.ResourceNotFoundException:
            client.put_secret_value(**request, ClientRequestToken=token, SecretString=f"of {token}")

    @property
    def steps(self):
        return [event["Step"] for event in self.events]


class FilledBy(Function):
    """A rotation function that stores the pending value as another principal, with or without RotationToken."""

    def __init__(self, credentials, *, passes_token):
        super().__init__(createSecret=self.fill)
        self.credentials = credentials
        self.passes_token = passes_token

    def fill(self, event):
        proof = {"RotationToken": event["RotationToken"]} if self.passes_token else {}
        boto3.client("secretsmanager", **self.credentials).put_secret_value(
            SecretId=event["SecretId"],
            ClientRequestToken=event["ClientRequestToken"],
            SecretString="of another principal",
            VersionStages=["AWSPENDING"],
            **proof,
        )


def fail(event):
    raise ConnectionError


def do_nothing(event, context):
    """Pass every step and change nothing."""


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("prod/db", "old", version_ids={"AWSCURRENT": V1})


@pytest.fixture
def rotate(db, fake_secrets, secretsmanager):
    """Return a function that calls RotateSecret with a rotation function, by default with TOKEN."""

    def rotate(handler, **request):
        arn = fake_secrets.lambda_function(handler, arn=FUNCTION)
        request = {"ClientRequestToken": TOKEN, **request}
        return secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, **request)

    return rotate


@pytest.fixture
def described(secretsmanager):
    return lambda: secretsmanager.describe_secret(SecretId="prod/db")


@pytest.fixture
def told(fake_secrets):
    """Return the names of CloudTrail's records so far."""
    return lambda: [record["eventName"] for record in fake_secrets.trail.service_events]


class TestTheCall:
    """rotation-facts 1.1."""

    @pytest.mark.parametrize(
        "request_of_the_second",
        [
            {"RotationRules": {"AutomaticallyAfterDays": 1}},
            {"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:other"},
        ],
    )
    def test_a_call_refused_by_an_open_rotation_stores_nothing(
        self, fake_secrets, secretsmanager, rotate, described, request_of_the_second
    ):
        rotate(do_nothing, RotationRules={"AutomaticallyAfterDays": 30})
        fake_secrets.lambda_function(Function(), "other")
        names = ("RotationEnabled", "RotationLambdaARN", "RotationRules", "VersionIdsToStages")
        before = described()
        with pytest.raises(secretsmanager.exceptions.InvalidRequestException):
            secretsmanager.rotate_secret(SecretId="prod/db", **request_of_the_second)
        after = described()
        assert [after[name] for name in names] == [before[name] for name in names]

    @pytest.mark.parametrize(
        "token",
        ["terraform-20260304120000000000000001", "D1D1D1D1-D1D1-4D1D-8D1D-D1D1D1D1D1D1", "x" * 32, "x" * 64],
    )
    def test_a_token_of_any_form_becomes_the_version_id_unchanged(self, rotate, described, token):
        rotate(do_nothing, ClientRequestToken=token)
        assert described()["VersionIdsToStages"] == {V1: ["AWSCURRENT"], token: ["AWSPENDING"]}

    @pytest.mark.fake_secrets(rotation="manual")
    def test_the_call_can_return_before_the_function_is_invoked(self, rotate, described):
        function = Function()
        answer = rotate(function)
        assert (answer["VersionId"], function.steps) == (TOKEN, [])


class TestTheInvocations:
    """rotation-facts 1.2."""

    @pytest.mark.parametrize("returned", [False, "failed", {"statusCode": 500}, {"status": "error"}, ValueError()])
    def test_the_return_value_of_the_function_is_ignored(self, db, fake_secrets, returned):
        function = Function()

        def handler(event, context):
            function(event, context)
            return returned

        assert fake_secrets.rotate("prod/db", handler).succeeded

    @pytest.mark.parametrize("step", STEPS)
    @recorded
    def test_the_failure_event_names_function_and_step(self, fake_secrets, rotate, step):
        rotate(Function(**{step: fail}))
        record = fake_secrets.trail.service_events[-1]
        assert (record["eventName"], record["errorMessage"]) == (
            "RotationFailed",
            f"Error when executing lambda {FUNCTION} during {step} step",
        )

    def test_a_step_that_exceeds_the_functions_time_out_fails(self, freezer_at_noon, fake_secrets, db):
        function = Function(setSecret=lambda event: freezer_at_noon.tick(31))
        fake_secrets.lambda_function(function, timeout=30)
        rotation = fake_secrets.rotate("prod/db", function, errors="record")
        assert (rotation.failed_step, function.steps) == ("setSecret", STEPS[:2])

    def test_a_step_within_the_functions_time_out_passes(self, freezer_at_noon, fake_secrets, db):
        function = Function(setSecret=lambda event: freezer_at_noon.tick(29))
        fake_secrets.lambda_function(function, timeout=30)
        assert fake_secrets.rotate("prod/db", function).succeeded

    def test_another_principal_with_the_rotation_token_may_fill_the_version(self, fake_secrets, db):
        credentials = fake_secrets.credentials("arn:aws:sts::123456789012:assumed-role/rotation/session")
        rotation = fake_secrets.rotate("prod/db", FilledBy(credentials, passes_token=True))
        assert (rotation.succeeded, db.value()) == (True, "of another principal")


class TestAVersionFilledByAnotherPrincipal:
    """rotation-facts 1.2: without RotationToken, Secrets Manager doesn't accept the version as its function's."""

    @pytest.fixture
    def fill(self, fake_secrets):
        """Return a rotation function that lets another principal fill the version, without RotationToken."""

        def fill(principal="arn:aws:sts::123456789012:assumed-role/rotation/session"):
            return FilledBy(fake_secrets.credentials(principal), passes_token=False)

        return fill

    @pytest.mark.parametrize(
        "principal",
        [
            "arn:aws:sts::123456789012:assumed-role/rotation/session",
            # A second function, to which the first delegates the rotation.
            "arn:aws:sts::123456789012:assumed-role/second-function-role/second-function",
            "arn:aws:iam::123456789012:user/operator",
        ],
    )
    def test_the_rotation_fails(self, fake_secrets, db, fill, principal):
        assert fake_secrets.rotate("prod/db", fill(principal), errors="record").outcome == "failed"

    def test_the_version_does_not_become_current(self, fake_secrets, db, fill):
        fake_secrets.rotate("prod/db", fill(), token=TOKEN, errors="record")
        assert db.stages == {"AWSCURRENT": V1, "AWSPENDING": TOKEN}

    @recorded
    def test_the_event_says_what_happened_and_what_to_do(self, fake_secrets, db, rotate, fill):
        rotate(fill())
        assert fake_secrets.trail.service_events[-1]["errorMessage"] == (
            f"Pending secret version {TOKEN} for Secret {db.arn} was not created by Lambda {FUNCTION}. "
            "Remove the AWSPENDING staging label and restart rotation"
        )

    def test_rotation_can_be_restarted_once_pending_is_removed(self, fake_secrets, secretsmanager, db, fill):
        fake_secrets.rotate("prod/db", fill(), token=TOKEN, errors="record")
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=TOKEN
        )
        assert fake_secrets.rotate("prod/db", Function()).succeeded

    @pytest.mark.fake_secrets(rotation="manual")
    def test_a_value_put_by_a_user_before_create_secret_fails_the_rotation(self, fake_secrets, secretsmanager, db):
        rotation = fake_secrets.rotate("prod/db", Function(), token=TOKEN, errors="record")
        secretsmanager.put_secret_value(
            SecretId="prod/db", ClientRequestToken=TOKEN, SecretString="by hand", VersionStages=["AWSPENDING"]
        )
        with pytest.raises(RotationFailedError, match="was not created by Lambda"):
            rotation.step()


class TestFurtherAttempts:
    """rotation-facts 1.2: a rotation that fails is attempted again; the test sets how often."""

    @pytest.fixture
    def function(self, fake_secrets, db):
        """A rotation function that fails in the third step of its first two attempts."""
        fake_secrets.retries.max_attempts = 3
        failures = iter([fail, fail])

        def fail_twice(event):
            next(failures, id)(event)

        return Function(testSecret=fail_twice)

    def test_each_attempt_begins_with_create_secret(self, fake_secrets, function):
        fake_secrets.rotate("prod/db", function)
        assert function.steps == [*STEPS[:3], *STEPS[:3], *STEPS]

    def test_each_attempt_has_the_same_token(self, fake_secrets, function):
        fake_secrets.rotate("prod/db", function, token=TOKEN)
        assert {event["ClientRequestToken"] for event in function.events} == {TOKEN}

    def test_each_attempt_finds_the_pending_value_of_the_first(self, fake_secrets, db, function):
        found = []
        function.before["createSecret"] = lambda event: found.append(db.value("AWSPENDING"))
        fake_secrets.rotate("prod/db", function, token=TOKEN)
        assert found == [None, f"of {TOKEN}", f"of {TOKEN}"]

    def test_a_failed_scheduled_rotation_is_attempted_again_with_its_token(
        self, freezer_at_noon, fake_secrets, rotate
    ):
        function = Function()
        rotate(function, RotationRules={"AutomaticallyAfterDays": 1})
        function.before["setSecret"] = fail
        freezer_at_noon.move_to("2026-03-05T12:00:00Z")
        fake_secrets.run_due(errors="record")
        del function.before["setSecret"]
        freezer_at_noon.move_to("2026-03-06T12:00:00Z")
        (rotation,) = fake_secrets.run_due()
        assert (rotation.succeeded, rotation.attempts) == (True, 2)

    @pytest.mark.slow
    def test_the_next_date_may_be_past_after_the_last_attempt(
        self, freezer_at_noon, fake_secrets, rotate, described
    ):
        function = Function()
        rotate(function, RotationRules={"AutomaticallyAfterDays": 1})
        function.before["setSecret"] = fail
        freezer_at_noon.move_to("2026-03-10T12:00:00Z")
        fake_secrets.run_due(errors="record")
        assert described()["NextRotationDate"] < at("2026-03-10 12:00")

    def test_pending_may_stay_on_an_empty_version_after_the_last_attempt(
        self, freezer_at_noon, fake_secrets, rotate, db
    ):
        function = Function()
        rotate(function, RotationRules={"AutomaticallyAfterDays": 1})
        function.before["createSecret"] = fail
        freezer_at_noon.move_to("2026-03-10T12:00:00Z")
        fake_secrets.run_due(errors="record")
        assert db.value("AWSPENDING") is None


class TestCompletion:
    """rotation-facts 1.3."""

    def test_the_finishing_call_sets_the_rotated_and_changed_dates(self, freezer_at_noon, rotate, described):
        rotate(Function(finishSecret=lambda event: freezer_at_noon.tick(60)))
        answer = described()
        assert answer["LastRotatedDate"] == answer["LastChangedDate"] == at("2026-03-04 12:01")

    def test_a_later_success_sets_the_rotated_date_again(self, freezer_at_noon, fake_secrets, rotate, described):
        rotate(Function())
        freezer_at_noon.tick(60)
        fake_secrets.rotate("prod/db")
        assert described()["LastRotatedDate"] == at("2026-03-04 12:01")

    def test_the_version_before_the_previous_one_is_deprecated(self, fake_secrets, secretsmanager, rotate):
        rotate(Function())
        fake_secrets.rotate("prod/db", token=LATER_TOKEN)
        listed = secretsmanager.list_secret_version_ids(SecretId="prod/db", IncludeDeprecated=True)["Versions"]
        assert {version["VersionId"]: sorted(version.get("VersionStages", ())) for version in listed} == {
            V1: [],
            TOKEN: ["AWSPREVIOUS"],
            LATER_TOKEN: ["AWSCURRENT", "AWSPENDING"],
        }


class TestATrialOfTheFunction:
    """rotation-facts 1.4: RotateImmediately=False."""

    def test_a_test_has_events_with_names_of_their_own(self, rotate, told):
        rotate(Function(), RotateImmediately=False)
        assert told() == ["TestRotationStarted", "TestRotationSucceeded"]

    @recorded
    def test_a_failed_test_has_an_event_with_a_name_of_its_own(self, rotate, told):
        rotate(Function(testSecret=fail), RotateImmediately=False)
        assert told() == ["TestRotationStarted", "TestRotationFailed"]

    def test_a_new_cron_expression_replaces_the_scheduled_date(self, freezer_at_noon, fake_secrets, rotate):
        function = Function()
        rotate(function, RotationRules={"ScheduleExpression": "rate(10 days)"})
        rotate(
            function,
            ClientRequestToken=LATER_TOKEN,
            RotationRules={"ScheduleExpression": "cron(0 8 1 * ? *)"},
            RotateImmediately=False,
        )
        freezer_at_noon.move_to("2026-03-31T12:00:00Z")
        assert fake_secrets.run_due() == []


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
class TestAbandonment:
    """rotation-facts 1.5: another value becomes current while a rotation is open."""

    @pytest.fixture
    def function(self, secretsmanager, operation):
        """A rotation function; another value becomes current between its first two steps."""

        def put(event):
            getattr(secretsmanager, operation)(
                SecretId="prod/db", SecretString="by hand", ClientRequestToken=LATER_TOKEN
            )

        return Function(setSecret=put)

    def test_an_event_reports_the_abandonment(self, fake_secrets, db, rotate, function):
        rotate(function)
        (record,) = (r for r in fake_secrets.trail.service_events if r["eventName"] == "RotationAbandoned")
        assert record["requestID"] == f"Rotation-{db.arn}-{TOKEN}"

    def test_the_pending_version_loses_its_label(self, secretsmanager, rotate, described, function):
        def look(event):
            found.append(described()["VersionIdsToStages"])

        found = []
        function.before["testSecret"] = look
        rotate(function)
        assert found == [{V1: ["AWSPREVIOUS"], LATER_TOKEN: ["AWSCURRENT"]}]

    def test_the_abandoned_rotation_has_not_succeeded(self, fake_secrets, db, function):
        assert not fake_secrets.rotate("prod/db", function).succeeded

    def test_the_next_rotation_can_begin(self, fake_secrets, secretsmanager, db, operation):
        fake_secrets.rotate("prod/db", do_nothing)
        getattr(secretsmanager, operation)(SecretId="prod/db", SecretString="by hand")
        assert fake_secrets.rotate("prod/db", Function()).succeeded


class TestCancelling:
    """rotation-facts 1.5: CancelRotateSecret."""

    def test_a_running_function_finds_rotation_off(self, secretsmanager, rotate, described):
        found = []

        def look(event, context):
            if event["Step"] == "testSecret":
                secretsmanager.cancel_rotate_secret(SecretId="prod/db")
            found.append((event["Step"], described()["RotationEnabled"]))

        rotate(look)
        assert found == list(zip(STEPS, [True, True, False, False], strict=True))

    def test_a_rotation_begins_once_the_remaining_label_is_removed(self, fake_secrets, secretsmanager, rotate):
        rotate(do_nothing)
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        secretsmanager.update_secret_version_stage(
            SecretId="prod/db", VersionStage="AWSPENDING", RemoveFromVersionId=TOKEN
        )
        assert fake_secrets.rotate("prod/db", Function()).succeeded

    def test_no_rotation_is_due_after_cancelling(self, freezer_at_noon, fake_secrets, secretsmanager, rotate):
        rotate(Function(), RotationRules={"AutomaticallyAfterDays": 1})
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        freezer_at_noon.move_to("2026-03-31T12:00:00Z")
        assert fake_secrets.run_due() == []


class TestTheGrammarOfSchedules:
    """rotation-facts 2.1."""

    @pytest.mark.parametrize(
        "expression",
        [
            "rate(4 hour)",
            "rate(4 hours)",
            "rate(2 day)",
            "rate(1 days)",
            "cron(0 0 * * ? *)",
            "cron(0 23 * * ? *)",
            "cron(0 /8 * * ? *)",
            "cron(0 2/10 * * ? *)",
            "cron(0 8 1,15 * ? *)",
            "cron(0 8 1-7 * ? *)",
            "cron(0 8 */2 * ? *)",
            "cron(0 8 L * ? *)",
            "cron(0 8 SUNL * ? *)",
            "cron(0 8 1 1,7 ? *)",
            "cron(0 8 1 JAN-DEC ? *)",
            "cron(0 8 1 */3 ? *)",
            "cron(0 8 ? * 2,6 *)",
            "cron(0 8 ? * MON-FRI *)",
            "cron(0 8 ? * 1/2 *)",
            "cron(0 8 ? * MON#1 *)",
            "cron(0 8 ? * 6L *)",
        ],
    )
    def test_a_valid_expression_is_accepted_and_returned(self, rotate, described, expression):
        rotate(do_nothing, RotationRules={"ScheduleExpression": expression})
        assert described()["RotationRules"]["ScheduleExpression"] == expression

    @pytest.mark.parametrize(
        "expression",
        [
            "cron(0 8,16 * * ? *)",
            "cron(0 8-16 * * ? *)",
            "cron(0,30 8 * * ? *)",
            "cron(0 8 1 ? ? *)",
            "cron(0 8 1 L ? *)",
            "cron(0 8 1#2 * ? *)",
            "cron(0 8 W * ? *)",
            "cron(0 8 ? * MONW *)",
            "cron(0 8 ? * ? *)",
            "cron(0 8 * * ? 2026-2030)",
            "cron(0 8 * * ?)",
            "rate(5 minutes)",
            "rate(1 month)",
            "rate(days)",
        ],
    )
    def test_an_expression_outside_the_table_of_fields_is_refused(self, secretsmanager, rotate, expression):
        with pytest.raises(botocore.exceptions.ClientError):
            rotate(do_nothing, RotationRules={"ScheduleExpression": expression})

    @pytest.mark.parametrize("expression", ["cron(0 /23 * * ? *)", "cron(0 2/21 * * ? *)"])
    def test_an_increment_of_four_hours_is_accepted_though_midnight_may_shorten_it(
        self, secretsmanager, rotate, expression
    ):
        """[D]: AWS's answer isn't recorded; its messages, M20 and M23, are about the rate."""
        rotate(do_nothing, RotationRules={"ScheduleExpression": expression})
        rules = secretsmanager.describe_secret(SecretId="prod/db")["RotationRules"]
        assert rules["ScheduleExpression"] == expression

    @pytest.mark.parametrize(
        ("rules", "start"),
        [
            ({"AutomaticallyAfterDays": 2}, "2026-03-06 00:00"),
            ({"ScheduleExpression": "rate(2 days)"}, "2026-03-06 00:00"),
            ({"ScheduleExpression": "cron(0 8 ? * FRI *)"}, "2026-03-06 08:00"),
            ({"ScheduleExpression": "cron(0 /6 * * ? *)"}, "2026-03-04 18:00"),
        ],
    )
    def test_windows_in_days_start_at_midnight_and_cron_windows_at_their_hour(
        self, freezer_at_noon, fake_secrets, rotate, rules, start
    ):
        freezer_at_noon.tick(1234.567)
        rotate(Function(), RotationRules=rules)
        assert fake_secrets.next_due() == at(start)

    def test_windows_in_hours_start_on_the_hour(self, freezer_at_noon, fake_secrets, rotate):
        freezer_at_noon.tick(1234.567)
        rotate(Function(), RotationRules={"ScheduleExpression": "rate(5 hours)"})
        due = fake_secrets.next_due()
        assert (due.minute, due.second, due.microsecond) == (0, 0, 0)

    @pytest.mark.parametrize(
        "rules",
        [
            {"AutomaticallyAfterDays": 2},
            {"ScheduleExpression": "rate(2 days)", "Duration": "2h"},
            {"ScheduleExpression": "rate(5 hours)"},
            {"ScheduleExpression": "cron(0 8 ? * FRI *)", "Duration": "3h"},
        ],
    )
    def test_a_scheduled_rotation_runs_within_its_window(
        self, freezer_at_noon, fake_secrets, rotate, described, rules
    ):
        rotate(Function(), RotationRules=rules)
        start, end = fake_secrets.next_due(), described()["NextRotationDate"]
        freezer_at_noon.move_to(end + datetime.timedelta(seconds=1))
        assert start <= described()["LastRotatedDate"] <= end

    def test_a_schedule_continues_after_each_rotation(self, freezer_at_noon, rotate, described):
        rotate(Function(), RotationRules={"AutomaticallyAfterDays": 2})
        dates = []
        for _ in range(3):
            freezer_at_noon.move_to(described()["NextRotationDate"])
            dates.append(described()["LastRotatedDate"].date().isoformat())
        assert dates == ["2026-03-06", "2026-03-08", "2026-03-10"]


class TestDatesAndDerivedValues:
    """rotation-facts 2.2."""

    @pytest.mark.parametrize(
        ("rules", "rotated", "shown"),
        [
            ({"ScheduleExpression": "cron(0 0 ? * 2 *)"}, "2026-09-07 18:14:58", "2026-09-14 23:59:59"),
            ({"AutomaticallyAfterDays": 30}, "2026-01-22 06:42:22", "2026-02-21 23:59:59"),
            ({"AutomaticallyAfterDays": 30}, "2026-02-03 12:00:00", "2026-03-05 23:59:59"),
            (
                {"ScheduleExpression": "cron(0 16 1,15 * ? *)", "Duration": "2h"},
                "2026-09-02 00:00:00",
                "2026-09-15 17:59:59",
            ),
        ],
    )
    def test_the_next_date_after_a_rotation_is_as_recorded(
        self, freezer_at_noon, rotate, described, rules, rotated, shown
    ):
        freezer_at_noon.move_to(at(rotated))
        rotate(Function(), RotationRules=rules)
        assert described()["NextRotationDate"] == at(shown)

    def test_the_next_date_counts_from_the_rotation_not_from_the_window(
        self, freezer_at_noon, secretsmanager, rotate, described
    ):
        function = Function()
        rotate(function, RotationRules={"AutomaticallyAfterDays": 30})
        freezer_at_noon.move_to("2026-03-10T12:00:00Z")
        secretsmanager.rotate_secret(SecretId="prod/db")
        assert described()["NextRotationDate"] == at("2026-04-09 23:59:59")

    def test_a_new_configuration_restarts_the_count(self, freezer_at_noon, secretsmanager, rotate, described):
        rotate(Function(), RotationRules={"AutomaticallyAfterDays": 30})
        freezer_at_noon.move_to("2026-03-10T12:00:00Z")
        secretsmanager.rotate_secret(
            SecretId="prod/db", RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
        )
        assert described()["NextRotationDate"] == at("2026-04-09 23:59:59")

    def test_the_derived_days_are_computed_again_after_each_success(self, freezer_at_noon, rotate, described):
        rotate(Function(), RotationRules={"ScheduleExpression": "cron(0 16 1,15 * ? *)"})
        days = []
        for moment in ("2026-03-15T23:00:00Z", "2026-04-01T23:00:00Z"):
            freezer_at_noon.move_to(moment)
            days.append(described()["RotationRules"]["AutomaticallyAfterDays"])
        assert len(set(days)) == 2

    @pytest.mark.parametrize("expression", ["rate(4 hours)", "rate(23 hours)", "cron(0 /8 * * ? *)"])
    def test_less_than_a_day_is_shown_as_one_day(self, rotate, described, expression):
        rotate(Function(), RotationRules={"ScheduleExpression": expression})
        assert described()["RotationRules"]["AutomaticallyAfterDays"] == 1

    def test_sending_the_derived_days_with_the_expression_is_refused(self, secretsmanager, rotate, described):
        rotate(Function(), RotationRules={"ScheduleExpression": "rate(10 hours)"})
        with pytest.raises(secretsmanager.exceptions.InvalidParameterException):
            secretsmanager.rotate_secret(SecretId="prod/db", RotationRules=described()["RotationRules"])

    @pytest.mark.parametrize(
        "rules",
        [
            {"AutomaticallyAfterDays": 1},
            {"ScheduleExpression": "rate(4 hours)"},
            {"ScheduleExpression": "cron(0 8 * * ? *)"},
        ],
    )
    def test_the_next_date_has_no_fraction_of_a_second_but_the_last_date_has(
        self, freezer_at_noon, rotate, described, rules
    ):
        freezer_at_noon.tick(0.123)
        rotate(Function(), RotationRules=rules)
        answer = described()
        dates = answer["LastRotatedDate"], answer["NextRotationDate"]
        assert [(date.second, date.microsecond) for date in dates] == [(0, 123_000), (59, 0)]

    def test_a_secret_that_is_configured_again_is_rotated_before_the_date_shown(
        self, freezer_at_noon, fake_secrets, secretsmanager, rotate, described
    ):
        rotate(Function(), RotationRules={"AutomaticallyAfterDays": 30})
        shown = described()["NextRotationDate"]
        secretsmanager.cancel_rotate_secret(SecretId="prod/db")
        freezer_at_noon.move_to("2026-03-10T12:00:00Z")
        secretsmanager.rotate_secret(SecretId="prod/db")
        assert described()["LastRotatedDate"] < shown - datetime.timedelta(days=20)
