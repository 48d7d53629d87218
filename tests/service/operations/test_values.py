"""GetSecretValue and PutSecretValue, through a client."""

from datetime import UTC, datetime

import boto3
import pytest

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
V3 = "33333333-3333-4333-8333-333333333333"
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
BAD_NAME = (
    "ValidationException",
    ("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"),
)


NO_TOKEN = (
    "InvalidRequestException",
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
)
BOTH_VALUES = (
    "InvalidParameterException",
    "You can't specify both a binary secret value and a string secret value in the same secret.",
)
NEITHER_VALUE = ("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
REPLICA = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)
MANAGED = (
    "InvalidRequestException",
    "This secret is managed by an AWS service, and you must use that service to update it.",
)
DENIED_KEY = ("AccessDeniedException", "Access to KMS is not allowed")


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1}, arn_suffix="a1b2c3")


class TestGetSecretValue:
    def test_a_string_is_read(self, freezer_at_noon, db, secretsmanager, answer):
        assert answer(secretsmanager.get_secret_value, SecretId="app/db") == {
            "ARN": db.arn,
            "Name": "app/db",
            "VersionId": V1,
            "SecretString": "S1",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": datetime(2026, 3, 4, 12, tzinfo=UTC),
        }

    def test_bytes_are_read(self, fake_secrets, secretsmanager, answer):
        fake_secrets.add("bin", b"\x00\xff")
        found = answer(secretsmanager.get_secret_value, SecretId="bin")
        assert found["SecretBinary"] == b"\x00\xff"
        assert "SecretString" not in found

    def test_a_value_beyond_ascii_is_read(self, fake_secrets, secretsmanager):
        fake_secrets.add("unicode", "pässwörd 🔑")
        assert secretsmanager.get_secret_value(SecretId="unicode")["SecretString"] == "pässwörd 🔑"

    @pytest.mark.parametrize("value", ["\ud800", "null", "\x00", '"'])
    def test_any_string_comes_back(self, fake_secrets, secretsmanager, value):
        fake_secrets.add("odd", value)
        assert secretsmanager.get_secret_value(SecretId="odd")["SecretString"] == value

    @pytest.mark.parametrize(
        "secret_id",
        [
            "app/db",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-a1b2c3",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db",
        ],
    )
    def test_a_name_an_arn_and_a_partial_arn_find_the_secret(self, db, secretsmanager, secret_id):
        assert secretsmanager.get_secret_value(SecretId=secret_id)["VersionId"] == V1

    @pytest.mark.parametrize(
        "secret_id",
        [
            "other",
            "APP/DB",
            "app/db-a1b2c3",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AAAAAA",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-a1b2c3",
            "arn:aws-cn:secretsmanager:us-east-1:123456789012:secret:app/db",
        ],
    )
    def test_a_secret_id_without_a_secret_here_is_not_found(self, db, secretsmanager, refusal, secret_id):
        assert refusal(secretsmanager.get_secret_value, SecretId=secret_id) == NOT_FOUND

    @pytest.mark.parametrize(
        "secret_id",
        ["no name", "what?", "a:b", "arn:aws:s3:::bucket", "arn:aws:secretsmanager:us-east-1:1:secret:no name"],
    )
    def test_a_bad_name_is_refused_before_the_look_up(self, db, secretsmanager, refusal, secret_id):
        assert refusal(secretsmanager.get_secret_value, SecretId=secret_id) == BAD_NAME

    def test_an_unknown_label_is_not_found(self, db, secretsmanager, refusal):
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionStage="NONE") == (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: NONE",
        )

    @pytest.mark.parametrize("extra", [{}, {"VersionStage": "AWSCURRENT"}])
    def test_an_unknown_version_is_named_by_its_id(self, db, secretsmanager, refusal, extra):
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=V2, **extra) == (
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {V2}",
        )

    def test_a_version_without_the_label_is_refused(self, db, secretsmanager, refusal):
        request = {"SecretId": "app/db", "VersionId": V1, "VersionStage": "AWSPREVIOUS"}
        assert refusal(secretsmanager.get_secret_value, **request) == (
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.",
        )

    @pytest.mark.parametrize(
        "which", [{}, {"VersionStage": "AWSCURRENT"}, {"VersionId": V1}, {"VersionId": V1, "VersionStage": "LIVE"}]
    )
    def test_a_version_is_found_by_id_label_both_or_neither(self, db, secretsmanager, which):
        secretsmanager.update_secret_version_stage(SecretId="app/db", VersionStage="LIVE", MoveToVersionId=V1)
        found = secretsmanager.get_secret_value(SecretId="app/db", **which)
        assert (found["VersionId"], sorted(found["VersionStages"])) == (V1, ["AWSCURRENT", "LIVE"])

    @pytest.mark.parametrize("which", [{"VersionId": V1}, {"VersionId": V1, "VersionStage": "AWSCURRENT"}])
    def test_a_version_of_a_secret_without_a_value_is_named_by_its_id(
        self, fake_secrets, secretsmanager, refusal, which
    ):
        fake_secrets.add("empty")
        assert refusal(secretsmanager.get_secret_value, SecretId="empty", **which) == (
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {V1}",
        )

    def test_a_deprecated_version_is_read_without_stages(self, db, secretsmanager):
        for value in ("S2", "S3"):
            secretsmanager.put_secret_value(SecretId="app/db", SecretString=value)
        found = secretsmanager.get_secret_value(SecretId="app/db", VersionId=V1)
        assert (found["SecretString"], "VersionStages" in found) == ("S1", False)

    @pytest.mark.parametrize(
        ("which", "code"),
        [
            ({"VersionStage": "NONE"}, "ResourceNotFoundException"),
            ({"VersionId": V2}, "ResourceNotFoundException"),
            ({"VersionId": V1, "VersionStage": "NONE"}, "InvalidRequestException"),
            ({}, "AccessDeniedException"),
        ],
    )
    def test_a_version_is_looked_up_before_its_key(self, fake_secrets, db, secretsmanager, refusal, which, code):
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "denied")
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", **which)[0] == code

    def test_a_secret_without_a_value_is_not_found(self, fake_secrets, secretsmanager, refusal):
        fake_secrets.add("empty")
        assert refusal(secretsmanager.get_secret_value, SecretId="empty") == (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        )

    @pytest.mark.parametrize(
        "which",
        [{"VersionStage": "AWSPENDING"}, {"VersionId": V2}, {"VersionId": V2, "VersionStage": "AWSPENDING"}],
    )
    def test_the_empty_version_of_an_open_rotation_has_no_value(
        self, fake_secrets, secretsmanager, refusal, which
    ):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids={"AWSPENDING": V2})
        code, _ = refusal(secretsmanager.get_secret_value, SecretId="open", **which)
        assert code == "ResourceNotFoundException"

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db") == DELETED

    def test_a_read_sets_the_days_midnight_on_secret_and_version(self, freezer_at_noon, db, secretsmanager):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2", ClientRequestToken=V2)
        secretsmanager.get_secret_value(SecretId="app/db", VersionId=V1)
        midnight = datetime(2026, 3, 4, tzinfo=UTC)
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]
        assert secretsmanager.describe_secret(SecretId="app/db")["LastAccessedDate"] == midnight
        assert {v["VersionId"]: v.get("LastAccessedDate") for v in listed} == {V1: midnight, V2: None}

    def test_the_members_of_an_answer_are_the_callers_own(self, db, secretsmanager):
        secretsmanager.get_secret_value(SecretId="app/db")["VersionStages"].append("MINE")
        assert db.stages == {"AWSCURRENT": V1}


class TestPutSecretValue:
    def test_a_new_version_becomes_current(self, db, secretsmanager, answer):
        request = {"SecretId": "app/db", "SecretString": "S2", "ClientRequestToken": V2}
        assert answer(secretsmanager.put_secret_value, **request) == {
            "ARN": db.arn,
            "Name": "app/db",
            "VersionId": V2,
            "VersionStages": ["AWSCURRENT"],
        }

    def test_the_sdk_makes_up_a_token(self, db, secretsmanager):
        answer = secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2")
        assert len(answer["VersionId"]) == 36

    @pytest.mark.parametrize(
        "token", ["x" * 32, "x" * 64, V2.upper(), "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE", "\u00e4" * 32]
    )
    def test_a_token_becomes_the_version_verbatim(self, db, secretsmanager, token):
        request = {"SecretId": "app/db", "SecretString": "S2", "ClientRequestToken": token}
        assert secretsmanager.put_secret_value(**request)["VersionId"] == token
        assert secretsmanager.get_secret_value(SecretId="app/db", VersionId=token)["SecretString"] == "S2"

    def test_stages_are_returned_as_requested(self, db, secretsmanager):
        stages = ["two", "AWSPENDING", "one"]
        answer = secretsmanager.put_secret_value(SecretId="app/db", SecretString="x", VersionStages=stages)
        assert answer["VersionStages"] == stages

    def test_a_stage_requested_twice_is_attached_once(self, db, secretsmanager):
        answer = secretsmanager.put_secret_value(SecretId="app/db", SecretString="x", VersionStages=["a", "a"])
        assert answer["VersionStages"] == ["a"]

    def test_the_same_token_and_value_change_nothing(self, freezer_at_noon, db, secretsmanager):
        before = secretsmanager.describe_secret(SecretId="app/db")
        freezer_at_noon.tick(10)
        answer = secretsmanager.put_secret_value(
            SecretId="app/db", SecretString="S1", ClientRequestToken=V1, VersionStages=["other"]
        )
        after = secretsmanager.describe_secret(SecretId="app/db")
        assert answer["VersionStages"] == ["AWSCURRENT"]
        assert after["LastChangedDate"] == before["LastChangedDate"]

    @pytest.mark.parametrize("value", [{"SecretString": "other"}, {"SecretBinary": b"S1"}])
    def test_the_same_token_for_another_value_is_refused(self, db, secretsmanager, refusal, value):
        request = {"SecretId": "app/db", "ClientRequestToken": V1, **value}
        assert refusal(secretsmanager.put_secret_value, **request) == (
            "ResourceExistsException",
            (
                f"You can't use ClientRequestToken {V1} because that value is already in use "
                f"for a version of secret {db.arn}."
            ),
        )

    def test_the_same_token_and_value_return_the_present_labels(self, db, secretsmanager):
        request = {"SecretId": "app/db", "SecretString": "S2", "ClientRequestToken": V2}
        secretsmanager.put_secret_value(**request, VersionStages=["LIVE", "OTHER"])
        secretsmanager.update_secret_version_stage(
            SecretId="app/db", VersionStage="LIVE", MoveToVersionId=V1, RemoveFromVersionId=V2
        )
        answer = secretsmanager.put_secret_value(**request)
        assert answer["VersionStages"] == ["OTHER"]
        assert db.stages == {"AWSCURRENT": V1, "LIVE": V1, "OTHER": V2}

    def test_an_empty_version_is_filled_once(self, fake_secrets, secretsmanager, answer, refusal):
        secret = fake_secrets.add(
            "open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids={"AWSPENDING": V2}
        )
        request = {"SecretId": "open", "ClientRequestToken": V2, "VersionStages": ["AWSPENDING"]}
        for _ in range(2):
            assert answer(secretsmanager.put_secret_value, **request, SecretString="new") == {
                "ARN": secret.arn,
                "Name": "open",
                "VersionId": V2,
                "VersionStages": ["AWSPENDING"],
            }
        code, _ = refusal(secretsmanager.put_secret_value, **request, SecretString="other")
        assert code == "ResourceExistsException"

    def test_an_empty_version_is_filled_and_keeps_its_label(self, fake_secrets, secretsmanager):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids={"AWSPENDING": V2})
        answer = secretsmanager.put_secret_value(
            SecretId="open", SecretString="new", ClientRequestToken=V2, VersionStages=["LIVE"]
        )
        assert sorted(answer["VersionStages"]) == ["AWSPENDING", "LIVE"]
        assert fake_secrets["open"].value("AWSPENDING") == "new"

    def test_both_values_together_are_refused(self, db, secretsmanager, refusal):
        request = {"SecretString": "a", "SecretBinary": b"a"}
        assert refusal(secretsmanager.put_secret_value, SecretId="app/db", **request) == BOTH_VALUES

    def test_neither_value_is_refused(self, db, secretsmanager, refusal):
        assert refusal(secretsmanager.put_secret_value, SecretId="app/db") == NEITHER_VALUE

    def test_a_missing_token_comes_before_the_look_up(self, raw, refusal):
        assert refusal(raw.put_secret_value, SecretId="unknown", SecretString="x") == NO_TOKEN

    def test_a_bad_name_comes_before_a_missing_token(self, raw, refusal):
        assert refusal(raw.put_secret_value, SecretId="no name", SecretString="x") == BAD_NAME

    def test_the_order_of_checks_before_the_look_up(self, raw, refusal):
        call, both = raw.put_secret_value, {"SecretString": "x", "SecretBinary": b"x"}
        assert refusal(call, SecretId="unknown", **both) == NO_TOKEN
        assert refusal(call, SecretId="unknown", ClientRequestToken=V1, **both) == BOTH_VALUES
        assert refusal(call, SecretId="unknown", ClientRequestToken=V1) == NEITHER_VALUE

    def test_the_order_of_checks_after_it(self, fake_secrets, db, secretsmanager, refusal):
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "denied")
        fake_secrets.quotas.labels = fake_secrets.quotas.versions = 1
        request = {"SecretId": "app/db", "SecretString": "other", "ClientRequestToken": V1, "VersionStages": ["a"]}
        assert refusal(secretsmanager.put_secret_value, **request) == DENIED_KEY
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "enabled")
        code, message = refusal(secretsmanager.put_secret_value, **request)
        assert (code, V1 in message) == ("ResourceExistsException", True)
        request["ClientRequestToken"] = V2
        assert refusal(secretsmanager.put_secret_value, **request)[0] == "LimitExceededException"

    def test_a_replica_then_a_managed_secret_then_a_token_is_checked(self, fake_secrets, secretsmanager, refusal):
        fake_secrets.add("rds!db", "S1", version_ids={"AWSCURRENT": V1}, owning_service="rds")
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "denied")
        secretsmanager.replicate_secret_to_regions(SecretId="rds!db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        request = {"SecretId": "rds!db", "SecretString": "other", "ClientRequestToken": V1}
        assert refusal(secretsmanager.put_secret_value, **request) == MANAGED
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "enabled")
        secretsmanager.replicate_secret_to_regions(SecretId="rds!db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        abroad = boto3.client("secretsmanager", region_name="eu-west-1")
        assert refusal(abroad.put_secret_value, **request) == REPLICA

    @pytest.mark.parametrize("length", [36, 256])
    def test_a_rotation_token_is_accepted(self, db, secretsmanager, length):
        request = {"SecretId": "app/db", "SecretString": "S2", "RotationToken": "a" * length}
        assert secretsmanager.put_secret_value(**request)["VersionStages"] == ["AWSCURRENT"]

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.put_secret_value, SecretId="unknown", SecretString="x") == NOT_FOUND

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.put_secret_value, SecretId="app/db", SecretString="x") == DELETED

    def test_a_twenty_first_label_over_all_versions_is_refused(self, db, secretsmanager, refusal):
        first = [f"a{n}" for n in range(19)]
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="x", VersionStages=first)
        before = db.stages
        code, _ = refusal(
            secretsmanager.put_secret_value, SecretId="app/db", SecretString="y", VersionStages=["b"]
        )
        assert code == "LimitExceededException"
        assert (db.stages, len(db.versions)) == (before, 2)

    def test_last_changed_date_moves(self, freezer_at_noon, db, secretsmanager):
        freezer_at_noon.tick(10)
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="x", VersionStages=["custom"])
        changed = secretsmanager.describe_secret(SecretId="app/db")["LastChangedDate"]
        assert changed == datetime(2026, 3, 4, 12, 0, 10, tzinfo=UTC)
