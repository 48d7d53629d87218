"""Rotation contracts under pytest."""

import pytest
from rotating import CONTRACT, FAULTY, GOOD

from fake_secrets import RotationContract

# The runs import it in this process, and would forget it at their end.
assert RotationContract

FAMILIES = ("plain", "repeats", "errors", "kills", "meanwhile", "inputs", "modes")


@pytest.fixture
def check(pytester, run):
    """A function that runs pytest on a contract of a rotation function."""

    def check(function, *arguments, contract=CONTRACT, more=""):
        pytester.makepyfile(rotation=function)
        pytester.syspathinsert()
        return run(contract + more, *arguments)

    return check


def ids_of(ran):
    return [line.split()[0].rpartition("::")[2] for line in ran.outlines if "::test_" in line and "%" in line]


def test_each_family_is_a_test_with_the_usual_id(check):
    ran = check(GOOD, "-v")

    ran.assert_outcomes(passed=7)
    for family in FAMILIES:
        ran.stdout.fnmatch_lines(f"test_*.py::TestRotation::test_{family} PASSED*")


def test_a_failure_is_the_report_without_a_traceback(check):
    ran = check(FAULTY)
    print(ran.outlines)
    assert 0
