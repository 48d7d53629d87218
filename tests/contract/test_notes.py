"""What is a note and no violation, where no function of the gallery has it as its bug."""

import datetime
import json
import logging
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError

from fake_secrets import check_rotation

SECRET = {"username": "app", "password": "Old-Password-1"}


def rotating(step=lambda *arguments: None, testing=None, caught=None):
    """Return a correct rotation function without a service.

    Args:
        step: called with client, event and value in setSecret.
        testing: called in testSecret in place of a read of the pending value.
        caught: the errors of a read after which createSecret makes a value; None for the one that AWS documents.
    """

    def handler(event, context):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn, token = event["SecretId"], event["ClientRequestToken"]
        pending = {"SecretId": arn, "VersionId": token, "VersionStage": "AWSPENDING"}
        described = client.describe_secret(SecretId=arn)
        labels = described["VersionIdsToStages"].get(token)
        if not described.get("RotationEnabled", True) or labels is None:
            raise ValueError("not rotating")
        if "AWSCURRENT" in labels:
            return
        if "AWSPENDING" not in labels:
            raise ValueError("not pending")
        if event["Step"] == "createSecret":
            value = json.loads(client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
            no_value = caught or client.exceptions.ResourceNotFoundException
            try:
                client.get_secret_value(**pending)
            except no_value:
                value["password"] = client.get_random_password()["RandomPassword"]
                text = json.dumps(value)
                client.put_secret_value(
                    SecretId=arn, ClientRequestToken=token, SecretString=text, VersionStages=["AWSPENDING"]
                )
        elif event["Step"] == "setSecret":
            step(client, event, json.loads(client.get_secret_value(**pending)["SecretString"]))
        elif event["Step"] == "testSecret":
            if testing is None:
                client.get_secret_value(**pending)
            else:
                testing(client, event)
        elif event["Step"] == "finishSecret":
            old = next(one for one, held in described["VersionIdsToStages"].items() if "AWSCURRENT" in held)
            client.get_secret_value(**pending)
            client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
            )
        else:
            raise ValueError(event["Step"])

    return handler


def notes_of(handler, only):
    report = check_rotation(handler, secret=SECRET, only=only)
    assert report.violations == (), str(report)
    return {note.name: note for note in report.notes}


def test_a_label_that_stays_after_success_is_one():
    assert "pending-label-left" in notes_of(rotating(), "plain")


def test_an_empty_test_without_a_service_is_one():
    assert "empty-test" in notes_of(rotating(testing=lambda client, event: None), "plain")
    assert "empty-test" not in notes_of(rotating(), "plain")


@pytest.mark.slow
def test_a_read_that_misses_the_last_write_and_fails_is_one():
    note = notes_of(rotating(), "modes")["stale-read-fails"]
    assert note.scenario == "createSecret.stale-1"
    assert note.detail.endswith("a retry succeeds")


@pytest.mark.parametrize("failure", ["error-3", "throttled-3", "denied-3"])
def test_a_value_that_is_made_after_any_error_of_the_read_is_one(failure):
    note = notes_of(rotating(caught=ClientError), f"createSecret.{failure}")["read-error-ignored"]
    assert note.source == "client.get_secret_value(**pending)"
    assert "read-error-ignored" not in notes_of(rotating(), f"createSecret.{failure}")


@pytest.mark.slow
def test_an_unclear_error_for_a_value_of_another_form_is_one():
    note = notes_of(rotating(step=lambda client, event, value: value["username"]), "inputs")["input-not-checked"]
    assert "KeyError" in note.detail


@pytest.mark.slow
def test_an_error_that_the_function_raises_itself_is_clear_whatever_its_type_is():
    def look(client, event, value):
        for key in ("username", "password"):
            if key not in value:
                raise KeyError(f"{key} is missing from the secret")

    def trust(client, event, value):
        return value["username"], value["password"]

    assert "input-not-checked" in notes_of(rotating(step=trust), "input.lacks-username")
    assert "input-not-checked" not in notes_of(rotating(step=look), "input.lacks-username")


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario", ["finishSecret.lost-3", "finishSecret.kill-after-3", "finishSecret.kill-at-end"]
)
def test_a_version_that_is_current_already_and_refused_is_one(scenario):
    repeatable = rotating()

    def refusing(event, context):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        stages = client.describe_secret(SecretId=event["SecretId"])["VersionIdsToStages"]
        if "AWSCURRENT" in stages.get(event["ClientRequestToken"], ()):
            raise RuntimeError("already finished")
        repeatable(event, context)

    note = notes_of(refusing, scenario.replace("-3", "-4"))["finish-not-repeatable"]
    text = "AWSCURRENT has moved, and yet createSecret raises RuntimeError: already finished, in each retry"
    assert note.detail == text
    assert "finish-not-repeatable" not in notes_of(repeatable, scenario)


@pytest.mark.slow
def test_a_test_that_fails_without_a_new_value_is_one():
    def expect_another_value(client, event):
        pending = client.get_secret_value(
            SecretId=event["SecretId"], VersionId=event["ClientRequestToken"], VersionStage="AWSPENDING"
        )
        if pending["SecretString"] == client.get_secret_value(SecretId=event["SecretId"])["SecretString"]:
            raise ValueError("nothing is new")

    assert "test-mode-fails" in notes_of(rotating(testing=expect_another_value), "modes")
    assert "test-mode-fails" not in notes_of(rotating(), "modes")


DATES = """
import sys
sys.modules["freezegun"] = sys.modules["time_machine"] = None
sys.path[:0] = {path!r}
import test_notes
report = test_notes.check_rotation(test_notes.dated, secret=test_notes.SECRET, only="plain")
print(*(note.name for note in report.notes))
print(report)
"""


def read_the_date(client, event, value):
    return datetime.datetime.now(datetime.UTC)


dated = rotating(step=read_the_date)


@pytest.mark.slow
def test_dates_that_nothing_controls_are_one():
    script = DATES.format(path=[*sys.path, str(__file__).rpartition("test_notes")[0]])
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert "clock-not-virtual" in ran.stdout.split(), ran.stderr
    assert "Install freezegun or time-machine" in " ".join(ran.stdout.split())


def test_dates_that_a_library_controls_are_none():
    pytest.importorskip("time_machine")
    assert "clock-not-virtual" not in notes_of(dated, "plain")


def test_a_message_that_a_late_duplicate_sends_again_changes_nothing():
    sent = []

    class Mails:
        def send(self, text):
            sent.append(text)

        def __enter__(self):
            Mails.here = self

        def __exit__(self, *exception):
            del Mails.here

        def accepted(self):
            return []

    rotate = rotating()

    def telling(event, context):
        rotate(event, context)
        Mails.here.send(event["Step"])

    report = check_rotation(telling, secret=SECRET, service=Mails, only="late.all-steps")
    assert report.violations == (), str(report)


def log_event(event):
    logging.getLogger(__name__).info("event: %s", json.dumps(event))


def log_event_as_extra(event):
    logging.getLogger(__name__).info("event", extra={"event": event})


@pytest.mark.parametrize(
    ("show", "source"),
    [
        (log_event, 'info("event: %s", json.dumps(event))'),
        (log_event_as_extra, 'info("event", extra={"event": event})'),
        (lambda event: print(event["Step"], event), 'print(event["Step"], event)'),
        (lambda event: sys.stderr.write(event["RotationToken"]), 'sys.stderr.write(event["RotationToken"])'),
    ],
)
def test_the_line_that_logs_or_prints_the_rotation_token_is_told(show, source):
    report = check_rotation(rotating(lambda client, event, value: show(event)), secret=SECRET, only="plain")
    (note,) = [one for one in report.notes if one.name == "rotation-token-logged"]
    assert note.where.startswith("tests/contract/test_notes.py:")
    assert source in note.source
    assert f"at {note.where}" in " ".join(str(report).split())
