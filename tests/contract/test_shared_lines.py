"""Findings at a line that makes the calls of many others, in a function that wraps its client."""

import inspect
import json

import boto3
import pytest

from fake_secrets import check_rotation
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.shared_lines import SharedLines


def call(operation, **arguments):
    """Make each call of the function."""
    return getattr(boto3.client("secretsmanager"), operation)(**arguments)


def read(arn, **which):
    return call("get_secret_value", SecretId=arn, **which)


def create(arn, token):
    value = {**json.loads(read(arn)["SecretString"]), "password": call("get_random_password")["RandomPassword"]}
    stored = {"ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
    call("put_secret_value", SecretId=arn, SecretString=json.dumps(value), **stored)


def finish(arn, token):
    move = {"MoveToVersionId": token, "RemoveFromVersionId": read(arn)["VersionId"]}
    call("update_secret_version_stage", SecretId=arn, VersionStage="AWSCURRENT", **move)


def handler(event, context):
    """Let createSecret store a new value in each attempt."""
    if event["Step"] == "createSecret":
        create(event["SecretId"], event["ClientRequestToken"])
    elif event["Step"] == "finishSecret":
        finish(event["SecretId"], event["ClientRequestToken"])


def direct_handler(event, context):
    """Do the same without a wrapper."""
    client = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        stored = {"ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
        client.put_secret_value(
            SecretId=arn, SecretString=client.get_random_password()["RandomPassword"], **stored
        )
    elif event["Step"] == "finishSecret":
        old = client.get_secret_value(SecretId=arn)["VersionId"]
        move = {"MoveToVersionId": token, "RemoveFromVersionId": old}
        client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", **move)


@pytest.fixture(scope="module")
def report():
    return check_rotation(handler, secret={"username": "app", "password": "old-password"}, only="repeats")


@pytest.fixture(scope="module")
def finding(report):
    return next(one for one in report.violations if one.name == "create-not-repeatable")


def number_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return next(first + at for at, line in enumerate(lines) if text in line)


def test_a_finding_names_the_line_that_has_called_the_shared_one(finding):
    assert finding.where.endswith(f"test_shared_lines.py:{number_of(call, 'return')}")
    assert finding.caller.endswith(f"test_shared_lines.py:{number_of(create, 'put_secret_value')}")
    assert f'    called from {finding.caller}: call("put_secret_value",' in str(finding)


def test_json_has_the_line_that_has_called_the_shared_one(report):
    (told,) = [one["caller"] for one in report.as_dict()["violations"] if one["name"] == "create-not-repeatable"]

    assert told["line"] == number_of(create, "put_secret_value")
    assert told["source"].startswith('call("put_secret_value"')


def test_the_page_shows_the_line_that_has_called_the_shared_one(report, finding):
    assert f"called from {finding.caller}: call(&quot;put_secret_value&quot;" in report.html()


def test_a_line_that_makes_its_own_call_only_has_no_caller():
    report = check_rotation(direct_handler, secret="old-password", only="createSecret.twice")

    (found,) = report.violations
    assert found.caller is None
    assert "called from" not in str(report)
    assert report.as_dict()["violations"][0]["caller"] is None


def test_a_line_with_a_secret_value_is_not_shown_as_caller():
    report = check_rotation(hardcoded_handler, secret="p4ssw0rd-in-source", only="createSecret.twice")

    (found,) = report.violations
    assert found.caller is not None
    assert found.caller_source == ""
    assert "p4ssw0rd-in-source" not in report.json()


def hardcoded_handler(event, context):
    """Keep the first value as a literal."""
    if event["Step"] == "createSecret":
        call("put_secret_value", SecretId=event["SecretId"], SecretString="p4ssw0rd-in-source"[:1] + call("get_random_password")["RandomPassword"], ClientRequestToken=event["ClientRequestToken"], VersionStages=["AWSPENDING"])  # fmt: skip  # noqa: E501
    elif event["Step"] == "finishSecret":
        finish(event["SecretId"], event["ClientRequestToken"])


def line(*places):
    return OwnLine("helper.py", 1, "", "call", (("helper.py", 1), *places))


def test_of_several_wrappers_the_first_line_is_told_that_is_not_shared():
    lines = SharedLines(["helper.py", "f.py"])
    get, put = ("helper.py", 2), ("helper.py", 3)
    for places in ((get, ("f.py", 1)), (get, ("f.py", 2)), (put, ("f.py", 3))):
        lines.noted(line(*places))

    assert lines.caller_of(line(get, ("f.py", 2))) == ("f.py", 2)
    assert lines.caller_of(line(put, ("f.py", 3))) == put


def test_a_line_that_one_line_has_called_again_and_again_is_not_shared():
    lines = SharedLines(["helper.py", "f.py"])
    for _ in range(2):
        lines.noted(line(("f.py", 1)))

    assert lines.caller_of(line(("f.py", 1))) is None


def test_a_line_of_another_module_is_told_with_the_line_of_the_function_that_asks_for_it():
    lines = SharedLines(["f.py"])
    lines.noted(line(("helper.py", 2), ("f.py", 5), ("f.py", 9)))

    assert lines.caller_of(line(("helper.py", 2), ("f.py", 5), ("f.py", 9))) == ("f.py", 5)


def test_a_line_of_the_function_that_chooses_among_steps_of_another_module_is_not_told():
    lines = SharedLines(["f.py"])
    for step in (2, 3):
        lines.noted(line(("helper.py", step), ("f.py", 9)))
        lines.noted(OwnLine("helper.py", 7, "", "step", (("helper.py", 7), ("f.py", 9))))

    assert lines.caller_of(OwnLine("helper.py", 7, "", "step", (("helper.py", 7), ("f.py", 9)))) is None


def test_a_line_whose_place_is_not_known_has_no_caller():
    assert SharedLines([]).caller_of(OwnLine("f.py", 1, "", "")) is None
