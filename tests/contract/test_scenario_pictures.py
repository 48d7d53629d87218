"""The picture of a scenario: what a page or a program reads instead of the timeline's text."""

import dataclasses
import types
from typing import ClassVar

import pytest
from contract.gallery_modules import load

from fake_secrets import check_rotation
from fake_secrets.contract.depicting import picture_of
from fake_secrets.contract.drawing import draw
from fake_secrets.contract.moments import Boundary, Delivery, State


def picture(name, only):
    exhibit = load("faulty", name)
    (found,) = check_rotation(exhibit.handler, **exhibit.arguments, only=only).violations
    assert found.picture is not None
    return found.picture


def row(rows, name):
    return next(list(one.cells) for one in rows if one.name == name)


class Trial:
    """What a picture needs of a trial."""

    values_of_others: ClassVar[dict] = {}
    check = types.SimpleNamespace(changing_places=None)

    def __init__(self, *deliveries, ids=("1", "2"), roles=("old", "new")):
        self.deliveries = list(deliveries)
        self.version_ids = list(ids)
        self._roles = dict(zip(ids, roles, strict=True))

    def role(self, version_id):
        return self._roles[version_id]


def state(pending="2", **others):
    return State({"AWSCURRENT": "1", "AWSPENDING": pending}, {"1": "a"}, **others)


def delivery(step, *orders, **others):
    made = Delivery(step, is_over=True, before=state(), **others)
    for number, order in enumerate(orders, 1):
        call = Boundary(step, number, "service", f"{step}-{number}", None, order=order, outcome="succeeded")
        call.before = call.after = state()
        made.boundaries.append(call)
    return made


class TestAScenarioThatKillsTheFunction:
    @pytest.fixture
    def drawn(self):
        return picture("key_made_before_looking", "createSecret.kill-after-3")

    def test_each_run_has_its_step_attempt_and_end(self, drawn):
        assert [(run.step, run.attempt, run.end) for run in drawn.runs][:2] == [
            ("createSecret", 1, "killed"),
            ("createSecret", 2, "returns"),
        ]
        assert [run.delivery for run in drawn.runs] == list(range(1, len(drawn.runs) + 1))

    def test_the_call_that_kills_it_is_marked(self, drawn):
        assert [one.mark for one in drawn.runs[0].columns] == [None, None, "killed after it"]

    def test_each_column_names_its_call_and_the_line(self, drawn):
        first = drawn.columns[0]
        assert (first.number, first.name, first.place) == (1, "DescribeSecret", "secretsmanager")
        assert first.where is not None
        assert "key_made_before_looking.py:" in first.where
        assert "describe_secret" in first.source

    def test_each_row_has_a_cell_a_call(self, drawn):
        rows = (*drawn.labels, *drawn.versions, *drawn.accepts)
        assert {len(one.cells) for one in rows} == {len(drawn.columns)}

    def test_the_rows_tell_labels_fates_and_what_the_service_accepts(self, drawn):
        assert [one.name for one in drawn.labels] == ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"]
        assert set(row(drawn.labels, "AWSCURRENT")[:3]) == {"old"}
        assert row(drawn.versions, "new")[:3] == ["empty"] * 3
        assert row(drawn.accepts, "old")[:3] == ["yes"] * 3
        assert row(drawn.accepts, "new")[:3] == [""] * 3
        assert row(drawn.accepts, "in no version")[2] == "1"


def test_the_version_of_a_label_that_has_moved_is_unlabelled_and_absent_before():
    drawn = picture("put_without_token", "plain.three-times")

    assert [one.name for one in drawn.versions][:2] == ["old", "new"]
    assert drawn.versions[-1].name == "another"
    assert drawn.versions[-1].cells[0] == "absent"
    assert drawn.versions[-1].cells[-1] == "stored"


def test_it_tells_whether_a_value_works_that_has_no_label_any_more():
    drawn = picture("old_keys_stay", "limit.credentials")

    fates, accepted = row(drawn.versions, "old"), row(drawn.accepts, "old")
    assert {told for fate, told in zip(fates, accepted, strict=True) if fate == "unlabelled"} == {"yes"}
    assert draw(drawn)[-1].split("  ")[-1].startswith("old, new")


@pytest.mark.slow
def test_without_a_service_nothing_is_said_about_it():
    assert picture("finish_condition_inverted", "plain.three-times").accepts == ()


def test_it_holds_no_secret_value_and_is_not_in_the_repr():
    exhibit = load("faulty", "create_never_looks")
    (found,) = check_rotation(exhibit.handler, **exhibit.arguments, only="createSecret.twice").violations

    assert f"{exhibit.arguments['secret']['password']!r}" not in repr(dataclasses.asdict(found.picture))
    assert "picture" not in repr(found)


@pytest.mark.slow
def test_two_checks_give_equal_pictures():
    assert picture("create_never_looks", "createSecret.twice") == picture(
        "create_never_looks", "createSecret.twice"
    )


@pytest.mark.slow
def test_a_note_has_none():
    exhibit = load("good", "single_user")
    notes = check_rotation(exhibit.handler, **exhibit.arguments, only="modes").notes

    assert {one.picture for one in notes} <= {None}


def test_calls_of_two_deliveries_that_overlap_stay_in_the_order_in_which_they_happened():
    first, second = delivery("setSecret", 1, 4), delivery("setSecret", 2, 3, why="overlapping")

    drawn = picture_of(Trial(first, second), 4)

    assert [(run.heading, len(run.columns), run.delivery, run.end) for run in drawn.runs] == [
        ("setSecret", 1, 1, None),
        ("setSecret, overlapping", 2, 2, "returns"),
        ("setSecret, continued", 1, 1, "returns"),
    ]
    assert [line.split("  ")[0] or line.split()[0] for line in draw(drawn)] == [
        "call", "setSecret", "1", "setSecret, overlapping", "1", "2", "setSecret, continued", "2",
    ]  # fmt: skip


def test_a_delivery_without_a_call_is_shown_with_its_end():
    silent = delivery("testSecret")
    silent.error = ValueError("x")

    drawn = picture_of(Trial(delivery("setSecret", 0), silent), 2)

    assert [(run.step, run.end, run.columns) for run in drawn.runs[1:]] == [
        ("testSecret", "raises ValueError", ())
    ]
    assert draw(drawn)[-1] == "  raises ValueError"


def test_it_ends_with_the_call_that_shows_what_is_wrong():
    drawn = picture_of(Trial(delivery("setSecret", 0, 0), delivery("testSecret", 0)), 1)

    assert [(run.step, len(run.columns), run.end) for run in drawn.runs] == [("setSecret", 1, None)]


def test_of_very_many_calls_it_has_the_latest():
    drawn = picture_of(Trial(delivery("createSecret", 0), delivery("setSecret", *[0] * 150)), 151)

    assert (drawn.left_out, len(drawn.columns)) == (91, 60)
    assert [(run.step, run.is_continued) for run in drawn.runs] == [("setSecret", True)]
    assert drawn.columns[-1].number == 150
    assert {len(one.cells) for one in (*drawn.labels, *drawn.versions)} == {60}
    assert {one.start for one in drawn.labels} == {None}


def test_versions_without_a_name_are_told_apart():
    held = State({"AWSCURRENT": "1", "AWSPENDING": "2", "extra": "3"}, {"1": "a", "2": "b"})
    one = delivery("createSecret", 0)
    one.boundaries[0].after = held

    drawn = picture_of(Trial(one, ids="123", roles=("old", "another", "another")), 1)

    assert [version.name for version in drawn.versions] == ["old", "another", "another 2"]
    assert row(drawn.labels, "extra") == ["another 2"]


def test_a_removed_version_is_told_from_one_that_never_was():
    one = delivery("createSecret", 0, 0)
    one.boundaries[0].after = State({"AWSCURRENT": "1"}, {"1": "a", "2": "b"})
    one.boundaries[1].after = State({"AWSCURRENT": "1"}, {"1": "a", "2": "b"}, removed=frozenset({"2"}))

    drawn = picture_of(Trial(one), 2)

    assert drawn.versions[1].start == "empty"
    assert row(drawn.versions, "new") == ["unlabelled", "removed"]


def test_after_a_call_that_has_not_returned_nothing_is_known():
    one = delivery("createSecret", 0)
    one.boundaries[0].after = None

    drawn = picture_of(Trial(one), 1)

    assert {cell for found in (*drawn.labels, *drawn.versions) for cell in found.cells} == {None}
    assert draw(drawn)[-1].split() == ["1", "createSecret-1", "succeeded"]
