"""Canaries: each fails with a sentence when botocore or boto3 moves a private seam of ours."""

import inspect

import boto3
import botocore.client
import botocore.credentials
import botocore.endpoint
import botocore.loaders
import botocore.session

from fake_secrets import mock_stages


def test_clients_call_make_api_call_with_operation_and_parameters():
    parameters = list(inspect.signature(botocore.client.BaseClient._make_api_call).parameters)
    assert parameters == ["self", "operation_name", "api_params"], (
        "botocore.client.BaseClient._make_api_call has changed: hook/calls.py wraps it"
    )


def test_endpoints_make_requests_of_a_model_and_a_dict():
    parameters = list(inspect.signature(botocore.endpoint.Endpoint.make_request).parameters)
    assert parameters == ["self", "operation_model", "request_dict"], (
        "botocore.endpoint.Endpoint.make_request has changed: hook/net.py wraps it"
    )


def test_endpoints_of_botocore_do_not_await():
    assert not inspect.iscoroutinefunction(botocore.endpoint.Endpoint._send_request), (
        "botocore.endpoint.Endpoint._send_request has changed: by it hook/net.py tells aiobotocore's "
        "endpoints from botocore's"
    )


def test_endpoints_send_a_prepared_request():
    parameters = list(inspect.signature(botocore.endpoint.Endpoint._send).parameters)
    assert parameters == ["self", "request"], "botocore.endpoint.Endpoint._send has changed: hook/net.py wraps it"


def test_sessions_cache_their_credentials():
    session = boto3.session.Session(aws_access_key_id="own", aws_secret_access_key="own")
    cached = session._session._credentials
    assert isinstance(cached, botocore.credentials.Credentials), (
        "a boto3 session no longer caches credentials in _session._credentials: hook/seams.py replaces them there"
    )


def test_a_session_without_credentials_caches_none():
    assert botocore.session.Session()._credentials is None, (
        "a botocore session no longer starts with _credentials None: hook/seams.py restores that"
    )


def test_an_endpoint_knows_its_sessions_parser_defaults():
    session = botocore.session.Session()
    session.get_component("response_parser_factory").set_parser_defaults(blob_parser=lambda blob: blob)
    client = session.create_client("secretsmanager", region_name="us-east-1")
    assert set(client._endpoint._response_parser_factory._defaults) == {"blob_parser"}, (
        "a client's parser defaults moved from _endpoint._response_parser_factory._defaults: "
        "hook/seams.py sends clients that have any through the wire lane"
    )


def test_secrets_manager_speaks_only_json():
    model = botocore.loaders.Loader().load_service_model("secretsmanager", "service-2")
    assert model["metadata"].get("protocols", ["json"]) == ["json"], (
        "botocore's model of Secrets Manager has another protocol: hook/answers.py reads and writes JSON"
    )


def test_a_client_with_parsers_of_its_own_gets_them_used():
    session = botocore.session.Session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=lambda stamp: stamp)
    client = session.create_client("secretsmanager", region_name="us-east-1")
    with mock_stages({"app/db": "x"}):
        assert isinstance(client.describe_secret(SecretId="app/db")["CreatedDate"], float)
