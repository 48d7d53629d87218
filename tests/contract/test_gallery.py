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


@pytest.mark.slow
def test_each_violation_of_the_catalogue_is_found_in_the_gallery():
    found = {load("faulty", name).finds for name in names("faulty")}

    assert {kind.name for kind in CATALOGUE.values() if kind.severity == "violation"} <= found
