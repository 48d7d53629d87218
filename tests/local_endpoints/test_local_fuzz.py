"""Requests of any form: a helper answers each of them, and no exception gets astray."""

import os
import string
import urllib.parse

import pytest
from asking import GET, TOKEN_HEADER, read, send
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_secrets.local_endpoints.parameters import parameters_of

NAMES = ["secretId", "versionId", "versionStage", "refreshNow", "roleArn", "SECRETID", ""]
VALUES = [
    "db",
    "true",
    "0",
    "AWSCURRENT",
    "arn:aws:iam::123456789012:role/app",
    "%",
    "%zz",
    "%00",
    "%FF%fe",
    "+",
    "",
]
RAW = st.text(alphabet=string.ascii_letters + string.digits + "%&=+?;/:.-_~!$'()*,@[]|^`{}\"<>\\", max_size=40)
PARAMETER = st.tuples(st.sampled_from(NAMES) | RAW, st.sampled_from(VALUES) | RAW).map("=".join)
QUERY = st.lists(PARAMETER, max_size=5).map("&".join) | RAW
PATH = st.sampled_from([GET, "/v1/db", "/v1/", "/ping", "/systemsmanager/parameters/get", "/"]) | RAW.map(
    lambda path: "/" + path.replace("?", "")
)
STATUSES = {200, 400, 401, 403, 404, 405, 501}


@pytest.fixture(params=["agent", "extension"])
def helper(request, fake_secrets):
    fake_secrets.add("db", "s3cret")
    with fake_secrets.local_endpoints(request.param) as url:
        yield url


@pytest.mark.slow
@given(path=PATH, query=QUERY, method=st.sampled_from(["GET", "GET", "POST"]))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_request_gets_an_answer_of_a_helper(helper, path, query, method):
    headers = [(TOKEN_HEADER, os.environ["AWS_SESSION_TOKEN"])]
    reply = send(helper, f"{path}?{query}", method=method, headers=headers)
    assert reply.status in STATUSES, reply


@pytest.mark.parametrize("value", ["x" * 3000, "%E9", "%C3%A9", "%F0%9F%94%91", "a%0D%0AX-Injected:%201"])
@pytest.mark.parametrize("name", ["secretId", "versionId", "wrong"])
def test_odd_values_change_nothing_for_the_next_request(helper, name, value):
    headers = [(TOKEN_HEADER, os.environ["AWS_SESSION_TOKEN"])]
    reply = send(helper, f"{GET}?secretId=db&{name}={value}", headers=headers)
    assert reply.status in STATUSES
    assert reply.headers["X-Injected"] is None
    assert read(helper, "db").secret == "s3cret"


@pytest.mark.slow
@given(pairs=st.lists(st.tuples(st.text(), st.text())))
def test_what_a_form_encodes_is_read_back(pairs):
    assert list(parameters_of(urllib.parse.urlencode(pairs, errors="replace"))) == [
        tuple(text.encode("utf-8", "replace").decode() for text in pair) for pair in pairs
    ]
