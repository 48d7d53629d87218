"""The report of a check, as a user reads it."""

import dataclasses
import shlex

import pytest
from contract.gallery_modules import load

from fake_secrets import ContractReport, Violation, check_rotation
from fake_secrets.contract.catalogue import CATALOGUE


def check(name, **arguments):
    exhibit = load("faulty", name)
    return check_rotation(exhibit.handler, **{**exhibit.arguments, **arguments})


def violation(**changes):
    given = {
        "name": "dead-current",
        "severity": "violation",
        "detail": "After the first rotation, the service doesn't accept the current value",
        "scenario": "plain.three-times",
        "title": "three rotations in a row",
        "where": "rotation.py:7",
        "source": "database.change(value)",
        "replay": 'check_rotation(lambda_handler, ..., only="plain.three-times")',
        "timeline": ("call",),
    }
    return Violation(**{**given, **changes})


def test_a_violation_tells_all_of_it_in_one_entry():
    assert str(violation(others=("setSecret.twice",))).splitlines() == [
        f"dead-current: {CATALOGUE['dead-current'].sentence}",
        "    Shown by plain.three-times (three rotations in a row), and by 1 other scenario.",
        "    After the first rotation, the service doesn't accept the current value.",
        "    rotation.py:7: database.change(value)",
        "",
        "    call",
        "",
        "    Usual cause: The function sets something else than it stores, or the service needs more than the",
        "    value, such as grants.",
        "    Mend: Set exactly what the pending version holds, and test it in testSecret.",
        '    Replay: check_rotation(lambda_handler, ..., only="plain.three-times")',
    ]


def test_a_long_command_that_replays_a_scenario_is_continued_before_an_option():
    words = [
        "fake-secrets",
        "check",
        "rotation:lambda_handler",
        "--secret",
        "...",
        "--service",
        "doubles:Database",
    ]
    command = shlex.join([*words, "--policy", "a role's --policy.json", "--only", "plain.three-times"])
    lines = str(violation(replay=command)).splitlines()
    first = next(at for at, line in enumerate(lines) if "Replay: " in line)

    assert lines[first:] == [
        "    Replay: fake-secrets check rotation:lambda_handler --secret ... --service doubles:Database \\",
        "        --policy 'a role'\"'\"'s --policy.json' --only plain.three-times",
    ]
    assert shlex.split("".join(lines[first:]).replace("\\", "").partition("Replay: ")[2]) == shlex.split(command)


def test_a_note_tells_what_it_is_and_what_mends_it():
    note = violation(name="pending-label-left", severity="note", detail="AWSPENDING stays on the new version")
    report = ContractReport((), (note,), ("plain.three-times",))

    assert str(report).splitlines()[2:] == [
        "Notes",
        "- pending-label-left: AWSPENDING stays on the new version, at rotation.py:7 (plain.three-times).",
        "  Mend: Nothing has to be done: the next rotation moves the label. Remove it in finishSecret if a",
        "  monitor minds.",
    ]


def test_a_deviation_that_is_allowed_passes_and_shows_its_reason():
    report = ContractReport((violation(allowed="the double has no grants"),), (), ("plain.three-times",))

    assert report.passed
    assert "Allowed: the double has no grants" in str(report)
    assert str(report).startswith("The rotation function keeps the contract in 1 scenario.")


def test_names_come_first_in_the_summary():
    report = ContractReport(
        (violation(), violation(name="leaked-value")), (), ("plain.three-times", "late.all-steps")
    )

    assert not report.passed
    assert report.summary() == (
        "dead-current, leaked-value: the rotation function violates the contract. 2 scenarios were tried."
    )


def test_reports_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        violation().name = "other"


@pytest.mark.slow
def test_a_scenario_that_is_run_alone_draws_the_calls_up_to_the_deviation():
    report = check("create_never_looks", only="createSecret.twice")

    (found,) = report.violations
    assert report.scenarios == ("createSecret.twice",)
    assert found.name == "create-not-repeatable"
    assert [line.split()[0] for line in found.timeline[:2]] == ["call", "createSecret"]
    assert found.timeline[-1] == "  raises ResourceExistsException"
    assert "createSecret, once more" in found.timeline
    assert found.replay.endswith('only="createSecret.twice")')


@pytest.mark.slow
def test_the_line_is_that_of_the_fatal_call():
    (found,) = check("create_never_looks", only="createSecret.twice").violations

    assert found.where is not None
    assert "gallery/faulty/create_never_looks.py:" in found.where.replace("\\", "/")
    assert "put_secret_value" in found.source


@pytest.mark.slow
def test_an_allowance_that_matches_nothing_is_told_by_a_whole_check():
    report = check(
        "move_without_remove", allow={"never-succeeds": "not deployed yet", "dead-current": "no reason"}
    )

    assert report.violations[0].allowed == "not deployed yet"
    assert report.summary() == (
        "never-succeeds: an undisturbed rotation doesn't work, so the function wasn't disturbed."
    )


@pytest.mark.slow
@pytest.mark.parametrize("only", [None, "plain", "kills"])
def test_a_function_that_cannot_rotate_never_passes(only):
    assert not check("move_without_remove", only=only, allow={"never-succeeds": "not deployed yet"}).passed


@pytest.mark.slow
def test_a_check_without_a_scenario_has_not_passed():
    report = check("create_never_looks", only="consumers")

    assert (report.scenarios, report.passed, report.summary()) == ((), False, "No scenario was tried.")
    assert "keeps the contract" not in report.html()


@pytest.mark.slow
def test_a_function_that_cannot_rotate_is_not_disturbed():
    report = check("move_without_remove")

    assert [one.name for one in report.violations] == ["never-succeeds"]
    assert report.scenarios == ("plain.three-times",)
    (why,) = report.left_out
    assert why.startswith("The function wasn't disturbed, because an undisturbed rotation shows never-succeeds")
