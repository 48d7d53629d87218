"""The contract names the bug of each faulty function of the gallery, and finds none in the correct ones."""

import pytest
from contract.gallery_modules import load, names

from fake_secrets.contract.catalogue import CATALOGUE
from fake_secrets.contract.checking import check_rotation

# AWS's own templates have these, and so have most functions here, the correct ones among them.
COMMON_NOTES = {
    "empty-test",
    "input-not-checked",
    "pending-label-left",
    "promotes-empty-version",
    "stale-read-fails",
    "test-mode-fails",
}

# Why a note has no exhibit, and where its tests are.
_CORRECT_TOO = "correct functions have it, too: see test_notes.py"
WITHOUT_EXHIBIT = {
    "clock-not-virtual": "it depends on what is installed, so test_notes.py tries it in another process",
    "empty-test": _CORRECT_TOO,
    "input-not-checked": _CORRECT_TOO,
    "other-secret-kept": "it depends on the double, which can't drop a credential then: test_kept_others.py",
    "pending-label-left": _CORRECT_TOO,
    "stale-read-fails": _CORRECT_TOO,
}


# One of each family, and two correct ones, which take seconds each: they run with --slow, the others with --long.
QUICK = {
    "single_user",
    "generic_as_documented",
    "move_without_remove",
    "put_without_token",
    "create_never_looks",
    "finish_takes_any_current",
    "test_is_empty",
    "unknown_step_passes",
    "retains_the_new_password",
    "url_built_as_it_is",
}


def exhibits(kind):
    return [pytest.param(name, marks=kind_of(name)) for name in names(kind)]


def kind_of(name):
    return pytest.mark.slow if name in QUICK else pytest.mark.long


def check(kind, name):
    exhibit = load(kind, name)
    return exhibit, check_rotation(exhibit.handler, **exhibit.arguments)


@pytest.mark.parametrize("name", exhibits("good"))
def test_correct_functions_have_no_violation(name):
    _, report = check("good", name)

    assert report.violations == (), str(report)
    assert report.passed


@pytest.mark.parametrize("name", exhibits("faulty"))
def test_the_bug_of_a_faulty_function_is_named_and_nothing_else(name):
    exhibit, report = check("faulty", name)

    if exhibit.is_violation:
        assert {violation.name for violation in report.violations} == {exhibit.finds}, str(report)
    else:
        assert report.violations == (), str(report)
        noted = {note.name for note in report.notes}
        assert noted - (COMMON_NOTES - {exhibit.finds}) == {exhibit.finds}, str(report)


def of_severity(severity):
    return {kind.name for kind in CATALOGUE.values() if kind.severity == severity}


@pytest.fixture(scope="module")
def shown():
    """What the faulty functions show."""
    return {load("faulty", name).finds for name in names("faulty")}


@pytest.mark.slow
def test_each_violation_of_the_catalogue_is_found_in_the_gallery(shown):
    assert of_severity("violation") - shown == set()


@pytest.mark.slow
def test_each_note_of_the_catalogue_is_found_in_the_gallery_unless_there_is_a_reason(shown):
    lacking = of_severity("note") - shown
    assert lacking == WITHOUT_EXHIBIT.keys(), "write an exhibit, or a reason into WITHOUT_EXHIBIT"


def test_a_note_that_correct_functions_have_too_is_a_common_one():
    assert {name for name, reason in WITHOUT_EXHIBIT.items() if reason == _CORRECT_TOO} <= COMMON_NOTES
