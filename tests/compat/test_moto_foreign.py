"""Calls of other services that moto answers, while a check of a rotation function watches them."""

import boto3
import pytest

moto = pytest.importorskip("moto")

from botocore.exceptions import ClientError  # noqa: E402

from fake_secrets.hook.foreign import client_error, failure_of, watching  # noqa: E402
from fake_secrets.observe.entry import RunningStep  # noqa: E402


class Seen(list):
    """Notes the calls, and lets each happen."""

    def __call__(self, client, operation, ask, members):
        self.append((client.meta.service_model.service_name, operation))
        return ask()


def client_of(service):
    return boto3.client(service, region_name="us-east-1")


def failure_of_call(client, operation):
    failure = failure_of(client, operation)
    return failure.code, "It broke.", failure.status


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def in_delivery(fake_secrets):
    step = RunningStep("setSecret")
    with step:
        yield step


class TestForeignCalls:
    def test_a_call_that_moto_answers_is_taken_up(self, seen, in_delivery):
        with moto.mock_aws(), watching(seen):
            s3 = client_of("s3")
            s3.create_bucket(Bucket="keys")
            s3.put_object(Bucket="keys", Key="public", Body=b"pem")
            assert s3.get_object(Bucket="keys", Key="public")["Body"].read() == b"pem"
        assert seen == [("s3", "CreateBucket"), ("s3", "PutObject"), ("s3", "GetObject")]

    @pytest.mark.slow
    def test_each_page_is_a_call(self, seen, in_delivery):
        with moto.mock_aws():
            s3 = client_of("s3")
            s3.create_bucket(Bucket="keys")
            for key in ("a", "b", "c"):
                s3.put_object(Bucket="keys", Key=key)
            with watching(seen):
                paginator = s3.get_paginator("list_objects_v2")
                pages = list(paginator.paginate(Bucket="keys", PaginationConfig={"PageSize": 2}))
        assert [[found["Key"] for found in page["Contents"]] for page in pages] == [["a", "b"], ["c"]]
        assert seen == [("s3", "ListObjectsV2")] * 2

    def test_an_error_before_the_call_keeps_it_from_happening(self, in_delivery):
        def refuse(client, operation, ask, members):
            raise client_error(client, operation, *failure_of_call(client, operation))

        with moto.mock_aws():
            iam = client_of("iam")
            with watching(refuse), pytest.raises(iam.exceptions.ServiceFailureException):
                iam.create_user(UserName="app")
            assert iam.list_users()["Users"] == []

    @pytest.mark.slow
    def test_an_error_after_the_call_leaves_its_effect(self, in_delivery):
        def lose(client, operation, ask, members):
            ask()
            raise client_error(client, operation, *failure_of_call(client, operation))

        with moto.mock_aws():
            iam = client_of("iam")
            with watching(lose), pytest.raises(ClientError):
                iam.create_user(UserName="app")
            assert [user["UserName"] for user in iam.list_users()["Users"]] == ["app"]
