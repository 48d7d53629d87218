"""The AWS SDK for JavaScript against a served world, by the environment alone."""

import datetime
import itertools
import json
import subprocess

import freezegun
import pytest
import real_clients
from real_clients import JAVASCRIPT
from service_model import NEWER_OPERATIONS

from fake_secrets.service.dispatch import OPERATIONS

# Its release of November 2026 is older than the operations of that month.
KNOWN = OPERATIONS.keys() - NEWER_OPERATIONS

NAME = "MyTestSecret"
VALUE = '{"user":"diegor","password":"EXAMPLE-PASSWORD"}'


@pytest.fixture
def javascript(url):
    """A function that runs a scenario in Node and returns what it prints."""
    node = real_clients.node()

    def run(scenario, *arguments):
        command = [node, JAVASCRIPT / "scenarios.mjs", scenario, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


def attempts_of(world):
    return [(call.attempt, call.outcome) for call in world.calls]


# Operations


def test_its_model_has_the_operations_that_are_served(javascript):
    assert javascript("operations") == sorted(KNOWN)


def test_every_operation_succeeds(javascript, world):
    function = world.lambda_function(None, "rotate")

    answers = javascript("everything", function)

    assert set(answers) == KNOWN
    assert {call.operation for call in world.calls if call.outcome == "succeeded"} == KNOWN
    assert {call.outcome for call in world.calls} == {"succeeded"}


def test_answers_have_the_members_of_the_model(javascript, world):
    answers = javascript("everything", world.lambda_function(None, "rotate"))

    assert answers["GetSecretValue"] == [
        "ARN",
        "CreatedDate",
        "Name",
        "SecretString",
        "VersionId",
        "VersionStages",
    ]
    assert answers["UpdateSecretVersionStage"] == ["ARN", "Name"]
    # An empty body.
    assert answers["TagResource"] == []


def test_its_paginators_bring_every_page(javascript, world, client):
    for number in range(4):
        world.add(f"paged/{number}", f"value {number}")
    client.put_secret_value(SecretId=NAME, SecretString="3", VersionStages=["THIRD"])

    found = javascript("pagination")

    assert [len(page) for page in found["secrets"]] == [2, 2, 1]
    assert sorted(itertools.chain(*found["secrets"])) == [NAME, *(f"paged/{number}" for number in range(4))]
    assert [len(page) for page in found["versions"]] == [2, 1]
    assert sorted(itertools.chain(*found["values"])) == [f"value {number}" for number in range(4)]


def test_32_calls_at_once_are_answered(javascript, world):
    assert javascript("together") == [VALUE] * 32
    assert len(world.calls) == 32


# Values


def test_a_binary_value_and_a_date_arrive_as_they_were_stored(javascript, world):
    got = javascript("binary")

    assert got["bytes"] == list(world[NAME].value())
    stored = datetime.datetime.fromtimestamp(got["milliseconds"] / 1000, tz=datetime.UTC)
    assert (got["isDate"], stored) == (True, world[NAME].versions[-1].created)


def test_a_text_arrives_as_it_was_sent(javascript, world):
    assert javascript("text") == world[NAME].value() == "Füße, 鍵, 🔑, \u2028"


def test_a_frozen_clock_does_not_move_its_signature_dates(javascript, world):
    """It takes over the date of an answer that is far from its own clock, and signs with it from then on."""
    with freezegun.freeze_time("2030-01-01T00:00:00Z", ignore=["hypothesis", "_pytest"]):
        seen = javascript("signatureDates")

    assert {date[:4] for date in seen["dates"]} != {"2030"}
    assert {date[:8] for date in seen["dates"]} == {datetime.datetime.now(tz=datetime.UTC).strftime("%Y%m%d")}
    assert len(seen["dates"]) == 4
    assert {call.time.year for call in world.calls} == {2030}


# Errors

NO_SUCH_SECRET = "Secrets Manager can't find the specified secret."


def test_errors_are_of_its_classes(javascript):
    errors = javascript("errors")

    modelled = [
        "ResourceNotFoundException",
        "ResourceExistsException",
        "InvalidParameterException",
        "InvalidRequestException",
        "MalformedPolicyDocumentException",
        "InvalidNextTokenException",
    ]
    assert [error["name"] for error in errors[:-1]] == modelled
    assert [error["classes"] for error in errors[:-1]] == [[name, BASE] for name in modelled]
    # A refusal by the constraints of the model has no class of its own.
    assert (errors[-1]["name"], errors[-1]["classes"]) == ("ValidationException", [BASE])


BASE = "SecretsManagerServiceException"


def test_an_error_has_awss_message_status_and_request_id(javascript):
    error = javascript("errors")[0]

    assert error["message"] == NO_SUCH_SECRET
    assert (error["status"], error["hasRequestId"], error["attempts"]) == (400, True, 1)


def test_an_unsigned_request_is_refused(javascript):
    error = javascript("unsigned")

    assert (error["name"], error["message"], error["status"]) == (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
        400,
    )


# Retries


@pytest.mark.parametrize("error", ["InternalServiceError", "ThrottlingException"])
def test_it_retries_an_error_of_the_service(error, javascript, world):
    world.faults.fail("GetSecretValue", error, times=2)

    got = javascript("get")

    assert got == {"SecretString": VALUE, "attempts": 3}
    assert attempts_of(world) == [(1, error), (2, error), (3, "succeeded")]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_retries_an_http_status(status, javascript, world):
    world.faults.fail("GetSecretValue", status, times=2)

    assert javascript("get") == {"SecretString": VALUE, "attempts": 3}
    # The service never saw the others.
    assert attempts_of(world) == [(3, "succeeded")]


def test_it_retries_a_lost_connection(javascript, world):
    world.faults.reset_connection("GetSecretValue", times=2)

    assert javascript("get") == {"SecretString": VALUE, "attempts": 3}
    assert attempts_of(world) == [(3, "succeeded")]


def test_a_write_whose_answer_was_lost_happens_once(javascript, world):
    """It sends the same ClientRequestToken with each attempt."""
    world.faults.reset_connection("PutSecretValue", after_effect=True)
    before = len(world[NAME].versions)

    assert javascript("put") == 2
    assert (world[NAME].value(), len(world[NAME].versions) - before) == ("new", 1)


def test_it_gives_up_after_three_attempts(javascript, world):
    world.faults.fail("GetSecretValue", "InternalServiceError", times=3)

    error = javascript("refusedGet")

    assert (error["name"], error["status"], error["attempts"]) == ("InternalServiceError", 500, 3)
    assert error["classes"] == ["InternalServiceError", BASE]


def test_a_fault_for_a_call_hits_all_its_attempts(javascript, world):
    world.faults.fail("GetSecretValue", "InternalServiceError", calls=1)

    assert javascript("refusedGet")["attempts"] == 3
    assert javascript("get") == {"SecretString": VALUE, "attempts": 1}


def test_it_does_not_retry_a_refusal(javascript, world):
    world.faults.fail("GetSecretValue", "ResourceNotFoundException")

    assert javascript("refusedGet")["attempts"] == 1
