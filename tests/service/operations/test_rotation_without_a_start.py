"""Calls that succeed and start no rotation: they have another effect, or none, as documented."""

import pytest

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
WEEKLY = {"AutomaticallyAfterDays": 7}
DAILY = {"AutomaticallyAfterDays": 1}


@pytest.fixture
def function(fake_secrets):
    return fake_secrets.lambda_function(lambda event, context: None, "rotator")


@pytest.fixture
def other(fake_secrets):
    return fake_secrets.lambda_function(lambda event, context: None, "other")


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1})


@pytest.fixture
def rotate(secretsmanager, answer):
    return lambda **members: answer(secretsmanager.rotate_secret, SecretId="app/db", **members)


@pytest.fixture
def described(secretsmanager, answer):
    return lambda: answer(secretsmanager.describe_secret, SecretId="app/db")


class TestTheTokenOfAVersionThatExists:
    def test_configures_rotation_of_a_secret_that_never_had_one_and_starts_none(
        self, db, fake_secrets, function, rotate, described
    ):
        answered = rotate(RotationLambdaARN=function, RotationRules=WEEKLY, ClientRequestToken=V1)
        assert answered == {"ARN": db.arn, "Name": "app/db", "VersionId": V1}
        shown = described()
        assert shown["RotationEnabled"]
        assert shown["RotationLambdaARN"] == function
        assert shown["RotationRules"] == WEEKLY
        assert "NextRotationDate" in shown
        assert shown["VersionIdsToStages"] == {V1: ["AWSCURRENT"]}
        assert fake_secrets.rotations == []

    def test_runs_no_test_of_the_function_either(self, db, fake_secrets, function, rotate, described):
        rotate(RotationLambdaARN=function, ClientRequestToken=V1, RotateImmediately=False)
        assert described()["RotationEnabled"]
        assert fake_secrets.rotations == []

    def test_begins_the_schedule(self, db, fake_secrets, function, rotate, freezer_at_noon):
        rotate(RotationLambdaARN=function, RotationRules=DAILY, ClientRequestToken=V1)
        freezer_at_noon.tick(3 * 86_400)
        fake_secrets.run_due(errors="record")
        assert len(fake_secrets.rotations) == 1

    def test_is_still_refused_without_a_function(self, db, rotate, secretsmanager):
        with pytest.raises(secretsmanager.exceptions.InvalidRequestException, match="No Lambda rotation function"):
            rotate(ClientRequestToken=V1)

    @pytest.mark.parametrize("is_cancelled", [False, True])
    def test_changes_the_configuration_of_a_secret_that_is_rotated(
        self, db, function, other, rotate, described, secretsmanager, is_cancelled
    ):
        rotate(RotationLambdaARN=function, RotationRules=WEEKLY, ClientRequestToken=V1)
        if is_cancelled:
            secretsmanager.cancel_rotate_secret(SecretId="app/db")
        rotate(RotationLambdaARN=other, RotationRules=DAILY, ClientRequestToken=V1)
        shown = described()
        assert (shown["RotationEnabled"], shown["RotationLambdaARN"]) == (True, other)
        assert shown["RotationRules"] == DAILY

    def test_turns_cancelled_rotation_on_again(self, db, function, rotate, described, secretsmanager):
        rotate(RotationLambdaARN=function, ClientRequestToken=V1)
        secretsmanager.cancel_rotate_secret(SecretId="app/db")
        rotate(ClientRequestToken=V1)
        assert described()["RotationEnabled"]

    def test_leaves_the_schedule_if_it_changes_nothing(self, db, function, rotate, described, freezer_at_noon):
        rotate(RotationLambdaARN=function, RotationRules=WEEKLY, ClientRequestToken=V1)
        before = described()
        freezer_at_noon.tick(86_400)
        rotate(RotationLambdaARN=function, RotationRules=WEEKLY, ClientRequestToken=V1)
        assert described() == before


class TestCallsThatChangeNothing:
    def test_cancelling_rotation_that_never_was(self, db, secretsmanager, described):
        before = described()
        secretsmanager.cancel_rotate_secret(SecretId="app/db")
        assert described() == before

    def test_an_update_without_members(self, db, secretsmanager, described):
        before = described()["VersionIdsToStages"]
        secretsmanager.update_secret(SecretId="app/db")
        assert described()["VersionIdsToStages"] == before

    def test_detaching_a_policy_that_never_was(self, db, secretsmanager, described):
        before = described()
        secretsmanager.delete_resource_policy(SecretId="app/db")
        assert described() == before

    def test_restoring_a_secret_that_is_not_deleted(self, db, secretsmanager, described):
        before = described()
        secretsmanager.restore_secret(SecretId="app/db")
        assert "DeletedDate" not in described()
        assert described()["VersionIdsToStages"] == before["VersionIdsToStages"]

    def test_removing_a_tag_that_never_was(self, db, secretsmanager, described):
        secretsmanager.untag_resource(SecretId="app/db", TagKeys=["absent"])
        assert not described().get("Tags")

    def test_putting_the_same_value_under_the_same_token(self, db, secretsmanager, described):
        before = described()
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S1", ClientRequestToken=V1)
        assert described() == before

    def test_creating_the_same_secret_under_the_same_token(self, db, secretsmanager, described):
        before = described()
        secretsmanager.create_secret(Name="app/db", SecretString="S1", ClientRequestToken=V1)
        assert described() == before

    def test_rotating_again_under_the_token_of_a_rotation_that_has_ended(
        self, db, fake_secrets, secretsmanager, described
    ):
        def rotator(event, context):
            if event["Step"] == "createSecret":
                secretsmanager.put_secret_value(
                    SecretId=event["SecretId"],
                    SecretString="S2",
                    ClientRequestToken=event["ClientRequestToken"],
                    VersionStages=["AWSPENDING"],
                )
            if event["Step"] == "finishSecret":
                secretsmanager.update_secret_version_stage(
                    SecretId=event["SecretId"],
                    VersionStage="AWSCURRENT",
                    MoveToVersionId=V2,
                    RemoveFromVersionId=V1,
                )

        arn = fake_secrets.lambda_function(rotator)
        request = {"SecretId": "app/db", "RotationLambdaARN": arn, "ClientRequestToken": V2}
        secretsmanager.rotate_secret(**request)
        before = described()
        secretsmanager.rotate_secret(**request)
        assert described() == before
        assert len(fake_secrets.rotations) == 1
