"""The least policies that a run of pytest writes."""

import json

import pytest
from rotating import GOOD
from runs_of_pytest import PYTEST_ARGUMENTS, passes

from fake_secrets.observe import endings

OPTION = "--fake-secrets-least-policy=least.json"
CALLER = "arn:aws:iam::123456789012:user/fake-secrets"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"

READS = """
def test_reads(fake_secrets, secretsmanager):
    fake_secrets.add("prod/db", "s3cret-value")
    secretsmanager.get_secret_value(SecretId="prod/db")


def test_describes(fake_secrets, secretsmanager):
    fake_secrets.add("prod/db", "s3cret-value")
    secretsmanager.describe_secret(SecretId="prod/db")
"""


@pytest.fixture
def record(pytester):
    """A function that returns the record of the run."""
    return lambda: json.loads((pytester.path / "least.json").read_text(encoding="utf-8"))


@pytest.fixture
def actions(record):
    """A function that returns the actions in the policies by caller, without their prefix."""

    def actions():
        return {
            one.get("function", one.get("principal")): [
                action.removeprefix("secretsmanager:")
                for statement in one["policy"]["Statement"]
                for action in statement["Action"]
            ]
            for one in record()["policies"]
        }

    return actions


@pytest.mark.slow
def test_the_file_has_the_policy_for_the_calls_of_all_tests(run, record):
    ran = run(READS, OPTION)

    passes(ran, 2)
    ran.stdout.fnmatch_lines(["least policies: least.json"])
    assert record()["policies"] == [
        {
            "principal": CALLER,
            "policy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Secrets",
                        "Effect": "Allow",
                        "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                        "Resource": [f"{ARN}prod/db-??????"],
                    }
                ],
            },
        }
    ]


@pytest.mark.slow
def test_the_file_is_the_same_in_every_run(run, pytester):
    texts = []
    for _ in range(2):
        run(READS, OPTION)
        texts.append((pytester.path / "least.json").read_text(encoding="utf-8"))

    assert texts[0] == texts[1]
    assert "s3cret-value" not in texts[0]


def test_without_the_option_no_ledger_is_kept(run, pytester):
    ran = run(
        "from fake_secrets.observe import endings\n\ndef test_kept():\n    assert endings._recordings is None"
    )

    passes(ran)
    ran.stdout.no_fnmatch_line("least policies*")
    assert not list(pytester.path.glob("*.json"))


@pytest.mark.slow
def test_a_run_keeps_no_ledgers_after_its_end(run):
    run(READS, OPTION)

    assert endings._recordings is None


WORLDS = """
import unittest

import boto3
import pytest

from fake_secrets import mock_stages


def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


@mock_stages({"a": "x"}, region="us-east-1")
def test_decorated():
    client().get_secret_value(SecretId="a")


def test_several_worlds():
    for name in ("b", "c"):
        with mock_stages({name: "x"}, region="us-east-1"):
            client().get_secret_value(SecretId=name)


def test_reset(fake_secrets, secretsmanager):
    secretsmanager.create_secret(Name="d")
    fake_secrets.reset()
    secretsmanager.create_secret(Name="e")


@pytest.fixture(scope="module")
def shared():
    with mock_stages({"f": "x"}, region="us-east-1") as world:
        yield world


def test_of_a_module(shared):
    client().get_secret_value(SecretId="f")


class Test(unittest.TestCase):
    def setUp(self):
        mocked = mock_stages({"g": "x"}, region="us-east-1")
        mocked.start()
        self.addCleanup(mocked.stop)

    def test_started(self):
        client().get_secret_value(SecretId="g")
"""


@pytest.mark.slow
def test_every_world_counts_however_it_was_opened(run, record):
    ran = run(WORLDS, OPTION)

    passes(ran, 5)
    (policy,) = (one["policy"] for one in record()["policies"])
    resources = {arn.removeprefix(ARN) for statement in policy["Statement"] for arn in statement["Resource"]}
    assert resources == {f"{name}-??????" for name in "abcdefg"}


GIVEN = f"""
import pytest
{READS}

ALL = {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*"}}}}


@pytest.mark.fake_secrets(identity_policy=ALL)
def test_lists(fake_secrets, secretsmanager):
    secretsmanager.list_secrets()
"""


def test_tests_with_a_policy_and_tests_without_one_have_the_same_caller(run, actions):
    passes(run(GIVEN, OPTION), 3)

    assert actions() == {CALLER: ["DescribeSecret", "GetSecretValue", "ListSecrets"]}


FORGOTTEN = """
import boto3

from fake_secrets import mock_stages


def test_forgets_to_stop():
    mock_stages({"a": "x"}, region="us-east-1").start()
    boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="a")
"""


def test_a_world_that_a_test_forgets_to_leave_counts(run, actions):
    run(FORGOTTEN, OPTION)

    assert actions() == {CALLER: ["GetSecretValue"]}


ROTATES = """
import boto3


def handler(event, context):
    client = boto3.client("secretsmanager", region_name="us-east-1")
    client.describe_secret(SecretId=event["SecretId"])
    raise ValueError("no more")


def test_rotates(fake_secrets, secretsmanager):
    fake_secrets.add("db", "x")
    arn = fake_secrets.lambda_function(handler, "rotate-db")
    fake_secrets.rotate("db", arn, errors="record")
"""


def test_a_rotation_function_has_a_policy_of_its_own(run, actions):
    run(ROTATES, OPTION)

    assert actions() == {"rotate-db": ["DescribeSecret"]}


CHECKS_ONCE = """
from rotation import lambda_handler

from fake_secrets import check_rotation


def test_rotate():
    report = check_rotation(
        lambda_handler, secret={"password": "x"}, name="db", region="us-east-1", only="modes"
    )
    assert any("warm" in scenario for scenario in report.scenarios)
"""

CONTRACT = """
import boto3

from fake_secrets import check_rotation


def rotate(event, context):
    boto3.client("secretsmanager", region_name="us-east-1").describe_secret(SecretId=event["SecretId"])


def test_rotate():
    check_rotation(rotate, secret={"password": "x"}, name="db")
"""


def test_a_rotation_function_that_a_contract_checks_has_its_own_name(run, record):
    run(CONTRACT, OPTION)

    (policy,) = record()["policies"]
    assert policy["function"] == "test_a_rotation_function_that_a_contract_checks_has_its_own_name-rotate"[-64:]
    assert policy["policy"]["Statement"] == [
        {
            "Sid": "Secrets",
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret"],
            "Resource": [f"{ARN}db-??????"],
        }
    ]


@pytest.mark.slow
def test_no_secret_that_only_a_scenario_of_the_contract_has_is_in_the_record(pytester, run, record):
    pytester.makepyfile(rotation=GOOD)
    pytester.syspathinsert()
    ran = run(CHECKS_ONCE, OPTION)

    passes(ran)
    resources = {need["resource"] for need in record()["needs"]}
    assert resources == {"*", f"{ARN}db-??????"}


@pytest.mark.slow
def test_calls_of_failing_tests_and_fixtures_count(run, actions):
    ran = run(
        "import pytest\n"
        "@pytest.fixture\n"
        "def listed(secretsmanager):\n"
        "    yield secretsmanager.list_secrets()\n"
        "    secretsmanager.get_random_password()\n"
        "def test_fails(listed):\n"
        "    assert False\n",
        OPTION,
    )

    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["least policies: least.json, maybe without some calls of 1 failed test"])
    assert actions() == {CALLER: ["GetRandomPassword", "ListSecrets"]}


def test_a_run_without_calls_writes_that_nothing_is_needed(run, record):
    run("def test_nothing(): pass", OPTION)

    assert (record()["policies"], record()["needs"]) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_workers_write_one_file_together(pytester, run, workers):
    pytest.importorskip("xdist")
    run(READS, OPTION)
    alone = (pytester.path / "least.json").read_text(encoding="utf-8")
    (pytester.path / "least.json").unlink()

    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n", workers, OPTION, timeout=60)

    passes(ran, 2)
    assert (pytester.path / "least.json").read_text(encoding="utf-8") == alone


@pytest.mark.slow
def test_a_worker_that_crashes_is_told(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(f"{READS}\n\ndef test_crashes():\n    import os\n    os._exit(1)\n")

    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n", "1", OPTION, timeout=60)

    ran.stdout.fnmatch_lines(["least policies: least.json, without the calls of a worker that crashed, *"])


BEFORE = '{"format": "fake-secrets least policy", "version": 0}'


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_file_as_it_was(run, pytester):
    (pytester.path / "least.json").write_text(BEFORE, encoding="utf-8")

    ran = run("import pytest\n\ndef test_exits(): pytest.exit('enough')", OPTION)

    assert ran.ret == pytest.ExitCode.INTERRUPTED
    assert (pytester.path / "least.json").read_text(encoding="utf-8") == BEFORE


def test_a_run_that_stops_at_the_first_failure_leaves_the_file_as_it_was(run, pytester):
    (pytester.path / "least.json").write_text(BEFORE, encoding="utf-8")

    ran = run("def test_fails(): assert False\n\ndef test_never_runs(): pass", OPTION, "-x")

    ran.stdout.fnmatch_lines(["ERROR: the least policies weren't written, because the run wasn't finished"])
    assert (pytester.path / "least.json").read_text(encoding="utf-8") == BEFORE


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_the_calls_that_deselected_tests_would_make_are_told_to_be_missing(pytester, workers):
    if workers:
        pytest.importorskip("xdist")
    pytester.makepyfile(f"{READS}\n\ndef test_nothing(): pass")

    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, *workers, OPTION, "-k", "reads", timeout=60)

    ran.stdout.fnmatch_lines(["least policies: least.json, without the calls of 2 deselected tests"])


@pytest.mark.parametrize(
    "content", [READS, '{"Version": "2012-10-17", "Statement": []}', "\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_a_file_that_is_no_record_is_never_overwritten(run, pytester, content):
    precious = pytester.path / "precious.py"
    precious.write_text(content, encoding="latin-1")
    ran = run(READS, "--fake-secrets-least-policy", "precious.py", "-k", "reads")

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stdout.no_fnmatch_line("*passed*")
    refusal = (
        "--fake-secrets-least-policy: 'precious.py' isn't the record of an earlier run, so it isn't overwritten."
    )
    fix = "Name another file, --fake-secrets-least-policy=FILE, or delete this one"
    ran.stderr.fnmatch_lines([f"ERROR: {refusal} {fix}"])
    assert precious.read_text(encoding="latin-1") == content


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", BEFORE])
def test_an_empty_file_and_an_earlier_record_are_overwritten(run, pytester, record, content):
    (pytester.path / "least.json").write_text(content, encoding="utf-8")
    run(READS, OPTION)

    assert record()["version"] == 1


def test_collecting_only_writes_nothing(run, pytester):
    run(READS, OPTION, "--collect-only")

    assert not (pytester.path / "least.json").exists()


def test_the_ini_option_names_a_file_beside_the_ini_file(run, pytester):
    pytester.makeini("[pytest]\nfake_secrets_least_policy = least.json")

    run(READS).stdout.fnmatch_lines(["least policies: least.json"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".", "--fake-secrets-least-policy must be a file, not the folder '.'"),
        (
            "no/where.json",
            "--fake-secrets-least-policy: 'no/where.json' can't be written, because there is no folder*",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_tests_run(run, path, message):
    ran = run(READS, f"--fake-secrets-least-policy={path}")

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_file_that_cannot_be_written_at_the_end_fails_the_run(run, pytester):
    ran = run(
        "import pathlib\ndef test_blocks():\n    pathlib.Path('least.json').mkdir()",
        OPTION,
    )

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stdout.fnmatch_lines(["ERROR: the least policies weren't written: *"])
