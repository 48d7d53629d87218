"""Rotation contracts under pytest."""

import pytest
from rotating import CONTRACT, FAULTY, GOOD

from fake_secrets import RotationContract
from fake_secrets.contract import families

# The runs import it in this process, and would forget it at their end.
assert RotationContract

# All but that of consumers, since the contract here has none.
FAMILIES = tuple(family for family in families.FAMILIES if family != "consumers")
COUNT = len(FAMILIES)


@pytest.fixture
def check(pytester, run, monkeypatch):
    """A function that runs pytest on a contract of a rotation function."""
    monkeypatch.setenv("COLUMNS", "200")

    def check(function, *arguments, contract=CONTRACT, more=""):
        pytester.makepyfile(rotation=function)
        pytester.syspathinsert()
        return run(contract + more, *arguments)

    return check


@pytest.mark.slow
def test_each_family_is_a_test_with_the_usual_id(check):
    ran = check(GOOD, "-v")

    ran.assert_outcomes(passed=COUNT)
    for family in FAMILIES:
        ran.stdout.fnmatch_lines(f"test_*.py::TestRotation::test_{family} PASSED*")


@pytest.mark.slow
def test_a_failure_is_the_report_without_a_traceback(check):
    ran = check(FAULTY, "-k", "test_repeats")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(
        [
            "*TestRotation.test_repeats*",
            "create-not-repeatable: the rotation function violates the contract. 7 scenarios were tried.",
            "",
            "1. create-not-repeatable: createSecret fails when it is repeated, so that no retry can succeed.",
            "    Shown by createSecret.twice (createSecret is delivered twice), and by 2 other scenarios.",
        ],
        consecutive=True,
    )
    ran.stdout.no_fnmatch_line("*Traceback*")
    ran.stdout.no_fnmatch_line("*rotation_contract.py*")
    ran.stdout.no_fnmatch_line("*ContractViolatedError*")


@pytest.mark.slow
def test_the_short_summary_has_the_result_in_one_line(check):
    ran = check(FAULTY, "-k", "test_kills")

    ran.stdout.fnmatch_lines(
        "FAILED test_*.py::TestRotation::test_kills - create-not-repeatable: the rotation function violates *"
    )


@pytest.mark.slow
@pytest.mark.parametrize("style", ["long", "short", "line", "native"])
def test_a_failure_is_the_report_in_each_style_of_tracebacks(check, style):
    ran = check(FAULTY, f"--tb={style}", "-k", "test_kills")

    ran.stdout.fnmatch_lines("*the rotation function violates the contract*")
    ran.stdout.no_fnmatch_line("*Traceback*")
    ran.stdout.no_fnmatch_line("*rotation_contract.py*")


@pytest.mark.slow
def test_the_users_class_is_shown_as_the_place_of_a_test(check):
    ran = check(FAULTY, "-v", "--tb=line", "-k", "test_kills")

    ran.stdout.fnmatch_lines("test_*.py::TestRotation::test_kills FAILED*")
    ran.stdout.fnmatch_lines("test_*.py:6: *the rotation function violates the contract*")


def test_an_error_of_the_contract_itself_says_what_is_wrong(check):
    ran = check(GOOD, "-k", "test_kills", more="    tags = 7\n")

    ran.assert_outcomes(failed=1)
    ran.stdout.no_fnmatch_line("*The rotation function*")


def test_a_scenario_is_selected_by_its_id(check):
    ran = check(FAULTY, "-v", "-k", "createSecret.kill-after-4")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(
        [
            "test_*::test_kills FAILED*",
            "create-not-repeatable: the rotation function violates the contract. 1 scenario was tried.",
        ]
    )


@pytest.mark.slow
def test_several_scenarios_are_selected_by_their_ids(check):
    ran = check(FAULTY, "-k", "createSecret.kill-after-4 or createSecret.kill-at-end or setSecret.twice")

    ran.assert_outcomes(passed=1, failed=1, deselected=COUNT - 2)
    ran.stdout.fnmatch_lines("create-not-repeatable: *. 2 scenarios were tried.")


@pytest.mark.slow
def test_a_scenario_is_spared_by_its_id(check):
    ran = check(FAULTY, "-k", "test_kills and not createSecret.kill-after-4")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines("*5 scenarios were tried.")


@pytest.mark.slow
def test_a_family_that_is_selected_by_its_name_runs_whole(check):
    ran = check(FAULTY, "-k", "test_kills or createSecret.kill-after-4")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines("*6 scenarios were tried.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("not setSecret.twice", COUNT),
        ("TestRotation and setSecret.twice", 1),
        ("TestOther and setSecret.twice", 0),
        ("setSecret.twice and createSecret.twice", 1),
        ("setSecret.twice and createSecret.lost-4", 0),
        ("kills or setSecret.twice", 2),
        ("plain.three-times", 1),
        ("input.unknown-step", 1),
        ("mode.test-only", 1),
        ("late.all-steps", 1),
        ("no_such_name", 0),
        ("rotation.py", 0),
    ],
)
def test_ids_mean_in_an_expression_what_other_names_mean(check, expression, selected):
    ran = check(GOOD, "-k", expression)

    ran.assert_outcomes(passed=selected, deselected=COUNT - selected)


def test_a_wrong_expression_is_told_by_pytest(check):
    ran = check(GOOD, "-k", "setSecret.twice and (")

    ran.stderr.fnmatch_lines("ERROR: Wrong expression passed to '-k'*")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["setSecret.kill-after-99", "setSecret.klil-after-2"])
def test_an_id_that_does_not_exist_fails_the_test(check, name):
    ran = check(GOOD, "-k", name)

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(f"*UnknownScenarioError: there is no scenario '{name}'. Did you mean*")


def test_tests_that_are_no_contract_keep_their_names(check):
    ran = check(GOOD, "-k", "setSecret.twice", more="\n\ndef test_twice():\n    pass\n")

    ran.assert_outcomes(passed=1, deselected=COUNT)


def test_notes_are_a_section_of_the_report(check):
    ran = check(GOOD, "-rP", "-k", "test_plain")

    ran.assert_outcomes(passed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(
        ["*- fake_secrets contract -*", "Notes", "- pending-label-left: AWSPENDING stays *(plain.three-times)."]
    )


@pytest.mark.slow
def test_notes_of_a_failing_family_are_a_section_of_the_report(check):
    ran = check(FAULTY, "-k", "test_modes")

    ran.assert_outcomes(failed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(["1. create-not-repeatable: *", "*- fake_secrets contract -*", "Notes", "- *"])


@pytest.mark.slow
def test_what_is_allowed_is_a_section_with_its_reason(check):
    ran = check(
        FAULTY, "-rP", "-k", "test_kills", more='    allow = {"create-not-repeatable": "known, see #12"}\n'
    )

    ran.assert_outcomes(passed=1, deselected=COUNT)
    ran.stdout.fnmatch_lines(
        ["*- fake_secrets contract -*", "create-not-repeatable: *", "    Allowed: known, see #12"]
    )


@pytest.mark.slow
def test_without_a_note_there_is_no_section(check):
    ran = check(GOOD, "-rP", "-k", "test_kills")

    ran.assert_outcomes(passed=1, deselected=COUNT - 1)
    ran.stdout.no_fnmatch_line("*fake_secrets contract*")


def test_consumers_have_a_test_where_there_are_some(check):
    check(GOOD, "--collect-only", "-q").stdout.no_fnmatch_line("*::test_consumers")
    ran = check(GOOD, "--collect-only", "-q", more="    consumers = [print]\n")
    ran.stdout.fnmatch_lines("*::TestRotation::test_consumers")


@pytest.mark.slow
def test_an_allowance_that_is_needed_passes(check):
    ran = check(FAULTY, "-k", "test_allow", more='    allow = {"create-not-repeatable": "known"}\n')

    ran.assert_outcomes(passed=1, deselected=COUNT)


@pytest.mark.slow
def test_an_allowance_that_matches_nothing_fails_a_test_of_its_own(check):
    allow = '    allow = {"dead-current": "once", "create-not-repeatable": "known", "leaked-value": "never"}\n'
    ran = check(FAULTY, "-k", "test_allow", more=allow)

    ran.assert_outcomes(failed=1, deselected=COUNT)
    ran.stdout.fnmatch_lines(
        [
            "*TestRotation.test_allow*",
            "allow names 'dead-current', which no scenario shows. Remove it.",
            "allow names 'leaked-value', which no scenario shows. Remove it.",
            "FAILED *::test_allow - allow names 'dead-current', which *",
        ]
    )


BROKEN = "def lambda_handler(event, context):\n    raise KeyError('host')\n"


@pytest.mark.slow
def test_a_function_that_cannot_rotate_fails_one_test_and_the_others_are_skipped(check):
    ran = check(BROKEN, "-rs")

    ran.assert_outcomes(failed=1, skipped=COUNT - 1)
    ran.stdout.fnmatch_lines(
        f"SKIPPED [[]{COUNT - 1}[]] test_*.py:6: The function wasn't disturbed, because *never-succeeds*"
    )


@pytest.mark.slow
def test_only_leaves_the_tests_of_other_families_out(check):
    ran = check(FAULTY, more='    only = "createSecret.kill-after-4"\n')

    ran.assert_outcomes(failed=1, skipped=COUNT - 1)
    ran.stdout.fnmatch_lines("*1 scenario was tried.")


def test_a_class_without_test_in_its_name_is_not_collected(check):
    contract = CONTRACT.replace("class TestRotation", "class Rotation")
    ran = check(GOOD, "-k", "test_plain", contract=contract, more="\n\nclass TestIt(Rotation):\n    pass\n")

    ran.assert_outcomes(passed=1, deselected=COUNT - 1)
    ran.stdout.fnmatch_lines(f"collected {COUNT} items / {COUNT - 1} deselected*")


VARIED = """
    @pytest.fixture(autouse=True, params=["app", "reports"])
    def _user(self, request):
        self.secret = {"username": request.param, "password": "the-old-password"}
"""


@pytest.mark.slow
def test_a_fixture_runs_a_contract_with_several_secrets(check):
    ran = check(GOOD, "-v", "-k", "test_plain", contract=f"import pytest\n{CONTRACT}", more=VARIED)

    ran.assert_outcomes(passed=2, deselected=2 * (COUNT - 1))
    ran.stdout.fnmatch_lines(["*::test_plain[[]app[]] PASSED*", "*::test_plain[[]reports[]] PASSED*"])


CASE = """

class TestCase(TestRotation, unittest.TestCase):
    pass
"""


@pytest.mark.slow
def test_a_test_case_of_unittest_is_a_contract_too(check):
    ran = check(FAULTY, "-rP", "-k", "TestCase", contract=f"import unittest\n{CONTRACT}", more=CASE)

    # unittest skips the tests of consumers and of allow, of which there are none.
    ran.assert_outcomes(passed=COUNT - 6, failed=6, skipped=2, deselected=COUNT)
    ran.stdout.fnmatch_lines(
        ["create-not-repeatable: the rotation function violates the contract. *", "*- fake_secrets contract -*"]
    )
    ran.stdout.no_fnmatch_line("*rotation_contract.py*")


def test_a_scenario_of_a_test_case_is_selected_by_its_id(check):
    ran = check(
        FAULTY, "-k", "TestCase and createSecret.twice", contract=f"import unittest\n{CONTRACT}", more=CASE
    )

    ran.assert_outcomes(failed=1, deselected=2 * COUNT + 1)
    ran.stdout.fnmatch_lines("*1 scenario was tried.")


@pytest.mark.slow
def test_without_a_contract_nothing_of_it_is_imported(pytester):
    pytester.makepyfile(
        """
        import sys

        class TestSomething:
            def test_it(self):
                assert not [name for name in sys.modules if name.startswith("fake_secrets.contract")]
        """
    )
    ran = pytester.runpytest_subprocess("-k", "test_it or setSecret.twice")

    ran.assert_outcomes(passed=1)
