"""How RotateSecret and CancelRotateSecret configure rotation. What a rotation does is in tests/rotation."""

import boto3
import botocore.loaders
import botocore.model
import pytest

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)
needs_external_rotation = pytest.mark.skipif(
    "ExternalSecretRotationMetadata" not in MODEL.operation_model("RotateSecret").input_shape.members,
    reason="this botocore is older than secrets of partners",
)
V1 = "11111111-1111-4111-8111-111111111111"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
ROLE = "arn:aws:iam::123456789012:role/rotator"
UNREGISTERED = "arn:aws:lambda:us-east-1:123456789012:function:unknown"
ABROAD = "arn:aws:lambda:eu-west-1:123456789012:function:rotator"
BOTH_RULES = {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}

NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
BAD_NAME = (
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
)
NO_TOKEN = (
    "InvalidParameterException",
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
)
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
REPLICA = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)
TWO_RULES = (
    "InvalidParameterException",
    "You cannot specify both rotation frequency and schedule expression together.",
)
NO_FUNCTION = ("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
BAD_ARN = (
    "InvalidParameterException",
    (
        "Invalid rotation Lambda ARN. Ensure the ARN matches format "
        "arn:aws:lambda:us-east-1:123456789012:function:<functionName>."
    ),
)
NOT_INVOCABLE = (
    "AccessDeniedException",
    (
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
        "access to the principal secretsmanager.amazonaws.com."
    ),
)
NOT_COMPLETE = (
    "InvalidRequestException",
    "A previous rotation isn't complete. That rotation will be reattempted.",
)


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1})


@pytest.fixture
def function(fake_secrets):
    return fake_secrets.lambda_function(lambda event, context: None, "rotator")


@pytest.fixture
def replica(db, secretsmanager):
    """A client in a region that has a replica of the secret."""
    secretsmanager.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    return boto3.client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
def described(secretsmanager, answer):
    return lambda: answer(secretsmanager.describe_secret, SecretId="app/db")


class TestRotateSecret:
    def test_the_answer_is_arn_name_and_the_token_as_version(self, db, function, secretsmanager, answer):
        request = {"SecretId": "app/db", "RotationLambdaARN": function, "ClientRequestToken": TOKEN}
        assert answer(secretsmanager.rotate_secret, **request) == {
            "ARN": db.arn,
            "Name": "app/db",
            "VersionId": TOKEN,
        }

    def test_it_opens_with_an_empty_pending_version(self, db, function, secretsmanager, described, refusal):
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, ClientRequestToken=TOKEN)
        assert described()["VersionIdsToStages"] == {V1: ["AWSCURRENT"], TOKEN: ["AWSPENDING"]}
        for which in ({"VersionStage": "AWSPENDING"}, {"VersionId": TOKEN}):
            code, _ = refusal(secretsmanager.get_secret_value, SecretId="app/db", **which)
            assert code == "ResourceNotFoundException"

    def test_a_secret_without_a_value_is_rotated_too(self, fake_secrets, function, secretsmanager, described):
        fake_secrets.add("app/db")
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, ClientRequestToken=TOKEN)
        assert described()["VersionIdsToStages"] == {TOKEN: ["AWSPENDING"]}

    @pytest.mark.parametrize("days", [1, 1000])
    def test_rules_are_echoed(self, db, function, secretsmanager, described, days):
        rules = {"AutomaticallyAfterDays": days}
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, RotationRules=rules)
        assert described()["RotationRules"] == rules

    def test_pending_on_the_current_version_is_no_obstacle(
        self, fake_secrets, function, secretsmanager, described
    ):
        ids = {"AWSCURRENT": V1, "AWSPENDING": V1}
        fake_secrets.add("app/db", labels=dict.fromkeys(ids, "x"), version_ids=ids)
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, ClientRequestToken=TOKEN)
        assert described()["VersionIdsToStages"] == {V1: ["AWSCURRENT"], TOKEN: ["AWSPENDING"]}

    def test_pending_put_by_hand_is_an_obstacle(self, db, function, secretsmanager, refusal):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2", VersionStages=["AWSPENDING"])
        call = secretsmanager.rotate_secret
        assert refusal(call, SecretId="app/db", RotationLambdaARN=function) == NOT_COMPLETE

    def test_an_unknown_secret_is_not_found(self, function, secretsmanager, refusal):
        call = secretsmanager.rotate_secret
        assert refusal(call, SecretId="unknown", RotationLambdaARN=function) == NOT_FOUND

    @pytest.mark.parametrize("arn", ["", "x" * 2048, "arn:aws:lambda:us-east-1:123456789012:layer:f", ABROAD])
    def test_an_arn_that_is_not_of_a_function_in_the_region_is_refused(
        self, db, secretsmanager, refusal, described, arn
    ):
        before = described()
        expected = BAD_ARN if arn else NO_FUNCTION
        assert refusal(secretsmanager.rotate_secret, SecretId="app/db", RotationLambdaARN=arn) == expected
        assert described() == before


class TestOrderOfRotateSecretsChecks:
    """Each request has several faults, and the first one in the order of checks is reported."""

    def test_name_then_token_then_existence(self, raw, refusal):
        rules = {"RotationRules": BOTH_RULES}
        assert refusal(raw.rotate_secret, SecretId="no name", **rules) == BAD_NAME
        assert refusal(raw.rotate_secret, SecretId="unknown", **rules) == NO_TOKEN
        assert refusal(raw.rotate_secret, SecretId="unknown", ClientRequestToken=TOKEN, **rules) == NOT_FOUND

    def test_deletion(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.rotate_secret, SecretId="app/db", RotationRules=BOTH_RULES) == DELETED

    def test_a_replica(self, replica, refusal):
        assert refusal(replica.rotate_secret, SecretId="app/db", RotationRules=BOTH_RULES) == REPLICA

    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ({"RotationRules": BOTH_RULES}, TWO_RULES),
            ({"RotationRules": BOTH_RULES, "RotationLambdaARN": UNREGISTERED}, TWO_RULES),
            ({}, NO_FUNCTION),
            ({"RotationLambdaARN": ABROAD}, BAD_ARN),
            ({"RotationLambdaARN": UNREGISTERED}, NOT_INVOCABLE),
        ],
    )
    def test_configuration_comes_before_an_open_rotation(
        self, fake_secrets, secretsmanager, refusal, described, members, expected
    ):
        fake_secrets.add("app/db", labels={"AWSCURRENT": "x", "AWSPENDING": None})
        before = described()
        assert refusal(secretsmanager.rotate_secret, SecretId="app/db", **members) == expected
        assert described() == before

    def test_an_open_rotation_comes_before_quotas(self, fake_secrets, function, secretsmanager, refusal):
        fake_secrets.add("app/db", labels={"AWSCURRENT": "x", "AWSPENDING": None})
        fake_secrets.quotas.labels = fake_secrets.quotas.versions = 1
        call = secretsmanager.rotate_secret
        assert refusal(call, SecretId="app/db", RotationLambdaARN=function) == NOT_COMPLETE


METADATA = [{"Key": "adminSecretArn", "Value": "arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf"}]
NAMES = ("ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn")


@needs_external_rotation
class TestExternalSecrets:
    @pytest.fixture(params=["a function", "the partner"])
    def rotate(self, request, freezer_at_noon, function, secretsmanager):
        """Configure rotation of a partner's secret, by a function or by the partner."""
        secretsmanager.create_secret(Name="app/db", SecretString="x", Type="SalesforceClientSecret")
        by = {"RotateImmediately": False} if request.param == "the partner" else {"RotationLambdaARN": function}
        return lambda **members: secretsmanager.rotate_secret(SecretId="app/db", **by, **members)

    def told(self, client):
        described = client.describe_secret(SecretId="app/db")
        (listed,) = client.list_secrets()["SecretList"]
        assert [described.get(name) for name in NAMES] == [listed.get(name) for name in NAMES]
        return tuple(described.get(name) for name in NAMES)

    def test_metadata_and_role_are_echoed(self, rotate, secretsmanager):
        rotate(ExternalSecretRotationMetadata=METADATA, ExternalSecretRotationRoleArn=ROLE)
        assert self.told(secretsmanager) == (METADATA, ROLE)

    def test_without_them_they_are_absent(self, rotate, secretsmanager):
        rotate()
        assert self.told(secretsmanager) == (None, None)

    def test_a_member_that_a_later_call_omits_is_kept(self, fake_secrets, rotate, secretsmanager):
        rotate(ExternalSecretRotationMetadata=METADATA, ExternalSecretRotationRoleArn=ROLE)
        if "AWSPENDING" in fake_secrets["app/db"].stages:
            secretsmanager.put_secret_value(SecretId="app/db", SecretString="by hand")
        rotate(ExternalSecretRotationRoleArn=f"{ROLE}-2")
        assert self.told(secretsmanager) == (METADATA, f"{ROLE}-2")

    def test_they_outlive_a_cancellation(self, rotate, secretsmanager):
        rotate(ExternalSecretRotationMetadata=METADATA, ExternalSecretRotationRoleArn=ROLE)
        secretsmanager.cancel_rotate_secret(SecretId="app/db")
        assert self.told(secretsmanager) == (METADATA, ROLE)


class TestCancelRotateSecret:
    def test_labels_stay(self, db, function, secretsmanager, described):
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, ClientRequestToken=TOKEN)
        secretsmanager.cancel_rotate_secret(SecretId="app/db")
        assert described()["VersionIdsToStages"] == {V1: ["AWSCURRENT"], TOKEN: ["AWSPENDING"]}

    def test_the_version_of_an_open_rotation_is_named_once(self, db, function, secretsmanager, answer):
        secretsmanager.rotate_secret(SecretId="app/db", RotationLambdaARN=function, ClientRequestToken=TOKEN)
        identity = {"ARN": db.arn, "Name": "app/db"}
        answers = [answer(secretsmanager.cancel_rotate_secret, SecretId="app/db") for _ in range(2)]
        assert answers == [{**identity, "VersionId": TOKEN}, identity]

    def test_pending_put_by_hand_is_no_rotation(self, db, secretsmanager, answer):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2", VersionStages=["AWSPENDING"])
        assert answer(secretsmanager.cancel_rotate_secret, SecretId="app/db") == {"ARN": db.arn, "Name": "app/db"}
        assert "AWSPENDING" in db.stages

    def test_a_secret_marked_for_deletion(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.cancel_rotate_secret, SecretId="app/db") == DELETED

    def test_a_replica(self, replica, refusal):
        assert refusal(replica.cancel_rotate_secret, SecretId="app/db") == REPLICA


class TestSchedulesOfRotateSecret:
    @pytest.fixture
    def rotate(self, freezer_at_noon, fake_secrets, secretsmanager):
        fake_secrets.add("app/db", "x")
        arn = fake_secrets.lambda_function(lambda event, context: None, "scheduled")

        def rotate(client=secretsmanager, **rules):
            return client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn, RotationRules=rules)

        return rotate

    def test_an_expression_is_echoed_with_its_days_and_the_end_of_its_window(self, rotate, secretsmanager):
        rotate(ScheduleExpression="cron(0 8 ? * MON *)", Duration="3h")
        described = secretsmanager.describe_secret(SecretId="app/db")
        assert described["RotationRules"] == {
            "AutomaticallyAfterDays": 7,
            "ScheduleExpression": "cron(0 8 ? * MON *)",
            "Duration": "3h",
        }
        assert described["NextRotationDate"].isoformat() == "2026-03-09T10:59:59+00:00"

    def test_a_value_put_by_hand_restarts_the_count(self, freezer_at_noon, rotate, secretsmanager):
        rotate(ScheduleExpression="rate(10 days)")
        freezer_at_noon.tick(24 * 3600)
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="y")
        described = secretsmanager.describe_secret(SecretId="app/db")
        assert described["NextRotationDate"].isoformat() == "2026-03-15T23:59:59+00:00"

    @pytest.mark.parametrize(
        ("rules", "message"),
        [
            ({"ScheduleExpression": "rate(1 minute)"}, "Invalid schedule expression."),
            ({"ScheduleExpression": "rate(3 hours)"}, "Rate in hour should be least 4 and less than 24."),
            (
                {"ScheduleExpression": "rate(1000 days)"},
                "Rate in day should be greater than 0 and less than 1000.",
            ),
            (
                {"AutomaticallyAfterDays": 1, "Duration": "25h"},
                "Duration must be at least 1 hour, at most 24 hour.",
            ),
            (
                {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
                "Duration cannot be greater than Rate in hour.",
            ),
            (
                {"ScheduleExpression": "cron(0 16 * * ? *)", "Duration": "9h"},
                "Starting hour and duration must be within a day.",
            ),
        ],
    )
    def test_rules_that_are_refused_leave_rotation_off(self, rotate, refusal, secretsmanager, rules, message):
        assert refusal(rotate, **rules) == ("InvalidParameterException", message)
        assert "RotationEnabled" not in secretsmanager.describe_secret(SecretId="app/db")
