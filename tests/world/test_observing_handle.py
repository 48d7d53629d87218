"""The calls that the handle of a world shows."""

import boto3
import pytest
from botocore.config import Config

from fake_secrets.service import dispatch

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"


class TestCalls:
    def test_a_call_has_operation_secret_id_and_outcome(self, fake_secrets, secretsmanager):
        secretsmanager.create_secret(Name="a", SecretString="x")
        with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
            secretsmanager.get_secret_value(SecretId="b")
        secretsmanager.get_random_password()
        assert [(call.operation, call.secret_id, call.outcome) for call in fake_secrets.calls] == [
            ("CreateSecret", "a", "succeeded"),
            ("GetSecretValue", "b", "ResourceNotFoundException"),
            ("GetRandomPassword", None, "succeeded"),
        ]

    def test_secret_values_are_redacted(self, fake_secrets, secretsmanager):
        secretsmanager.create_secret(Name="a", SecretString="hunter2", ClientRequestToken=V1)
        secretsmanager.put_secret_value(SecretId="a", SecretBinary=b"hunter2", ClientRequestToken=V2)
        create, put = fake_secrets.calls
        assert create.request == {"Name": "a", "SecretString": "***", "ClientRequestToken": V1}
        assert put.request == {"SecretId": "a", "SecretBinary": "***", "ClientRequestToken": V2}

    def test_a_secret_value_in_the_wrong_member_is_redacted_too(self, fake_secrets):
        fake_secrets.add("a", "x")
        client = boto3.client("secretsmanager", region_name="us-east-1", config=Config(parameter_validation=False))

        def misplace(params, **_):
            params["body"] = b'{"SecretId":"a","SecretString":"hunter2","Tags":[{"SecretString":"hunter2"}]}'

        client.meta.events.register_first("before-call.secrets-manager", misplace)
        client.describe_secret(SecretId="a")
        assert fake_secrets.calls[0].request == {"SecretId": "a", "SecretString": "***", "Tags": "***"}

    def test_changing_a_call_does_not_change_later_ones(self, fake_secrets, secretsmanager):
        fake_secrets.add("a", "x")
        secretsmanager.put_secret_value(SecretId="a", SecretString="y", VersionStages=["LIVE"])
        fake_secrets.calls[0].request["VersionStages"].append("OTHER")
        assert fake_secrets.calls[0].request["VersionStages"] == ["LIVE"]

    def test_reading_the_handle_is_no_call(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        secret.value()
        assert fake_secrets.calls == []

    def test_an_unsupported_operation_is_recorded_too(self, monkeypatch, fake_secrets, secretsmanager):
        monkeypatch.delitem(dispatch.OPERATIONS, "DescribeSecret")
        with pytest.raises(Exception, match="doesn't support DescribeSecret yet"):
            secretsmanager.describe_secret(SecretId="a")
        assert fake_secrets.calls[0].outcome == "UnsupportedOperationError"
