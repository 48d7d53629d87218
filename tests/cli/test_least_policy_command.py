"""`fake-secrets policy`, which writes the least policy out of a record."""

import json
import os

import pytest

from fake_secrets.cli.main import main
from fake_secrets.iam.least_policy import Home, Need
from fake_secrets.iam.recorded_needs import needs_in, record_of

HOME = Home("123456789012", "us-east-1")
ROOT = "arn:aws:iam::123456789012:root"
ROLE = "arn:aws:iam::123456789012:role/app"
DB = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-??????"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:theirs-AbCdEf"


def need(action, resource=DB, principal=ROOT, function=None, **supplied):
    keys = tuple((f"secretsmanager:{name}", value) for name, value in supplied.items())
    return Need(principal, function, f"secretsmanager:{action}", resource, HOME, keys)


READ = need("GetSecretValue")
ROTATE = need("DescribeSecret", function="rotate-db")


@pytest.fixture
def policy(tmp_path, monkeypatch, capsys):
    """Runs the command on a record of needs, and returns its exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def policy(needs, *arguments):
        if needs is not None:
            (tmp_path / "least.json").write_text(needs if isinstance(needs, str) else record_of(needs))
        try:
            status = main(["policy", "least.json", *arguments])
        except SystemExit as exited:
            status = exited.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return policy


@pytest.fixture
def refused(policy):
    """Runs the command, which can't write a policy, and returns why."""

    def refused(needs, *arguments):
        status, out, err = policy(needs, *arguments)
        assert (status, out) == (2, "")
        return err.removeprefix("fake-secrets policy: ").removesuffix("\n")

    return refused


def test_the_policy_is_written_as_a_document_of_json(policy):
    status, out, err = policy([READ])

    assert status == 0
    assert json.loads(out) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Secrets",
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": [DB],
            }
        ],
    }
    assert err == (
        "fake-secrets policy: the policy is for the region and the account of the tests; "
        "give --region and --account for another.\n"
    )


def test_a_list_or_an_object_is_on_one_line_if_it_fits(policy):
    needs = [need("GetSecretValue", VersionStage="AWSCURRENT"), need("DescribeSecret"), need("PutSecretValue")]
    _, out, _ = policy(needs)

    assert out == (
        "{\n"
        '  "Version": "2012-10-17",\n'
        '  "Statement": [\n'
        "    {\n"
        '      "Sid": "Secrets1",\n'
        '      "Effect": "Allow",\n'
        '      "Action": ["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"],\n'
        f'      "Resource": ["{DB}"]\n'
        "    },\n"
        "    {\n"
        '      "Sid": "Secrets2",\n'
        '      "Effect": "Allow",\n'
        '      "Action": ["secretsmanager:GetSecretValue"],\n'
        f'      "Resource": ["{DB}"],\n'
        '      "Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )


def test_a_list_that_fits_on_no_line_has_a_line_for_each_member(policy):
    needs = [need(action) for action in ("CancelRotateSecret", "GetSecretValue", "UpdateSecretVersionStage")]
    _, out, _ = policy(needs)

    assert (
        '      "Action": [\n'
        '        "secretsmanager:CancelRotateSecret",\n'
        '        "secretsmanager:GetSecretValue",\n'
        '        "secretsmanager:UpdateSecretVersionStage"\n'
        "      ],\n"
    ) in out


def test_a_region_and_an_account_replace_those_of_the_tests(policy):
    status, out, err = policy([READ], "--region", "eu-west-1", "--account", "111111111111")

    (statement,) = json.loads(out)["Statement"]
    assert statement["Resource"] == ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/db-??????"]
    assert (status, err) == (0, "")


def test_a_rotation_function_and_a_principal_are_chosen_by_name(policy):
    needs = [READ, ROTATE, need("ListSecrets", "*", principal=ROLE)]

    def actions(*arguments):
        return json.loads(policy(needs, *arguments)[1])["Statement"][0]["Action"]

    assert actions("--function", "rotate-db") == ["secretsmanager:DescribeSecret"]
    assert actions("--principal", ROLE) == ["secretsmanager:ListSecrets"]
    assert actions("--principal", ROOT) == ["secretsmanager:GetSecretValue"]


def test_a_template_of_cloudformation_fills_in_the_account_region_and_partition(policy):
    kms = Need(ROOT, None, "kms:Decrypt", KEY, HOME)
    status, out, err = policy([READ, need("GetSecretValue", OTHER), kms], "--as", "cloudformation")

    (name, resource), *others = json.loads(out)["Resources"].items()
    assert (name, resource["Type"], others) == ("LeastPolicy", "AWS::IAM::ManagedPolicy", [])
    secrets, keys = resource["Properties"]["PolicyDocument"]["Statement"]
    here = "${AWS::Region}:${AWS::AccountId}"
    assert secrets["Resource"] == [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:secretsmanager:{here}:secret:prod/db-??????"},
        OTHER,
    ]
    assert keys["Condition"] == {
        "StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}
    }
    assert (status, err) == (0, "")


TERRAFORM = """\
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_iam_policy_document" "least_policy" {
  statement {
    sid = "Secrets1"

    actions = [
      "secretsmanager:DescribeSecret",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.id}:\
${data.aws_caller_identity.current.account_id}:secret:prod/db-??????",
    ]
  }

  statement {
    sid = "Secrets2"

    actions = [
      "secretsmanager:GetSecretValue",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.id}:\
${data.aws_caller_identity.current.account_id}:secret:prod/db-??????",
    ]

    condition {
      test     = "StringEquals"
      variable = "secretsmanager:VersionStage"
      values   = ["AWSCURRENT", "AWSPENDING"]
    }
  }
}
"""


def test_terraform_gets_a_policy_document_of_its_own_language(policy):
    reads = [need("GetSecretValue", VersionStage=stage) for stage in ("AWSCURRENT", "AWSPENDING")]

    assert policy([*reads, need("DescribeSecret")], "--as", "terraform") == (0, TERRAFORM, "")


def test_terraform_asks_for_nothing_that_is_given(policy):
    _, out, _ = policy([READ], "--as", "terraform", "--region", "cn-north-1", "--account", "111111111111")

    assert out.startswith('data "aws_iam_policy_document"')
    assert '"arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:prod/db-??????",' in out


def test_signs_of_terraforms_templates_stand_for_themselves(policy):
    tagged = Need(ROOT, None, "secretsmanager:CreateSecret", DB, HOME, (('aws:RequestTag/%{if "x"}', ""),))
    _, out, _ = policy([tagged], "--as", "terraform")

    assert 'variable = "aws:RequestTag/%%{if \\"x\\"}"' in out


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_the_policy_can_be_written_into_a_file(policy, tmp_path, option):
    assert policy([READ], option, "policy.json", "--region", "us-east-1", "--account", "111111111111") == (
        0,
        "",
        "",
    )
    assert json.loads((tmp_path / "policy.json").read_text())["Version"] == "2012-10-17"


def test_a_policy_that_is_too_long_for_a_managed_policy_is_told(policy):
    needs = [need("GetSecretValue", DB.replace("db", f"db-{number}")) for number in range(100)]
    _, _, err = policy(needs, "--as", "terraform")

    assert err.endswith("characters, and a managed policy may have 6,144.\n")


def test_it_is_told_whose_policy_it_is_if_others_have_made_calls_too(policy):
    region_and_account = ("--region", "us-east-1", "--account", "111111111111")
    _, _, told = policy([READ, ROTATE], *region_and_account)
    _, _, chosen = policy([READ, ROTATE], "--function", "rotate-db", *region_and_account)

    assert told == (
        f"fake-secrets policy: the policy is that of --principal {ROOT}; the record has the calls of "
        "--function rotate-db, too.\n"
    )
    assert chosen == ""


def test_the_name_that_a_contract_gives_its_secret_is_told(policy):
    needs = [need("GetSecretValue", DB.replace("prod/db", "prod/rotated"))]
    _, _, err = policy(needs, "--as", "terraform")

    assert err == (
        "fake-secrets policy: prod/rotated is the secret of a rotation contract without a name; give the contract "
        "that of yours.\n"
    )


class TestWhatCannotBeWritten:
    def test_one_of_several_callers_has_to_be_chosen(self, refused):
        assert refused([READ, need("ListSecrets", "*", principal=ROLE), ROTATE]) == (
            "choose whose policy is written. 'least.json' has the calls of:\n"
            f"  --principal {ROLE}\n"
            f"  --principal {ROOT}\n"
            "  --function rotate-db"
        )

    def test_a_caller_without_calls_is_told_from_those_with_calls(self, refused):
        assert refused([READ], "--function", "rotate") == (
            f"that caller has made no call. 'least.json' has the calls of:\n  --principal {ROOT}"
        )

    @pytest.mark.parametrize("option", ["--principal", "--function"])
    def test_a_second_caller_does_not_silently_replace_the_first(self, policy, option):
        status, out, err = policy([READ, ROTATE], option, ROOT, option, ROLE)
        assert (status, out) == (2, "")
        assert f"argument {option}: it is given twice" in err

    def test_a_record_without_calls_allows_nothing(self, refused):
        assert refused([]) == "'least.json' has no calls, so there is nothing to allow."

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("not JSON", "isn't a record of --fake-secrets-least-policy."),
            ("[" * 100_000, "isn't a record of --fake-secrets-least-policy."),
            ("[]", "isn't a record of --fake-secrets-least-policy."),
            ('{"Version": "2012-10-17"}', "isn't a record of --fake-secrets-least-policy."),
            (
                '{"format": "fake-secrets least policy", "version": 2}',
                "is of version 2, and this fake_secrets reads version 1.",
            ),
            (
                '{"format": "fake-secrets least policy", "version": 1, "needs": [{"principal": 1}]}',
                "is damaged: it doesn't have the needs that --fake-secrets-least-policy writes.",
            ),
        ],
    )
    def test_what_is_no_record_is_refused(self, refused, text, why):
        assert refused(text) == f"'least.json' {why}"

    def test_a_record_that_does_not_exist(self, refused):
        assert refused(None) == "'least.json' doesn't exist."

    def test_a_folder_is_no_record(self, refused, tmp_path):
        (tmp_path / "least.json").mkdir()

        assert refused(None) == f"'least.json' can't be read: {os.strerror(21)}."

    def test_an_output_that_cannot_be_written(self, refused):
        assert refused([READ], "-o", "no/where.json") == (
            "--output 'no/where.json' can't be written: there is no folder 'no'."
        )

    def test_the_record_is_not_overwritten(self, refused):
        assert (
            refused([READ], "-o", "./least.json") == "--output './least.json' is the record, which would be lost."
        )

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["--region", "nowhere"], "argument --region: 'nowhere' isn't a region, such as us-east-1"),
            (["--account", "1234"], "argument --account: '1234' isn't an account, twelve digits"),
            (["--as", "yaml"], "argument --as: invalid choice: 'yaml'"),
            (["--function", "f", "--principal", ROOT], "not allowed with argument"),
            (["surplus"], "unrecognized arguments: surplus"),
        ],
    )
    def test_wrong_arguments(self, refused, arguments, why):
        assert why in refused([READ], *arguments)


def test_a_record_gives_back_its_needs():
    needs = [READ, ROTATE, need("GetSecretValue", VersionStage="AWSCURRENT")]

    assert set(needs_in(record_of(needs))) == set(needs)


def test_a_record_is_the_same_in_any_order():
    assert record_of([READ, ROTATE]) == record_of([ROTATE, READ, READ])
