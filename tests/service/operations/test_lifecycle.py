"""CreateSecret, UpdateSecret, DescribeSecret, DeleteSecret and RestoreSecret, through a client."""

from datetime import UTC, datetime, timedelta

import pytest
from hook.lane_cases import TAKES_WHAT_IS_DELETED
from minimal_requests import ABOUT_A_SECRET, TOKEN, method_of, request_of
from service_model import CALLABLE

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
BAD_NAME = (
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
)
BOTH_VALUES = (
    "InvalidParameterException",
    "You can't specify both a binary secret value and a string secret value in the same secret.",
)
SCHEDULED = (
    "InvalidRequestException",
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
)
BAD_REGION = ("InvalidParameterException", "Invalid replica region.")
BAD_KEY = (
    "InvalidParameterException",
    "The operation failed because of an invalid KMS key: Invalid arn eu-west-1",
)
DENIED_KEY = ("AccessDeniedException", "Access to KMS is not allowed")
WINDOW_AND_FORCE = (
    "InvalidParameterException",
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
)
TWO_VALUES = {"SecretString": "x", "SecretBinary": b"x"}
FOREIGN_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
NO_TOKEN = (
    "InvalidRequestException",
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
)


@pytest.fixture(autouse=True)
def clock(freezer_at_noon):
    return freezer_at_noon


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1}, arn_suffix="a1b2c3")


@pytest.fixture
def describe(secretsmanager, answer):
    return lambda name="app/db": answer(secretsmanager.describe_secret, SecretId=name)


def token_in_use(secret, token=V1):
    message = (
        f"You can't use ClientRequestToken {token} because that value is already in use "
        f"for a version of secret {secret.arn}."
    )
    return ("ResourceExistsException", message)


def exists(name):
    return ("ResourceExistsException", f"The operation failed because the secret {name} already exists.")


class TestCreateSecret:
    def test_with_a_value(self, secretsmanager, answer):
        created = answer(secretsmanager.create_secret, Name="a", SecretString="x", ClientRequestToken=V1)
        arn = created.pop("ARN")
        assert created == {"Name": "a", "VersionId": V1}
        assert arn[:-6] == "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-"
        assert arn[-6:].isalnum()

    def test_without_a_value_there_is_no_version(self, secretsmanager, answer):
        assert answer(secretsmanager.create_secret, Name="a").keys() == {"ARN", "Name"}

    def test_description_key_and_tags_are_described(self, secretsmanager, describe):
        tags = [{"Key": "team", "Value": "payments"}, {"Key": "empty", "Value": ""}]
        secretsmanager.create_secret(Name="a", Description="mine", KmsKeyId="alias/mine", Tags=tags)
        described = describe("a")
        assert (described["Description"], described["KmsKeyId"], described["Tags"]) == ("mine", "alias/mine", tags)

    def test_the_same_token_and_value_get_the_first_response_again(self, secretsmanager, answer):
        request = {"Name": "a", "SecretString": "x", "ClientRequestToken": V1}
        first = answer(secretsmanager.create_secret, **request)
        assert answer(secretsmanager.create_secret, **request) == first

    @pytest.mark.parametrize("value", [{"SecretString": "x"}, {"SecretBinary": b"x"}])
    def test_the_same_token_and_value_change_nothing(self, clock, secretsmanager, describe, value):
        secretsmanager.create_secret(Name="a", ClientRequestToken=V1, **value)
        before = describe("a")
        clock.tick(10)
        secretsmanager.create_secret(Name="a", ClientRequestToken=V1, Description="other", **value)
        assert describe("a") == before

    def test_the_same_bytes_as_string_and_as_binary_are_two_values(self, db, secretsmanager, refusal):
        call = secretsmanager.create_secret
        refused = refusal(call, Name="app/db", SecretBinary=b"S1", ClientRequestToken=V1)
        assert refused == token_in_use(db)

    def test_a_token_that_was_used_before_for_this_name_answers_again(self, db, secretsmanager, answer):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2", ClientRequestToken=V2)
        request = {"Name": "app/db", "SecretString": "S1", "ClientRequestToken": V1}
        assert answer(secretsmanager.create_secret, **request)["VersionId"] == V1
        assert db.stages == {"AWSCURRENT": V2, "AWSPREVIOUS": V1}

    def test_the_same_token_for_another_value_is_refused(self, db, secretsmanager, refusal):
        request = {"Name": "app/db", "SecretString": "other", "ClientRequestToken": V1}
        assert refusal(secretsmanager.create_secret, **request) == token_in_use(db)

    @pytest.mark.parametrize("value", [{}, {"SecretString": "S1"}])
    def test_a_taken_name_is_refused(self, db, secretsmanager, refusal, value):
        assert refusal(secretsmanager.create_secret, Name="app/db", **value) == exists("app/db")

    def test_a_name_that_is_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.create_secret, Name="app/db", SecretString="x") == SCHEDULED

    def test_force_does_not_help_a_name_that_is_marked_for_deletion(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        call, added = secretsmanager.create_secret, [{"Region": "eu-west-1"}]
        refused = refusal(call, Name="app/db", AddReplicaRegions=added, ForceOverwriteReplicaSecret=True)
        assert refused == SCHEDULED

    @pytest.mark.parametrize("name", ["with space", "star*", "colon:", "päss", "back\\slash"])
    def test_a_bad_name_is_refused(self, secretsmanager, refusal, name):
        assert refusal(secretsmanager.create_secret, Name=name) == BAD_NAME

    @pytest.mark.parametrize("name", ["/a", "a-", "rds!cluster", "a_+=.@-/b", "x" * 512])
    def test_a_good_name_is_accepted(self, secretsmanager, name):
        assert secretsmanager.create_secret(Name=name)["Name"] == name

    def test_a_missing_token_is_refused(self, raw, refusal):
        assert refusal(raw.create_secret, Name="a", SecretString="x") == NO_TOKEN

    def test_both_values_together_are_refused(self, secretsmanager, refusal):
        assert refusal(secretsmanager.create_secret, Name="a", **TWO_VALUES) == BOTH_VALUES

    def test_a_refused_call_creates_nothing(self, secretsmanager, refusal):
        refusal(secretsmanager.create_secret, Name="a", SecretString="x", SecretBinary=b"x")
        assert refusal(secretsmanager.describe_secret, SecretId="a") == NOT_FOUND

    def test_the_token_of_an_empty_version_is_in_use(self, fake_secrets, secretsmanager, refusal):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids={"AWSPENDING": V2})
        request = {"Name": "open", "SecretString": "y", "ClientRequestToken": V2}
        assert refusal(secretsmanager.create_secret, **request)[0] == "ResourceExistsException"
        assert fake_secrets["open"].value("AWSPENDING") is None

    @pytest.mark.parametrize(
        "tags",
        [
            [{"Key": str(number), "Value": ""} for number in range(51)],
            [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
            [{"Key": "aws:mine", "Value": ""}],
        ],
        ids=["51", "a key twice", "aws:"],
    )
    def test_tags_that_aws_does_not_accept_are_refused(self, fake_secrets, secretsmanager, refusal, tags):
        assert refusal(secretsmanager.create_secret, Name="a", Tags=tags)[0] == "InvalidParameterException"
        assert "a" not in fake_secrets

    def test_fifty_tags_are_accepted(self, secretsmanager, describe):
        tags = [{"Key": str(number), "Value": ""} for number in range(50)]
        secretsmanager.create_secret(Name="a", Tags=tags)
        assert describe("a")["Tags"] == tags

    def test_the_order_of_checks_before_the_look_up(self, db, raw, refusal):
        assert refusal(raw.create_secret, Name="no name", **TWO_VALUES) == BAD_NAME
        assert refusal(raw.create_secret, Name="app/db", **TWO_VALUES) == NO_TOKEN
        assert refusal(raw.create_secret, Name="app/db", ClientRequestToken=V1, **TWO_VALUES) == BOTH_VALUES

    def test_the_order_of_checks_of_a_name_that_exists(self, fake_secrets, db, secretsmanager, refusal):
        fake_secrets.quotas.secrets = 1
        wrong = {"AddReplicaRegions": [{"Region": "us-east-1"}], "KmsKeyId": FOREIGN_KEY}
        call = secretsmanager.create_secret
        assert refusal(call, Name="app/db", SecretString="x", **wrong) == exists("app/db")
        request = {"Name": "app/db", "SecretString": "x", "ClientRequestToken": V1}
        assert refusal(call, **request, **wrong) == token_in_use(db)
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(call, **request, **wrong) == SCHEDULED

    @pytest.mark.filterwarnings("ignore:no secret used the KMS key")
    def test_the_order_of_checks_of_a_new_name(self, fake_secrets, secretsmanager, refusal):
        fake_secrets.set_kms_key(FOREIGN_KEY, "denied")
        fake_secrets.set_kms_key("alias/app", "denied")
        call, request = secretsmanager.create_secret, {"Name": "a", "SecretString": "x", "KmsKeyId": FOREIGN_KEY}
        tags, added = [{"Key": "aws:a", "Value": ""}], [{"Region": "us-east-1"}]
        code, message = refusal(call, **request, AddReplicaRegions=added, Tags=tags)
        assert (code, message) != BAD_REGION
        assert code == "InvalidParameterException"
        assert refusal(call, **request, AddReplicaRegions=added) == BAD_REGION
        assert refusal(call, **request) == BAD_KEY
        assert refusal(call, **{**request, "KmsKeyId": "alias/app"}) == DENIED_KEY
        assert "a" not in fake_secrets


class TestUpdateSecret:
    def test_a_value_becomes_current(self, db, secretsmanager, answer):
        request = {"SecretId": "app/db", "SecretString": "S2", "ClientRequestToken": V2}
        assert answer(secretsmanager.update_secret, **request) == {
            "ARN": db.arn,
            "Name": "app/db",
            "VersionId": V2,
        }
        assert db.stages == {"AWSCURRENT": V2, "AWSPREVIOUS": V1}

    def test_metadata_alone_makes_no_version(self, db, secretsmanager, answer, describe):
        request = {"SecretId": "app/db", "Description": "mine", "KmsKeyId": "alias/mine"}
        assert answer(secretsmanager.update_secret, **request) == {"ARN": db.arn, "Name": "app/db"}
        described = describe()
        assert (described["Description"], described["KmsKeyId"]) == ("mine", "alias/mine")

    @pytest.mark.parametrize("member", ["Description", "KmsKeyId"])
    def test_an_empty_string_clears_metadata(self, db, secretsmanager, describe, member):
        secretsmanager.update_secret(SecretId="app/db", **{member: "alias/mine"})
        secretsmanager.update_secret(SecretId="app/db", **{member: ""})
        assert member not in describe()

    def test_the_same_token_and_value_change_nothing(self, clock, db, secretsmanager, answer, describe):
        before = describe()
        clock.tick(10)
        request = {"SecretId": "app/db", "SecretString": "S1", "ClientRequestToken": V1}
        assert answer(secretsmanager.update_secret, **request)["VersionId"] == V1
        assert describe() == before

    def test_the_same_token_for_another_value_is_refused_whole(self, db, secretsmanager, refusal, describe):
        before = describe()
        request = {"SecretId": "app/db", "SecretString": "other", "ClientRequestToken": V1, "Description": "new"}
        assert refusal(secretsmanager.update_secret, **request) == token_in_use(db)
        assert describe() == before

    def test_a_call_without_any_change_succeeds(self, db, secretsmanager, answer):
        assert answer(secretsmanager.update_secret, SecretId="app/db") == {"ARN": db.arn, "Name": "app/db"}

    def test_a_missing_token_comes_before_the_look_up(self, raw, refusal):
        assert refusal(raw.update_secret, SecretId="unknown", SecretString="x") == NO_TOKEN

    def test_both_values_together_are_refused(self, db, secretsmanager, refusal):
        assert refusal(secretsmanager.update_secret, SecretId="app/db", **TWO_VALUES) == BOTH_VALUES

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.update_secret, SecretId="unknown") == NOT_FOUND

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.update_secret, SecretId="app/db") == DELETED

    def test_the_same_value_under_a_new_token_is_a_new_version(self, db, secretsmanager):
        secretsmanager.update_secret(SecretId="app/db", SecretString="S1", ClientRequestToken=V2)
        assert db.stages == {"AWSCURRENT": V2, "AWSPREVIOUS": V1}

    def test_the_same_token_and_value_leave_metadata_to_be_changed(self, db, secretsmanager, describe):
        request = {"SecretId": "app/db", "SecretString": "S1", "ClientRequestToken": V1}
        secretsmanager.update_secret(**request, Description="new")
        assert describe()["Description"] == "new"
        assert db.stages == {"AWSCURRENT": V1}

    def test_a_value_becomes_current_from_wherever_pending_is(self, fake_secrets, secretsmanager):
        open_ = fake_secrets.add(
            "open",
            labels={"AWSCURRENT": "x", "AWSPENDING": "y"},
            version_ids={"AWSCURRENT": V1, "AWSPENDING": V2},
        )
        secretsmanager.update_secret(SecretId="open", SecretString="z", ClientRequestToken=TOKEN)
        assert open_.stages == {"AWSCURRENT": TOKEN, "AWSPREVIOUS": V1}

    def test_the_order_of_checks_before_the_look_up(self, raw, refusal):
        assert refusal(raw.update_secret, SecretId="no name", **TWO_VALUES) == BAD_NAME
        assert refusal(raw.update_secret, SecretId="unknown", **TWO_VALUES) == NO_TOKEN
        request = {"SecretId": "unknown", "ClientRequestToken": V1}
        assert refusal(raw.update_secret, **request, **TWO_VALUES) == BOTH_VALUES

    def test_the_order_of_checks_after_it(self, fake_secrets, db, secretsmanager, refusal):
        fake_secrets.set_kms_key("alias/app", "denied")
        request = {"SecretId": "app/db", "SecretString": "other", "ClientRequestToken": V1}
        call = secretsmanager.update_secret
        assert refusal(call, **request, KmsKeyId=FOREIGN_KEY) == BAD_KEY
        assert refusal(call, **request, KmsKeyId="alias/app") == DENIED_KEY
        assert refusal(call, **request) == token_in_use(db)
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(call, **request, KmsKeyId=FOREIGN_KEY) == DELETED


class TestDescribeSecret:
    def test_a_plain_secret_has_no_members_without_content(self, db, describe):
        assert describe() == {
            "ARN": db.arn,
            "Name": "app/db",
            "LastChangedDate": NOON,
            "VersionIdsToStages": {V1: ["AWSCURRENT"]},
            "CreatedDate": NOON,
        }

    def test_a_secret_without_versions(self, fake_secrets, describe):
        fake_secrets.add("empty")
        assert describe("empty").keys() == {"ARN", "Name", "LastChangedDate", "CreatedDate"}

    def test_deprecated_versions_are_left_out(self, db, secretsmanager, describe):
        for value in ("S2", "S3"):
            secretsmanager.put_secret_value(SecretId="app/db", SecretString=value)
        assert V1 not in describe()["VersionIdsToStages"]

    def test_describing_does_not_count_as_a_read(self, db, describe):
        describe()
        assert "LastAccessedDate" not in describe()

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.describe_secret, SecretId="unknown") == NOT_FOUND


class TestDeleteSecret:
    @pytest.mark.parametrize(("window", "days"), [({}, 30), ({"RecoveryWindowInDays": 7}, 7)])
    def test_the_response_has_the_end_of_the_window(self, db, secretsmanager, answer, window, days):
        assert answer(secretsmanager.delete_secret, SecretId="app/db", **window) == {
            "ARN": db.arn,
            "Name": "app/db",
            "DeletionDate": NOON + timedelta(days=days),
        }

    def test_deleted_date_is_the_time_of_the_call(self, clock, db, secretsmanager, describe):
        clock.tick(10)
        secretsmanager.delete_secret(SecretId="app/db")
        described = describe()
        assert described["DeletedDate"] == described["LastChangedDate"] == NOON + timedelta(seconds=10)

    def test_labels_are_still_described(self, db, secretsmanager, describe):
        secretsmanager.delete_secret(SecretId="app/db")
        assert describe()["VersionIdsToStages"] == {V1: ["AWSCURRENT"]}

    @pytest.mark.parametrize(("seconds", "is_there"), [(7 * 86_400 - 1, True), (7 * 86_400, False)])
    def test_the_secret_is_gone_when_the_window_has_passed(
        self, clock, db, secretsmanager, refusal, seconds, is_there
    ):
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        clock.tick(seconds)
        if is_there:
            assert secretsmanager.describe_secret(SecretId="app/db")["Name"] == "app/db"
        else:
            assert refusal(secretsmanager.describe_secret, SecretId="app/db") == NOT_FOUND

    def test_the_name_is_free_when_the_window_has_passed(self, clock, db, secretsmanager):
        old_arn = db.arn
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        clock.tick(7 * 86_400)
        assert secretsmanager.create_secret(Name="app/db")["ARN"] != old_arn

    def test_a_forced_deletion_removes_the_secret_at_once(self, db, secretsmanager, answer, refusal):
        deleted = answer(secretsmanager.delete_secret, SecretId="app/db", ForceDeleteWithoutRecovery=True)
        assert deleted["DeletionDate"] == NOON
        assert refusal(secretsmanager.describe_secret, SecretId="app/db") == NOT_FOUND

    def test_a_forced_deletion_removes_a_scheduled_secret_at_once(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
        assert refusal(secretsmanager.describe_secret, SecretId="app/db") == NOT_FOUND

    def test_a_secret_made_again_outlives_the_old_ones_window(self, clock, db, secretsmanager, describe):
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
        secretsmanager.create_secret(Name="app/db")
        clock.tick(30 * 86_400)
        assert describe()["Name"] == "app/db"

    def test_a_forced_deletion_of_an_unknown_name_succeeds(self, secretsmanager, answer):
        deleted = answer(secretsmanager.delete_secret, SecretId="ghost", ForceDeleteWithoutRecovery=True)
        assert deleted["Name"] == "ghost"
        assert deleted["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:ghost-")

    def test_a_forced_deletion_of_an_unknown_arn_returns_that_arn(self, secretsmanager, answer):
        arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ghost-a1b2c3"
        assert answer(secretsmanager.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)["ARN"] == arn

    @pytest.mark.parametrize("window", [0, 6, 31, -1])
    @pytest.mark.parametrize("force", [True, False])
    def test_a_window_out_of_range_comes_first(self, secretsmanager, refusal, window, force):
        request = {"SecretId": "no name", "RecoveryWindowInDays": window, "ForceDeleteWithoutRecovery": force}
        assert refusal(secretsmanager.delete_secret, **request) == (
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )

    def test_window_and_force_together_are_refused(self, db, secretsmanager, refusal):
        request = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
        for secret_id in ("app/db", "unknown", "no name"):
            assert refusal(secretsmanager.delete_secret, SecretId=secret_id, **request) == WINDOW_AND_FORCE
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.delete_secret, SecretId="app/db", **request) == WINDOW_AND_FORCE

    @pytest.mark.parametrize("days", [7, 30])
    @pytest.mark.parametrize("force", [{}, {"ForceDeleteWithoutRecovery": False}])
    def test_the_shortest_and_the_longest_window_are_accepted(self, db, secretsmanager, days, force):
        deleted = secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=days, **force)
        assert deleted["DeletionDate"] == NOON + timedelta(days=days)

    def test_force_may_be_false(self, db, secretsmanager):
        deleted = secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=False)
        assert deleted["DeletionDate"] == NOON + timedelta(days=30)

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.delete_secret, SecretId="unknown") == NOT_FOUND

    def test_a_second_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.delete_secret, SecretId="app/db") == DELETED


class TestRestoreSecret:
    def test_the_secret_is_described_as_before(self, db, secretsmanager, answer, describe):
        before = describe()
        secretsmanager.delete_secret(SecretId="app/db")
        assert answer(secretsmanager.restore_secret, SecretId="app/db") == {"ARN": db.arn, "Name": "app/db"}
        assert describe() == before

    def test_its_window_no_longer_counts(self, clock, db, secretsmanager, describe):
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        secretsmanager.restore_secret(SecretId="app/db")
        clock.tick(30 * 86_400)
        assert describe()["Name"] == "app/db"

    def test_a_window_given_again_counts_from_then(self, clock, db, secretsmanager, describe):
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        clock.tick(6 * 86_400)
        secretsmanager.restore_secret(SecretId="app/db")
        secretsmanager.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
        clock.tick(6 * 86_400)
        assert describe()["Name"] == "app/db"

    def test_a_secret_that_is_not_scheduled_does_not_change(self, clock, db, secretsmanager, describe):
        before = describe()
        clock.tick(10)
        secretsmanager.restore_secret(SecretId="app/db")
        assert describe() == before

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.restore_secret, SecretId="unknown") == NOT_FOUND


class TestScheduledForDeletion:
    """Every operation on a secret in its recovery window (api-facts 4.1)."""

    ALLOWED = tuple(sorted(TAKES_WHAT_IS_DELETED))

    @pytest.fixture
    def scheduled(self, fake_secrets, db, secretsmanager):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S2", ClientRequestToken=V2)
        secretsmanager.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "1"}])
        secretsmanager.delete_secret(SecretId="app/db")

    @pytest.mark.parametrize("operation", sorted(ABOUT_A_SECRET.keys() & set(CALLABLE) - set(ALLOWED)))
    @pytest.mark.parametrize("by", ["name", "ARN"])
    def test_a_refused_operation_changes_nothing(
        self, clock, scheduled, db, secretsmanager, describe, operation, by
    ):
        before = describe()
        clock.tick(10)
        members = request_of(operation, "app/db" if by == "name" else db.arn)
        try:
            method_of(secretsmanager, operation)(**members)
        except secretsmanager.exceptions.ClientError as refused:
            error = refused.response["Error"]
            assert (error["Code"], error["Message"]) == DELETED
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        else:
            pytest.fail(
                f"{operation} takes a secret that is marked for deletion. Find the secret with "
                "store.get_primary(request), or add the operation to TAKES_WHAT_IS_DELETED in "
                "tests/hook/lane_cases.py if AWS takes one."
            )
        assert describe() == before

    @pytest.mark.slow
    @pytest.mark.parametrize("operation", ALLOWED)
    def test_an_allowed_operation_succeeds(self, scheduled, db, secretsmanager, operation):
        answer = method_of(secretsmanager, operation)(SecretId="app/db")
        assert (answer["ARN"], answer["Name"]) == (db.arn, "app/db")

    def test_it_is_described_with_labels_tags_and_its_date(self, scheduled, describe):
        described = describe()
        assert described["VersionIdsToStages"] == {V1: ["AWSPREVIOUS"], V2: ["AWSCURRENT"]}
        assert described["Tags"] == [{"Key": "a", "Value": "1"}]
        assert described["DeletedDate"] == NOON

    def test_its_versions_are_listed(self, scheduled, secretsmanager):
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]
        assert {version["VersionId"] for version in listed} == {V1, V2}

    def test_lists_show_it_only_on_request(self, scheduled, secretsmanager):
        assert secretsmanager.list_secrets()["SecretList"] == []
        assert secretsmanager.list_secrets(IncludePlannedDeletion=False)["SecretList"] == []
        (entry,) = secretsmanager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
        assert (entry["Name"], entry["DeletedDate"]) == ("app/db", NOON)

    def test_a_batch_has_it_among_its_errors(self, scheduled, secretsmanager):
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["app/db"])
        assert reply["SecretValues"] == []
        (error,) = reply["Errors"]
        assert (error["SecretId"], (error["ErrorCode"], error["Message"])) == ("app/db", DELETED)

    @pytest.mark.parametrize("value", [{}, {"SecretString": "S2", "ClientRequestToken": V2}])
    def test_its_name_is_taken_even_for_its_own_token(self, scheduled, secretsmanager, refusal, value):
        assert refusal(secretsmanager.create_secret, Name="app/db", **value) == SCHEDULED

    @pytest.mark.parametrize(
        ("call", "members"),
        [
            ("get_secret_value", {"VersionStage": "NONE"}),
            ("tag_resource", {"Tags": [{"Key": "aws:a", "Value": ""}]}),
            ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": "us-east-1"}]}),
            ("update_secret_version_stage", {"VersionStage": "LIVE"}),
            ("put_secret_value", {"SecretString": "other", "ClientRequestToken": V1}),
        ],
    )
    def test_deletion_is_checked_before_other_faults(self, scheduled, secretsmanager, raw, refusal, call, members):
        assert refusal(getattr(raw, call), SecretId="app/db", **members) == DELETED

    def test_a_restored_secret_accepts_every_call_again(self, scheduled, secretsmanager, answer):
        secretsmanager.restore_secret(SecretId="app/db")
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "S2"
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="S3")
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "S3"
