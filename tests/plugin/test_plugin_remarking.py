"""The remarks of worlds under pytest: warnings at the end of the test, which a filter makes failures."""

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS, passes

# pytest runs in this process, and inherits its filters.
pytestmark = pytest.mark.filterwarnings("default::fake_secrets.RotationWarning")

QUIET = """
    import boto3
    import pytest
    import unittest
    from fake_secrets import mock_stages

    def quiet(event, context):
        pass
"""

BY_FIXTURE = """
    def test_it(fake_secrets):
        fake_secrets.add("db", "old")
        fake_secrets.rotate("db", quiet)
"""
BY_DECORATOR = """
    @mock_stages({"db": "old"})
    def test_it(fake_secrets):
        fake_secrets.rotate("db", quiet)
"""
BY_BLOCK = """
    def test_it():
        with mock_stages({"db": "old"}) as world:
            world.rotate("db", quiet)
"""
BY_CLASS = """
    @mock_stages({"db": "old"})
    class TestIt:
        def test_it(self, fake_secrets):
            fake_secrets.rotate("db", quiet)
"""
BY_TEST_CASE = """
    @mock_stages({"db": "old"})
    class TestIt(unittest.TestCase):
        def test_it(self):
            import fake_secrets
            fake_secrets.current().rotate("db", quiet)
"""
BY_MODULE = """
    @pytest.fixture(scope="module")
    def world():
        with mock_stages({"db": "old"}) as world:
            yield world

    def test_it(world):
        world.rotate("db", quiet)

    def test_other(world):
        pass
"""
BY_TEAR_DOWN = """
    @pytest.fixture
    def rotates(fake_secrets):
        fake_secrets.add("db", "old")
        yield
        fake_secrets.rotate("db", quiet)

    def test_it(rotates):
        pass
"""
WAYS = {
    "fixture": BY_FIXTURE,
    "decorator": BY_DECORATOR,
    "block": BY_BLOCK,
    "class": BY_CLASS,
    "TestCase": BY_TEST_CASE,
    "module fixture": BY_MODULE,
}
AS_ERRORS = ("-W", "error::fake_secrets.RotationWarning")


@pytest.mark.parametrize("way", WAYS)
def test_a_finding_is_a_warning_of_the_test_that_asked(run, way):
    ran = run(QUIET + WAYS[way])
    passes(ran, 2 if way == "module fixture" else 1)
    ran.stdout.fnmatch_lines(
        [
            "*warnings summary*",
            "*::test_it",
            "*test_a_finding_is_a_warning_*.py:*: RotationWarning: No call about the secret: *",
            "*rotate(*quiet)",
        ]
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_filter_fails_the_test_that_asked(run, way):
    ran = run(QUIET + WAYS[way], *AS_ERRORS)
    ran.assert_outcomes(failed=1, passed=1 if way == "module fixture" else 0)
    ran.stdout.fnmatch_lines(["*RotationWarning: No call about the secret: all steps passed, but *"])


def test_the_failure_shows_the_finding_and_the_line(run):
    ran = run(QUIET + BY_FIXTURE, *AS_ERRORS, "-vv")
    ran.stdout.fnmatch_lines(
        [
            "*= FAILURES =*",
            "*_ test_it _*",
            "RotationWarning: No call about the secret: all steps passed, but from createSecret to finishSecret *",
            "at *test_the_failure_shows_the_finding_and_the_line.py:11",
            "*- fake_secrets -*",
        ],
        consecutive=True,
    )
    ran.stdout.fnmatch_lines(
        ["FAILED *::test_it - Failed: RotationWarning: No call about the secret: all steps passed, *"]
    )


def test_a_filter_matches_the_first_words(run):
    ran = run(QUIET + BY_FIXTURE, *AS_ERRORS, "-W", "ignore:No call about the secret")
    passes(ran)


def test_a_test_that_fails_keeps_its_own_error(run):
    failing = BY_FIXTURE + "        assert False, 'its own'\n"
    ran = run(QUIET + failing, *AS_ERRORS)
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*AssertionError: its own", "*RotationWarning: No call about the secret: *"])


def test_a_rotation_in_the_tear_down_is_told_too(run):
    ran = run(QUIET + BY_TEAR_DOWN)
    passes(ran)
    ran.stdout.fnmatch_lines(["*RotationWarning: No call about the secret: *"])


def test_a_finding_of_the_tear_down_fails_it_with_the_same_message(run):
    ran = run(QUIET + BY_TEAR_DOWN, *AS_ERRORS)
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(
        ["*_ ERROR at teardown of test_it _*", "RotationWarning: No call about the secret: *", "at *:13"],
        consecutive=True,
    )


def test_a_run_without_findings_has_no_warnings(run):
    ran = run(QUIET + "    def test_it(fake_secrets):\n        fake_secrets.add('db', 'old')\n", *AS_ERRORS)
    passes(ran)
    ran.stdout.no_fnmatch_line("*RotationWarning*")


@pytest.mark.slow
def test_under_unittest_a_filter_fails_the_test(pytester):
    import sys

    path = pytester.makepyfile(test_case=QUIET + BY_TEST_CASE)
    ran = pytester.run(sys.executable, "-W", "error:No call about the secret", "-m", "unittest", path.stem)
    assert ran.ret != 0
    ran.stderr.fnmatch_lines(["FAIL: test_it *", "*RotationWarning: No call about the secret: *", "Ran 1 test*"])


@pytest.mark.slow
def test_a_filter_in_the_ini_file_names_the_class_without_a_warning(pytester):
    pytester.makeini("[pytest]\nfilterwarnings =\n    error\n    error::fake_secrets.RotationWarning\n")
    pytester.makepyfile("def test_it(fake_secrets):\n    pass\n")
    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS)
    passes(ran)
    ran.stdout.no_fnmatch_line("*RewriteWarning*")
