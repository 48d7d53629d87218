"""What a test sees of calls: who made each, when, which attempt it was, and for which rotation."""

import copy
import datetime
import pickle
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from freezegun import freeze_time
from rotators import Rotator

from fake_secrets import mock_stages

ROLE = "arn:aws:iam::210987654321:role/app"


@pytest.fixture(params=["fast", "wire"])
def fake(request):
    with mock_stages({"prod/db": "old"}, _lane=request.param) as fake:
        yield fake


def client_of(retries=None, **options):
    config = Config(retries=retries or {})
    return boto3.client("secretsmanager", region_name="us-east-1", config=config, **options)


@pytest.fixture(autouse=True)
def no_back_off(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)


class TestACall:
    @pytest.mark.slow
    def test_has_the_time_of_its_answer(self, fake):
        with freeze_time("2026-03-04 12:00:00.250"):
            client_of().get_secret_value(SecretId="prod/db")
        assert fake.calls[-1].time == datetime.datetime(2026, 3, 4, 12, 0, 0, 250_000, tzinfo=datetime.UTC)

    def test_has_the_principal_the_account_and_the_region_that_made_it(self, fake):
        client_of(**fake.credentials(ROLE)).list_secrets()
        boto3.client("secretsmanager", region_name="eu-west-1").list_secrets()
        first, second = fake.calls
        assert (first.principal, first.account_id, first.region) == (ROLE, "210987654321", "us-east-1")
        root = "arn:aws:iam::123456789012:root"
        assert (second.principal, second.account_id, second.region) == (root, "123456789012", "eu-west-1")

    def test_of_a_rotation_has_the_version_id_of_the_rotation(self, fake):
        rotation = fake.rotate("prod/db", Rotator(client_of()))
        rotate, *others = fake.calls
        assert (rotate.step, rotate.rotation) == (None, None)
        assert {call.rotation for call in others} == {rotation.token}

    def test_of_a_step_delivered_by_hand_has_the_version_id_of_the_rotation(self, fake):
        rotation = fake.rotate("prod/db", Rotator(client_of()))
        rotation.deliver("finishSecret")
        assert (fake.calls[-1].step, fake.calls[-1].rotation) == ("finishSecret", rotation.token)

    def test_of_an_event_that_is_no_rotation_has_no_rotation(self, fake):
        fake.invoke(lambda event, context: client_of().list_secrets(), {"Step": "any"})
        assert (fake.calls[-1].step, fake.calls[-1].rotation) == ("any", None)


class TestEachAttemptIsACall:
    @pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
    def test_attempts_are_numbered_as_botocore_makes_them(self, fake, mode):
        fake.faults.fail("GetSecretValue", "InternalServiceError", times=2)
        answer = client_of({"mode": mode}).get_secret_value(SecretId="prod/db")
        assert answer["ResponseMetadata"]["RetryAttempts"] == 2
        assert [(call.attempt, call.outcome) for call in fake.calls] == [
            (1, "InternalServiceError"),
            (2, "InternalServiceError"),
            (3, "succeeded"),
        ]

    def test_an_error_of_the_service_itself_is_repeated_too(self, fake):
        fake.quotas.secrets = 1
        client = client_of({"mode": "standard"})
        with pytest.raises(client.exceptions.LimitExceededException):
            client.create_secret(Name="another")
        assert [call.attempt for call in fake.calls] == [1, 2, 3]

    def test_an_attempt_that_never_got_there_is_counted_but_is_no_call(self, fake):
        fake.faults.time_out("GetSecretValue")
        client_of().get_secret_value(SecretId="prod/db")
        assert [(call.attempt, call.outcome) for call in fake.calls] == [(2, "succeeded")]

    def test_the_next_call_begins_at_one_again(self, fake):
        fake.faults.fail("GetSecretValue", "InternalServiceError", times=2)
        client = client_of({"mode": "standard", "total_max_attempts": 1})
        for _ in range(2):
            with pytest.raises(ClientError, match="InternalServiceError"):
                client.get_secret_value(SecretId="prod/db")
        assert [call.attempt for call in fake.calls] == [1, 1]


class TestCallsCanBeFiltered:
    def test_by_operation(self, fake):
        fake.rotate("prod/db", Rotator(client_of()))
        assert [call.step for call in fake.calls.of("PutSecretValue")] == ["createSecret"]
        both = fake.calls.of("PutSecretValue", "RotateSecret")
        assert [call.operation for call in both] == ["RotateSecret", "PutSecretValue"]

    def test_by_secret_however_a_call_names_it(self, fake):
        client, secret = client_of(), fake["prod/db"]
        fake.add("prod/db2", "x")
        for secret_id in ("prod/db", secret.arn, secret.arn[:-7], "prod/db2"):
            client.get_secret_value(SecretId=secret_id)
        client.list_secrets()
        for wanted in ("prod/db", secret.arn, secret.arn[:-7], secret):
            assert [call.secret_id for call in fake.calls.about(wanted)] == [
                "prod/db",
                secret.arn,
                secret.arn[:-7],
            ]

    def test_by_a_secret_that_no_call_has_found(self, fake):
        client = client_of()
        for _ in range(2):
            with pytest.raises(ClientError):
                client.get_secret_value(SecretId="missing")
        client.create_secret(Name="missing", SecretString="x")
        assert len(fake.calls.about("missing")) == len(fake.calls.about(fake["missing"])) == 3
        assert fake.calls.about("never/named") == []

    def test_the_arn_tells_a_secret_from_a_deleted_one_of_the_same_name(self, fake):
        client, first = client_of(), fake["prod/db"]
        client.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        client.create_secret(Name="prod/db", SecretString="x")
        assert [call.operation for call in fake.calls.about(first)] == ["DeleteSecret"]
        assert [call.operation for call in fake.calls.about(fake["prod/db"])] == ["CreateSecret"]
        assert len(fake.calls.about("prod/db")) == 2

    def test_a_name_stands_for_a_secret_of_the_worlds_account_and_region(self, fake):
        boto3.client("secretsmanager", region_name="eu-west-1").create_secret(Name="prod/db", SecretString="x")
        other = boto3.client("secretsmanager", region_name="us-east-1", **fake.credentials(ROLE))
        arn = other.create_secret(Name="prod/db", SecretString="x")["ARN"]
        assert fake.calls.about("prod/db") == []
        assert len(fake.calls.about(arn)) == 1

    @pytest.mark.parametrize("asked_by", ["ids", "filter"])
    def test_by_a_secret_of_a_batch(self, fake, asked_by):
        fake.add("other", "x")
        asked = {
            "ids": {"SecretIdList": ["prod/db", "missing"]},
            "filter": {"Filters": [{"Key": "name", "Values": ["prod/"]}]},
        }
        client_of().batch_get_secret_value(**asked[asked_by])
        assert [call.operation for call in fake.calls.about("prod/db")] == ["BatchGetSecretValue"]
        assert len(fake.calls.about("missing")) == (asked_by == "ids")
        assert fake.calls.about("other") == []

    def test_by_step_and_by_rotation_function_that_has_steps_of_its_own(self, fake):
        fake.rotate("prod/db", Rotator(client_of()))
        fake.invoke(lambda event, context: client_of().list_secrets(), {"Step": "mine"})
        assert [call.operation for call in fake.calls.in_step("finishSecret")] == [
            "DescribeSecret",
            "UpdateSecretVersionStage",
        ]
        assert [call.operation for call in fake.calls.in_step("mine")] == ["ListSecrets"]

    def test_by_principal_and_by_account(self, fake):
        for principal in (ROLE, "arn:aws:iam::210987654321:user/ann"):
            client_of(**fake.credentials(principal)).list_secrets()
        client_of().list_secrets()
        assert [call.principal for call in fake.calls.by(ROLE)] == [ROLE]
        assert [call.account_id for call in fake.calls.by("210987654321")] == ["210987654321"] * 2

    def test_by_one_after_the_other_and_in_slices(self, fake):
        fake.rotate("prod/db", Rotator(client_of()))
        reads = fake.calls[1:].about("prod/db").in_step("createSecret").of("GetSecretValue")
        assert [call.outcome for call in reads] == ["succeeded", "ResourceNotFoundException"]

    @pytest.mark.parametrize(
        ("filtered", "message"),
        [
            (lambda calls: calls.of("put_secret_valu"), 'operation=.*; did you mean "PutSecretValue"'),
            (lambda calls: calls.of("Put"), r"operation='Put' isn't a choice"),
            (lambda calls: calls.in_step("create_secret"), 'step=.*; did you mean "createSecret"'),
            (lambda calls: calls.by("role/app"), "isn't the ARN of a principal"),
        ],
    )
    def test_but_not_by_what_does_not_exist(self, fake, filtered, message):
        with pytest.raises(ValueError, match=message):
            filtered(fake.calls)

    def test_a_misspelt_operation_is_told_without_the_others(self, fake):
        with pytest.raises(ValueError, match="did you mean") as raised:
            fake.calls.of("put_secret_valu")
        assert "ListSecrets" not in str(raised.value)

    def test_but_not_by_what_is_no_secret(self, fake):
        with pytest.raises(TypeError, match="a secret ID is a str"):
            fake.calls.about(3)

    def test_and_remain_a_list(self, fake):
        client_of().list_secrets()
        calls = fake.calls
        assert isinstance(calls, list)
        assert calls == list(calls) == fake.calls
        assert calls.of("GetSecretValue") == []
        assert repr(calls) == repr(list(calls))
        for copied in (copy.copy(calls), copy.deepcopy(calls), pickle.loads(pickle.dumps(calls))):  # noqa: S301
            assert copied.of("ListSecrets") == calls
            assert copied.about("prod/db") == []

    def test_no_operation_is_a_mistake(self, fake):
        with pytest.raises(TypeError, match="at least one operation"):
            fake.calls.of()


class TestTheTable:
    @pytest.fixture
    def at_noon(self, freezer_at_noon):
        return freezer_at_noon

    def test_shows_each_call_in_80_columns(self, fake, at_noon):
        fake.faults.fail("GetSecretValue", "InternalServiceError", step="createSecret")
        fake.rotate("prod/db", Rotator(client_of()))
        client_of().batch_get_secret_value(SecretIdList=["prod/db", "missing"])
        assert re.sub(r" *\n *planned: .*", "", str(fake.calls)).splitlines() == [
            "   time      step          call                       secret",
            "0  12:00:00                RotateSecret               prod/db",
            "1  12:00:00  createSecret  GetSecretValue             prod/db",
            "                           -> InternalServiceError",
            "2  12:00:00  createSecret  GetSecretValue, attempt 2  prod/db",
            "3  12:00:00  createSecret  GetSecretValue             prod/db",
            "                           -> ResourceNotFoundException",
            "4  12:00:00  createSecret  GetRandomPassword",
            "5  12:00:00  createSecret  PutSecretValue             prod/db",
            "6  12:00:00  finishSecret  DescribeSecret             prod/db",
            "7  12:00:00  finishSecret  UpdateSecretVersionStage   prod/db",
            "8  12:00:00                BatchGetSecretValue        2 secrets",
        ]

    def test_shows_the_day_if_there_are_several(self, fake, at_noon):
        client_of().list_secrets()
        at_noon.tick(datetime.timedelta(days=1))
        boto3.client("secretsmanager", region_name="eu-west-1").create_secret(Name="far", SecretString="x")
        assert str(fake.calls).splitlines() == [
            "   time                 call          secret",
            "0  2026-03-04 12:00:00  ListSecrets",
            "1  2026-03-05 12:00:00  CreateSecret  far in eu-west-1",
        ]

    def test_says_where_a_call_without_a_secret_went_if_not_to_the_worlds_region(self, fake, at_noon):
        boto3.client("secretsmanager", region_name="eu-west-1").list_secrets()
        assert str(fake.calls).splitlines()[1:] == ["0  12:00:00  ListSecrets  in eu-west-1"]

    def test_says_who_called_if_there_are_several(self, fake, at_noon):
        client_of().list_secrets()
        with fake.as_principal(ROLE):
            client_of().list_secrets()
        assert str(fake.calls).splitlines() == [
            "   time      call         secret",
            "0  12:00:00  ListSecrets",
            "             by arn:aws:iam::123456789012:root",
            "1  12:00:00  ListSecrets",
            "             by arn:aws:iam::210987654321:role/app",
        ]

    def test_shortens_a_name_that_is_too_long(self, fake, at_noon):
        name = f"{'x' * 100}/database"
        fake.add(name, "x")
        client_of().get_secret_value(SecretId=name)
        row = str(fake.calls).splitlines()[1]
        assert len(row) == 80
        assert row.endswith("x/database")
        assert "…x" in row

    def test_of_no_calls_says_so(self, fake):
        assert str(fake.calls) == "no calls"
