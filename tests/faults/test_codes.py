"""The known error codes are those of the service model, and those of all services that botocore's retries know."""

import json
from unittest import mock

import botocore.loaders
import botocore.retries.standard
import botocore.session
import pytest
import service_model

from fake_secrets import mock_stages
from fake_secrets.faults.codes import COMMON, MODELLED, message_of, status_of
from fake_secrets.hook import wire

# Those of DynamoDB, EC2, Kinesis and S3.
OF_OTHER_SERVICES = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
}


def errors_of_the_model():
    shapes = service_model.description()["shapes"]
    return {name for name, shape in shapes.items() if shape.get("exception")}


def codes_in(policies):
    """Return the error codes in the retry policies of legacy mode."""
    rules = [policy["applies_when"].get("response", {}) for policy in policies.values()]
    return {rule["service_error_code"] for rule in rules if "service_error_code" in rule}


def test_the_modelled_errors_are_those_of_the_service_model():
    changed = f"other errors: {sorted(errors_of_the_model() ^ MODELLED.keys())}"
    service_model.expect(condition=errors_of_the_model() == MODELLED.keys(), message=changed)


def test_no_code_is_both_modelled_and_common():
    assert not MODELLED.keys() & COMMON.keys()


def test_every_code_that_the_newer_retry_modes_know_can_be_planned():
    throttling = set(botocore.retries.standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    passing = set(botocore.retries.standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    assert (throttling | passing) - OF_OTHER_SERVICES <= MODELLED.keys() | COMMON.keys()


def test_every_code_that_legacy_mode_knows_can_be_planned():
    known = botocore.loaders.Loader().load_data("_retry")
    codes = codes_in(known["definitions"])
    assert codes - OF_OTHER_SERVICES <= MODELLED.keys() | COMMON.keys()


def test_only_the_servers_own_modelled_error_is_a_500():
    assert {code: status_of(code) for code in MODELLED if status_of(code) != 400} == {"InternalServiceError": 500}


def body_of(code, client, fake):
    """Return the body of a planned error, as it is on the wire."""
    answers, answer_raw = [], wire.answer_raw

    def record(*args):
        answers.append(answer_raw(*args))
        return answers[-1]

    fake.faults.fail("ListSecrets", code, calls=1)
    with mock.patch.object(wire, "answer_raw", record), pytest.raises(client.exceptions.ClientError):
        client.list_secrets()
    return json.loads(answers[0]._content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("InternalServiceError", "Message"),
        ("AccessDeniedException", "Message"),
        ("ExpiredTokenException", "message"),
        ("ThrottlingException", "message"),
        ("ValidationException", "message"),
    ],
)
def test_the_message_has_awss_key(code, key, monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with mock_stages({}) as fake:
        client = botocore.session.get_session().create_client("secretsmanager")
        assert body_of(code, client, fake) == {"__type": code, key: message_of(code)}


@pytest.mark.slow
@pytest.mark.parametrize("code", ["SerializationException", "UnknownOperationException"])
def test_some_errors_of_the_front_end_have_no_message(code):
    with mock_stages({}) as fake:
        client = botocore.session.get_session().create_client("secretsmanager")
        assert body_of(code, client, fake) == {"__type": code}
