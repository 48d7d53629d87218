"""The notes on refusals that are new to people who come from moto: the exact lines that a user reads."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import mock_stages

ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture(params=["fast", "wire"], autouse=True)
def world(request):
    with mock_stages(_lane=request.param) as world:
        yield world


@pytest.fixture
def client(world):
    return boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def notes(client):
    """Return a function that makes a call and returns the code and the note of its refusal."""

    def notes(operation, **members):
        with pytest.raises(client.exceptions.ClientError) as refused:
            getattr(client, operation)(**members)
        return refused.value.response["Error"]["Code"], "\n".join(getattr(refused.value, "__notes__", []))

    return notes


@pytest.fixture
def db(client):
    """A secret with two versions."""
    client.create_secret(Name="app/db", SecretString="old", ClientRequestToken=ONE)
    client.put_secret_value(
        SecretId="app/db", SecretString="new", ClientRequestToken=TWO, VersionStages=["AWSPENDING", "BLUE"]
    )
    return "app/db"


@pytest.fixture
def function(world):
    return world.lambda_function(lambda event, context: None, "rotate")


class TestRotateSecret:
    def test_without_a_function_the_note_tells_how_to_register_one(self, world, notes):
        world.add("app/db", "x")
        assert notes("rotate_secret", SecretId="app/db") == (
            "InvalidRequestException",
            (
                "fake_secrets: AWS can't rotate without a function; moto moves AWSCURRENT to a new version "
                "without one. Register the rotation function and pass its ARN, "
                "RotationLambdaARN=fake_secrets.lambda_function(handler), or call "
                "fake_secrets.rotate(secret_id, handler)."
            ),
        )

    def test_over_a_pending_version_the_note_names_it(self, db, function, notes):
        assert notes("rotate_secret", SecretId=db, RotationLambdaARN=function) == (
            "InvalidRequestException",
            (
                f"fake_secrets: AWSPENDING is on version {TWO}, which isn't current, so AWS starts no other "
                "rotation; moto does. Move AWSCURRENT to that version, or call update_secret_version_stage with "
                f"VersionStage='AWSPENDING' and RemoveFromVersionId='{TWO}'."
            ),
        )

    def test_with_days_and_an_expression_the_note_says_to_leave_one_out(self, db, function, notes):
        rules = {"AutomaticallyAfterDays": 3, "ScheduleExpression": "rate(4 days)"}
        assert notes("rotate_secret", SecretId=db, RotationLambdaARN=function, RotationRules=rules) == (
            "InvalidParameterException",
            (
                "fake_secrets: AWS takes AutomaticallyAfterDays or ScheduleExpression; moto takes both and "
                "ignores the expression. Leave one out of RotationRules."
            ),
        )

    def test_a_bad_schedule_is_explained(self, db, function, notes):
        rules = {"ScheduleExpression": "cron(30 8 1 * ? *)"}
        assert notes("rotate_secret", SecretId=db, RotationLambdaARN=function, RotationRules=rules) == (
            "InvalidParameterException",
            "fake_secrets: the field minutes of 'cron(30 8 1 * ? *)' is '30'. It may hold only 0.",
        )

    @pytest.mark.parametrize("how", [{"VersionId": THREE}, {"VersionId": THREE, "VersionStage": "AWSPENDING"}])
    def test_the_version_of_a_trial_is_gone_and_the_note_says_why(self, client, world, function, notes, how):
        world.add("app/db", "x")
        trial = {"RotationLambdaARN": function, "RotateImmediately": False, "ClientRequestToken": THREE}
        client.rotate_secret(SecretId="app/db", **trial)
        _, said = notes("get_secret_value", SecretId="app/db", **how)
        assert said == (
            f"fake_secrets: version {THREE} was made by RotateSecret with RotateImmediately=False. It only tries "
            "the function, and AWS removes it afterwards; moto keeps it. Read the secret without VersionId: its "
            "value is the same."
        )


class TestValues:
    def test_another_value_for_a_filled_pending_version(self, db, notes):
        put = {"SecretString": "newer", "ClientRequestToken": TWO, "VersionStages": ["AWSPENDING"]}
        assert notes("put_secret_value", SecretId=db, **put) == (
            "ResourceExistsException",
            (
                f"fake_secrets: version {TWO} has a value under AWSPENDING already. AWS never changes the value "
                "of a version; moto replaces it as long as the version has AWSPENDING. Call get_secret_value with "
                "this VersionId and VersionStage='AWSPENDING' first, and put a value only if there is none."
            ),
        )

    @pytest.mark.parametrize(
        ("operation", "member"),
        [("put_secret_value", "SecretId"), ("update_secret", "SecretId"), ("create_secret", "Name")],
    )
    def test_another_value_for_any_other_version(self, db, notes, operation, member):
        assert notes(operation, **{member: db}, SecretString="newer", ClientRequestToken=ONE) == (
            "ResourceExistsException",
            (
                f"fake_secrets: version {ONE} has another value already, and AWS never changes the value of a "
                "version. Use a new ClientRequestToken for a new value, or leave it out."
            ),
        )

    def test_a_label_that_is_on_another_version(self, db, notes):
        assert notes("get_secret_value", SecretId=db, VersionId=TWO, VersionStage="AWSCURRENT") == (
            "InvalidRequestException",
            f"fake_secrets: version {TWO} has 'AWSPENDING' and 'BLUE'; 'AWSCURRENT' is on version {ONE}.",
        )

    def test_a_label_that_is_on_no_version(self, db, notes):
        _, said = notes("get_secret_value", SecretId=db, VersionId=ONE, VersionStage="RED")
        assert said == f"fake_secrets: version {ONE} has 'AWSCURRENT'; no version has 'RED'."

    def test_a_name_that_aws_does_not_allow(self, notes):
        assert notes("create_secret", Name="app db?", SecretString="x") == (
            "ValidationException",
            "fake_secrets: Name 'app db?' contains ' ' and '?'. moto takes any name.",
        )
        _, said = notes("get_secret_value", SecretId="app:db")
        assert said == "fake_secrets: SecretId 'app:db' contains ':'. moto takes any name."


class TestVersions:
    def test_one_too_many_and_the_note_says_what_makes_room(self, world, client, notes):
        world.quotas.versions = 2
        client.create_secret(Name="app/db", SecretString="1")
        client.put_secret_value(SecretId="app/db", SecretString="2")
        assert notes("put_secret_value", SecretId="app/db", SecretString="3") == (
            "LimitExceededException",
            (
                "fake_secrets: 'app/db' has 2 versions. AWS keeps about 100, and removes only those that have no "
                "label and are older than 24 hours; the limit here is 2. moto keeps any number. Let the test's "
                "clock pass a day, or raise fake_secrets.quotas.versions."
            ),
        )


class TestMovingLabels:
    def test_a_label_of_the_users_that_another_version_has(self, db, notes):
        assert notes("update_secret_version_stage", SecretId=db, VersionStage="BLUE", MoveToVersionId=ONE) == (
            "InvalidParameterException",
            (
                "fake_secrets: on AWS only one version has the label 'BLUE'; moto puts it on both. Pass "
                f"RemoveFromVersionId='{TWO}' as well."
            ),
        )

    def test_the_message_about_awscurrent_says_enough(self, db, notes):
        _, said = notes("update_secret_version_stage", SecretId=db, VersionStage="AWSCURRENT", MoveToVersionId=TWO)
        assert said == ""

    def test_removing_awscurrent(self, db, notes):
        assert notes(
            "update_secret_version_stage", SecretId=db, VersionStage="AWSCURRENT", RemoveFromVersionId=ONE
        ) == (
            "InvalidParameterException",
            (
                "fake_secrets: moto removes AWSCURRENT, and leaves the secret without a current value. Pass "
                "MoveToVersionId as well."
            ),
        )

    @pytest.mark.parametrize(
        ("label", "note"),
        [
            ("AWSCURRENT", f"'AWSCURRENT' is on version {ONE}. Pass RemoveFromVersionId='{ONE}'."),
            ("RED", "no version has the label 'RED'. Leave RemoveFromVersionId out."),
        ],
    )
    def test_removing_a_label_from_a_version_that_lacks_it(self, db, notes, label, note):
        move = {"MoveToVersionId": TWO, "RemoveFromVersionId": TWO}
        assert notes("update_secret_version_stage", SecretId=db, VersionStage=label, **move) == (
            "InvalidParameterException",
            f"fake_secrets: {note}",
        )

    def test_an_unknown_version(self, db, notes):
        assert notes("update_secret_version_stage", SecretId=db, VersionStage="RED", MoveToVersionId=THREE) == (
            "ResourceNotFoundException",
            (
                f"fake_secrets: moto answers InvalidParameterException here. 'app/db' has {ONE}, {TWO}. "
                "MoveToVersionId and RemoveFromVersionId must each be one of these."
            ),
        )


class TestDeletedSecrets:
    @pytest.fixture(autouse=True)
    def deleted(self, freezer_at_noon, client, db):
        client.delete_secret(SecretId=db, RecoveryWindowInDays=7)

    def test_a_call_that_moto_lets_pass(self, db, notes):
        assert notes("put_secret_value", SecretId=db, SecretString="x") == (
            "InvalidRequestException",
            (
                "fake_secrets: 'app/db' was deleted at 2026-03-04T12:00:00Z. moto lets PutSecretValue pass. Until "
                "2026-03-11T12:00:00Z, restore_secret makes it usable again."
            ),
        )

    def test_a_call_that_moto_refuses_too(self, db, notes):
        _, said = notes("get_secret_value", SecretId=db)
        assert said == (
            "fake_secrets: 'app/db' was deleted at 2026-03-04T12:00:00Z. Until 2026-03-11T12:00:00Z, "
            "restore_secret makes it usable again."
        )

    def test_creating_it_again(self, db, notes):
        assert notes("create_secret", Name=db, SecretString="x") == (
            "InvalidRequestException",
            (
                "fake_secrets: 'app/db' was deleted at 2026-03-04T12:00:00Z, and keeps its name until "
                "2026-03-11T12:00:00Z. moto answers ResourceExistsException here. Call restore_secret, or delete "
                "it with ForceDeleteWithoutRecovery=True."
            ),
        )


class TestPolicies:
    def statement(self, **elements):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", **elements}
        kept = {name: value for name, value in statement.items() if value is not None}
        return json.dumps({"Version": "2012-10-17", "Statement": [kept]})

    @pytest.mark.parametrize(
        ("policy", "note"),
        [
            ("policy", "AWS takes only JSON, and this isn't: Expecting value: line 1 column 1 (char 0)."),
            ("{}", "A policy is a JSON object with Version and Statement; this has no Statement."),
            ('{"Version": "2012-10-17", "Statement": []}', "Statement is empty."),
            ('{"Statement": ["x"]}', "Statement 1 isn't a JSON object."),
            ("[" * 20_000, "AWS takes only JSON that isn't nested so deeply."),
            ({"Principal": None}, "Statement 1 has no Principal."),
            ({"Effect": None, "Resource": None}, "Statement 1 has no Effect and no Resource."),
            (
                {"Effect": "allow"},
                (
                    "A policy has Version ('2012-10-17') and Statement; a statement has Effect ('Allow' or "
                    "'Deny'), Principal, Action ('service:action') and Resource. Names are case-sensitive."
                ),
            ),
            (
                {"Principal": {"AWS": "me"}},
                (
                    "A principal is {'AWS': ...} with twelve digits, or the ARN of an account's root, a role, a "
                    "user or a session; ARNs with wildcards aren't supported. '*' stands for everybody."
                ),
            ),
            (
                {"Principal": {"Service": "lambda"}},
                "A service principal is {'Service': 'name.amazonaws.com'}.",
            ),
        ],
    )
    def test_the_note_says_what_the_policy_lacks(self, db, notes, policy, note):
        text = policy if isinstance(policy, str) else self.statement(**policy)
        assert notes("put_resource_policy", SecretId=db, ResourcePolicy=text) == (
            "MalformedPolicyDocumentException",
            f"fake_secrets: moto takes any text. {note}",
        )


class TestOtherPlaces:
    def test_the_note_is_about_the_secret_of_the_clients_region(self, world, client):
        world.add("app/db", "x")
        other = boto3.client("secretsmanager", region_name="eu-west-1")
        other.create_secret(Name="app/db", SecretString="x", ClientRequestToken=ONE)
        other.put_secret_value(
            SecretId="app/db", SecretString="y", ClientRequestToken=TWO, VersionStages=["AWSPENDING"]
        )
        with pytest.raises(other.exceptions.ResourceExistsException) as refused:
            other.put_secret_value(SecretId="app/db", SecretString="z", ClientRequestToken=TWO)
        assert refused.value.__notes__[0].startswith(f"fake_secrets: version {TWO} has a value under AWSPENDING")

    def test_no_value_of_a_secret_is_in_a_note(self, db, notes):
        _, note = notes("put_secret_value", SecretId=db, SecretString="newer", ClientRequestToken=TWO)
        assert "newer" not in note
        assert "'new'" not in note


@pytest.mark.parametrize("label", ["AWSCURENT", "awscurrent"])
def test_a_label_that_is_nearly_one_of_the_secrets_is_suggested(label):
    with mock_stages({"db": "x"}), pytest.raises(ClientError) as refused:
        boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="db", VersionStage=label)
    assert refused.value.__notes__ == ["fake_secrets: did you mean 'AWSCURRENT'?"]


def test_a_pending_value_that_is_not_there_yet_has_no_note():
    with mock_stages({"db": "x"}), pytest.raises(ClientError) as refused:
        boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(
            SecretId="db", VersionStage="AWSPENDING"
        )
    assert not hasattr(refused.value, "__notes__")
