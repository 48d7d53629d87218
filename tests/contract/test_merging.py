"""The reports of the families of one function, merged into one."""

import dataclasses

import pytest
from contract.gallery_modules import load

from fake_secrets import ContractReport, check_rotation
from fake_secrets.contract.checking import check_subject
from fake_secrets.contract.families import FAMILIES
from fake_secrets.contract.merging import merged
from fake_secrets.contract.subject import Subject

# Two whole checks.
pytestmark = pytest.mark.long


def families(name):
    exhibit = load("faulty", name)
    subject = Subject(exhibit.handler, **exhibit.arguments)
    return [check_subject(subject, [family]) for family in FAMILIES]


@pytest.fixture(scope="module")
def reports():
    return families("create_never_looks")


def test_they_are_what_one_check_reports_in_any_order(reports):
    exhibit = load("faulty", "create_never_looks")
    whole = check_rotation(exhibit.handler, **exhibit.arguments)

    assert merged(reports) == whole
    assert merged(reports[::-1]) == whole


def test_a_reason_to_leave_out_scenarios_is_told_once():
    report = merged(families("move_without_remove"))

    assert report.scenarios == ("plain.three-times",)
    assert [one.name for one in report.violations] == ["never-succeeds"]
    assert len(report.left_out) == 1


def test_a_violation_of_one_family_explains_its_consequences_in_another(reports):
    (cause,) = reports[1].violations
    stuck = dataclasses.replace(cause, name="stuck-after-failure", _key="setSecret")
    other = ContractReport((stuck,), (), ("setSecret.error-1",))

    assert [one.name for one in merged([reports[1], other]).violations] == ["create-not-repeatable"]


def test_causes_of_the_same_name_stay_apart(reports):
    (cause,) = reports[1].violations
    other = ContractReport((dataclasses.replace(cause, _key="another"),), (), ("setSecret.error-1",))

    assert len(merged([reports[1], other]).violations) == 2
