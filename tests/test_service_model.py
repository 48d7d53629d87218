"""The guard against changes of the service model, itself under test."""

import copy
import shutil
from pathlib import Path

import pytest
import service_model

ROOT = Path(__file__).parent.parent


def test_what_follows_from_a_known_model_is_asserted():
    service_model.expect(condition=True, message="fine", known=True)
    with pytest.raises(AssertionError, match="a fault of ours"):
        service_model.expect(condition=False, message="a fault of ours", known=True)


def test_what_follows_from_a_changed_model_is_a_warning():
    service_model.expect(condition=True, message="fine", known=False)
    with pytest.warns(FutureWarning, match="AWS has changed the service model: a new member") as warned:
        service_model.expect(condition=False, message="a new member", known=False)
    assert repr(service_model.digest_of(service_model.description())) in str(warned[0].message)


def test_the_sentence_about_a_changed_model_ends_in_one_full_stop():
    with pytest.warns(FutureWarning, match=r"model: add it to a table\. The digest of botocore "):
        service_model.expect(condition=False, message="add it to a table.", known=False)


@pytest.mark.parametrize(
    ("options", "outcome"),
    [((), "passed"), (("--strict-warnings",), "passed"), (("-Werror::FutureWarning",), "failed")],
)
def test_a_warning_of_a_changed_model_fails_its_test_only_if_asked(pytester, monkeypatch, options, outcome):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    shutil.copy(ROOT / "conftest.py", pytester.path)
    shutil.copy(ROOT / "pyproject.toml", pytester.path)
    pytester.makepyfile(
        test_tables="import service_model\n"
        "def test_it():\n    service_model.expect(condition=False, message='x', known=False)\n"
    )
    ran = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist", *options, "test_tables.py")
    ran.assert_outcomes(**{outcome: 1}, warnings=int(outcome == "passed"))
    ran.stdout.fnmatch_lines(["*FutureWarning: AWS has changed the service model: x. The digest of *"])


def test_a_changed_model_is_not_known():
    changed = copy.deepcopy(service_model.description())
    changed["shapes"]["NameType"]["max"] = 1024
    assert not service_model.is_known(changed)


def test_other_documentation_is_no_change():
    reworded = copy.deepcopy(service_model.description())
    reworded["shapes"]["NameType"]["documentation"] = "The name."
    assert service_model.digest_of(reworded) == service_model.digest_of(service_model.description())


def test_the_installed_model_is_noticed_if_it_is_a_new_one():
    service_model.expect(service_model.is_known(), "look for new operations, members, errors and limits")
