"""The control API: what it does to a world, and whom it refuses."""

import json

import boto3
import pytest
from server.control.controlled_world import TOKEN, Control

from fake_secrets.errors import RequestRefusedError, ServiceError
from fake_secrets.server.control.api import ACTIONS, TOKEN_HEADER
from fake_secrets.server.control.error_words import status_of
from fake_secrets.server.messages import HttpRequest

SECRET = "s3cr3t-value-0815"
NO_FUNCTION = "No Lambda rotation function ARN is associated with this secret."


@pytest.fixture
def control(fake_secrets):
    fake_secrets.add("prod/db", labels={"AWSCURRENT": SECRET, "AWSPREVIOUS": f"{SECRET}-old"})
    return Control(fake_secrets)


def test_a_request_without_the_token_is_refused(control):
    answer = control.api(HttpRequest("GET", "/_fake_secrets/timeline", "", {}, b""))

    assert (answer.status, json.loads(answer.body)["error"]) == (
        401,
        f"send the token that the server has printed at its start, in the header {TOKEN_HEADER}",
    )


@pytest.mark.parametrize("token", ["", "other", TOKEN + "x", TOKEN.upper(), "\N{SNOWMAN}", "\ud800"])
@pytest.mark.parametrize("name", [*ACTIONS, "unknown"])
def test_a_request_with_another_token_is_refused_whatever_it_asks_for(control, name, token):
    status, _ = control.answer("POST", name, {}, **{TOKEN_HEADER: token})

    assert status == 403


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0", "2001:db8::1"])
@pytest.mark.parametrize("accepted", ["application/json", "text/html"])
def test_another_machine_is_refused_even_with_the_token(control, peer, accepted):
    assert control.ask("GET", "timeline", peer=peer, Accept=accepted).status == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_every_loopback_address_is_this_machine(control, peer):
    assert control.ask("GET", "timeline", peer=peer).status == 200


def test_an_unknown_path_is_refused_with_those_that_there_are(control):
    status, content = control.get("timelines")

    assert status == 404
    assert "\n- /_fake_secrets/timeline" in content["error"]


def test_a_wrong_method_is_refused_with_the_right_ones(control):
    assert control.answer("PUT", "clock") == (405, {"error": "/_fake_secrets/clock takes GET and POST"})


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000], ids=["cut", "no UTF-8", "deep"])
def test_a_body_that_is_no_json_is_refused(control, body):
    answer = control.api(HttpRequest("POST", "/_fake_secrets/rotate", "", {TOKEN_HEADER: TOKEN}, body))

    assert (answer.status, json.loads(answer.body)) == (400, {"error": "the body isn't JSON"})


@pytest.mark.parametrize("body", [1, [], "text", None, {"other": 1}], ids=repr)
@pytest.mark.parametrize("name", ["clock", "faults", "rotate"])
def test_a_body_of_the_wrong_shape_is_refused(control, name, body):
    status, content = control.post(name, body)

    assert status == 400
    assert content["error"]


# Seed and reset


def test_seed_adds_secrets(control):
    assert control.post("seed", {"api/key": "k"}) == (200, {"added": ["api/key"]})
    assert control.fake_secrets["api/key"].value() == "k"


def test_a_seed_with_a_bad_name_is_refused_in_our_words(control):
    status, content = control.post("seed", {"bad name": "k"})

    assert status == 400
    assert "'bad name' can't be a secret's name" in content["error"]


def test_reset_goes_back_to_the_seed(control):
    assert control.post("reset") == (200, {})
    assert len(control.fake_secrets) == 0


def test_reset_takes_no_members(control):
    status, content = control.post("reset", {"clock": True})

    assert (status, content["error"]) == (400, "unknown members: 'clock'. There are none")
    assert len(control.fake_secrets) == 1


def test_a_parameter_that_nothing_reads_is_refused(control):
    status, content = control.get("timeline?secretid=prod/db")

    assert (status, content["error"]) == (400, "unknown parameters: 'secretid'. The only one is secret_id")
    assert control.answer("DELETE", "faults?secret_id=prod/db") == (
        400,
        {"error": "unknown parameters: 'secret_id'. There are none"},
    )


def test_a_parameter_that_stands_twice_is_refused(control):
    status, content = control.get("calls?secret_id=prod/db&secret_id=api/key")

    assert (status, content["error"]) == (400, "the parameter secret_id is given twice")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_nothing_reads_it_is_refused(control, method):
    status, content = control.answer(method, "faults", {"id": 1})

    assert (status, content["error"]) == (400, f"{method} takes no body")


def test_a_rotation_that_cant_be_written_is_a_failure_of_the_server():
    assert status_of(RequestRefusedError("RotateSecret", "InternalServiceError", "An error occurred")) == 500


def test_a_name_that_stands_twice_in_the_body_is_refused(control):
    body = b'{"tw": "1", "tw": "2"}'
    answer = control.api(HttpRequest("POST", "/_fake_secrets/seed", "", {TOKEN_HEADER: TOKEN}, body))

    assert (answer.status, json.loads(answer.body)) == (400, {"error": "the body has 'tw' twice in one object"})


def test_a_change_that_cant_be_written_to_the_state_file_is_told(control, monkeypatch):
    world = control.fake_secrets._world
    monkeypatch.setattr(world, "keep", lambda: ServiceError("InternalServiceError", "", 500))

    assert control.post("seed", {"a": "b"}) == (
        500,
        {"error": "it is done, but the state file can't be written; the server's log says why"},
    )


# Clock


def test_the_clock_tells_the_worlds_time(control):
    _, content = control.get("clock")

    assert content["now"].endswith("+00:00")


def test_the_clock_can_be_advanced_by_seconds(control):
    _, before = control.get("clock")
    _, after = control.post("clock", {"advance": 86_400})

    assert before["now"][:10] < after["now"][:10]


def test_the_clock_can_be_moved_to_a_time(control):
    status, content = control.post("clock", {"now": "2130-01-01T00:00:00Z"})

    assert (status, content["now"][:19]) == (200, "2130-01-01T00:00:00")


def test_the_clock_isnt_moved_back(control):
    assert control.post("clock", {"now": "2020-01-01T00:00:00Z"}) == (
        400,
        {"error": "the clock is past that time"},
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": -1},
        {"advance": True},
        {"advance": "1"},
        {"advance": float("nan")},
        {"advance": 1e300},
        {"now": "2030-01-01T00:00:00"},
        {"now": "tomorrow"},
        {"now": 1},
        {"now": "2130-01-01T00:00:00Z", "advance": 1},
    ],
    ids=repr,
)
def test_no_time_is_refused(control, body):
    status, content = control.post("clock", body)

    assert status == 400
    assert "must be" in content["error"] or "give the seconds" in content["error"]


# Rotate


class Rotate:
    """A rotation function, which fails in testSecret if `is_broken`."""

    is_broken = False

    def __call__(self, event, context):
        client = boto3.client("secretsmanager")
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.put_secret_value(
                SecretId=secret_id, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
        elif event["Step"] == "testSecret" and self.is_broken:
            raise ConnectionError(SECRET)
        elif event["Step"] == "finishSecret":
            current = client.get_secret_value(SecretId=secret_id)["VersionId"]
            client.update_secret_version_stage(
                SecretId=secret_id, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )


def test_rotate_runs_the_secrets_function(control):
    control.fake_secrets.rotate("prod/db", Rotate())
    status, content = control.post("rotate", {"secret_id": "prod/db"})

    assert (status, content["outcome"], content["error"]) == (200, "succeeded", None)
    assert control.fake_secrets["prod/db"].stages["AWSCURRENT"] == content["token"]


def test_a_rotation_that_fails_is_told_without_the_text_of_its_error(control):
    function = Rotate()
    control.fake_secrets.rotate("prod/db", function)
    function.is_broken = True
    status, content = control.post("rotate", {"secret_id": "prod/db"})

    assert (status, content["outcome"], content["failed_step"]) == (200, "failed", "testSecret")
    assert content["error"] == "ConnectionError"


def test_a_reattempt_of_an_open_rotation_is_told_although_aws_refuses_the_call(control):
    function = Rotate()
    control.fake_secrets.rotate("prod/db", function)
    function.is_broken = True
    _, failed = control.post("rotate", {"secret_id": "prod/db"})
    function.is_broken = False
    status, content = control.post("rotate", {"secret_id": "prod/db"})

    assert (failed["attempts"], failed["outcome"]) == (1, "failed")
    assert (status, content["attempts"], content["outcome"]) == (200, 2, "succeeded")
    assert content["token"] == failed["token"]


def test_a_planned_crash_is_told_from_other_failures(control):
    control.fake_secrets.rotate("prod/db", Rotate())
    control.post("faults", {"kind": "crash_after", "operation": "PutSecretValue"})
    _, content = control.post("rotate", {"secret_id": "prod/db"})

    assert content["error"] == "FunctionCrash"


def test_a_secret_without_a_rotation_function_is_refused_in_our_words(control):
    status, content = control.post("rotate", {"secret_id": "prod/db"})

    assert (status, content["error"]) == (
        400,
        f"RotateSecret was refused with InvalidRequestException: {NO_FUNCTION}",
    )


def test_rotate_names_a_secret_that_it_doesnt_know(control):
    status, content = control.post("rotate", {"secret_id": "prod/dc"})

    assert (status, content["error"]) == (
        404,
        "no secret 'prod/dc' in this world. Did you mean 'prod/db'? The world holds:\n- 'prod/db'",
    )


# Faults


def test_a_planned_fault_hits_a_call(control, secretsmanager):
    planned = control.post(
        "faults", {"kind": "fail", "operation": "GetSecretValue", "error": "AccessDeniedException"}
    )
    with pytest.raises(secretsmanager.exceptions.ClientError, match="AccessDeniedException"):
        secretsmanager.get_secret_value(SecretId="prod/db")
    _, listed = control.get("faults")

    assert planned[0] == 200
    assert listed["faults"] == [
        {
            "kind": "fail",
            "operation": "GetSecretValue",
            "error": "AccessDeniedException",
            "hits": 1,
            "is_over": True,
        }
    ]


def test_a_fault_that_never_happens_fails_nothing(control):
    status, _ = control.post("faults", {"kind": "time_out", "operation": "GetSecretValue"})

    assert status == 200


def test_faults_are_cancelled(control, secretsmanager):
    control.post("faults", {"kind": "fail", "operation": "GetSecretValue", "error": "AccessDeniedException"})

    assert control.answer("DELETE", "faults") == (200, {"faults": []})
    assert secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"] == SECRET


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "failing"}, "'failing' is none. There are:\n- crash_after"),
        ({"kind": ["fail"]}, "There are:\n- crash_after"),
        ({"kind": "fail", "operation": "GetSecretValue"}, "fail needs the member 'error'"),
        (
            {"kind": "delay", "operation": "*", "second": 1},
            "delay has no argument 'second'; did you mean 'seconds'?",
        ),
        ({"kind": "fail", "operation": "GetSecret", "error": "ThrottlingException"}, "GetSecret"),
        ({"kind": "time_out", "times": "two"}, "times"),
        ({"kind": "time_out", "when": "x"}, "time_out has no argument 'when'"),
        ({"kind": "malformed_body", "body": 5}, "body"),
    ],
    ids=str,
)
def test_a_fault_that_cant_be_planned_is_refused_with_what_can(control, body, expected):
    status, content = control.post("faults", body)

    assert status == 400
    assert expected in content["error"]


# Timeline and calls


def test_the_timeline_has_every_secret_with_its_versions_and_labels(control):
    _, content = control.get("timeline")

    assert [secret["name"] for secret in content["secrets"]] == ["prod/db"]
    assert [version["stages"] for version in content["secrets"][0]["versions"]] == [
        ["AWSPREVIOUS"],
        ["AWSCURRENT"],
    ]


def test_the_timeline_of_one_secret_comes_as_text_and_as_a_picture(control):
    _, content = control.get("timeline?secret_id=prod/db")

    assert content["timeline"] == str(control.fake_secrets.timeline("prod/db"))
    assert content["html"].startswith("<section>")


def test_the_timeline_of_a_deleted_secret_is_still_there(control, secretsmanager):
    secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
    control.fake_secrets.run_due()
    status, content = control.get("timeline?secret_id=prod/db")

    assert status == 200
    assert "DeleteSecret" in content["timeline"]


def test_the_timeline_of_an_unknown_secret_is_refused(control):
    status, _ = control.get("timeline?secret_id=nothing")

    assert status == 404


def test_calls_show_what_was_asked_and_how_it_ended(control, secretsmanager):
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString=SECRET)
    _, content = control.get("calls?secret_id=prod/db")

    assert [(call["operation"], call["outcome"]) for call in content["calls"]] == [("PutSecretValue", "succeeded")]
    assert content["calls"][0]["request"]["SecretString"] == "***"


@pytest.mark.parametrize("path", ["timeline", "timeline?secret_id=prod/db", "calls", "faults", "clock"])
def test_no_answer_shows_a_value(control, secretsmanager, path):
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString=SECRET)

    assert SECRET not in control.ask("GET", path).body.decode()


@pytest.mark.parametrize("path", ["", "timeline"])
def test_a_browser_gets_a_page_without_data(control, path):
    answer = control.ask("GET", path, Accept="text/html,*/*;q=0.8", **{TOKEN_HEADER: ""})

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"prod/db" not in answer.body


def test_the_page_allows_no_script_but_its_own(control):
    policy = control.ask("GET", "", Accept="text/html").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
