"""What a rotation function may do: the permissions of its role, and each of them taken away."""

import contextlib
import json

import boto3
import pytest
from contract.gallery_modules import load
from contract.rotation_steps import rotation_function

from fake_secrets import PolicyError, check_rotation

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/rotated-??????"
SECRET = {"username": "app", "password": "Old-Password-1"}


def allowing(*actions, resource=ARN, **statement):
    named = [f"secretsmanager:{action}" for action in actions]
    return {"Effect": "Allow", "Action": named, "Resource": resource, **statement}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [*statements, allowing("GetRandomPassword", resource="*")]}


ENOUGH = policy(allowing("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"))


def check(handler=None, **arguments):
    handler = handler or rotation_function(lambda old, new: None, lambda new: None)
    return check_rotation(handler, **{"secret": SECRET, "only": "permissions", **arguments})


def names(deviations):
    return [one.name for one in deviations]


def test_a_function_as_documented_needs_no_more_than_is_documented():
    report = check()
    assert report.passed, str(report)
    assert names(report.notes) == []
    assert report.scenarios == (
        "permissions.documented",
        "permissions.without-DescribeSecret",
        "permissions.without-GetSecretValue",
        "permissions.without-GetRandomPassword",
        "permissions.without-PutSecretValue",
        "permissions.without-UpdateSecretVersionStage",
    )


def test_a_given_policy_that_suffices():
    report = check(policy=ENOUGH)
    assert report.passed, str(report)
    assert report.scenarios[0] == "permissions.given"


def test_a_permission_that_the_given_policy_lacks_is_a_violation():
    lacking = policy(allowing("DescribeSecret", "GetSecretValue", "PutSecretValue"))
    report = check(policy=lacking)
    (violation,) = report.violations
    assert violation.name == "permission-missing"
    assert violation.scenario == "permissions.given"
    assert violation.detail.startswith(
        "finishSecret is denied secretsmanager:UpdateSecretVersionStage on prod/rotated"
    )
    assert "update_secret_version_stage" in violation.source


def test_all_that_the_given_policy_lacks_is_found_at_once():
    report = check(policy=policy(allowing("DescribeSecret", "GetSecretValue")))
    assert {one.detail.split()[0]: one.detail.split()[3] for one in report.violations} == {
        "createSecret": "secretsmanager:PutSecretValue",
        "finishSecret": "secretsmanager:UpdateSecretVersionStage",
    }


def test_what_the_documented_permissions_lack_is_a_note():
    report = check(counting_versions)
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "needs-more-permissions"
    assert note.detail.startswith("finishSecret is denied secretsmanager:ListSecretVersionIds on prod/rotated")


def test_a_policy_that_denies_is_found_without_an_end():
    denying = policy(allowing("*"), {"Effect": "Deny", "Action": "secretsmanager:PutSecretValue", "Resource": "*"})
    report = check(policy=denying)
    assert names(report.violations) == ["permission-missing"]
    assert "createSecret is denied secretsmanager:PutSecretValue" in report.violations[0].detail


def test_a_denial_that_the_function_can_do_without_is_a_note():
    report = check(tolerating_denial, policy=ENOUGH)
    assert report.passed, str(report)
    assert names(report.notes) == ["needs-more-permissions"]


def test_what_the_given_policy_allows_in_vain_is_one_note():
    report = check(policy=policy(allowing("*")))
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "unused-permission"
    assert note.detail == (
        "The policy also allows CancelRotateSecret, CreateSecret, DeleteResourcePolicy, DeleteSecret, "
        "GetResourcePolicy and 11 more actions, which no undisturbed rotation needs"
    )


def test_why_a_permission_is_missing_is_told_with_the_statement_that_adds_it():
    without_suffix = policy(allowing("*", resource=ARN.removesuffix("-??????")))
    report = check(policy=without_suffix)
    told = report.violations[0].detail
    assert told.startswith(
        "createSecret is denied secretsmanager:DescribeSecret on prod/rotated. "
        "Statement 1 of policy allows the action, but its Resource"
    )
    statement = json.dumps({"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": ARN})
    assert f"To allow it, add to policy: {statement}" in told
    assert "the contract's policy" not in str(report)


def test_a_policy_for_the_secrets_of_one_function_allows_it_its_own():
    function = "arn:aws:lambda:us-east-1:123456789012:function:RotateDatabase"
    condition = {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function}}
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    report = check(policy=policy(allowing(*actions, resource="*", Condition=condition)))
    assert report.passed, str(report)
    assert report.notes == ()


def test_a_condition_whose_value_nobody_knows_is_told():
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    report = check(policy=policy(allowing("*", Condition=condition)))
    assert report.scenarios == ()
    assert "The permissions weren't tried: policy has a condition on aws:sourceip." in report.left_out


def test_a_wrong_policy_is_refused_before_anything_runs():
    with pytest.raises(PolicyError, match="policy"):
        check(policy={"Version": "2012-10-17", "Statement": {"Effect": "Allow"}})


@pytest.mark.parametrize("form", [json.dumps, lambda document: [document], str])
def test_a_policy_has_any_form_that_permissions_take(form, tmp_path):
    if form is str:
        (tmp_path / "role.json").write_text(json.dumps(ENOUGH))
        given = tmp_path / "role.json"
    else:
        given = form(ENOUGH)
    assert check(policy=given, only="permissions.given").passed


def test_each_further_secret_has_a_scenario_of_its_own():
    exhibit = load("good", "alternating_users")
    report = check_rotation(exhibit.handler, **exhibit.arguments, only="permissions")
    assert report.passed, str(report)
    assert "permissions.without-GetSecretValue-of-prod/master" in report.scenarios


def plain(event, context):
    rotation_function(lambda old, new: None, lambda new: None)(event, context)


def counting_versions(event, context):
    if event["Step"] == "finishSecret":
        boto3.client("secretsmanager").list_secret_version_ids(SecretId=event["SecretId"])
    plain(event, context)


def tolerating_denial(event, context):
    client = boto3.client("secretsmanager")
    with contextlib.suppress(client.exceptions.ClientError):
        client.list_secrets()
    plain(event, context)
