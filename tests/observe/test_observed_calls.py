"""What a test sees of calls: who made each, when, which attempt it was, and for which rotation."""

import datetime

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
