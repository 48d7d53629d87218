"""The contract names the bug of each faulty function of the gallery, and finds none in the correct ones."""

import pytest
from contract.gallery_modules import load, names

import fake_secrets

pytestmark = pytest.mark.skipif(not hasattr(fake_secrets, "check_rotation"), reason="there is no contract yet")

# AWS's own templates have these, and so have most functions here, the correct ones among them.
COMMON_NOTES = {
    "empty-test",
    "input-not-checked",
    "pending-label-left",
    "promotes-empty-version",
    "stale-read-fails",
}


def check(kind, name):
    exhibit = load(kind, name)
    return exhibit, fake_secrets.check_rotation(exhibit.handler, **exhibit.arguments)


@pytest.mark.parametrize("name", names("good"))
def test_correct_functions_have_no_violation(name):
    _, report = check("good", name)

    assert report.violations == (), str(report)
    assert report.passed


@pytest.mark.parametrize("name", names("faulty"))
def test_the_bug_of_a_faulty_function_is_named_and_nothing_else(name):
    exhibit, report = check("faulty", name)

    if exhibit.is_violation:
        assert {violation.name for violation in report.violations} == {exhibit.finds}, str(report)
    else:
        assert report.violations == (), str(report)
        noted = {note.name for note in report.notes}
        assert noted - (COMMON_NOTES - {exhibit.finds}) == {exhibit.finds}, str(report)
