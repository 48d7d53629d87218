"""The timeline of a secret."""

import pytest

from fake_secrets import FunctionCrash

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
V3 = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})


def put(client, version, *stages):
    client.put_secret_value(
        SecretId="app/db", SecretString="y", ClientRequestToken=version, VersionStages=list(stages)
    )


def test_a_timeline_prints_as_a_table_of_calls_and_versions(fake_secrets, secretsmanager, db):
    put(secretsmanager, V2, "AWSPENDING")
    secretsmanager.update_secret_version_stage(
        SecretId="app/db", VersionStage="AWSCURRENT", MoveToVersionId=V2, RemoveFromVersionId=V1
    )
    put(secretsmanager, V3, "AWSCURRENT", "LIVE")
    assert str(fake_secrets.timeline("app/db")).splitlines() == [
        "staging labels of app/db",
        f"v1 = {V1}",
        f"v2 = {V2}",
        f"v3 = {V3}",
        "",
        "   call                      v1           v2                     v3",
        "0  (seed)                    AWSCURRENT",
        "1  PutSecretValue            AWSCURRENT   AWSPENDING",
        "2  UpdateSecretVersionStage  AWSPREVIOUS  AWSCURRENT AWSPENDING",
        "3  PutSecretValue            -            AWSPREVIOUS            AWSCURRENT LIVE",
        "",
        "-  deprecated: a version without a label",
    ]


def test_a_refused_call_shows_its_error(fake_secrets, secretsmanager, db):
    with pytest.raises(secretsmanager.exceptions.InvalidParameterException):
        secretsmanager.update_secret_version_stage(
            SecretId="app/db", VersionStage="AWSCURRENT", RemoveFromVersionId=V1
        )
    assert "1  UpdateSecretVersionStage -> InvalidParameterException  AWSCURRENT" in str(
        fake_secrets.timeline("app/db")
    )


def test_a_call_of_a_rotation_function_shows_its_step(fake_secrets, secretsmanager, db):
    fake_secrets.rotate("app/db", lambda event, context: secretsmanager.describe_secret(SecretId="app/db"))
    moments = fake_secrets.timeline("app/db").moments
    assert [(moment.step, moment.operation) for moment in moments][1:4] == [
        (None, "RotateSecret"),
        ("createSecret", "DescribeSecret"),
        ("setSecret", "DescribeSecret"),
    ]


def test_calls_about_other_secrets_are_omitted(fake_secrets, secretsmanager, db):
    secretsmanager.create_secret(Name="other")
    secretsmanager.get_random_password()
    assert len(fake_secrets.timeline("app/db").moments) == 1


@pytest.mark.parametrize("by", ["name", "arn"])
def test_a_deleted_secret_is_found_by_name_and_arn(fake_secrets, secretsmanager, db, by):
    secret_id = {"name": "app/db", "arn": db.arn}[by]
    secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    assert fake_secrets.timeline(secret_id).name == "app/db"


def test_a_name_is_looked_up_in_the_worlds_region(fake_secrets, secretsmanager, db):
    fake_secrets.add("app/db", "far", region="eu-west-3")
    assert fake_secrets.timeline("app/db").version_ids == (V1,)


@pytest.mark.parametrize("by", ["name", "arn", "partial ARN"])
def test_a_secret_is_found_by_any_secret_id(fake_secrets, secretsmanager, db, by):
    secret_id = {"name": "app/db", "arn": db.arn, "partial ARN": db.arn[:-7]}[by]
    assert fake_secrets.timeline(secret_id).name == "app/db"


def test_a_deleted_secret_still_has_a_timeline(fake_secrets, secretsmanager, db):
    secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    assert [moment.operation for moment in fake_secrets.timeline("app/db").moments] == ["(seed)", "DeleteSecret"]


def test_a_secret_that_is_created_again_has_a_new_timeline(fake_secrets, secretsmanager, db):
    secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    secretsmanager.create_secret(Name="app/db")
    assert [moment.operation for moment in fake_secrets.timeline("app/db").moments] == ["CreateSecret"]


def test_an_unknown_secret_has_no_timeline(fake_secrets):
    with pytest.raises(LookupError, match="no secret 'unknown' in this world"):
        fake_secrets.timeline("unknown")


def test_removed_versions_keep_their_column(freezer_at_noon, fake_secrets, secretsmanager):
    fake_secrets.add("a", "0")
    fake_secrets.quotas.versions = 2
    for value in "12":
        freezer_at_noon.tick(24 * 3600)
        secretsmanager.put_secret_value(SecretId="a", SecretString=value)
    timeline = fake_secrets.timeline("a")
    assert [moment.stages for moment in timeline.moments] == [
        (("AWSCURRENT",),),
        (("AWSPREVIOUS",), ("AWSCURRENT",)),
        ((), ("AWSPREVIOUS",), ("AWSCURRENT",)),
    ]


class TestRotations:
    def rows(self, fake_secrets):
        return [
            (moment.step, moment.operation, moment.outcome) for moment in fake_secrets.timeline("app/db").moments
        ]

    def test_a_step_that_makes_no_call_is_shown(self, fake_secrets, secretsmanager, db):
        fake_secrets.rotate("app/db", lambda event, context: event["Step"] == "setSecret" or touch(secretsmanager))
        assert self.rows(fake_secrets)[2:] == [
            ("createSecret", "DescribeSecret", "succeeded"),
            ("setSecret", "(no call)", "succeeded"),
            ("testSecret", "DescribeSecret", "succeeded"),
            ("finishSecret", "DescribeSecret", "succeeded"),
        ]

    def test_a_failed_step_and_the_attempts_after_it_are_shown(self, fake_secrets, secretsmanager, db):
        fake_secrets.retries.max_attempts = 3

        def handler(event, context):
            touch(secretsmanager)
            raise ValueError(event["ClientRequestToken"])

        rotation = fake_secrets.rotate("app/db", handler, token=V2, errors="record")
        assert rotation.attempts == 3
        assert str(fake_secrets.timeline("app/db")).splitlines()[6:] == [
            "1  RotateSecret                          AWSCURRENT  AWSPENDING o",
            "   * RotationStarted",
            "2  createSecret: DescribeSecret          AWSCURRENT  AWSPENDING o",
            "3  createSecret: (failed) -> ValueError  AWSCURRENT  AWSPENDING o",
            "   * RotationFailed",
            "4  — attempt 2 —                         AWSCURRENT  AWSPENDING o",
            "5  createSecret: DescribeSecret          AWSCURRENT  AWSPENDING o",
            "6  createSecret: (failed) -> ValueError  AWSCURRENT  AWSPENDING o",
            "   * RotationFailed",
            "7  — attempt 3 —                         AWSCURRENT  AWSPENDING o",
            "8  createSecret: DescribeSecret          AWSCURRENT  AWSPENDING o",
            "9  createSecret: (failed) -> ValueError  AWSCURRENT  AWSPENDING o",
            "   * RotationFailed",
            "",
            "o  empty: a version without a value",
            "*  an event of the service",
        ]

    def test_an_exception_with_a_cause_is_shown_by_its_own_name(self, fake_secrets, db):
        def handler(event, context):
            raise KeyError from ValueError()

        fake_secrets.rotate("app/db", handler, errors="record")
        assert self.rows(fake_secrets)[-1] == ("createSecret", "(failed)", "KeyError")

    def test_a_crash_is_shown_by_its_name(self, fake_secrets, db):
        def handler(event, context):
            raise FunctionCrash(event["SecretId"], "hunter2")

        fake_secrets.rotate("app/db", handler, errors="record")
        assert self.rows(fake_secrets)[-1] == ("createSecret", "(failed)", "FunctionCrash")
        assert "hunter2" not in str(fake_secrets.timeline("app/db"))

    def test_a_step_that_is_delivered_by_hand_is_shown(self, fake_secrets, secretsmanager, db):
        rotation = fake_secrets.rotate("app/db", lambda event, context: touch(secretsmanager))
        rotation.deliver("setSecret")
        assert self.rows(fake_secrets)[-2:] == [
            (None, "— setSecret by hand —", "succeeded"),
            ("setSecret", "DescribeSecret", "succeeded"),
        ]

    def test_rows_that_are_no_calls_are_not_among_the_calls(self, fake_secrets, db):
        fake_secrets.retries.max_attempts = 2
        fake_secrets.rotate("app/db", lambda event, context: 1 / 0, errors="record")
        assert [call.operation for call in fake_secrets.calls] == ["RotateSecret"]


def touch(client):
    client.describe_secret(SecretId="app/db")
