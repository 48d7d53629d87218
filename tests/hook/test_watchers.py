"""Whoever watches botocore sees a call as with AWS: handlers, logs, patches, retries. Nobody else pays for it."""

import concurrent.futures
import contextlib
import datetime
import functools
import gc
import http.server
import io
import itertools
import logging
import re
import threading
import time
import types
import weakref
from unittest import mock

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.credentials
import botocore.endpoint
import botocore.exceptions
import botocore.history
import botocore.hooks
import botocore.httpsession
import botocore.parsers
import botocore.retries.standard
import botocore.retryhandler
import botocore.session
import botocore.signers
import pytest
from botocore.stub import Stubber

from fake_secrets import UnsupportedOperationError, mock_stages
from fake_secrets.hook import facts
from fake_secrets.hook.calls import calling
from fake_secrets.hook.watchers import BETWEEN
from fake_secrets.service import dispatch

REGION = "us-east-1"
AWS_URL = "https://secretsmanager.us-east-1.amazonaws.com/"
SEED = {"app/db": "s3cret"}
KEYS = {"aws_access_key_id": "own", "aws_secret_access_key": "own"}
MODES = ("legacy", "standard", "adaptive")
# Beside the retry handlers' own event, which comes once the answer is there.
EVENTS = tuple(event for event in BETWEEN if event != "before-parse")
# What differs from run to run.
CHANGING = re.compile(
    r"0x[0-9a-f]+|\d{8}T\d{6}Z|\d{8}(?=/)|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+\.\d+"
)


def no_sleep(_):
    """Return at once."""


SPEND_NO_TIME = mock.patch.object(time, "sleep", no_sleep)
BROKEN = botocore.exceptions.EndpointConnectionError(endpoint_url=AWS_URL)


def secretsmanager(**options):
    return boto3.client("secretsmanager", **{"region_name": REGION, **KEYS, **options})


class RespondingError(Exception):
    """Has a response as a ClientError has, though not of its form."""

    def __init__(self, response):
        super().__init__()
        self.response = response


class UnreadableError(Exception):
    """Has a response that can't be read."""

    @property
    def response(self):
        raise RuntimeError


REFRESHED = {
    "access_key": "ASIANEW",
    "secret_key": "x",
    "token": "x",
    "expiry_time": "2099-01-01T00:00:00Z",
}


def refreshable(minutes, refresh):
    """Return credentials that expire so soon."""
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    return botocore.credentials.RefreshableCredentials("ASIAOWN", "x", "x", expires, refresh, "test")


def config(**options):
    return botocore.client.Config(**options)


def read(client):
    return client.get_secret_value(SecretId="app/db")["SecretString"]


@contextlib.contextmanager
def lanes(client):
    """Record the lanes that the calls of a client take, by a handler that isn't watching."""
    seen = []

    def look(**_):
        call = calling.get()
        if call is not None:
            seen.append("fast" if call.is_fast else "wire")

    client.meta.events.register("after-call.secrets-manager", look)
    yield seen
    client.meta.events.unregister("after-call.secrets-manager", look)


def lane_of(client):
    with lanes(client) as seen:
        read(client)
    return seen[-1]


class TestHandlers:
    """A user's handler on an event after `before-call` is called, with AWS's URL."""

    @pytest.mark.parametrize("event", EVENTS)
    @pytest.mark.parametrize("suffix", ["", ".secrets-manager", ".secretsmanager.GetSecretValue", ".*.*"])
    def test_of_a_client(self, event, suffix):
        client, seen = secretsmanager(), []
        with mock_stages(SEED):
            client.meta.events.register(event + suffix, lambda **arguments: seen.append(arguments))
            assert read(client) == "s3cret"
        assert [arguments["event_name"] for arguments in seen] == [f"{event}.secrets-manager.GetSecretValue"]

    @pytest.mark.parametrize("pattern", ["*", "*.secrets-manager", "*.*.GetSecretValue"])
    def test_of_all_events_hears_of_each(self, pattern):
        client, seen = secretsmanager(), []
        client.meta.events.register(pattern, lambda event_name, **_: seen.append(event_name.partition(".")[0]))
        with mock_stages(SEED):
            assert read(client) == "s3cret"
        assert {"request-created", "before-sign", "before-send", "needs-retry"} <= set(seen)

    def test_registered_after_a_call_of_the_fast_lane(self):
        client, seen = secretsmanager(), []
        with mock_stages(SEED):
            assert lane_of(client) == "fast"
            client.meta.events.register("before-sign", lambda **_: seen.append("sign"))
            read(client)
        assert seen == ["sign"]

    @pytest.mark.slow
    def test_of_a_session_reaches_the_clients_made_later(self):
        session, seen = botocore.session.Session(), []
        with mock_stages(SEED):
            session.register("before-send.secrets-manager", lambda **_: seen.append("send"))
            read(session.create_client("secretsmanager", region_name=REGION))
        assert seen == ["send"]

    def test_of_every_service_at_before_call(self):
        client, seen = secretsmanager(), []
        client.meta.events.register("before-call", lambda model, **_: seen.append(model.name))
        with mock_stages(SEED):
            assert read(client) == "s3cret"
        assert seen == ["GetSecretValue"]

    @pytest.mark.parametrize(
        ("kind", "response"),
        [
            (RespondingError, "a text"),
            (RespondingError, {}),
            (RespondingError, {"Error": "a text"}),
            (RespondingError, {"Error": {"Code": 5}}),
            (UnreadableError, None),
        ],
    )
    def test_may_raise_an_exception_that_resembles_a_client_error(self, kind, response):
        def refuse(**_):
            raise kind(response)

        client = secretsmanager()
        client.meta.events.register("before-parameter-build", refuse)
        with mock_stages(SEED), pytest.raises(kind):
            read(client)

    def test_of_another_operation_or_service_does_not_matter(self):
        client = secretsmanager()
        client.meta.events.register("before-sign.secrets-manager.PutSecretValue", lambda **_: None)
        client.meta.events.register("before-sign.s3", lambda **_: None)
        with mock_stages(SEED):
            assert lane_of(client) == "fast"

    def test_that_goes_away_leaves_the_fast_lane(self):
        client = secretsmanager()

        def handler(**_):
            """Watch."""

        with mock_stages(SEED):
            client.meta.events.register("before-sign", handler)
            assert lane_of(client) == "wire"
            client.meta.events.unregister("before-sign", handler)
            assert lane_of(client) == "fast"

    def test_may_add_a_header(self):
        client, sent = secretsmanager(), []
        client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("X-Mine", "1"))
        client.meta.events.register("before-send", lambda request, **_: sent.append(request))
        with mock_stages(SEED):
            read(client)
        assert sent[0].headers["X-Mine"] == b"1"
        assert "x-mine" in sent[0].headers["Authorization"].decode()
        assert sent[0].url == AWS_URL

    def test_may_answer_at_before_send(self):
        client = secretsmanager()
        answer = botocore.awsrequest.AWSResponse(
            AWS_URL, 200, {}, mock.Mock(stream=lambda: [b'{"SecretString": "mine"}'])
        )
        client.meta.events.register("before-send", lambda **_: answer)
        with mock_stages(SEED) as fake:
            assert read(client) == "mine"
            assert fake.calls == []

    def test_may_ask_for_a_retry(self):
        client = secretsmanager()
        client.meta.events.register_first("needs-retry", lambda attempts, **_: 0 if attempts < 3 else None)
        with mock_stages(SEED) as fake:
            answer = client.get_secret_value(SecretId="app/db")
            assert len(fake.calls) == 3
        assert answer["ResponseMetadata"]["RetryAttempts"] == 2

    def test_registered_by_an_earlier_handler_of_the_same_call(self):
        client, seen = secretsmanager(), []

        def register(**_):
            client.meta.events.register("before-sign", lambda **_: seen.append("sign"))

        client.meta.events.register("before-parameter-build.secrets-manager", register)
        with mock_stages(SEED):
            read(client)
        assert seen == ["sign"]

    def test_that_retries_by_a_rule_of_the_users(self):
        client, asked = secretsmanager(), []
        handler = botocore.retryhandler.RetryHandler(
            lambda **arguments: bool(asked.append(arguments)), lambda _: 0
        )
        client.meta.events.register("needs-retry", handler)
        with mock_stages(SEED):
            assert read(client) == "s3cret"
        assert len(asked) == 1

    def test_that_removes_the_operations_name_sends_nothing(self):
        client = secretsmanager()

        def remove(request, **_):
            del request.headers["X-Amz-Target"]

        client.meta.events.register("before-sign", remove)
        with mock_stages(SEED), pytest.raises(UnsupportedOperationError, match="without X-Amz-Target"):
            read(client)

    @pytest.mark.parametrize("form", [io.BytesIO, bytearray])
    def test_may_replace_the_body(self, form):
        client = secretsmanager()

        def replace(params, **_):
            params["body"] = form(params["body"])

        client.meta.events.register("before-call.secrets-manager", replace)
        with mock_stages(SEED):
            assert read(client) == "s3cret"

    def test_may_use_clients_of_other_services(self):
        client, urls = secretsmanager(), []
        session = botocore.session.Session()
        session._credentials = refreshable(1, lambda: REFRESHED)
        s3 = session.create_client("s3", region_name=REGION)

        def presign(**_):
            urls.append(s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}))

        client.meta.events.register("after-call.secrets-manager", presign)
        with mock_stages(SEED):
            read(client)
        assert "ASIANEW" in urls[0]

    def test_a_partial_and_a_method_count_as_the_code_they_run(self):
        client = secretsmanager()

        def handler(_, **__):
            """Watch."""

        with mock_stages(SEED):
            client.meta.events.register("before-sign", functools.partial(handler, 1))
            assert lane_of(client) == "wire"


class TestThoseWhoDoNotWatch:
    """botocore's own handlers, and those of events that both lanes tell, leave the call in the fast lane."""

    @pytest.mark.parametrize("mode", MODES)
    def test_the_handlers_of_botocore(self, mode):
        with mock_stages(SEED):
            assert lane_of(secretsmanager(config=config(retries={"mode": mode}))) == "fast"

    @pytest.mark.parametrize(
        "event",
        [
            "provide-client-params",
            "before-parameter-build",
            "before-endpoint-resolution",
            "before-call.secrets-manager",
            "after-call",
        ],
    )
    def test_handlers_of_events_that_both_lanes_tell(self, event):
        client, seen = secretsmanager(), []
        client.meta.events.register(event, lambda **_: seen.append(event))
        with mock_stages(SEED):
            assert lane_of(client) == "fast"
        assert seen == [event]

    def test_an_active_stubber(self):
        client = secretsmanager()
        with mock_stages(SEED) as fake, Stubber(client) as stubber:
            stubber.add_response("get_secret_value", {"SecretString": "stubbed"})
            assert read(client) == "stubbed"
            assert fake.calls == []

    def test_a_logger_above_debug(self, caplog):
        caplog.set_level(logging.INFO)
        with mock_stages(SEED):
            assert lane_of(secretsmanager()) == "fast"

    @pytest.mark.slow
    def test_a_client_is_not_kept_alive(self):
        with mock_stages(SEED):
            client = secretsmanager()
            # A handler that refers to its client.
            client.meta.events.register("after-call", functools.partial(lambda _, **__: None, client))
            read(client)
            gone = weakref.ref(client)
            del client
            gc.collect()
            assert gone() is None


class TestLogs:
    @pytest.mark.parametrize("name", [None, "botocore", "botocore.parsers"])
    def test_the_body_of_a_response_is_logged_at_debug(self, caplog, name):
        client = secretsmanager()
        with mock_stages(SEED):
            read(client)
            assert "s3cret" not in caplog.text
            caplog.set_level(logging.DEBUG, logger=name)
            read(client)
        logged = [record for record in caplog.records if "s3cret" in record.getMessage()]
        assert {record.name for record in logged} == {"botocore.parsers"}

    def test_requests_signatures_and_retries_are_logged(self, caplog):
        caplog.set_level(logging.DEBUG, logger="botocore")
        with mock_stages(SEED):
            read(secretsmanager(config=config(retries={"mode": "standard"})))
        named = {record.name for record in caplog.records}
        assert {"botocore.endpoint", "botocore.auth", "botocore.retries.standard"} <= named

    def test_the_fast_lane_is_back_with_the_level(self, caplog):
        client = secretsmanager()
        with mock_stages(SEED):
            with caplog.at_level(logging.DEBUG, logger="botocore"):
                assert lane_of(client) == "wire"
            assert lane_of(client) == "fast"

    def test_a_general_disable_counts(self, caplog):
        client = secretsmanager()
        caplog.set_level(logging.DEBUG, logger="botocore")
        try:
            logging.disable(logging.CRITICAL)
            with mock_stages(SEED):
                assert lane_of(client) == "fast"
        finally:
            logging.disable(logging.NOTSET)

    def test_the_history_recorder_sees_the_request(self):
        recorder, seen = botocore.history.get_global_history_recorder(), []
        handler = mock.Mock(emit=lambda kind, payload, source: seen.append(kind))
        recorder.add_handler(handler)
        recorder.enable()
        try:
            with mock_stages(SEED):
                read(secretsmanager())
        finally:
            recorder.disable()
            recorder._handlers.remove(handler)
        assert seen == ["API_CALL", "HTTP_REQUEST", "HTTP_RESPONSE", "PARSED_RESPONSE"]


PATCHED = {
    "BaseClient._make_request": (botocore.client.BaseClient, "_make_request"),
    "Endpoint.make_request": (botocore.endpoint.Endpoint, "make_request"),
    "Endpoint._send_request": (botocore.endpoint.Endpoint, "_send_request"),
    "Endpoint._send": (botocore.endpoint.Endpoint, "_send"),
    "URLLib3Session.send": (botocore.httpsession.URLLib3Session, "send"),
    "Endpoint.create_request": (botocore.endpoint.Endpoint, "create_request"),
    "Endpoint.prepare_request": (botocore.endpoint.Endpoint, "prepare_request"),
    "Endpoint._get_response": (botocore.endpoint.Endpoint, "_get_response"),
    "Endpoint._do_get_response": (botocore.endpoint.Endpoint, "_do_get_response"),
    "RequestSigner.sign": (botocore.signers.RequestSigner, "sign"),
    "RequestSigner.get_auth_instance": (botocore.signers.RequestSigner, "get_auth_instance"),
    "SigV4Auth.add_auth": (botocore.auth.SigV4Auth, "add_auth"),
    "JSONParser.parse": (botocore.parsers.JSONParser, "parse"),
    "Endpoint._needs_retry": (botocore.endpoint.Endpoint, "_needs_retry"),
}
OF_ONE_CLIENT = {
    "_make_request": lambda client: (client, "_make_request"),
    "make_request": lambda client: (client._endpoint, "make_request"),
    "_send": lambda client: (client._endpoint, "_send"),
    "send": lambda client: (client._endpoint.http_session, "send"),
    "sign": lambda client: (client._request_signer, "sign"),
}


class Delegate:
    """An endpoint that passes on what it doesn't do."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def __getattr__(self, name):
        return getattr(self.endpoint, name)

    def make_request(self, *_):
        raise BROKEN


def replace_session(client):
    client._endpoint.http_session = mock.MagicMock(**{"send.side_effect": BROKEN})


def replace_session_by_a_plain_object(client):
    client._endpoint.http_session = types.SimpleNamespace(send=mock.Mock(side_effect=BROKEN))


def replace_endpoint(client):
    client._endpoint = Delegate(client._endpoint)


def replace_signer(client):
    client._request_signer = mock.Mock(wraps=client._request_signer, **{"sign.side_effect": BROKEN})
    client.meta.events.register_first("request-created", client._request_signer.sign)


REPLACED = {
    "a mock of the HTTP session": replace_session,
    "a plain object for the HTTP session": replace_session_by_a_plain_object,
    "an endpoint that delegates": replace_endpoint,
    "a signer": replace_signer,
}


@SPEND_NO_TIME
class TestPatches:
    """A patch of what botocore does after `before-call` takes effect, whenever it was made."""

    @pytest.mark.parametrize("name", PATCHED)
    def test_from_before_the_world(self, name):
        with (
            mock.patch.object(*PATCHED[name], side_effect=BROKEN),
            mock_stages(SEED),
            pytest.raises(botocore.exceptions.EndpointConnectionError),
        ):
            read(secretsmanager())

    @pytest.mark.parametrize("name", PATCHED)
    def test_inside_the_world_and_gone_again(self, name):
        client = secretsmanager()
        with mock_stages(SEED):
            assert lane_of(client) == "fast"
            with (
                mock.patch.object(*PATCHED[name], side_effect=BROKEN),
                pytest.raises(botocore.exceptions.EndpointConnectionError),
            ):
                read(client)
            assert lane_of(client) == "fast"

    @pytest.mark.parametrize("name", OF_ONE_CLIENT)
    def test_of_one_client(self, name):
        client, other = secretsmanager(), secretsmanager()
        with mock_stages(SEED):
            read(client)
            with (
                mock.patch.object(*OF_ONE_CLIENT[name](client), side_effect=BROKEN),
                pytest.raises(botocore.exceptions.EndpointConnectionError),
            ):
                read(client)
            assert (lane_of(client), lane_of(other)) == ("fast", "fast")

    def test_of_one_client_from_before_the_world(self):
        client = secretsmanager()
        client._endpoint.http_session.send = mock.Mock(side_effect=BROKEN)
        with mock_stages(SEED), pytest.raises(botocore.exceptions.EndpointConnectionError):
            read(client)

    @pytest.mark.parametrize("is_used", [True, False], ids=["after a call", "before any call"])
    @pytest.mark.parametrize("part", REPLACED)
    def test_a_part_of_the_users_own(self, part, is_used):
        client = secretsmanager()
        with mock_stages(SEED):
            if is_used:
                read(client)
            REPLACED[part](client)
            with pytest.raises(botocore.exceptions.EndpointConnectionError):
                read(client)

    def test_of_the_class_that_botocore_generates_for_a_client(self):
        client = secretsmanager()
        with mock_stages(SEED):
            read(client)
            with (
                mock.patch.object(type(client), "_make_request", side_effect=BROKEN, create=True),
                pytest.raises(botocore.exceptions.EndpointConnectionError),
            ):
                read(client)

    def test_of_our_own_seam(self):
        client, urls = secretsmanager(), []
        with mock_stages(SEED):
            read(client)
            connect = botocore.httpsession.URLLib3Session._get_connection_manager

            def note(session, url, *args):
                urls.append(url)
                return connect(session, url, *args)

            with mock.patch.object(botocore.httpsession.URLLib3Session, "_get_connection_manager", note):
                assert read(client) == "s3cret"
        assert urls == [AWS_URL]

    def test_that_sends_in_another_thread_raises_the_error_of_a_rotation_once(self):
        error, attempts = ValueError("a bug in the function"), []

        def handler(event, _):
            attempts.append(event["Step"])
            raise error

        send = botocore.httpsession.URLLib3Session.send
        with concurrent.futures.ThreadPoolExecutor() as pool, mock_stages(SEED) as fake:
            patch = mock.patch.object(
                botocore.httpsession.URLLib3Session, "send", lambda *args: pool.submit(send, *args).result()
            )
            arn = fake.lambda_function(handler)
            with patch, pytest.raises(ValueError, match="a bug") as raised:
                secretsmanager().rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        assert raised.value is error
        assert attempts == ["createSecret"]

    def test_that_turns_every_error_into_one_of_the_connection_does_not_hide_ours(self, monkeypatch):
        monkeypatch.delitem(dispatch.OPERATIONS, "DescribeSecret")
        send = botocore.httpsession.URLLib3Session.send

        def translate(session, request):
            try:
                return send(session, request)
            except BaseException:  # noqa: BLE001 -- as a careless wrapper does
                raise BROKEN from None

        with (
            mock_stages(SEED),
            mock.patch.object(botocore.httpsession.URLLib3Session, "send", translate),
            pytest.raises(UnsupportedOperationError),
        ):
            secretsmanager().describe_secret(SecretId="app/db")

    def test_parsers_that_are_set_later(self):
        session = botocore.session.Session()
        client = session.create_client("secretsmanager", region_name=REGION)
        with mock_stages(SEED):
            read(client)
            session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
            assert isinstance(client.describe_secret(SecretId="app/db")["CreatedDate"], str)

    @pytest.mark.parametrize("name", ["Endpoint.make_request", "Endpoint._send", "URLLib3Session.send"])
    @pytest.mark.parametrize("is_first", [True, False], ids=["before the world", "inside the world"])
    def test_that_calls_through_is_answered_by_the_world(self, name, is_first):
        owner, method = PATCHED[name]
        client, seen, world = secretsmanager(), [], mock_stages(SEED)

        def spying():
            original = owner.__dict__[method]

            def spy(*args, **kwargs):
                seen.append(name)
                return original(*args, **kwargs)

            return mock.patch.object(owner, method, spy)

        with contextlib.ExitStack() as stack:
            for enter in (spying, lambda: world) if is_first else (lambda: world, spying):
                stack.enter_context(enter())
            assert read(client) == "s3cret"
        assert seen == [name]

    def test_that_raises_after_the_effect_loses_the_answer_only(self):
        send = botocore.httpsession.URLLib3Session.send

        def lose(session, request):
            send(session, request)
            raise BROKEN

        client = secretsmanager(config=config(retries={"total_max_attempts": 1}))
        with mock_stages(SEED) as fake, mock.patch.object(botocore.httpsession.URLLib3Session, "send", lose):
            with pytest.raises(botocore.exceptions.EndpointConnectionError):
                client.put_secret_value(SecretId="app/db", SecretString="new")
            assert fake["app/db"].value() == "new"

    @pytest.mark.parametrize(
        ("owner", "name", "mode"),
        [
            (botocore.retries.standard.RetryHandler, "needs_retry", "standard"),
            (botocore.retries.standard.RetryPolicy, "should_retry", "standard"),
            (botocore.retryhandler.RetryHandler, "__call__", "legacy"),
        ],
    )
    def test_of_a_retry_handler(self, owner, name, mode):
        with mock.patch.object(owner, name, autospec=True, return_value=None) as asked, mock_stages(SEED):
            read(secretsmanager(config=config(retries={"mode": mode})))
        assert asked.call_count == 1


class TestRetries:
    """botocore retries as it does with AWS."""

    @pytest.mark.parametrize(("mode", "attempts"), [("legacy", 5), ("standard", 3), ("adaptive", 3)])
    @SPEND_NO_TIME
    def test_after_an_error_of_the_connection(self, mode, attempts):
        send = mock.Mock(side_effect=BROKEN)
        with (
            mock_stages(SEED),
            mock.patch.object(botocore.httpsession.URLLib3Session, "send", send),
            pytest.raises(botocore.exceptions.EndpointConnectionError),
        ):
            read(secretsmanager(config=config(retries={"mode": mode})))
        assert send.call_count == attempts

    @SPEND_NO_TIME
    def test_once_and_then_the_answer(self):
        send, failures = botocore.httpsession.URLLib3Session.send, iter([BROKEN])

        def fail_once(session, request):
            for failure in failures:
                raise failure
            return send(session, request)

        with (
            mock_stages(SEED) as fake,
            mock.patch.object(botocore.httpsession.URLLib3Session, "send", fail_once),
        ):
            answer = secretsmanager().get_secret_value(SecretId="app/db")
            assert len(fake.calls) == 1
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("code", sorted(facts._NEVER_RETRIED))
    def test_no_mode_retries_what_the_fast_lane_answers(self, code, mode):
        client = secretsmanager(config=config(retries={"mode": mode}))
        operation = client.meta.service_model.operation_model("GetSecretValue")
        refusal = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {}}
        responses = client.meta.events.emit(
            "needs-retry.secrets-manager.GetSecretValue",
            response=(mock.Mock(status_code=400), refusal),
            endpoint=client._endpoint,
            operation=operation,
            attempts=1,
            caught_exception=None,
            request_dict={"context": {"retries": {}}},
        )
        assert not botocore.hooks.first_non_none_response(responses), f"botocore retries {code}: see hook/facts.py"


class TestSignatures:
    """A request is signed if that needs no network."""

    def sent_by(self, client):
        sent = []
        client.meta.events.register("before-send", lambda request, **_: sent.append(request))
        with mock_stages(SEED):
            assert read(client) == "s3cret"
        return sent[0].headers

    @pytest.fixture
    def no_credentials(self, monkeypatch):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def test_with_static_credentials(self):
        assert b"Credential=own/" in self.sent_by(secretsmanager())["Authorization"]

    @pytest.mark.slow
    def test_not_without_credentials(self, no_credentials):
        client = botocore.session.Session().create_client("secretsmanager", region_name=REGION)
        assert "Authorization" not in self.sent_by(client)

    def test_not_with_credentials_that_would_be_refreshed(self):
        session = botocore.session.Session()
        session._credentials = refreshable(1, lambda: pytest.fail("refreshed"))
        client = session.create_client("secretsmanager", region_name=REGION)
        assert "Authorization" not in self.sent_by(client)

    @pytest.mark.slow
    def test_with_credentials_that_need_no_refresh_yet(self):
        session = botocore.session.Session()
        session._credentials = refreshable(60, lambda: pytest.fail("refreshed"))
        client = session.create_client("secretsmanager", region_name=REGION)
        assert b"Credential=ASIAOWN/" in self.sent_by(client)["Authorization"]


@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_the_raw_response_has_been_read_in_both_lanes(lane):
    client, seen = secretsmanager(), []

    def look(http_response, **_):
        raw = http_response.raw
        seen.append((raw.status, raw.headers["Content-Type"], raw.read()))

    client.meta.events.register("after-call", look)
    with mock_stages(SEED, _lane=lane):
        read(client)
    assert seen == [(200, "application/x-amz-json-1.1", b"")]


def test_the_events_between_the_two_of_the_fast_lane_are_all_known():
    emitted, client = [], secretsmanager()
    emit = botocore.hooks.HierarchicalEmitter._emit

    def note(emitter, event_name, *args, **kwargs):
        emitted.append(event_name.partition(".")[0])
        return emit(emitter, event_name, *args, **kwargs)

    with mock_stages(SEED, _lane="wire"), mock.patch.object(botocore.hooks.HierarchicalEmitter, "_emit", note):
        read(client)
    between = emitted[emitted.index("before-call") + 1 : emitted.index("after-call")]
    assert set(between) <= set(BETWEEN), "botocore emits another event: hook/watchers.py lists them"


class Loopback(http.server.ThreadingHTTPServer):
    """A server on the loopback address that gives prepared answers, byte by byte."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answers = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.server.answers.pop(0)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture(scope="module")
def loopback():
    with Loopback() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


class Onlooker(logging.Handler):
    """Notes what a user can see of a call: events, logs, patched methods and results; and the wire's bytes."""

    def __init__(self, client):
        super().__init__(logging.DEBUG)
        self.client, self.seen, self.answers, self.notes = client, [], [], []

    def emit(self, record):
        # botocore logs every handler that it calls, so ours too: the one thing more than with AWS.
        if "_before_call at" not in record.getMessage():
            self.note(record.name, record.getMessage())

    def note(self, what, value):
        self.seen.append((what, CHANGING.sub("*", repr(value))))

    def hear(self, event_name, **arguments):
        self.note(event_name, {name: self.shown(value) for name, value in sorted(arguments.items())})

    def shown(self, value):
        if isinstance(value, botocore.awsrequest.AWSRequest | botocore.awsrequest.AWSPreparedRequest):
            body = value.body if isinstance(value, botocore.awsrequest.AWSPreparedRequest) else value.data
            return value.method, value.url, sorted(dict(value.headers.items()).items()), body
        if isinstance(value, botocore.awsrequest.AWSResponse):
            raw = value.raw
            of_raw = raw.status, raw.reason, raw.version, raw.version_string, raw.geturl(), raw.read()
            return value.status_code, value.url, dict(value.headers), value.content, of_raw
        if isinstance(value, tuple):
            return tuple(map(self.shown, value))
        is_plain = isinstance(value, str | int | float | bytes | dict | list | type(None))
        return value if is_plain else type(value).__name__

    def keep_answer(self, response_dict, **_):
        if response_dict is not None:
            headers = dict(response_dict["headers"].items())
            self.answers.append((response_dict["status_code"], headers, response_dict["body"]))

    @contextlib.contextmanager
    def looking(self):
        send = botocore.endpoint.Endpoint._send

        def spy(endpoint, request):
            self.note("_send", self.shown(request))
            return send(endpoint, request)

        logger, events = logging.getLogger("botocore"), ("before-call", *BETWEEN, "after-call")
        logger.addHandler(self)
        level, propagate = logger.level, logger.propagate
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        for event in events:
            self.client.meta.events.register(event, self.hear)
        self.client.meta.events.register("response-received", self.keep_answer)
        try:
            with mock.patch.object(botocore.endpoint.Endpoint, "_send", spy):
                yield
        finally:
            self.client.meta.events.unregister("response-received", self.keep_answer)
            for event in events:
                self.client.meta.events.unregister(event, self.hear)
            logger.removeHandler(self)
            logger.setLevel(level)
            logger.propagate = propagate

    def call(self, operation, request):
        with self.looking():
            try:
                result = getattr(self.client, operation)(**request)
            except Exception as error:  # noqa: BLE001 -- every exception is compared
                self.notes = vars(error).pop("__notes__", [])
                result = type(error), error.args, vars(error)
        self.note(operation, result)
        return self


SCENES = {
    "an answer": ("get_secret_value", {"SecretId": "app/db"}),
    "an answer without members": ("untag_resource", {"SecretId": "app/db", "TagKeys": ["x"]}),
    "a binary value": ("put_secret_value", {"SecretId": "app/db", "SecretBinary": b"\x00\xff"}),
    "a refusal": ("get_secret_value", {"SecretId": "none"}),
    "a refusal that may be retried": ("create_secret", {"Name": "new", "SecretString": "x"}),
}


class TestBesideARealEndpoint:
    """Whoever looks sees the same from the fake as from a server that answers the same bytes."""

    @pytest.fixture(autouse=True)
    def no_time_is_spent(self):
        with SPEND_NO_TIME:
            yield

    @pytest.mark.parametrize("mode", ["legacy", "standard"])
    @pytest.mark.parametrize("scene", SCENES)
    def test_everything_looks_the_same(self, loopback, scene, mode):
        self.compare(loopback, scene, config(retries={"mode": mode}))

    def test_everything_looks_the_same_in_adaptive_mode(self, loopback):
        # Without retries, which depend on the time that a call takes.
        self.compare(loopback, "an answer", config(retries={"mode": "adaptive"}))

    def test_everything_looks_the_same_without_a_signature(self, loopback):
        self.compare(loopback, "an answer", config(signature_version=botocore.UNSIGNED))

    def compare(self, loopback, scene, config):
        with mock_stages(SEED, random_seed=1) as fake:
            fake.quotas.secrets = 1
            faked = Onlooker(secretsmanager(endpoint_url=loopback.url, config=config)).call(*SCENES[scene])
            assert len(fake.calls) == len(faked.answers) > 0
        loopback.answers = list(faked.answers)
        real = Onlooker(secretsmanager(endpoint_url=loopback.url, config=config)).call(*SCENES[scene])
        assert loopback.answers == []
        # The world says that it answers for the client's endpoint. Nothing else is more than with AWS.
        assert (len(faked.notes), len(real.notes)) == (int(scene == "a refusal"), 0)
        assert all(loopback.url in note for note in faked.notes)
        for ours, theirs in itertools.zip_longest(faked.seen, real.seen):
            assert ours == theirs
