"""Planned faults that never happen fail the test."""

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS

HEAD = """
    import boto3
    import fake_secrets as package
    import pytest
    import unittest
    from fake_secrets import mock_stages

    def plan(world, **selectors):
        return world.faults.fail("GetSecretValue", "ThrottlingException", **selectors)  # the line of the plan
"""

UNUSED = {
    "fixture": """
    def test_it(fake_secrets):
        plan(fake_secrets)
""",
    "decorator": """
    @mock_stages({"db": "old"})
    def test_it(fake_secrets):
        plan(fake_secrets)
""",
    "block": """
    def test_it():
        with mock_stages({"db": "old"}) as world:
            plan(world)
""",
    "set-up": """
    @pytest.fixture
    def planned(fake_secrets):
        plan(fake_secrets)

    def test_it(planned):
        pass
""",
    "test case": """
    @mock_stages({"db": "old"})
    class TestIt(unittest.TestCase):
        def test_it(self):
            plan(package.current())
""",
    "module's world": """
    @pytest.fixture(scope="module")
    def world():
        with mock_stages({"db": "old"}) as world:
            yield world

    def test_it(world):
        plan(world)
""",
    "with block": """
    def test_it(fake_secrets):
        with plan(fake_secrets):
            pass
""",
}

FINE = {
    "hit": """
    def test_it(fake_secrets, secretsmanager):
        fake_secrets.add("db", "old")
        plan(fake_secrets)
        secretsmanager.get_secret_value(SecretId="db")
""",
    "optional": """
    def test_it(fake_secrets):
        plan(fake_secrets, optional=True)
""",
    "cancelled": """
    def test_it(fake_secrets):
        plan(fake_secrets).cancel()
""",
    "cleared": """
    def test_it(fake_secrets):
        plan(fake_secrets)
        fake_secrets.faults.clear()
""",
    "reset": """
    def test_it(fake_secrets):
        plan(fake_secrets)
        fake_secrets.reset()
""",
    "planned for several tests": """
    @pytest.fixture(scope="module")
    def world():
        with mock_stages({"db": "old"}) as world:
            plan(world)
            yield world

    def test_it(world):
        pass

    def test_other(world):
        boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="db")
""",
}

FAILED = {
    "body": """
    def test_it(fake_secrets):
        plan(fake_secrets)
        assert False, "my own"
""",
    "block": """
    def test_it():
        with mock_stages() as world:
            plan(world)
            assert False, "my own"
""",
    "subtest": """
    @mock_stages({"db": "old"})
    class TestIt(unittest.TestCase):
        def test_it(self):
            plan(package.current())
            with self.subTest("a"):
                assert False, "my own"
""",
    "set-up": """
    @pytest.fixture
    def broken(fake_secrets):
        plan(fake_secrets)
        assert False, "my own"

    def test_it(broken):
        pass
""",
}


def run(pytester, body, *options):
    pytester.makepyfile(HEAD + body)
    return pytester.runpytest(*PYTEST_ARGUMENTS, *options)


@pytest.mark.parametrize("body", UNUSED.values(), ids=UNUSED)
def test_the_test_fails_and_names_the_line_of_the_plan(pytester, body):
    result = run(pytester, body)
    result.assert_outcomes(failed=1)
    name = next(pytester.path.glob("test_*.py")).name
    message = (
        "*UnusedFaultError: a planned fault never happened: ThrottlingException on GetSecretValue, "
        f"planned at {name}:8"
    )
    result.stdout.fnmatch_lines([message, "*If a fault need not happen, plan it with optional=True."])


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_a_fault_that_happened_or_need_not_happen_is_fine(pytester, body):
    result = run(pytester, body)
    assert result.parseoutcomes().keys() == {"passed"}


@pytest.mark.parametrize("body", FAILED.values(), ids=FAILED)
def test_a_test_that_failed_already_is_not_told(pytester, body):
    result = run(pytester, body)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.no_fnmatch_line("*never happened*")


def test_the_option_makes_it_a_warning_at_the_line_of_the_plan(pytester):
    result = run(pytester, UNUSED["fixture"], "-o", "fake_secrets_unused_faults=warn", "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*.py:8: FakeSecretsWarning: a planned fault never happened: *"])


def test_the_option_turns_it_off(pytester):
    run(pytester, UNUSED["fixture"], "-o", "fake_secrets_unused_faults=ignore").assert_outcomes(passed=1)


def test_another_value_of_the_option_is_refused(pytester):
    result = run(pytester, UNUSED["fixture"], "-o", "fake_secrets_unused_faults=off")
    result.stderr.fnmatch_lines(["*fake_secrets_unused_faults must be 'error', 'warn' or 'ignore', not 'off'"])


def test_several_faults_are_listed(pytester):
    body = """
    def test_it(fake_secrets):
        plan(fake_secrets)
        plan(fake_secrets, secret_id="db", step="createSecret")
"""
    result = run(pytester, body)
    result.stdout.fnmatch_lines(
        [
            "UnusedFaultError: 2 planned faults never happened:",
            "- ThrottlingException on GetSecretValue, planned at *:8",
            "- ThrottlingException on GetSecretValue, secret_id='db', step='createSecret', planned at *:8",
        ]
    )


def test_a_fault_whose_selectors_match_nothing_says_so(pytester):
    body = """
    def test_it(fake_secrets, secretsmanager):
        fake_secrets.add("db", "old")
        plan(fake_secrets, secret_id="bd")
        secretsmanager.get_secret_value(SecretId="db")
"""
    result = run(pytester, body)
    result.stdout.fnmatch_lines(["*py:8: the selectors matched none of 1 attempt of GetSecretValue"])


@pytest.mark.slow
def test_a_fault_after_too_many_attempts_says_so(pytester):
    body = """
    def test_it(fake_secrets, secretsmanager):
        fake_secrets.add("db", "old")
        plan(fake_secrets, after=3)
        secretsmanager.get_secret_value(SecretId="db")
"""
    result = run(pytester, body)
    result.stdout.fnmatch_lines(["*py:8: after=3, but only 1 attempt matched"])
