"""A fuzzer at the socket: no stray exception, no change by a refused request, no secret in a log line."""

import dataclasses
import json
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from server.served_world import HEADERS, no_stray_exception, served, signed
from server.wire import connect, one_answer, request, until_closed

from fake_secrets.server.limits import Limits
from fake_secrets.service.dispatch import OPERATIONS

SECRET = "s3cr3t-value-0815"
FUZZING = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What fuzzers find by chance too seldom.
PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b"\xff", b" ", b"\t", b":", b",", b"%", b"..", b"0", b"-1", b"9" * 20,
    b"A: b\r\n" * 150, b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n",
    b"Host: evil\r\n", b"Expect: 100-continue\r\n", b"Origin: null\r\n", b"HTTP/1.0", b"HTTP/9.9",
    b"POST / HTTP/1.1\r\n", b"{", b"}",
    b"[" * 2000, b"\\ud800", b"NaN", b"1e999", b"null", b'"', b"/_fake_secrets/", b"/_localstack/health",
)  # fmt: skip
REAL = (
    signed("GetSecretValue", {"SecretId": "prod/db"}),
    signed("PutSecretValue", {"SecretId": "prod/db", "SecretString": f"{SECRET}-new"}),
    signed("CreateSecret", {"Name": "new", "SecretString": SECRET, "Tags": [{"Key": "a", "Value": "b"}]}),
    signed("UpdateSecretVersionStage", {"SecretId": "prod/db", "VersionStage": "X", "MoveToVersionId": "1" * 32}),
    signed("DeleteSecret", {"SecretId": "prod/db", "ForceDeleteWithoutRecovery": True}),
    request("Transfer-Encoding: chunked", *HEADERS, path="/x", body=b"2\r\n{}\r\n0\r\n\r\n"),
    request(method="GET", path="/_fake_secrets/health"),
)


@st.composite
def mutated(draw):
    """A real request with some of its bytes dropped, doubled, replaced or added."""
    sent = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(sent)))
        end = min(len(sent), start + draw(st.integers(0, 30)))
        sent[start:end] = draw(
            st.one_of(
                st.just(b""), st.just(bytes(sent[start:end]) * 2), st.sampled_from(PIECES), st.binary(max_size=8)
            )
        )
    return bytes(sent)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["prod/db", SECRET, "\ud800", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["SecretId", "Name", "SecretString", "SecretBinary", "ClientRequestToken", "VersionId", "VersionStage", "Tags",
     "VersionStages", "MoveToVersionId", "RemoveFromVersionId", "TagKeys", "Filters", "NextToken", "MaxResults",
     "SecretIdList", "RotationRules", "RotateImmediately", "RecoveryWindowInDays", "ResourcePolicy", "KmsKeyId",
     "AddReplicaRegions"]
)  # fmt: skip
requests_in_json = st.tuples(
    st.sampled_from(sorted(OPERATIONS)), st.dictionaries(MEMBERS, json_values, max_size=5)
)


def send(listener, sent):
    """Send bytes, and return the status of the first answer, or None. The connection ends with the bytes."""
    with connect(listener) as connection:
        connection.sendall(sent)
        connection.shutdown(1)
        answer = one_answer(connection.makefile("rb"))
        until_closed(connection)
    return None if answer is None else answer[0]


def frozen(value):
    """Return a value that stays as it is, of all that can be in a stored secret."""
    if dataclasses.is_dataclass(value):
        return tuple((part.name, frozen(getattr(value, part.name, None))) for part in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return tuple((key, frozen(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(frozen, value))
    return value


def state_of(fake_secrets):
    return [frozen(secret) for secret in fake_secrets._world.contents.ready_store()]


@pytest.fixture
def watched(fake_secrets, capfd):
    """A served world, a function that fuzzes it with one input, and the lines of its log."""
    fake_secrets.add("prod/db", labels={"AWSCURRENT": SECRET, "AWSPREVIOUS": f"{SECRET}-old"})
    lines = []
    with no_stray_exception(capfd), served(fake_secrets, log=lines.append, limits=Limits(request=5)) as listener:

        def fuzz(sent):
            before = state_of(fake_secrets)
            status = send(listener, sent)
            if status != 200:
                assert state_of(fake_secrets) == before
            assert status != 500, lines[-1]
            return status

        yield fuzz
    assert SECRET not in "".join(lines)
    assert not [line for line in lines if "\n" in line or "\r" in line]


@FUZZING
@given(sent=st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_random_bytes_change_nothing(watched, sent):
    assert watched(sent) != 200


@pytest.mark.slow
@FUZZING
@given(sent=mutated())
def test_a_mutated_request_is_answered_or_changes_nothing(watched, sent):
    watched(sent)


@pytest.mark.slow
@FUZZING
@given(asked=requests_in_json)
@example(asked=("BatchGetSecretValue", {"SecretIdList": False}))
@example(asked=("BatchGetSecretValue", {"SecretIdList": [None, 1, {}]}))
def test_random_json_in_a_proper_request_is_answered_or_changes_nothing(watched, asked):
    operation, members = asked

    assert watched(signed(operation, json.dumps(members).encode())) in {200, 400}
