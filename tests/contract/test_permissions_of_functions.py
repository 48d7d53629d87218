"""What a rotation function may do: the permissions of its role, and each of them taken away."""

import contextlib

import boto3
from contract.gallery_modules import load
from contract.rotation_steps import rotation_function

from fake_secrets import check_rotation

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
