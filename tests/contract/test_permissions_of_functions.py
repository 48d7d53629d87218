"""What a rotation function may do: the permissions of its role, and each of them taken away."""

import contextlib
import json
import secrets
import unittest

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from contract.gallery_modules import load
from contract.rotation_steps import rotation_function

from fake_secrets import PolicyError, RotationContract, check_rotation
from fake_secrets.contract.families.permissions import first_uses, scenarios
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.report import ContractReport
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.undisturbed import dry_run
from fake_secrets.policies import from_cloudformation

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/rotated-??????"
SECRET = {"username": "app", "password": "Old-Password-1"}


def allowing(*actions, resource=ARN, **statement):
    named = [f"secretsmanager:{action}" for action in actions]
    return {"Effect": "Allow", "Action": named, "Resource": resource, **statement}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [*statements, allowing("GetRandomPassword", resource="*")]}


ENOUGH = policy(allowing("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"))


FROM_ONE_NETWORK = policy(
    allowing(
        "DescribeSecret",
        "GetSecretValue",
        "PutSecretValue",
        "UpdateSecretVersionStage",
        Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    )
)


def check(handler=None, **arguments):
    handler = handler or rotation_function(lambda old, new: None, lambda new: None)
    return check_rotation(handler, **{"secret": SECRET, "only": "permissions", **arguments})


def names(deviations):
    return [one.name for one in deviations]


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_given_policy_that_suffices():
    report = check(policy=ENOUGH)
    assert report.passed, str(report)
    assert report.scenarios[0] == "permissions.given"


@pytest.mark.slow
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


@pytest.mark.slow
def test_all_that_the_given_policy_lacks_is_one_violation():
    report = check(policy=policy(allowing("DescribeSecret", "GetSecretValue")))
    (violation,) = report.violations
    assert violation.detail.startswith(
        "createSecret is denied secretsmanager:PutSecretValue on prod/rotated; finishSecret is denied "
        "secretsmanager:UpdateSecretVersionStage on prod/rotated. Statement 1 of policy= covers the resource"
    )
    actions = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
    statement = json.dumps({"Effect": "Allow", "Action": actions, "Resource": ARN})
    assert f"To allow them, add to the policy: {statement}." in violation.detail
    assert violation.detail.endswith("the check then granted and went on, so that this is all that is missing.")
    assert str(violation).count("AccessDeniedException") == 1
    assert report.summary().startswith(
        "permission-missing: the policy of the function's role violates the contract. "
    )
    assert "The policy of the function's role violates the contract." in report.html()


@pytest.mark.slow
def test_more_may_be_missing_after_a_deny():
    deny = {"Effect": "Deny", "Action": "secretsmanager:PutSecretValue", "Resource": "*"}
    (violation,) = check(policy=policy(allowing("DescribeSecret"), deny)).violations
    assert (
        "createSecret is denied secretsmanager:GetSecretValue and secretsmanager:PutSecretValue"
        in violation.detail
    )
    assert "this is all that is missing" not in violation.detail
    assert violation.detail.endswith(
        "There may be more: the check went on as far as it could grant what was denied."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resource", "argument"),
    [
        (
            ARN.replace("prod/rotated", "prod/db"),
            "The policy names prod/db, but the contract's secret is prod/rotated: give name='prod/db'.",
        ),
        (
            ARN.replace("prod/rotated-??????", "prod/db-AbCdEf"),
            "The policy names prod/db, but the contract's secret is prod/rotated: give name='prod/db'.",
        ),
        (
            ARN.replace("us-east-1", "eu-west-1"),
            (
                "The policy is for region eu-west-1, but the contract's secret is in us-east-1: give "
                "region='eu-west-1'."
            ),
        ),
        (
            ARN.replace("123456789012", "999999999999"),
            (
                "The policy is for account 999999999999, but the contract's secret is in 123456789012: give "
                "account_id='999999999999'."
            ),
        ),
        (
            ARN.replace("us-east-1", "eu-west-1").replace("123456789012", "999999999999"),
            (
                "The policy is for region eu-west-1 and account 999999999999, but the contract's secret is in "
                "us-east-1 and 123456789012: give region='eu-west-1' and account_id='999999999999'."
            ),
        ),
    ],
)
def test_a_policy_for_another_secret_is_one_violation_with_the_argument_to_give(resource, argument):
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    report = check(policy=policy(allowing(*actions, resource=resource)))
    (violation,) = report.violations
    assert violation.detail == (
        f"{argument} createSecret is denied secretsmanager:DescribeSecret, secretsmanager:GetSecretValue and "
        "secretsmanager:PutSecretValue on prod/rotated; finishSecret is denied "
        "secretsmanager:UpdateSecretVersionStage on prod/rotated."
    )


@pytest.mark.slow
def test_a_policy_for_a_function_of_another_account_is_told_with_the_argument_to_give():
    function = "arn:aws:lambda:us-east-1:999999999999:function:RotateDatabase"
    condition = {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function}}
    given = policy(allowing("*", resource="*", Condition=condition))
    (violation,) = check(policy=given).violations
    assert violation.detail.startswith(
        "The policy is for account 999999999999, but the contract's secret is in 123456789012: give "
        "account_id='999999999999'. createSecret is denied"
    )
    assert "Principal" not in str(violation)
    assert check(policy=given, account_id="999999999999").passed


@pytest.mark.slow
def test_a_policy_that_names_the_secret_among_others_is_not_taken_for_one_of_another_secret():
    other = ARN.replace("rotated", "other")
    given = policy(allowing("*", resource=other), allowing("DescribeSecret", resource=[other, ARN]))
    (violation,) = check(policy=given).violations
    assert "give name=" not in violation.detail


@pytest.mark.slow
def test_what_the_documented_permissions_lack_is_a_note():
    report = check(counting_versions)
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "needs-more-permissions"
    assert note.detail.startswith("finishSecret is denied secretsmanager:ListSecretVersionIds on prod/rotated")


@pytest.mark.slow
def test_a_policy_that_denies_is_found_without_an_end():
    denying = policy(allowing("*"), {"Effect": "Deny", "Action": "secretsmanager:PutSecretValue", "Resource": "*"})
    report = check(policy=denying)
    assert names(report.violations) == ["permission-missing"]
    assert "createSecret is denied secretsmanager:PutSecretValue" in report.violations[0].detail


@pytest.mark.slow
def test_a_denial_that_the_function_can_do_without_is_a_note():
    report = check(tolerating_denial, policy=ENOUGH)
    assert report.passed, str(report)
    assert names(report.notes) == ["needs-more-permissions"]


@pytest.mark.slow
def test_what_the_given_policy_allows_in_vain_is_one_note():
    report = check(policy=policy(allowing("*")))
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "unused-permission"
    assert note.detail == (
        "No undisturbed rotation needs all of it: policy, statement 1: secretsmanager:* is wider than "
        "needed, since calls used only secretsmanager:DescribeSecret, "
        "secretsmanager:GetSecretValue, secretsmanager:PutSecretValue, "
        "secretsmanager:UpdateSecretVersionStage"
    )


@pytest.mark.slow
def test_a_resource_that_is_wider_than_needed_is_noted():
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    report = check(policy=policy(allowing(*actions, resource="*")))
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "unused-permission"
    assert f"statement 1: * is wider than needed, since calls used only {ARN}" in note.detail


@pytest.mark.slow
def test_a_permission_for_another_service_is_not_taken_for_an_unused_one():
    of_others = {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "logs:*", "ec2:CreateNetworkInterface"],
        "Resource": "*",
    }
    report = check(policy=policy(*ENOUGH["Statement"][:1], of_others))
    assert (report.violations, report.notes) == ((), ()), str(report)


@pytest.mark.slow
def test_why_a_permission_is_missing_is_told_with_the_statement_that_adds_it():
    without_suffix = policy(allowing("*", resource=ARN.removesuffix("-??????")))
    report = check(policy=without_suffix)
    (violation,) = report.violations
    actions = [f"secretsmanager:{one}" for one in ("DescribeSecret", "GetSecretValue", "PutSecretValue")]
    actions.append("secretsmanager:UpdateSecretVersionStage")
    statement = json.dumps({"Effect": "Allow", "Action": actions, "Resource": ARN})
    assert f"To allow them, add to the policy: {statement}" in violation.detail
    assert violation.detail.count("Statement 1 of policy= allows the action, but its Resource") == 1
    assert "the contract's policy" not in str(report)


@pytest.mark.slow
def test_a_policy_for_the_secrets_of_one_function_allows_it_its_own():
    function = "arn:aws:lambda:us-east-1:123456789012:function:RotateDatabase"
    condition = {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function}}
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    report = check(policy=policy(allowing(*actions, resource="*", Condition=condition)))
    assert report.passed, str(report)
    assert report.notes == ()


def test_a_condition_whose_value_nobody_knows_is_told():
    report = check(policy=FROM_ONE_NETWORK)
    assert (report.scenarios, report.passed) == ((), False)
    (told,) = report.left_out
    assert told == (
        "The permissions weren't tried: policy has a condition on aws:sourceip. Its value isn't known in a test, "
        "so give it as context=."
    )


def test_the_first_line_of_a_report_says_that_permissions_were_not_tried():
    told = "The permissions weren't tried: policy has a condition on aws:sourceip."
    report = ContractReport((), (), ("plain.three-times",), (told,))
    assert report.summary() == (
        "The rotation function keeps the contract in 1 scenario. The permissions weren't tried."
    )


@pytest.mark.slow
def test_a_condition_holds_or_not_by_the_value_that_is_given():
    report = check(policy=FROM_ONE_NETWORK, context={"aws:SourceIp": "203.0.113.7"})
    assert report.passed, str(report)
    assert "permissions.without-PutSecretValue" in report.scenarios
    elsewhere = check(policy=FROM_ONE_NETWORK, context={"aws:SourceIp": "192.0.2.1"})
    assert names(elsewhere.violations) == ["permission-missing"]


def test_a_context_without_a_policy_is_refused():
    with pytest.raises(ValueError, match="context= needs policy="):
        check(context={"aws:SourceIp": "203.0.113.7"})


@pytest.mark.slow
def test_the_contracts_test_of_permissions_is_skipped_if_a_condition_cannot_be_decided():
    class Contract(RotationContract):
        handler = rotation_function(lambda old, new: None, lambda new: None)
        secret = SECRET
        policy = FROM_ONE_NETWORK

    with pytest.raises(unittest.SkipTest, match="a condition on aws:sourceip"):
        Contract().test_permissions()
    Contract.context = {"aws:SourceIp": "203.0.113.7"}
    Contract().test_permissions()


KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.slow
def test_the_documented_permissions_have_the_customers_key_and_each_is_taken_away():
    report = check(kms_key_id=KEY)
    assert report.passed, str(report)
    assert report.notes == ()
    assert {"permissions.without-Decrypt", "permissions.without-GenerateDataKey"} < {*report.scenarios}


@pytest.mark.slow
def test_a_policy_without_the_customers_key_is_a_violation():
    (violation,) = check(policy=ENOUGH, kms_key_id=KEY).violations
    assert violation.name == "permission-missing"
    assert violation.detail.startswith(
        "createSecret is denied kms:Decrypt and kms:GenerateDataKey on the key of prod/rotated."
    )
    statement = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": KEY}
    assert json.dumps(statement) in violation.detail


@pytest.mark.slow
@pytest.mark.parametrize("key_id", [KEY, KEY.rpartition("/")[2]])
def test_a_policy_with_the_customers_key_suffices(key_id):
    on_key = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": KEY}
    report = check(policy=policy(*ENOUGH["Statement"][:1], on_key), kms_key_id=key_id)
    assert (report.violations, report.notes) == ((), ()), str(report)


@pytest.mark.slow
def test_the_default_key_needs_no_permission():
    report = check(kms_key_id="alias/aws/secretsmanager")
    assert report.passed, str(report)
    assert "permissions.without-Decrypt" not in report.scenarios


@pytest.mark.parametrize(("key_id", "error"), [("no key", ValueError), (7, TypeError)])
def test_what_is_no_key_is_refused_before_anything_runs(key_id, error):
    with pytest.raises(error, match="kms_key_id="):
        check(kms_key_id=key_id)


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


@pytest.mark.slow
def test_a_role_out_of_a_template_is_a_policy(tmp_path):
    policies = [{"PolicyName": "rotate", "PolicyDocument": policy(allowing("DescribeSecret"))}]
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"RotationRole": role}}))
    given = from_cloudformation(tmp_path / "template.json", role="RotationRole")
    report = check(policy=given, only="permissions.given")
    assert "add to RotationRole: rotate: {" in report.violations[0].detail


@pytest.mark.slow
def test_each_further_secret_has_a_scenario_of_its_own():
    exhibit = load("good", "alternating_users")
    report = check_rotation(exhibit.handler, **exhibit.arguments, only="permissions")
    assert report.passed, str(report)
    assert "permissions.without-GetSecretValue-of-prod/master" in report.scenarios


@pytest.mark.slow
def test_a_password_of_its_own_instead_of_a_denied_one_is_no_violation():
    def with_fallback(client, current, token):
        try:
            password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        except client.exceptions.ClientError:
            password = secrets.token_urlsafe(24)
        return {**current, "password": password}

    report = check(rotation_function(lambda old, new: None, lambda new: None, with_fallback))
    assert report.passed, str(report)
    assert report.notes == ()


@pytest.mark.parametrize(
    ("step", "operation"),
    [
        ("createSecret", "DescribeSecret"),
        ("createSecret", "GetSecretValue"),
        ("createSecret", "PutSecretValue"),
        ("finishSecret", "UpdateSecretVersionStage"),
    ],
)
def test_a_step_that_passes_without_what_it_was_denied_is_a_violation(step, operation):
    report = check(forgiving(step), only=f"permissions.without-{operation}")
    (violation,) = report.violations
    assert violation.name == "swallowed-error"
    assert violation.detail == (
        f"{operation} fails with AccessDeniedException during all of {step}, and {step} passes"
    )


@pytest.mark.slow
def test_a_retry_that_needs_more_than_the_first_attempt_is_told():
    report = check(listing_in_a_retry, only="permissions.without-UpdateSecretVersionStage")
    assert report.passed, str(report)
    (note,) = report.notes
    assert note.name == "needs-more-permissions"
    assert note.detail.startswith("createSecret is denied secretsmanager:ListSecretVersionIds on prod/rotated")


@pytest.mark.slow
def test_a_given_policy_has_to_suffice_for_a_retry_too():
    report = check(listing_in_a_retry, policy=ENOUGH)
    (violation,) = report.violations
    assert violation.name == "permission-missing"
    assert violation.scenario == "permissions.without-UpdateSecretVersionStage"
    assert violation.detail.startswith("createSecret is denied secretsmanager:ListSecretVersionIds")


@pytest.mark.slow
def test_a_denied_call_changes_nothing_and_the_step_that_needs_it_first_fails():
    handler = rotation_function(lambda old, new: None, lambda new: None)
    with Check(Subject(handler, SECRET)) as checking:
        _, dry = dry_run(checking)
        for need, step in first_uses(dry, checking.subject).items():
            (scenario,) = (
                one for one in scenarios(dry, checking) if one.id == f"permissions.without-{need.operation}"
            )
            trial = scenario.run(checking, scenario.id)
            failed = next(one for one in trial.deliveries if not one.has_passed)
            assert (failed.step, failed.boundaries[-1].name) == (step, need.operation)
            assert failed.boundaries[-1].before == failed.boundaries[-1].after
            assert f"which {step} needs first" in scenario.title
            assert trial.rotations[0].succeeded


@pytest.mark.slow
def test_the_double_may_do_everything():
    def set_value(old, new):
        ReadingService.latest.set_value(new)

    report = check(rotation_function(set_value, lambda new: None), service=ReadingService, policy=ENOUGH)
    assert (report.violations, report.notes) == ((), ()), str(report)


@pytest.mark.slow
def test_an_action_that_only_an_unknown_secret_needs_is_left_alone():
    def looking_elsewhere(event, context):
        with contextlib.suppress(boto3.client("secretsmanager").exceptions.ResourceNotFoundException):
            boto3.client("secretsmanager").get_secret_value(SecretId="optional/settings")
        plain(event, context)

    report = check(looking_elsewhere)
    assert report.passed, str(report)
    assert [one for one in report.scenarios if "optional" in one] == []
    unknown = ARN.replace("prod/rotated-??????", "optional/settings")
    assert f"createSecret is denied secretsmanager:GetSecretValue on {unknown}" in report.notes[0].detail


@pytest.mark.slow
def test_a_secret_of_another_account_is_denied_too():
    foreign = "arn:aws:secretsmanager:us-east-1:111122223333:secret:shared/settings-AbCdEf"

    def looking_abroad(event, context):
        with contextlib.suppress(ClientError):
            boto3.client("secretsmanager").get_secret_value(SecretId=foreign)
        plain(event, context)

    report = check(looking_abroad)
    assert report.passed, str(report)
    assert f"createSecret is denied secretsmanager:GetSecretValue on {foreign}" in report.notes[0].detail


@pytest.mark.slow
def test_a_malformed_call_needs_nothing():
    def misspelling(event, context):
        client = boto3.client("secretsmanager", config=Config(parameter_validation=False))
        with contextlib.suppress(ClientError):
            client.get_secret_value(SecretId=5)
        plain(event, context)

    report = check(misspelling)
    assert report.passed, str(report)
    assert len(report.scenarios) == 6


@pytest.mark.slow
def test_a_batch_needs_each_of_its_secrets():
    def reading_all(event, context):
        client = boto3.client("secretsmanager")
        answer = client.batch_get_secret_value(SecretIdList=[event["SecretId"], "prod/master"])
        if event["Step"] == "createSecret" and answer["Errors"]:
            raise PermissionError(answer["Errors"][0]["ErrorCode"])
        plain(event, context)

    report = check(reading_all, other_secrets={"prod/master": "master-password"})
    assert report.passed, str(report)
    assert "permissions.without-GetSecretValue-of-prod/master" in report.scenarios
    assert "permissions.without-BatchGetSecretValue" in report.scenarios


@pytest.mark.slow
def test_two_checks_give_the_same_report():
    lacking = policy(allowing("DescribeSecret", "GetSecretValue"))
    assert str(check(policy=lacking)) == str(check(policy=lacking))


@pytest.mark.slow
def test_no_secret_value_is_in_the_report():
    def tagging(event, context):
        client, arn = boto3.client("secretsmanager"), event["SecretId"]
        value = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
        client.tag_resource(SecretId=arn, Tags=[{"Key": "value", "Value": value["password"]}])
        plain(event, context)

    condition = {"StringEquals": {"aws:RequestTag/value": "none"}}
    tagged = policy(*ENOUGH["Statement"], allowing("TagResource", Condition=condition))
    report = check(tagging, policy=tagged)
    assert "permission-missing" in names(report.violations)
    assert SECRET["password"] not in str(report) + report.json() + report.html()


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


def forgiving(forgiven):
    def handler(event, context):
        try:
            plain(event, context)
        except ClientError as error:
            if event["Step"] != forgiven or error.response["Error"]["Code"] != "AccessDeniedException":
                raise

    return handler


def listing_in_a_retry(event, context):
    client = boto3.client("secretsmanager")
    if event["Step"] == "createSecret" and is_stored(client, event):
        client.list_secret_version_ids(SecretId=event["SecretId"])
    plain(event, context)


def is_stored(client, event):
    try:
        client.get_secret_value(SecretId=event["SecretId"], VersionId=event["ClientRequestToken"])
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


class ReadingService:
    """A service that takes the value from the secret by itself, as its owner."""

    latest = None

    def __init__(self):
        ReadingService.latest = self
        self.value = SECRET

    def set_value(self, value):
        boto3.client("secretsmanager").list_secrets()
        self.value = value

    def accepts(self, value):
        return self.value == value
