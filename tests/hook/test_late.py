"""The headers and the body of an answer that are made when somebody reads them."""

import copy
import json
import operator
import pickle

import boto3
import pytest

from fake_secrets.hook.late import BEFORE, LateBody, LateHeaders

ALL = {
    "x-amzn-requestid": "1",
    "content-type": "application/x-amz-json-1.1",
    "content-length": "14",
    "date": "Wed, 04 Mar 2026 12:00:00 GMT",
    "connection": "keep-alive",
}


@pytest.fixture
def headers():
    late = LateHeaders(BEFORE)
    late.body, late.request_id, late.now = LateBody({"Name": "abc"}, []), "1", 1772625600.5
    return late


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda headers: headers["content-length"], "14"),
        (lambda headers: headers.get("content-length"), "14"),
        (lambda headers: "content-length" in headers, True),
        (len, 5),
        (list, list(ALL)),
        (dict, ALL),
        (lambda headers: {**headers}, ALL),
        (lambda headers: headers == ALL, True),
        (lambda headers: operator.eq(ALL, headers), True),
        (lambda headers: headers != ALL, False),
        (lambda headers: list(headers.items()), list(ALL.items())),
        (lambda headers: list(headers.keys()), list(ALL)),
        (lambda headers: list(headers.values()), list(ALL.values())),
        (lambda headers: list(reversed(headers)), list(reversed(ALL))),
        (lambda headers: headers.copy(), ALL),
        (lambda headers: headers | {"a": "b"}, {**ALL, "a": "b"}),
        (lambda headers: {"a": "b"} | headers, {"a": "b", **ALL}),
        (repr, repr(ALL)),
        (json.dumps, json.dumps(ALL)),
        (copy.copy, ALL),
        (copy.deepcopy, ALL),
        (lambda headers: pickle.loads(pickle.dumps(headers)), ALL),  # noqa: S301 -- made here
        (lambda headers: headers.pop("content-length"), "14"),
        (lambda headers: headers.setdefault("content-length", "x"), "14"),
        (lambda headers: headers.popitem(), ("connection", "keep-alive")),
    ],
)
def test_whatever_reads_them_finds_all_of_them_in_their_order(headers, read, expected):
    assert read(headers) == expected


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy, dict, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
def test_a_copy_is_a_plain_dict(headers, copying):
    assert type(copying(headers)) is dict


def test_a_change_stays(headers):
    headers["content-length"] = "7"
    headers |= {"a": "b"}
    del headers["date"]
    assert headers == {**{name: ALL[name] for name in ALL if name != "date"}, "content-length": "7", "a": "b"}


def test_what_a_caller_takes_out_of_an_answer_is_in_its_body_still(fake_secrets, secretsmanager):
    fake_secrets.add("prod/db", "old")
    response = secretsmanager.get_secret_value(SecretId="prod/db")
    response["VersionStages"].clear()
    del response["SecretString"]
    whole = boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")
    lengths = [one["ResponseMetadata"]["HTTPHeaders"]["content-length"] for one in (response, whole)]
    assert lengths[0] == lengths[1]


def test_a_body_with_objects_in_it_is_encoded_at_once():
    content = {"Versions": [{"VersionId": "1"}]}
    body = LateBody(content, None)
    content["Versions"].clear()
    assert body.read() == b'{"Versions":[{"VersionId":"1"}]}'
