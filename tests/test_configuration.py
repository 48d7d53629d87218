"""The configuration of these tests: which warnings fail a test, and which tests a plain run leaves out."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LATER = {"DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"}
KINDS = ["UserWarning", "RuntimeWarning", "ResourceWarning", *sorted(LATER)]


@pytest.fixture
def configured(pytester):
    """A folder with the configuration of this project."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, pytester.path)
    return pytester


@pytest.fixture
def failing(configured):
    """A function that runs a test with each kind of warning about a module, and returns the kinds that fail it."""

    def failing(module, *arguments):
        configured.makepyfile(f"""
            import builtins
            import warnings

            import pytest

            @pytest.mark.parametrize("kind", {KINDS})
            def test_it(kind):
                warnings.warn_explicit("something", getattr(builtins, kind), "a_file.py", 1, module={module!r})
            """)
        ran = configured.runpytest_inprocess("-p", "no:randomly", ".", *arguments)
        listed = [line for line in ran.outlines if line.startswith("FAILED")]
        failed = {kind for kind in KINDS if any(f"::test_it[{kind}]" in line for line in listed)}
        others = len(KINDS) - len(failed)
        expected = {"failed": len(failed), "passed": others, "warnings": others}
        assert ran.parseoutcomes() == {name: number for name, number in expected.items() if number}
        return failed

    return failing


def test_a_warning_about_another_package_is_only_shown(failing):
    assert failing("botocore.client") == set()


@pytest.mark.parametrize("module", ["fake_secrets", "fake_secrets.world.world", "test_mock", "conftest"])
def test_a_warning_about_our_own_modules_fails_the_test(module, failing):
    assert failing(module) == set(KINDS)


def test_only_what_will_change_in_another_package_is_shown_if_warnings_are_strict(failing):
    assert failing("botocore.client", "--strict-warnings") == set(KINDS) - LATER


def test_nothing_is_only_shown_to_the_session_newest(failing):
    assert failing("botocore.client", "--strict-warnings", *[f"-Werror::{kind}" for kind in LATER]) == set(KINDS)


@pytest.fixture
def kinds(configured):
    """A folder with a test of each kind, and one of both."""
    configured.makepyfile("""
        import pytest

        def test_plain(): pass

        @pytest.mark.slow
        def test_slow(): pass

        @pytest.mark.long
        def test_long(): pass

        @pytest.mark.slow
        @pytest.mark.long
        def test_both(): pass
        """)
    return configured


@pytest.mark.parametrize(
    ("arguments", "passed", "said"),
    [
        ([], 1, "tests left out: 2 long (--long), 1 slow (--slow)"),
        (["--slow"], 2, "tests left out: 2 long (--long)"),
        (["--long"], 3, "tests left out: 1 slow (--slow)"),
        (["--slow", "-m", "slow"], 1, "tests left out: 2 long (--long)"),
    ],
)
def test_a_run_says_which_tests_it_leaves_out(arguments, passed, said, kinds):
    ran = kinds.runpytest_inprocess("-p", "no:randomly", ".", *arguments)

    assert ran.parseoutcomes()["passed"] == passed
    ran.stdout.fnmatch_lines([said])


def test_a_run_with_both_options_leaves_nothing_out(kinds):
    ran = kinds.runpytest_inprocess("-p", "no:randomly", ".", "--slow", "--long")

    assert ran.parseoutcomes()["passed"] == 4
    ran.stdout.no_fnmatch_line("tests left out*")


@pytest.mark.slow
def test_a_run_on_workers_says_it_too(kinds):
    ran = kinds.runpytest_subprocess("-n", "2", ".")

    assert ran.parseoutcomes()["passed"] == 1
    ran.stdout.fnmatch_lines(["tests left out: 2 long (--long), 1 slow (--slow)"])
