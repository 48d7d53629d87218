"""A check that is watched, that has a limit of time, or that runs several scenarios: what the command needs."""

import pytest
from contract.gallery_modules import load

from fake_secrets.contract.checking import UnknownScenarioError, check_subject
from fake_secrets.contract.progress import Deadline
from fake_secrets.contract.subject import Subject


@pytest.fixture
def subject():
    exhibit = load("faulty", "create_never_looks")
    return Subject(exhibit.handler, **exhibit.arguments)


@pytest.mark.slow
def test_a_watcher_is_told_of_each_scenario_before_it_runs(subject):
    seen = []
    report = check_subject(subject, ["repeats", "kills"], watcher=seen.append)

    begin, *scenarios = seen
    assert (begin.family, begin.scenario, begin.total) == ("plain", "plain.three-times", None)
    assert [one.scenario for one in scenarios] == list(report.scenarios)
    assert [one.done for one in scenarios] == list(range(len(scenarios)))
    assert {one.total for one in scenarios} == {len(scenarios)}
    assert {one.family: one.in_family for one in scenarios}["repeats"] == 7


def test_an_error_of_a_watcher_ends_the_check(subject):
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_subject(subject, ["repeats"], watcher=stop)


@pytest.mark.slow
def test_no_scenario_begins_after_the_time_is_up(subject):
    report = check_subject(subject, seconds=0)

    assert report.scenarios == ("plain.three-times",)
    assert report.untried[0] == "plain.same-seed"
    assert report.summary().startswith("No violation in 1 of ")
    assert not report.passed
    assert report.left_out[0].startswith(f"The time was up before all was tried: {len(report.untried)} scenarios")


@pytest.mark.slow
def test_what_was_found_before_the_time_is_up_counts(subject, monkeypatch):
    looks = iter([False] * 4 + [True] * 1000)
    monkeypatch.setattr(Deadline, "is_over", property(lambda self: next(looks)))
    report = check_subject(subject, ["repeats"], seconds=1)

    assert [one.name for one in report.violations] == ["create-not-repeatable"]
    assert (len(report.scenarios), len(report.untried)) == (4, 3)
    assert report.summary().startswith("create-not-repeatable: the rotation function violates the contract. 4 ")


@pytest.mark.slow
def test_an_allowance_is_not_called_useless_if_the_time_was_up():
    exhibit = load("good", "generic_as_documented")
    subject = Subject(exhibit.handler, **exhibit.arguments, allow={"clean-up-lost": "a test"})

    assert check_subject(subject, seconds=0).unused_allowances == ()


@pytest.mark.slow
def test_enough_time_changes_nothing(subject):
    only = ["repeats", "setSecret.kill-at-end"]

    assert check_subject(subject, only, seconds=3600) == check_subject(subject, only)


@pytest.mark.slow
def test_a_scenario_that_is_asked_for_twice_runs_once(subject):
    report = check_subject(subject, ["createSecret.twice", "repeats", "createSecret.twice"])

    assert len(report.scenarios) == len(set(report.scenarios)) == 7


def test_an_unknown_scenario_among_others_is_an_error(subject):
    with pytest.raises(UnknownScenarioError, match="there is no scenario 'createSecret"):
        check_subject(subject, ["createSecret.twice", "createSecret.again-after-never"])


def test_the_output_of_the_function_is_shown_if_that_is_wanted(capsys):
    def handler(event, context):
        print(event["Step"])
        raise ValueError

    with pytest.raises(UnknownScenarioError):
        check_subject(Subject(handler, "old"), ["createSecret.twice"])
    check_subject(Subject(handler, "old"), ["plain.three-times"], is_loud=False)
    assert capsys.readouterr().out == ""
    check_subject(Subject(handler, "old"), ["plain.three-times"])
    assert capsys.readouterr().out.startswith("createSecret\n")
