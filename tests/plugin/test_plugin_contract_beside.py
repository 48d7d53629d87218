"""Rotation contracts under pytest, beside other features of pytest and of the plugin."""

import re

import pytest
from rotating import CONTRACT, FAULTY, GOOD
from runs_of_pytest import PYTEST_ARGUMENTS

from fake_secrets import RotationContract
from fake_secrets.contract import families

# The runs import it in this process, and would forget it at their end.
assert RotationContract

# Without consumers, the contract has a test for each family but theirs.
COUNT = len(families.FAMILIES) - 1

LEAKING = GOOD.replace(
    '    if step == "createSecret":',
    '    if step == "testSecret":\n        print(pending(arn, token))\n    if step == "createSecret":',
)

IN_A_WORLD = """
import boto3
from rotation import lambda_handler

from fake_secrets import check_rotation, mock_stages


def look(handle):
    return len(handle.calls), len(handle.trail), [(one.name, one.stages, one.value()) for one in handle]


def check(handle):
    boto3.client("secretsmanager", region_name=handle.region).list_secrets()
    before = look(handle)
    report = check_rotation(lambda_handler, secret={"password": "the-old-password"}, only="kills")
    assert report.scenarios
    assert look(handle) == before
    assert boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"] == "mine"


def test_fixture(fake_secrets):
    fake_secrets.add("a", "mine")
    check(fake_secrets)


@mock_stages({"a": "mine"}, account_id="210987654321")
def test_decorator():
    from fake_secrets import current

    check(current())
"""


@pytest.fixture
def write(pytester, monkeypatch):
    """A function that writes a contract of a rotation function."""
    monkeypatch.setenv("COLUMNS", "200")

    def write(function, source=CONTRACT):
        pytester.makepyfile(rotation=function, test_it=source)
        pytester.syspathinsert()

    return write


@pytest.fixture
def in_process(pytester):
    """A function that runs pytest in this process."""
    return lambda *arguments: pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, *arguments)


def shown(lines):
    """Return what was shown of each test."""
    text = "\n".join(line for line in lines if not line.startswith("[gw"))
    _, *parts = re.split(r"(?m)^_+ TestRotation\.(\w+) _+$", text)
    ends = re.compile(r"(?m)^=+ .* =+$")
    found = {name: ends.split(part)[0].rstrip() for name, part in zip(parts[::2], parts[1::2], strict=True)}
    assert "test_modes" in found, text
    return found


@pytest.mark.slow
def test_the_worlds_of_the_scenarios_are_not_reported(write, in_process):
    write(FAULTY)
    ran = in_process("-k", "test_kills", "--fake-secrets-report=always", "-rP")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.no_fnmatch_line("*- fake_secrets -*")


@pytest.mark.slow
def test_a_world_of_the_test_itself_is_reported_as_before(write, in_process):
    write(FAULTY, IN_A_WORLD.replace("assert report.scenarios", "assert report.passed"))
    ran = in_process("-k", "test_fixture")

    ran.assert_outcomes(failed=1, deselected=1)
    ran.stdout.fnmatch_lines(["*- fake_secrets -*", "*ListSecrets*"])
    ran.stdout.no_fnmatch_line("*RotateSecret*")


@pytest.mark.slow
def test_a_world_of_the_test_itself_stays_as_it_was(write, in_process):
    write(FAULTY, IN_A_WORLD)
    ran = in_process("-W", "error")

    ran.assert_outcomes(passed=2)


PLANNED = """

def test_fault(fake_secrets):
    fake_secrets.add("a", "mine")
    fault = fake_secrets.faults.fail("GetSecretValue", 500)
    check_rotation(lambda_handler, secret={"password": "the-old-password"}, only="plain")
    assert fault.hits == 0
"""


def test_a_fault_that_the_test_itself_has_planned_is_left_to_it(write, in_process):
    write(GOOD, IN_A_WORLD + PLANNED)
    ran = in_process("-k", "test_fault")

    ran.assert_outcomes(failed=1, deselected=2)
    ran.stdout.fnmatch_lines("*UnusedFaultError: *GetSecretValue*")


INTERRUPTED = """

class TestInterrupted(TestRotation):
    def handler(event, context):
        if event["Step"] == "setSecret":
            raise KeyboardInterrupt
        lambda_handler(event, context)
"""


AT_THE_END = """
import threading

import botocore.client

from fake_secrets.world import stack

before = botocore.client.BaseClient.__dict__["_make_api_call"]


def pytest_unconfigure():
    assert stack.active() == []
    assert threading.enumerate() == [threading.main_thread()]
    assert botocore.client.BaseClient.__dict__["_make_api_call"] is before
    print("nothing is left")
"""


@pytest.mark.slow
def test_an_interrupt_ends_the_run_and_leaves_no_world(write, pytester):
    pytester.makeconftest(AT_THE_END)
    write(GOOD, CONTRACT + INTERRUPTED)
    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-k", "TestInterrupted", timeout=60)

    assert ran.ret == pytest.ExitCode.INTERRUPTED
    ran.stdout.fnmatch_lines(["*KeyboardInterrupt*", "nothing is left"])


@pytest.mark.slow
def test_a_contract_in_a_marked_class_is_checked_as_elsewhere(write, in_process):
    write(
        GOOD,
        CONTRACT.replace("class", "import pytest\n\n@pytest.mark.fake_secrets(account_id='210987654321')\nclass"),
    )
    ran = in_process("-W", "error", "-k", "test_plain or test_kills")

    ran.assert_outcomes(passed=2, deselected=COUNT - 2)


@pytest.mark.slow
def test_the_worlds_of_the_scenarios_warn_of_nothing(write, in_process):
    write(FAULTY, CONTRACT + "    allow = {'create-not-repeatable': 'known'}\n")
    ran = in_process("-W", "error", "-k", "test_kills or test_modes")

    ran.assert_outcomes(passed=2, deselected=COUNT - 1)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["fake_secrets_leaks = error", "fake_secrets_guard = error"])
def test_the_checks_of_the_plugin_do_not_meet_the_scenarios(pytester, write, in_process, option):
    pytester.makeini(f"[pytest]\n{option}\n")
    write(LEAKING, CONTRACT + "    allow = {'leaked-value': 'for this test'}\n")
    ran = in_process("-W", "error", "-k", "test_plain or test_kills or test_allow")

    ran.assert_outcomes(passed=3, deselected=COUNT - 2)


@pytest.mark.slow
def test_no_secret_value_is_shown(write, in_process):
    write(FAULTY + LEAKING.replace("def lambda_handler", "def leaking_handler"))
    ran = in_process("-rA", "-l", "--full-trace", "-k", "test_plain or test_kills or test_modes")

    ran.stdout.no_fnmatch_line("*the-old-password*")


SOME = ("-rP", "-k", "test_plain or test_modes or createSecret.kill-after-4")


@pytest.mark.slow
def test_the_report_is_the_same_in_each_order(write, in_process, pytester):
    write(FAULTY)
    first = shown(in_process(*SOME).outlines)
    assert "fake_secrets contract" in first["test_plain"]
    for seed in range(3):
        ran = pytester.runpytest_inprocess(
            "-p", "no:asyncio", "-p", "no:hypothesispytest", f"--randomly-seed={seed}", *SOME
        )
        assert shown(ran.outlines) == first


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["alone", "xdist"])
def test_the_report_is_the_same_for_each_seed_of_hashes(write, in_process, pytester, monkeypatch, arguments):
    write(FAULTY)
    first = shown(in_process(*SOME).outlines)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, *SOME, *arguments, timeout=60)
    assert shown(ran.outlines) == first
    # The one scenario of this family that `-k` names.
    assert "1 scenario was tried.\n" in first["test_kills"]


@pytest.mark.slow
def test_a_test_says_the_same_alone(write, in_process):
    write(FAULTY)
    together = shown(in_process(*SOME).outlines)
    alone = shown(in_process("-rP", "-k", "test_modes").outlines)
    assert alone["test_modes"] == together["test_modes"]
