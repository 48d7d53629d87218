"""The report as JUnit XML."""

from xml.etree import ElementTree

import pytest
from contract.gallery_modules import load

from fake_secrets import ContractReport, Violation, check_rotation


def violation(**changes):
    given = {
        "name": "dead-current",
        "severity": "violation",
        "detail": "After the first rotation, the service doesn't accept the current value",
        "scenario": "plain.three-times",
        "title": "three rotations in a row",
        "where": "rotation.py:7",
        "source": 'if a < b and "c" & d:',
        "replay": 'check_rotation(lambda_handler, ..., only="plain.three-times")',
        "timeline": ("call",),
    }
    return Violation(**{**given, **changes})


def parsed(report):
    return ElementTree.fromstring(report.junit().encode())  # noqa: S314 -- our own


def case_of(root, scenario):
    (case,) = (case for case in root.iter("testcase") if case.get("name") == scenario)
    return case


@pytest.fixture
def report():
    return ContractReport(
        (violation(others=("setSecret.error-3",)), violation(name="leaked-value", allowed="in a test")),
        (violation(name="pending-label-left", severity="note", scenario="late.all-steps"),),
        ("plain.three-times", "late.all-steps", "setSecret.error-3"),
        left_out=("There is no service double.",),
        untried=("setSecret.kill-after-3", "input.no-json"),
        function="app.rotation:lambda_handler",
    )


def test_a_family_is_a_suite_and_a_scenario_a_case(report):
    root = parsed(report)

    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["plain", "repeats", "errors", "kills", "inputs"]
    case = case_of(root, "setSecret.error-3")
    assert case.get("classname") == "app.rotation.lambda_handler.errors"


def test_cases_are_counted(report):
    root = parsed(report)
    counts = {
        suite.get("name"): [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        for suite in root
    }

    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["5", "2", "0"]
    assert counts["plain"] == ["1", "1", "0", "0"]
    assert counts["inputs"] == ["1", "0", "0", "1"]


def test_a_violation_is_a_failure_with_its_text(report):
    (failure,) = case_of(parsed(report), "plain.three-times").findall("failure")

    assert failure.get("type") == "dead-current"
    assert failure.get("message").startswith("dead-current: The service doesn't accept the value")
    assert failure.text == str(report.violations[0])


def test_another_scenario_of_the_same_cause_fails_with_the_line_and_the_shortest_scenario(report):
    (failure,) = case_of(parsed(report), "setSecret.error-3").findall("failure")

    assert failure.text.splitlines()[1:] == [
        'rotation.py:7: if a < b and "c" & d:',
        "The shortest scenario of it is plain.three-times.",
    ]


def test_a_consequence_of_a_violation_is_a_failure_that_names_it():
    cause = violation(consequences=("setSecret.kill-after-3",))
    root = parsed(ContractReport((cause,), (), ("plain.three-times", "setSecret.kill-after-3")))

    (failure,) = case_of(root, "setSecret.kill-after-3").findall("failure")
    assert failure.text == (
        f"A consequence of dead-current: {cause.sentence}\nThe shortest scenario of it is plain.three-times."
    )


def test_what_is_allowed_and_the_notes_are_output_and_no_failure():
    allowed = violation(allowed="in a test")
    note = violation(name="pending-label-left", severity="note")
    (case,) = parsed(ContractReport((allowed,), (note,), ("plain.three-times",))).iter("testcase")

    assert case.find("failure") is None
    assert case.find("system-out").text == f"{allowed}\n\n{note}"


def test_a_scenario_that_there_was_no_time_for_is_skipped(report):
    case = case_of(parsed(report), "input.no-json")

    assert case.find("skipped").get("message") == "There was no time for it."


def test_what_was_left_out_is_the_output_of_the_first_suite(report):
    assert parsed(report)[0].find("system-out").text == "There is no service double."


def test_the_order_of_elements_is_that_of_the_schema_of_jenkins(report):
    suite, case = parsed(report)[0], case_of(parsed(report), "plain.three-times")

    assert [one.tag for one in suite] == ["testcase", "system-out"]
    assert [one.tag for one in case] == ["failure", "system-out"]


def test_what_xml_cannot_hold_is_written_out():
    odd = violation(detail="a\x00b\x1b[31mc\ud800\ufffe", source="]]> <&\"'\t€😀")
    (failure,) = parsed(ContractReport((odd,), (), ("plain.three-times",))).iter("failure")

    assert "a\\x00b\\x1b[31mc\\xd800\\xfffe" in failure.text
    assert "]]> <&\"'\t€😀" in failure.text


@pytest.mark.slow
def test_a_real_report_has_a_case_for_each_scenario():
    exhibit = load("faulty", "create_never_looks")
    report = check_rotation(exhibit.handler, **exhibit.arguments, only="repeats")

    assert [case.get("name") for case in parsed(report).iter("testcase")] == list(report.scenarios)
    assert case_of(parsed(report), "createSecret.twice").find("failure").get("type") == "create-not-repeatable"


def test_the_report_of_nothing_is_valid():
    root = parsed(ContractReport((), (), ()))
    (error,) = root.iter("error")

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "1")
    assert error.get("message") == "No scenario was tried."
