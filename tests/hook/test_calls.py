"""Interception: no call leaves the process, with any client and any patches."""

import os
import subprocess
import sys
import threading
from unittest import mock

import boto3
import botocore
import botocore.awsrequest
import botocore.client
import botocore.credentials
import botocore.endpoint
import botocore.exceptions
import botocore.session
import pytest
from botocore.stub import Stubber

from fake_secrets import UnsupportedOperationError, current, mock_stages
from fake_secrets.service import dispatch

SEED = {"app/db": "s3cret"}

ORIGINAL_MAKE_REQUEST = botocore.endpoint.Endpoint.__dict__["make_request"]
ORIGINAL_MAKE_API_CALL = botocore.client.BaseClient.__dict__["_make_api_call"]

EVENTS = (
    "before-call.secrets-manager.GetSecretValue",
    "before-send.secrets-manager.GetSecretValue",
    "choose-signer.secrets-manager.GetSecretValue",
    "before-parameter-build.secrets-manager.GetSecretValue",
    "provide-client-params.secrets-manager.GetSecretValue",
)

pytestmark = pytest.mark.disable_socket


def secretsmanager(**options):
    return boto3.client("secretsmanager", region_name="us-east-1", **options)


def value_by(client):
    return client.get_secret_value(SecretId="app/db")["SecretString"]


def handlers_of(client):
    emitter = client.meta.events._emitter
    return {event: list(emitter._handlers.prefix_search(event)) for event in EVENTS}


def class_attributes():
    # Compared by identity, because wrapt's wrappers are equal to the objects that they wrap.
    return (
        id(botocore.client.BaseClient.__dict__["_make_api_call"]),
        id(botocore.endpoint.Endpoint.__dict__["make_request"]),
        id(botocore.endpoint.Endpoint.__dict__["_send"]),
    )


UNTOUCHED = class_attributes()


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """Checks that every test leaves botocore as it was."""
    yield
    assert class_attributes() == UNTOUCHED


class TestClientsOfAnyAge:
    @pytest.mark.slow
    def test_a_client_made_before_the_package_was_imported_is_served(self):
        program = (
            "import boto3; client = boto3.client('secretsmanager', region_name='us-east-1')\n"
            "from fake_secrets import mock_stages\n"
            "with mock_stages({'app/db': 's3cret'}):\n"
            "    print(client.get_secret_value(SecretId='app/db')['SecretString'])\n"
        )
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert ran.stdout == "s3cret\n"

    def test_a_client_made_before_the_world_is_served(self):
        client = secretsmanager()
        with mock_stages(SEED):
            assert value_by(client) == "s3cret"

    def test_a_client_made_inside_the_world_is_served(self):
        with mock_stages(SEED):
            assert value_by(secretsmanager()) == "s3cret"

    def test_a_client_of_the_default_session_finds_the_worlds_region(self):
        with mock_stages(SEED, region="eu-west-3"):
            client = boto3.client("secretsmanager")
            assert client.meta.region_name == "eu-west-3"
            assert value_by(client) == "s3cret"

    def test_a_client_of_another_session_is_served(self):
        with mock_stages(SEED):
            assert value_by(boto3.session.Session().client("secretsmanager")) == "s3cret"

    def test_a_botocore_client_is_served(self):
        with mock_stages(SEED):
            assert value_by(botocore.session.Session().create_client("secretsmanager")) == "s3cret"

    def test_a_client_is_served_by_the_next_world_too(self):
        with mock_stages({"app/db": "first"}):
            client = secretsmanager()
            value_by(client)
        with mock_stages({"app/db": "second"}):
            assert value_by(client) == "second"

    def test_a_paginator_is_served(self):
        with mock_stages({"a": "x", "b": "x", "c": "x"}):
            pages = list(secretsmanager().get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2}))
        assert [[secret["Name"] for secret in page["SecretList"]] for page in pages] == [["a", "b"], ["c"]]

    def test_a_client_with_its_own_endpoint_is_served(self):
        with mock_stages(SEED):
            assert value_by(secretsmanager(endpoint_url="http://localhost:4566")) == "s3cret"

    def test_threads_that_the_test_starts_are_served(self):
        values = []
        with mock_stages(SEED):
            thread = threading.Thread(target=lambda: values.append(value_by(secretsmanager())))
            thread.start()
            thread.join()
        assert values == ["s3cret"]


TO_DO = (
    "this client calls us-east-1. The world's region is eu-west-3: open it with mock_stages(region='us-east-1'), "
    "give all tests that region by pytest's option fake_secrets_region, or make the client with "
    "region_name='eu-west-3'"
)


class TestAWrongRegion:
    """A client of the wrong region gets AWS's message, and a note that names the right region."""

    def notes(self, **request):
        client = secretsmanager()
        with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
            client.get_secret_value(**request)
        assert missing.value.response["Error"]["Message"].startswith("Secrets Manager can't find the specified")
        return getattr(missing.value, "__notes__", [])

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_the_note_names_the_region_of_the_secret(self, lane):
        with mock_stages(SEED, region="eu-west-3", _lane=lane):
            notes = self.notes(SecretId="app/db")
        assert notes == [f"fake_secrets: 'app/db' is in eu-west-3; {TO_DO}"]

    def test_the_note_names_the_region_of_an_arn(self):
        with mock_stages(SEED, region="eu-west-3") as fake:
            arn = fake["app/db"].arn
            assert self.notes(SecretId=arn) == [f"fake_secrets: {arn!r} is in eu-west-3; {TO_DO}"]

    def test_there_is_no_note_if_no_region_has_the_secret(self):
        with mock_stages(SEED):
            assert self.notes(SecretId="other") == []

    def test_there_is_no_note_if_only_the_version_is_missing(self):
        with mock_stages(SEED) as fake:
            fake.add("app/db", "x", region="eu-west-3")
            assert self.notes(SecretId="app/db", VersionStage="NONE") == []


class TestPatchesOfOthers:
    """The user or OpenTelemetry patches `_make_api_call`, before the world or inside it."""

    def spy(self, seen, original):
        def make_api_call(self, operation_name, api_params):
            seen.append(operation_name)
            return original(self, operation_name, api_params)

        return mock.patch.object(botocore.client.BaseClient, "_make_api_call", make_api_call)

    def test_a_patch_from_before_the_world_sees_the_calls(self):
        seen, client = [], secretsmanager()
        with self.spy(seen, ORIGINAL_MAKE_API_CALL), mock_stages(SEED):
            assert value_by(client) == "s3cret"
        assert seen == ["GetSecretValue"]

    def test_a_patch_inside_the_world_sees_the_calls(self):
        seen, client = [], secretsmanager()
        with (
            mock_stages(SEED),
            self.spy(seen, botocore.client.BaseClient.__dict__["_make_api_call"]),
        ):
            assert value_by(client) == "s3cret"
        assert seen == ["GetSecretValue"]

    @pytest.mark.parametrize("has_been_used", [False, True])
    def test_a_call_of_a_patch_that_bypasses_our_wrapper_is_answered_by_the_net(self, has_been_used):
        seen = []
        with mock_stages(SEED):
            client = secretsmanager()
            if has_been_used:
                value_by(client)
            with self.spy(seen, ORIGINAL_MAKE_API_CALL):
                assert value_by(client) == "s3cret"
        assert seen == ["GetSecretValue"]

    def test_a_refusal_in_the_net_is_a_modelled_exception(self):
        with mock_stages(SEED):
            client = secretsmanager()
            with (
                self.spy([], ORIGINAL_MAKE_API_CALL),
                pytest.raises(client.exceptions.ResourceNotFoundException, match="can't find the specified"),
            ):
                client.get_secret_value(SecretId="other")

    def test_a_rotation_started_in_the_net_runs_before_the_call_returns(self):
        steps = []
        with mock_stages(SEED) as fake:
            client, arn = secretsmanager(), fake.lambda_function(lambda event, _: steps.append(event["Step"]))
            with self.spy([], ORIGINAL_MAKE_API_CALL):
                client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
            assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]

    def test_the_error_of_a_rotation_function_is_raised_once_and_unchanged_in_the_net(self):
        error, attempts = botocore.exceptions.EndpointConnectionError(endpoint_url="https://db"), []

        def handler(event, context):
            attempts.append(event["Step"])
            raise error

        with mock_stages(SEED) as fake:
            client, arn = secretsmanager(), fake.lambda_function(handler)
            with (
                self.spy([], ORIGINAL_MAKE_API_CALL),
                pytest.raises(botocore.exceptions.EndpointConnectionError) as raised,
            ):
                client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert raised.value is error
        assert attempts == ["createSecret"]

    def test_a_call_that_only_reaches_send_is_answered(self):
        with mock_stages() as fake:
            fake.add("app/db", "in Paris", region="eu-west-3")
            client = boto3.client("secretsmanager", region_name="eu-west-3")
            with (
                self.spy([], ORIGINAL_MAKE_API_CALL),
                mock.patch.object(botocore.endpoint.Endpoint, "make_request", ORIGINAL_MAKE_REQUEST),
            ):
                assert value_by(client) == "in Paris"

    def test_a_rotation_started_by_a_call_that_only_reaches_send_runs(self):
        steps = []
        with mock_stages(SEED) as fake:
            client, arn = secretsmanager(), fake.lambda_function(lambda event, _: steps.append(event["Step"]))
            with (
                self.spy([], ORIGINAL_MAKE_API_CALL),
                mock.patch.object(botocore.endpoint.Endpoint, "make_request", ORIGINAL_MAKE_REQUEST),
            ):
                client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]

    def test_an_unsigned_call_that_only_reaches_send_goes_to_the_region_of_its_host(self):
        unsigned = botocore.client.Config(signature_version=botocore.UNSIGNED)
        with mock_stages() as fake:
            fake.add("app/db", "in Paris", region="eu-west-3")
            client = boto3.client("secretsmanager", region_name="eu-west-3", config=unsigned)
            with (
                self.spy([], ORIGINAL_MAKE_API_CALL),
                mock.patch.object(botocore.endpoint.Endpoint, "make_request", ORIGINAL_MAKE_REQUEST),
            ):
                assert value_by(client) == "in Paris"

    @pytest.mark.parametrize("service", ["secretsmanager", "sts"])
    def test_a_mock_from_before_the_world_answers_every_client(self, service):
        client = boto3.client(service, region_name="us-east-1")
        call = client.get_random_password if service == "secretsmanager" else client.get_caller_identity
        with (
            mock.patch.object(botocore.client.BaseClient, "_make_api_call", return_value={"patched": True}),
            mock_stages(SEED),
        ):
            assert call() == {"patched": True}

    def test_a_mock_of_send_from_before_the_world_still_answers_other_services(self):
        client = boto3.client("sts", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        sent = botocore.awsrequest.AWSResponse(
            "https://sts", 200, {}, mock.Mock(stream=lambda: [b"<R><GetCallerIdentityResult/></R>"])
        )
        with (
            mock.patch.object(botocore.endpoint.Endpoint, "_send", return_value=sent),
            mock_stages(SEED),
        ):
            assert client.get_caller_identity()["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_a_call_in_the_net_goes_to_its_clients_region(self):
        with mock_stages() as fake:
            fake.add("app/db", "in Paris", region="eu-west-3")
            client = boto3.client("secretsmanager", region_name="eu-west-3")
            with self.spy([], ORIGINAL_MAKE_API_CALL):
                assert value_by(client) == "in Paris"

    def test_a_patch_that_never_calls_through_answers(self):
        answer = {"SecretString": "patched"}
        with (
            mock_stages(SEED),
            mock.patch.object(botocore.client.BaseClient, "_make_api_call", return_value=answer),
        ):
            assert value_by(secretsmanager()) == "patched"

    def test_our_wrapper_has_no_effect_in_a_patch_that_outlives_the_world(self):
        seen, client = [], secretsmanager()
        with mock_stages(SEED):
            patch = self.spy(seen, botocore.client.BaseClient.__dict__["_make_api_call"])
            patch.start()
        try:
            with pytest.raises(botocore.exceptions.ClientError), Stubber(client) as stubber:
                stubber.add_client_error("get_secret_value", "StubbedError")
                value_by(client)
            assert seen == ["GetSecretValue"]
        finally:
            patch.stop()
        # The patch has restored our wrapper. The next world takes it down when it is left.
        with mock_stages(SEED):
            assert value_by(client) == "s3cret"

    def test_our_wrapper_is_removed_after_a_patch_that_outlives_a_later_world(self):
        with mock_stages(SEED):
            patch = self.spy([], botocore.client.BaseClient.__dict__["_make_api_call"])
            patch.start()
        with mock_stages(SEED):
            pass
        patch.stop()
        with mock_stages(SEED):
            assert value_by(secretsmanager()) == "s3cret"
        assert class_attributes() == UNTOUCHED

    def test_a_rotation_runs_if_a_patch_makes_two_calls(self):
        steps = []

        def twice(self, operation_name, api_params):
            answer = ORIGINAL_MAKE_API_CALL(self, operation_name, api_params)
            ORIGINAL_MAKE_API_CALL(self, "DescribeSecret", {"SecretId": "app/db"})
            return answer

        with mock.patch.object(botocore.client.BaseClient, "_make_api_call", twice), mock_stages(SEED) as fake:
            arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
            secretsmanager().rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]

    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    def test_opentelemetry_sees_the_calls(self, is_first):
        from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        exporter, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        instrumentor = BotocoreInstrumentor()
        client = secretsmanager()
        if is_first:
            instrumentor.instrument(tracer_provider=provider)
        with mock_stages(SEED):
            if not is_first:
                instrumentor.instrument(tracer_provider=provider)
            value = value_by(client)
            if not is_first:
                instrumentor.uninstrument()
        if is_first:
            instrumentor.uninstrument()
        assert value == "s3cret"
        (span,) = exporter.get_finished_spans()
        assert span.attributes["rpc.method"] == "GetSecretValue"


class TestHandlersOfOthers:
    @pytest.mark.parametrize(
        "event",
        [
            "before-call.*.*",
            "before-call.secrets-manager",
            "before-call.secretsmanager.GetSecretValue",
        ],
    )
    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    def test_a_users_handler_runs_first(self, event, is_first):
        client, seen = secretsmanager(), []

        def see(**_):
            seen.append(event)

        with mock_stages(SEED):
            if not is_first:
                value_by(client)
            client.meta.events.register(event, see)
            value_by(client)
        assert seen == [event]

    def test_stubber_wins_for_its_client(self):
        with mock_stages(SEED):
            client = secretsmanager()
            with Stubber(client) as stubber:
                stubber.add_response("get_secret_value", {"SecretString": "stubbed"}, {"SecretId": "app/db"})
                assert value_by(client) == "stubbed"
            assert value_by(client) == "s3cret"

    def test_after_call_handlers_see_the_response(self):
        seen = []
        with mock_stages(SEED):
            client = secretsmanager()
            client.meta.events.register(
                "after-call.secrets-manager.GetSecretValue",
                lambda http_response, parsed, **_: seen.append(
                    (http_response.status_code, http_response.headers["Content-Type"], parsed["Name"])
                ),
            )
            value_by(client)
        assert seen == [(200, "application/x-amz-json-1.1", "app/db")]


class TestNothingElse:
    def test_clients_of_other_services_are_untouched(self):
        with mock_stages():
            client = boto3.client("sts", region_name="us-east-1")
            with Stubber(client) as stubber:
                stubber.add_response("get_caller_identity", {"Account": "000000000000"})
                assert client.get_caller_identity()["Account"] == "000000000000"
            emitter = client.meta.events._emitter
            found = emitter._handlers.prefix_search("before-call.sts.GetCallerIdentity")
        assert not [handler for handler in found if handler.__module__.startswith("fake_secrets")]

    def test_an_operation_that_is_not_faked_is_refused(self, monkeypatch):
        monkeypatch.delitem(dispatch.OPERATIONS, "DescribeSecret")
        with (
            mock_stages(),
            pytest.raises(UnsupportedOperationError, match="doesn't support DescribeSecret yet"),
        ):
            secretsmanager().describe_secret(SecretId="app/db")

    def test_calls_outside_a_world_go_to_the_network(self):
        client = secretsmanager(
            aws_access_key_id="fake",
            aws_secret_access_key="fake",
            config=botocore.client.Config(retries={"max_attempts": 0}),
        )
        with mock_stages(SEED):
            value_by(client)
        with pytest.raises((botocore.exceptions.HTTPClientError, RuntimeError)):
            value_by(client)


class TestRestoring:
    """Leaving a world restores everything, also when an exception leaves it."""

    @pytest.fixture(params=["default session unused", "default session with cached credentials"])
    def surroundings(self, request, monkeypatch, tmp_path):
        config = tmp_path / "config"
        config.write_text("[default]\n[profile users-own]\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "users-own")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "users-own")
        monkeypatch.setenv("AWS_PROFILE", "users-own")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        if request.param != "default session unused":
            boto3.setup_default_session()
            boto3.DEFAULT_SESSION.get_credentials()

    def look(self, client):
        session = boto3.DEFAULT_SESSION
        return {
            "attributes": class_attributes(),
            "handlers": handlers_of(client),
            "environment": dict(os.environ),
            "credentials": session and session._session._credentials,
        }

    def use(self, client):
        assert value_by(client) == "s3cret"
        assert boto3.client("sts", region_name="us-east-1")._request_signer._credentials.access_key == (
            "FAKESECRETSACCESSKEY"
        )

    @pytest.mark.slow
    def test_after_a_normal_exit(self, surroundings):
        client = secretsmanager(aws_access_key_id="own", aws_secret_access_key="own")
        before = self.look(client)
        with mock_stages(SEED):
            self.use(client)
        assert self.look(client) == before

    @pytest.mark.slow
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_after_an_exception(self, surroundings, error):
        client = secretsmanager(aws_access_key_id="own", aws_secret_access_key="own")
        before = self.look(client)
        with pytest.raises(error), mock_stages(SEED):
            self.use(client)
            raise error
        assert self.look(client) == before

    def test_after_a_refused_seed(self, surroundings):
        client = secretsmanager(aws_access_key_id="own", aws_secret_access_key="own")
        before = self.look(client)
        with pytest.raises(ValueError, match="can't be a secret's name"), mock_stages({"no name": "x"}):
            pytest.fail("the world opened")
        assert self.look(client) == before

    def test_the_default_session_made_inside_forgets_the_fake_credentials(self, surroundings, monkeypatch):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        with mock_stages(SEED):
            boto3.client("secretsmanager")
            assert boto3.DEFAULT_SESSION.get_credentials().access_key == "FAKESECRETSACCESSKEY"
        monkeypatch.delenv("AWS_PROFILE")
        assert boto3.DEFAULT_SESSION.get_credentials().access_key == "users-own"

    def test_credentials_that_the_test_gives_to_the_same_default_session_are_kept(self, monkeypatch):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        boto3.setup_default_session()
        with mock_stages(SEED):
            boto3.DEFAULT_SESSION._session.set_credentials("tests-own", "tests-own")
        assert boto3.DEFAULT_SESSION.get_credentials().access_key == "tests-own"

    def test_credentials_that_can_be_refreshed_are_not_read(self, surroundings, monkeypatch):
        class Refreshable(botocore.credentials.RefreshableCredentials):
            access_key = property(lambda _: pytest.fail("read over the network"))

            def __init__(self):
                """Skip the parent's set-up."""

        with mock_stages(SEED):
            boto3.setup_default_session()
            boto3.DEFAULT_SESSION._session._credentials = Refreshable()
        assert isinstance(boto3.DEFAULT_SESSION._session._credentials, Refreshable)

    def test_after_a_default_session_of_another_kind(self, monkeypatch):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", object())
        with mock_stages(SEED):
            assert value_by(boto3.session.Session().client("secretsmanager")) == "s3cret"

    def test_after_a_seam_that_could_not_be_put_up(self, monkeypatch):
        with monkeypatch.context() as broken:
            broken.setattr("fake_secrets.hook.seams.DefaultSession.put_up", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError), mock_stages(SEED):
                pytest.fail("the world opened")
        assert class_attributes() == UNTOUCHED
        with mock_stages(SEED):
            assert value_by(secretsmanager()) == "s3cret"

    def test_credentials_that_the_test_gives_to_a_new_default_session_are_kept(self, surroundings):
        with mock_stages(SEED):
            boto3.setup_default_session(aws_access_key_id="tests-own", aws_secret_access_key="tests-own")
        assert boto3.DEFAULT_SESSION.get_credentials().access_key == "tests-own"


class TestThreads:
    def pause(self, client):
        """Make a client's calls wait after they begin. Return the events for "began" and "go on"."""
        began, go_on = threading.Event(), threading.Event()

        def wait(**_):
            began.set()
            go_on.wait(10)

        client.meta.events.register("before-parameter-build.secrets-manager.GetSecretValue", wait)
        return began, go_on

    def test_worlds_left_in_the_wrong_order_restore_everything(self):
        client = secretsmanager()
        before = (handlers_of(client), dict(os.environ))
        entered, left = threading.Event(), threading.Event()
        values = []

        def other_thread():
            with mock_stages({"app/db": "inner"}, region="eu-west-1"):
                entered.set()
                left.wait(10)
                values.append(value_by(boto3.client("secretsmanager", region_name="eu-west-1")))

        with mock_stages({"app/db": "outer"}):
            thread = threading.Thread(target=other_thread)
            thread.start()
            entered.wait(10)
        # The outer world was left first.
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
        left.set()
        thread.join()
        assert values == ["inner"]
        assert (handlers_of(client), dict(os.environ)) == before

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_a_call_in_flight_at_exit_is_answered_by_the_world_it_began_in(self, lane):
        client = secretsmanager(aws_access_key_id="own", aws_secret_access_key="own")
        values = []
        began, go_on = self.pause(client)
        before = handlers_of(client)
        with mock_stages(SEED, _lane=lane):
            thread = threading.Thread(target=lambda: values.append(value_by(client)))
            thread.start()
            began.wait(10)
        assert class_attributes() != UNTOUCHED
        go_on.set()
        thread.join()
        assert values == ["s3cret"]
        assert handlers_of(client) == before

    def test_a_call_in_flight_is_not_answered_by_a_newer_world(self):
        client = secretsmanager()
        values = []
        with mock_stages({"app/db": "outer"}):
            began, go_on = self.pause(client)
            thread = threading.Thread(target=lambda: values.append(value_by(client)))
            thread.start()
            began.wait(10)
            with mock_stages({"app/db": "inner"}):
                go_on.set()
                thread.join()
        assert values == ["outer"]


class TestWireLane:
    def test_a_secret_is_read(self):
        with mock_stages(SEED, _lane="wire"):
            assert value_by(secretsmanager()) == "s3cret"

    @pytest.mark.parametrize("body", [b"not JSON", b"[]", b'"text"', b"\xff", b"[" * 100_000])
    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_a_body_that_is_not_a_json_object_is_a_serialization_error(self, body, lane):
        def spoil(params, **_):
            params["body"] = body

        with mock_stages(SEED, _lane=lane) as fake:
            client = secretsmanager()
            client.meta.events.register_first("before-call.secrets-manager.GetSecretValue", spoil)
            with pytest.raises(botocore.exceptions.ClientError, match="SerializationException"):
                value_by(client)
            assert [call.outcome for call in fake.calls] == ["SerializationException"]

    def test_a_rotation_runs_before_the_call_returns(self):
        steps = []
        with mock_stages(SEED, _lane="wire") as fake:
            arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
            secretsmanager().rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]

    def test_an_operation_that_is_not_faked_is_refused(self, monkeypatch):
        monkeypatch.delitem(dispatch.OPERATIONS, "DescribeSecret")
        with mock_stages(_lane="wire"), pytest.raises(UnsupportedOperationError):
            secretsmanager().describe_secret(SecretId="app/db")


def test_the_innermost_world_is_current():
    with mock_stages({}) as outer:
        with mock_stages({}) as inner:
            assert current() is inner
        assert current() is outer
