"""The ini option that watches every world of a test for leaks."""

import logging
import sys
import warnings

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS, passes

# After each run, pytester removes the modules from `sys.modules` that the run was the first to import. The package
# would keep this one nevertheless, and `gate` wouldn't find it there.
import fake_secrets.observe.leaks.watching  # noqa: F401

# pytest runs in this process, and inherits its filters.
pytestmark = pytest.mark.filterwarnings("default::fake_secrets.FakeSecretsWarning")

HEAD = """
    import base64
    import logging
    import sys
    import unittest
    import warnings

    import boto3
    import pytest
    from fake_secrets import mock_stages

    PASSWORD = "s3cret-" + "passw0rd"
    SECRETS = {"prod/db": {"username": "application", "password": PASSWORD}}
    logger = logging.getLogger("the_app")
"""
BY_FIXTURE = """
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)
"""
BY_MARKER = """
    @pytest.mark.fake_secrets(SECRETS)
    def test_it(secretsmanager):
        print(secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"])
"""
BY_BLOCK = """
    def test_it():
        with mock_stages(SECRETS) as fake_secrets:
            assert len(fake_secrets) == 1
            print(PASSWORD)
"""
BY_TEST_CASE = """
    @mock_stages(SECRETS)
    class TestIt(unittest.TestCase):
        def test_it(self):
            boto3.client("secretsmanager", "us-east-1").list_secrets()
            print(PASSWORD)
"""
BY_MODULE = """
    @pytest.fixture(scope="module")
    def world():
        with mock_stages(SECRETS) as world:
            assert len(world) == 1
            yield world

    def test_other(world):
        pass

    def test_it(world):
        print(PASSWORD)
"""
IN_SET_UP = """
    @pytest.fixture
    def app(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)

    def test_it(app):
        pass
"""
IN_THREAD = """
    import threading

    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        thread = threading.Thread(target=lambda: print(PASSWORD))
        thread.start()
        thread.join(5)
"""
WITH_CAPSYS = """
    def test_it(fake_secrets, capsys):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)
        assert capsys.readouterr().out == PASSWORD + "\\n"
        with capsys.disabled():
            pass
"""
WITH_CAPFD = """
    def test_it(fake_secrets, capfd):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)
        assert capfd.readouterr().out == PASSWORD + "\\n"
"""
WITH_LOGGING = """
    def test_it(fake_secrets, caplog):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        logger.warning("login %s", PASSWORD)
"""
WITH_WARNING = """
    @pytest.mark.filterwarnings("ignore")
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        warnings.warn(PASSWORD)
"""
BY_UNTOUCHED_MARKER = """
    @pytest.mark.fake_secrets(SECRETS)
    def test_it():
        print(PASSWORD)
"""
WAYS = {
    "fixture": BY_FIXTURE,
    "marker": BY_MARKER,
    "marker of a world that nothing has used": BY_UNTOUCHED_MARKER,
    "block": BY_BLOCK,
    "TestCase": BY_TEST_CASE,
    "module fixture": BY_MODULE,
    "set-up": IN_SET_UP,
    "thread": IN_THREAD,
    "capsys": WITH_CAPSYS,
    "capfd": WITH_CAPFD,
    "log": WITH_LOGGING,
    "warning": WITH_WARNING,
}
CLEAN = """
    def test_next(fake_secrets):
        fake_secrets.add("prod/other", SECRETS["prod/db"])
        print("application at prod/db")
"""
LEAK = "*: the * of secret 'prod/db', version *"


@pytest.fixture
def watched(pytester):
    """A function that runs pytest on a source, with the ini option."""

    def watched(source, state="error", *arguments):
        pytester.makeini(f"[pytest]\nfake_secrets_leaks = {state}\n")
        pytester.makepyfile(HEAD + source)
        return pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-config", *arguments)

    return watched


@pytest.mark.parametrize("way", WAYS)
def test_a_leak_fails_its_test(watched, way):
    ran = watched(WAYS[way] + CLEAN)
    ran.assert_outcomes(failed=1, passed=2 if way == "module fixture" else 1)
    ran.stdout.fnmatch_lines(
        [
            "*test_it has leaked a secret value:",
            f"- * at *test_a_leak_fails_its_test*.py:*{LEAK[1:]}",
            "`fake_secrets_leaks = error` fails the test for that. *",
        ]
    )


@pytest.mark.parametrize("capture", ["-s", "--capture=fd", "--capture=sys", "--capture=tee-sys"])
def test_every_way_of_capturing(watched, capture):
    watched(BY_FIXTURE, "error", capture).assert_outcomes(failed=1)


def test_the_failure_is_told_line_by_line(watched):
    ran = watched("""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"], version_ids={"AWSCURRENT": "1" * 32})
        logger.warning(PASSWORD)
        print(base64.b64encode(("app:" + PASSWORD).encode()).decode(), file=sys.stderr)
    """)
    of = "the field 'password' of secret 'prod/db', version 11111111111111111111111111111111"
    ran.stdout.fnmatch_lines(
        [
            "*test_the_failure_is_told_line_by_line.py::test_it has leaked 2 secret values:",
            f"- log at test_the_failure_is_told_line_by_line.py:17: {of}",
            f"- stderr at test_the_failure_is_told_line_by_line.py:18: {of}, in the form 'base64'",
            "`fake_secrets_leaks = error` fails the test for that. Leave the value out of what is written. *",
        ],
        consecutive=True,
    )


def test_a_leak_of_the_tear_down_is_an_error_of_its_test(watched):
    ran = watched("""
    @pytest.fixture
    def app(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        yield
        print(PASSWORD)

    def test_it(app):
        pass
    """)
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["*::test_it has leaked a secret value:", f"- stdout at {LEAK}"])


@pytest.mark.parametrize("state", ["error", "warn"])
def test_a_test_that_fails_anyway_gets_a_section(watched, state):
    ran = watched(
        """
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        logger.warning(PASSWORD)
        raise RuntimeError("no " + PASSWORD)
    """,
        state,
    )
    ran.assert_outcomes(failed=1, warnings=2 if state == "warn" else 0)
    ran.stdout.fnmatch_lines(
        [
            "*RuntimeError: no *",
            "*Captured secret leaks call*",
            "2 leaks:",
            "- log at *",
            "- exception at *py:18: *",
        ]
    )
    ran.stdout.no_fnmatch_line("*has leaked*")


@pytest.mark.parametrize(("state", "warned"), [("error", 0), ("warn", 1)])
@pytest.mark.parametrize(("end", "outcome"), [("skip", "skipped"), ("xfail", "xfailed")])
def test_a_test_that_is_skipped_or_xfailed_stays_so(watched, state, warned, end, outcome):
    ran = watched(
        f"""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)
        pytest.{end}("later")
    """,
        state,
    )
    ran.assert_outcomes(**{outcome: 1}, warnings=warned)


def test_an_assertion_on_a_value_is_an_exception_that_leaks_it(watched):
    ran = watched("""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        assert PASSWORD == "other"
    """)
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*Captured secret leaks call*", "1 leak:", "- exception at *py:17: *"])


def test_an_exception_that_leaves_the_world_of_a_block(watched):
    ran = watched("""
    def test_it():
        with mock_stages(SECRETS) as fake_secrets:
            assert len(fake_secrets) == 1
            raise RuntimeError(PASSWORD)
    """)
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*Captured secret leaks call*", "1 leak:", "- exception at *"])


def test_a_warning_at_the_end_of_the_test(watched):
    ran = watched(BY_FIXTURE + CLEAN, "warn")
    passes(ran, 2)
    ran.stdout.fnmatch_lines(
        [
            "*warnings summary*",
            "*::test_it",
            f"*test_a_warning_at_the_end_of_the_test.py:17: FakeSecretsWarning: Secret leaked: stdout at {LEAK}",
            "*print(PASSWORD)",
        ]
    )


def test_a_filter_makes_the_warning_a_failure(watched):
    ran = watched(BY_FIXTURE, "warn", "-W", "error:Secret leaked")
    ran.assert_outcomes(failed=1)


def test_a_world_that_is_left_in_the_test_tells_its_leaks(watched):
    ran = watched(BY_BLOCK, "warn")
    ran.assert_outcomes(passed=1, warnings=1)


@pytest.mark.parametrize("state", ["off", ""])
def test_without_the_option_nothing_is_watched(watched, state):
    ran = watched(
        """
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)
        assert fake_secrets.leaks == []
        assert type(sys) is type(unittest)
    """,
        state or "off",
    )
    ran.assert_outcomes(passed=1)


def test_the_handle_has_the_leaks_of_the_whole_test(watched):
    ran = watched(
        """
    @pytest.fixture
    def app(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        print(PASSWORD)

    def test_it(app, fake_secrets):
        logger.warning(PASSWORD)
        assert [leak.place for leak in fake_secrets.leaks] == ["stdout", "log"]
    """,
        "warn",
    )
    passes(ran)


def test_a_test_may_leak_inside_a_block_of_its_own(watched):
    passes(
        watched("""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        with fake_secrets.leaks.watching() as found:
            print(PASSWORD)
        assert len(found) == 1
    """)
    )


def test_a_helper_that_leaks_inside_a_block_and_outside_fails_the_test(watched):
    ran = watched("""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        def helper():
            print(PASSWORD)
        with fake_secrets.leaks.watching():
            helper()
        helper()
    """)
    ran.assert_outcomes(failed=1)


@pytest.mark.parametrize(("ini", "option", "failed"), [("off", "error", 1), ("error", "off", 0)])
def test_the_command_line_overrides_the_ini_option(watched, ini, option, failed):
    ran = watched(BY_FIXTURE, ini, f"--fake-secrets-leaks={option}")
    ran.assert_outcomes(failed=failed, passed=1 - failed)


def test_an_unknown_state_is_a_usage_error(watched):
    ran = watched(CLEAN, "fail")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*fake_secrets_leaks must be 'off', 'warn' or 'error', not 'fail'"])


def test_pytest_prints_what_it_likes(watched):
    passes(watched(CLEAN, "error", "-s", "-vv", "--log-cli-level=INFO", "-rA"), 1)


@pytest.mark.slow
def test_the_workers_of_xdist_watch_too(watched):
    pytest.importorskip("xdist")
    ran = watched(BY_FIXTURE + CLEAN, "error", "-n1")
    ran.assert_outcomes(failed=1, passed=1)
    ran.stdout.fnmatch_lines(["*::test_it has leaked a secret value:", f"- stdout at {LEAK}"])


@pytest.mark.slow
def test_a_test_without_a_world_imports_no_botocore(pytester):
    pytester.makepyfile(
        "import sys\ndef test_plain():\n    assert not {'botocore', 'wrapt'} & sys.modules.keys()\n"
    )
    ran = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:randomly", "--fake-secrets-leaks=error")
    ran.assert_outcomes(passed=1)


def test_nothing_outlives_the_test(watched):
    before = seams()
    watched(BY_FIXTURE + WITH_CAPSYS.replace("test_it", "test_capsys"))
    assert seams() == before


def test_a_block_that_is_never_left_ends_with_its_world(watched):
    before = seams()
    ran = watched("""
    def test_it(fake_secrets):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        fake_secrets.leaks.watching().__enter__()
    """)
    passes(ran)
    assert seams() == before


def test_a_replacement_that_was_put_over_ours_does_not_bring_it_back(watched):
    before = seams()
    ran = watched("""
    def test_it(fake_secrets):
        block = fake_secrets.leaks.watching()
        block.__enter__()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logging.Logger, "callHandlers", lambda logger, record: None)
            patch.setattr(warnings, "warn", lambda *arguments: None)
            patch.setattr(sys.stdout, "write", lambda text: 0)
            block.__exit__(None, None, None)
        logger.warning("hello")
        print("hello")
    """)
    passes(ran)
    assert seams() == before


def test_no_value_is_in_what_we_say(watched):
    ran = watched(
        """
    def handler(event, context):
        logger.warning(PASSWORD)
        return {"password": PASSWORD}

    def test_it(fake_secrets, caplog, capsys):
        fake_secrets.add("prod/db", SECRETS["prod/db"])
        arn = fake_secrets.lambda_function(handler, "rotate")
        fake_secrets.invoke(arn, {})
        for text in (PASSWORD, PASSWORD.encode(), base64.b64encode(PASSWORD.encode())):
            print(text)
            sys.stderr.write(str(text))
        capsys.readouterr()
        caplog.clear()
        with pytest.warns(UserWarning):
            warnings.warn(PASSWORD)
    """,
        "error",
        "-l",
        "--show-capture=no",
        "-vv",
        "--tb=long",
    )
    ran.assert_outcomes(failed=1)
    shown = ran.stdout.str() + ran.stderr.str()
    assert shown.count("at ") >= 7
    # The source of the test has it in two parts.
    assert "s3cret-passw0rd" not in shown
    assert "czNjcmV0" not in shown


def seams():
    """Return what watching changes."""
    return (
        vars(logging.Logger)["callHandlers"],
        warnings.warn,
        warnings.warn_explicit,
        warnings._showwarnmsg,
        type(sys),
        vars(sys.stdout).get("write"),
        vars(sys.stderr).get("write"),
    )
