"""The access keys of IAM: a double that answers clients of IAM and STS."""

import functools

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from rotation_steps import names, rotation_function

from fake_secrets import check_rotation, mock_stages
from fake_secrets.contract.services import AccessKeys, StatementRefusedError

SECRET = {
    "username": "mailer",
    "access_key_id": "AKIAOLDKEY0000000001",
    "secret_access_key": "old-secret-access-key",
}
USERS = {"mailer": {SECRET["access_key_id"]: SECRET["secret_access_key"]}}
service = functools.partial(AccessKeys, USERS)


def key_function(*, looks_first=True):
    def new_value(client, current, token):
        iam, user = boto3.client("iam"), current["username"]
        if looks_first:
            for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
                if key["AccessKeyId"] != current["access_key_id"]:
                    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        made = iam.create_access_key(UserName=user)["AccessKey"]
        return {**current, "access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}

    def set_value(current, pending):
        """The key works since it was made."""

    def test_value(pending):
        sts = boto3.client(
            "sts",
            aws_access_key_id=pending["access_key_id"],
            aws_secret_access_key=pending["secret_access_key"],
        )
        assert sts.get_caller_identity()["Arn"].endswith(f"user/{pending['username']}")

    return rotation_function(set_value, test_value, new_value)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["plain", "kills", pytest.param("errors", marks=pytest.mark.long)])
def test_a_function_that_deletes_left_over_keys_keeps_the_contract(family):
    report = check_rotation(key_function(), secret=SECRET, service=service, only=family)
    assert report.passed, str(report)


def test_a_function_that_never_deletes_meets_the_limit():
    report = check_rotation(key_function(looks_first=False), secret=SECRET, service=service, only="plain")
    assert names(report.violations) == ["second-rotation-fails"]
    assert "LimitExceeded" in str(report)


class TestClients:
    @pytest.fixture
    def keys(self):
        with mock_stages(), service() as double:
            yield double

    @pytest.fixture
    def iam(self, keys):
        return boto3.client("iam")

    def test_a_key_is_made_listed_changed_and_deleted(self, keys, iam):
        made = iam.create_access_key(UserName="mailer")["AccessKey"]
        assert made["Status"] == "Active"
        assert made["CreateDate"].tzinfo is not None
        value = {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}
        assert keys.accepts(value)
        iam.update_access_key(UserName="mailer", AccessKeyId=made["AccessKeyId"], Status="Inactive")
        assert not keys.accepts(value)
        iam.delete_access_key(UserName="mailer", AccessKeyId=made["AccessKeyId"])
        (left,) = iam.get_paginator("list_access_keys").paginate(UserName="mailer")
        assert [key["AccessKeyId"] for key in left["AccessKeyMetadata"]] == [SECRET["access_key_id"]]

    def test_a_third_key_is_refused_as_by_iam(self, iam):
        iam.create_access_key()
        with pytest.raises(iam.exceptions.LimitExceededException) as caught:
            iam.create_access_key()
        assert caught.value.response["Error"] == {
            "Code": "LimitExceeded",
            "Message": "Cannot exceed quota for AccessKeysPerUser: 2",
        }
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409

    def test_an_unknown_user_or_key_is_refused(self, iam):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="user with name nobody cannot be found"):
            iam.list_access_keys(UserName="nobody")
        with pytest.raises(
            iam.exceptions.NoSuchEntityException, match="Access Key with id AKIA0000000000000000 cannot"
        ):
            iam.delete_access_key(AccessKeyId="AKIA" + "0" * 16)

    def test_arguments_are_validated_as_always(self, iam):
        with pytest.raises(ParamValidationError):
            iam.delete_access_key(UserName="mailer")

    def test_sts_knows_whose_key_it_is(self, keys):
        def identity(key_id, secret):
            sts = boto3.client("sts", aws_access_key_id=key_id, aws_secret_access_key=secret)
            return sts.get_caller_identity()["Arn"]

        pair = SECRET["access_key_id"], SECRET["secret_access_key"]
        assert identity(*pair).endswith("user/mailer")
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            identity(SECRET["access_key_id"], "wrong")
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            identity("AKIA" + "0" * 16, "wrong")
        keys.drop(SECRET)
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            identity(*pair)
        assert boto3.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/rotation/function")

    def test_an_operation_that_it_does_not_answer_is_named(self, iam):
        with pytest.raises(
            NotImplementedError, match=r"AccessKeys doesn't answer ListUsers. It answers GetCaller"
        ):
            iam.list_users()

    def test_clients_are_left_alone_afterwards(self):
        with mock_stages():
            with service():
                pass
            with service() as outer, AccessKeys({"inner": {}}):
                assert boto3.client("iam").list_access_keys(UserName="inner")["AccessKeyMetadata"] == []
            assert outer.live == 1


def test_its_methods_can_be_called_without_a_client():
    keys = service()
    made = keys.create_access_key("mailer")
    assert keys.get_caller_identity(made["AccessKeyId"], made["SecretAccessKey"])["UserId"] == "AIDAmailer"
    with pytest.raises(StatementRefusedError, match="LimitExceeded: Cannot exceed quota"):
        keys.create_access_key("mailer")
    assert keys.accepted()[1] == {
        "AccessKeyId": made["AccessKeyId"],
        "SecretAccessKey": made["SecretAccessKey"],
    }
