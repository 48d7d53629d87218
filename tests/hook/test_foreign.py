"""Calls of other services' clients that a rotation function makes, while a check watches them."""

import threading

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from fake_secrets import FunctionCrash, mock_stages
from fake_secrets.hook import calls
from fake_secrets.hook.foreign import client_error, failure_of, watching
from fake_secrets.observe.entry import RunningStep

pytestmark = pytest.mark.disable_socket


class Seen(list):
    """Notes the calls, and lets each happen."""

    def __call__(self, client, operation, ask, members):
        self.append((client.meta.service_model.service_name, operation))
        return ask()


def client_of(service, **options):
    return boto3.client(service, region_name="us-east-1", **options)


@pytest.fixture
def s3():
    """A client whose calls of ListBuckets are answered."""
    client = client_of("s3")
    with Stubber(client) as stubber:
        for _ in range(4):
            stubber.add_response("list_buckets", {"Buckets": []})
        yield client


@pytest.fixture
def sts():
    """A client whose calls of GetCallerIdentity are answered."""
    client = client_of("sts")
    with Stubber(client) as stubber:
        for _ in range(2):
            stubber.add_response("get_caller_identity", {"Account": "123456789012"})
        yield client


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def in_delivery(fake_secrets):
    step = RunningStep("setSecret")
    with step:
        yield step


class TestWatching:
    def test_a_call_that_a_stubber_answers_is_taken_up(self, seen, in_delivery):
        ssm = client_of("ssm")
        with Stubber(ssm) as stubber, watching(seen):
            stubber.add_response("put_parameter", {"Version": 2}, {"Name": "host", "Value": "db"})
            assert ssm.put_parameter(Name="host", Value="db")["Version"] == 2
            stubber.assert_no_pending_responses()
        assert seen == [("ssm", "PutParameter")]

    def test_a_call_of_secrets_manager_is_none(self, seen, in_delivery, fake_secrets):
        fake_secrets.add("prod/db", "x")
        with watching(seen):
            client_of("secretsmanager").get_secret_value(SecretId="prod/db")
        assert seen == []

    def test_a_call_outside_of_a_delivery_is_none(self, seen, fake_secrets, s3):
        with watching(seen):
            s3.list_buckets()
        assert seen == []

    def test_a_call_after_the_delivery_is_none(self, seen, in_delivery, s3):
        in_delivery.is_over = True
        with watching(seen):
            s3.list_buckets()
        assert seen == []

    def test_the_calls_of_a_rotation_function_are_taken_up_in_its_threads_too(self, seen, s3):
        def rotate(event, context):
            thread = threading.Thread(target=s3.list_buckets)
            thread.start()
            thread.join(10)

        world = mock_stages({"prod/db": "x"}, rotation_errors="record")
        with world as fake_secrets, watching(seen):
            fake_secrets.rotate("prod/db", rotate)
        assert seen == [("s3", "ListBuckets")] * 4

    def test_a_call_that_a_client_makes_within_another_is_none(self, seen, in_delivery, s3, sts):
        with watching(seen):
            s3.meta.events.register("before-call.s3", lambda **_: sts.get_caller_identity() and None)
            s3.list_buckets()
            sts.get_caller_identity()
        assert seen == [("s3", "ListBuckets"), ("sts", "GetCallerIdentity")]

    def test_a_call_that_a_call_of_secrets_manager_makes_is_none(self, seen, in_delivery, fake_secrets, sts):
        fake_secrets.add("prod/db", "x")
        with watching(seen):
            client = client_of("secretsmanager")
            client.meta.events.register(
                "before-call.secrets-manager", lambda **_: sts.get_caller_identity() and None
            )
            client.get_secret_value(SecretId="prod/db")
        assert seen == []

    def test_the_innermost_watcher_takes_up_a_call(self, seen, in_delivery, s3):
        inner = Seen()
        with watching(seen):
            with watching(inner):
                s3.list_buckets()
            s3.list_buckets()
        assert (len(inner), len(seen)) == (1, 1)

    def test_nothing_is_left_behind(self, seen, in_delivery, s3):
        with pytest.raises(KeyboardInterrupt), watching(seen):
            raise KeyboardInterrupt
        assert calls.around_foreign == []
        s3.list_buckets()
        assert seen == []


class TestErrors:
    def test_an_answer_of_a_stubber_that_was_not_asked_for_stays(self, in_delivery):
        def refuse(client, operation, ask, members):
            raise client_error(client, operation, *failure_of_call(client, operation))

        ssm = client_of("ssm")
        with Stubber(ssm) as stubber:
            stubber.add_response("put_parameter", {"Version": 2})
            with watching(refuse), pytest.raises(ssm.exceptions.InternalServerError):
                ssm.put_parameter(Name="host", Value="db")
            assert ssm.put_parameter(Name="host", Value="db")["Version"] == 2

    def test_a_death_comes_out_and_leaves_the_next_call_one(self, in_delivery, s3):
        seen = Seen()

        def kill(client, operation, ask, members):
            seen(client, operation, ask, members)
            raise FunctionCrash

        with watching(kill):
            for _ in range(2):
                with pytest.raises(FunctionCrash):
                    s3.list_buckets()
        assert len(seen) == 2

    @pytest.mark.parametrize(
        ("service", "operation", "failure"),
        [
            ("iam", "CreateUser", ("ServiceFailure", 500)),
            ("ssm", "PutParameter", ("InternalServerError", 500)),
            ("dynamodb", "PutItem", ("InternalServerError", 500)),
            ("lambda", "Invoke", ("ServiceException", 500)),
            ("kms", "Decrypt", ("KMSInternalException", 500)),
            ("apigateway", "GetApiKey", ("ServiceUnavailableException", 503)),
            ("s3", "PutObject", ("InternalFailure", 500)),
            ("sts", "AssumeRole", ("InternalFailure", 500)),
            ("rds", "ModifyDBInstance", ("InternalFailure", 500)),
        ],
    )
    def test_a_service_fails_as_its_model_says(self, service, operation, failure):
        assert failure_of(client_of(service), operation) == failure

    def test_an_error_is_of_the_modelled_class_and_has_what_botocore_gives(self):
        kms = client_of("kms")
        error = client_error(kms, "Decrypt", "KMSInternalException", "it broke", 500)
        assert type(error) is kms.exceptions.KMSInternalException
        assert (
            str(error) == "An error occurred (KMSInternalException) when calling the Decrypt operation: it broke"
        )
        assert error.response["Error"] == {"Message": "it broke", "Code": "KMSInternalException"}
        assert error.response["message"] == "it broke"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert error.operation_name == "Decrypt"

    def test_an_error_that_is_not_modelled_is_a_clienterror(self):
        error = client_error(client_of("s3"), "PutObject", "SlowDown", "Reduce your request rate.", 503)
        assert type(error) is ClientError
        assert set(error.response) == {"Error", "ResponseMetadata"}


def failure_of_call(client, operation):
    failure = failure_of(client, operation)
    return failure.code, "It broke.", failure.status
