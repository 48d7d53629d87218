"""Canaries: each fails with a clear sentence when botocore or boto3 changes a private part that we use."""

import inspect
import logging
import time

import boto3
import botocore.client
import botocore.config
import botocore.credentials
import botocore.endpoint
import botocore.httpsession
import botocore.loaders
import botocore.retries.bucket
import botocore.session
import botocore.signers
import pytest
from botocore.retries.bucket import TokenBucket

from fake_secrets import mock_stages
from fake_secrets.hook import lessons


def test_make_api_call_takes_an_operation_and_parameters():
    parameters = list(inspect.signature(botocore.client.BaseClient._make_api_call).parameters)
    assert parameters == ["self", "operation_name", "api_params"], (
        "botocore.client.BaseClient._make_api_call has changed: hook/calls.py wraps it"
    )


def test_make_request_takes_a_model_and_a_dict():
    parameters = list(inspect.signature(botocore.endpoint.Endpoint.make_request).parameters)
    assert parameters == ["self", "operation_model", "request_dict"], (
        "botocore.endpoint.Endpoint.make_request has changed: hook/net.py wraps it"
    )


def test_send_request_of_botocore_is_not_a_coroutine_function():
    assert not inspect.iscoroutinefunction(botocore.endpoint.Endpoint._send_request), (
        "botocore.endpoint.Endpoint._send_request has changed: hook/net.py uses it to tell aiobotocore's "
        "endpoints from botocore's"
    )


def test_send_takes_a_prepared_request():
    parameters = list(inspect.signature(botocore.endpoint.Endpoint._send).parameters)
    assert parameters == ["self", "request"], (
        "botocore.endpoint.Endpoint._send has changed: hook/guard.py wraps it"
    )


def test_http_sessions_get_a_connection_manager_to_send_with():
    method = botocore.httpsession.URLLib3Session._get_connection_manager
    assert list(inspect.signature(method).parameters) == ["self", "url", "proxy_url"], (
        "botocore.httpsession.URLLib3Session._get_connection_manager has changed: hook/wire.py wraps it"
    )


def test_signers_choose_a_signature():
    method = botocore.signers.RequestSigner._choose_signer
    assert list(inspect.signature(method).parameters) == ["self", "operation_name", "signing_type", "context"], (
        "botocore.signers.RequestSigner._choose_signer has changed: hook/wire.py wraps it"
    )


def test_an_emitter_replaces_its_cache_when_handlers_change():
    emitter = boto3.client("secretsmanager", region_name="us-east-1").meta.events._emitter

    def handler(**_):
        """Do nothing."""

    caches = [emitter._lookup_cache]
    emitter.register("before-sign", handler)
    caches.append(emitter._lookup_cache)
    emitter.unregister("before-sign", handler)
    caches.append(emitter._lookup_cache)
    emitter.emit("before-sign")
    assert len({id(cache) for cache in caches}) == 3, (
        "botocore's emitters keep _lookup_cache when handlers change: hook/watchers.py notices changes by it"
    )
    assert emitter._lookup_cache is caches[-1], "botocore's emitters replace _lookup_cache when they emit"


@pytest.mark.parametrize("change", [lambda: logging.getLogger("x").setLevel(0), lambda: logging.disable(0)])
def test_loggers_forget_what_they_know_when_a_level_changes(change):
    logging.root._cache["fake_secrets"] = True
    change()
    assert "fake_secrets" not in logging.root._cache, (
        "logging no longer empties Logger._cache: hook/watchers.py keeps its verdict there"
    )


def test_a_session_caches_its_credentials():
    session = boto3.session.Session(aws_access_key_id="own", aws_secret_access_key="own")
    cached = session._session._credentials
    assert isinstance(cached, botocore.credentials.Credentials), (
        "a boto3 session no longer caches credentials in _session._credentials: hook/seams.py replaces them there"
    )


def test_a_session_without_credentials_caches_none():
    assert botocore.session.Session()._credentials is None, (
        "a botocore session no longer starts with _credentials None: hook/seams.py restores that"
    )


def test_an_endpoint_has_the_parser_defaults_of_its_session():
    session = botocore.session.Session()
    session.get_component("response_parser_factory").set_parser_defaults(blob_parser=lambda blob: blob)
    client = session.create_client("secretsmanager", region_name="us-east-1")
    assert set(client._endpoint._response_parser_factory._defaults) == {"blob_parser"}, (
        "a client's parser defaults are no longer in _endpoint._response_parser_factory._defaults: "
        "hook/seams.py reads them there, to send such clients through the wire lane"
    )


def test_an_emitter_keeps_its_handlers_in_a_tree():
    client = boto3.client("secretsmanager", region_name="us-east-1")
    root = client.meta.events._emitter._handlers._root
    assert set(root["children"]["request-created"]) >= {"values", "children"}, (
        "a client's handlers are no longer in events._emitter._handlers._root: hook/clients.py compares them there"
    )


def test_a_session_makes_clients_and_registers_its_own_handlers():
    session = botocore.session.Session()
    made = list(inspect.signature(session.create_client).parameters)[:2]
    assert (made, inspect.signature(session._register_builtin_handlers).parameters.keys()) == (
        ["service_name", "region_name"],
        {"events"},
    ), "botocore.session.Session has changed: hook/client_pool.py wraps these methods"


def test_a_session_keeps_what_its_clients_owe_to_it():
    session = botocore.session.Session()
    client = session.create_client("secretsmanager", region_name="us-east-1")
    parts = (
        session.session_var_map._store,
        session._components._components["config_store"]._mapping,
        session._internal_components._components,
        session.get_component("data_loader")._cache,
        session._session_instance_vars,
        client._exceptions_factory,
        client.meta.events._emitter._unique_id_handlers,
    )
    assert all(part is not None for part in parts), (
        "botocore has changed: hook/client_pool.py looks at these parts"
    )


def test_an_endpoint_sleeps_before_it_retries():
    method = botocore.endpoint.Endpoint._needs_retry
    assert "sleep" in method.__code__.co_names, (
        "botocore.endpoint.Endpoint._needs_retry no longer sleeps: hook/pausing.py wraps it to skip that"
    )
    assert method.__globals__["time"] is time, (
        "botocore.endpoint no longer sleeps with the module time: hook/pausing.py replaces that name"
    )


def test_a_token_bucket_lets_clients_wait_for_tokens():
    methods = {name: list(inspect.signature(getattr(TokenBucket, name)).parameters) for name in BUCKET_METHODS}
    assert methods == BUCKET_METHODS, "botocore.retries.bucket.TokenBucket has changed: hook/lessons.py wraps it"
    bucket = TokenBucket(1, botocore.retries.bucket.Clock())
    assert {"_clock", "_last_timestamp"} <= vars(bucket).keys(), (
        "botocore's token buckets have other attributes: hook/lessons.py replaces their clock"
    )


BUCKET_METHODS = {
    "_acquire": ["self", "amount", "block"],
    "_refill": ["self"],
    "_sleep_amount": ["self", "amount"],
}


STATEFUL = {"standard": {"RetryQuota"}, "adaptive": {"RetryQuota", "TokenBucket", "RateClocker"}}


@pytest.mark.slow
@pytest.mark.parametrize("mode", STATEFUL)
def test_retry_handlers_know_what_a_client_learns(mode):
    config = botocore.config.Config(retries={"mode": mode})
    client = boto3.client("secretsmanager", region_name="us-east-1", config=config)
    parts = {type(part).__name__ for part in lessons._parts_of(client._endpoint)}
    assert STATEFUL[mode] <= parts, (
        "botocore's retry handlers keep their state elsewhere: hook/lessons.py restores it after a world"
    )


def test_the_only_protocol_of_secrets_manager_is_json():
    model = botocore.loaders.Loader().load_service_model("secretsmanager", "service-2")
    assert model["metadata"].get("protocols", ["json"]) == ["json"], (
        "botocore's model of Secrets Manager has another protocol: hook/answers.py reads and writes JSON"
    )


def test_a_clients_own_parsers_are_used():
    session = botocore.session.Session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=lambda stamp: stamp)
    client = session.create_client("secretsmanager", region_name="us-east-1")
    with mock_stages({"app/db": "x"}):
        assert isinstance(client.describe_secret(SecretId="app/db")["CreatedDate"], float)
