"""Calls of one method of a double are told apart by the versions whose values are among their arguments."""

import dataclasses
import json

import pytest
from contract.test_false_alarms import RUNNING, SECRET, STEPS, Server, guarded, read, set_password
from contract.test_scenario_pictures import picture

from fake_secrets import check_rotation
from fake_secrets.contract.drawing import draw
from fake_secrets.contract.meant_versions import MeantVersions
from fake_secrets.contract.moments import Boundary

OLD = json.dumps({"username": "app", "password": "Old-Password-1", "host": "db.internal"})
NEW = json.dumps({"username": "app_clone", "password": "New-Password-1", "host": "db.internal"})


def about(*arguments, versions=None, others=None, changing=None, place="service", **named):
    meant = MeantVersions(versions or {"old": OLD, "new": NEW}, others or {}, changing)
    return meant.of(Boundary("setSecret", 1, place, "call", None, arguments=(arguments, named)))


def test_a_call_is_about_the_version_whose_password_it_passes():
    assert about("app", "Old-Password-1") == ("old",)
    assert about(user="app_clone", password="New-Password-1") == ("new",)


def test_versions_are_told_in_the_order_of_the_arguments():
    assert about("New-Password-1", "Old-Password-1") == ("new", "old")


def test_a_password_within_another_text_counts():
    assert about("ALTER USER app PASSWORD 'New-Password-1'") == ("new",)
    assert about({"statement": ["x", b"New-Password-1"]}) == ("new",)


def test_what_all_versions_have_tells_nothing():
    assert about("db.internal", "app_master") == ()


def test_what_does_not_change_in_rotations_tells_nothing_of_an_only_version():
    assert about("db.internal", versions={"old": OLD}, changing=frozenset({"password"})) == ()


def test_a_name_counts_if_no_other_version_has_it():
    assert about("app_clone") == ("new",)
    assert about("app", versions={"old": OLD, "new": NEW, "new 2": OLD.replace("Old", "Third")}) == ()


def test_a_copy_belongs_to_the_first_version_that_has_the_value():
    assert about("New-Password-1", versions={"old": OLD, "new": NEW, "by hand": NEW}) == ("new",)


def test_another_secret_is_named():
    assert about("master", "Master-Password-1", others={"prod/master": ["Master-Password-1"]}) == ("prod/master",)


def test_what_a_version_has_too_tells_no_other_secret():
    others = {"prod/master": [json.dumps({"host": "db.internal", "password": "Master-Password-1"})]}
    changing = frozenset({"password"})
    assert about("db.internal", "Old-Password-1", others=others, changing=changing) == ("old",)


@pytest.mark.parametrize("value", ["whole-text-1", b"whole-text-1"])
def test_a_value_without_members_is_known_too(value):
    assert about("whole-text-1", versions={"old": "another-text", "new": value}) == ("new",)


def test_a_short_value_counts_only_as_a_whole():
    assert about("old", versions={"old": "old", "new": "new"}) == ("old",)
    assert about("golden", versions={"old": "old", "new": "new"}) == ()


def test_calls_of_secrets_manager_say_it_by_their_request():
    assert about("Old-Password-1", place="secretsmanager") == ()


class Session:
    def __init__(self):
        self.password = "Old-Password-1"


def test_an_object_is_not_looked_into():
    assert about(Session(), "New-Password-1") == ("new",)


def set_twice(client, arn, token):
    set_password(client, arn, token)
    old = read(client, arn)
    RUNNING["server"].set_password(old["username"], old["password"])


@pytest.mark.slow
def test_a_report_tells_apart_two_calls_of_a_method_and_shows_no_value():
    report = check_rotation(
        guarded({**STEPS, "setSecret": set_twice}), secret=SECRET, service=Server, only="plain"
    )
    (violation,) = report.violations
    shown = [line.strip().partition("  ")[0] for line in violation.timeline]
    assert [one for one in shown if "set_password" in one][:2] == ["6 set_password (new)", "8 set_password (old)"]
    calls = [one for each in violation.picture.runs for one in each.columns]
    assert {one.about for one in calls if one.name == "set_password"} == {("new",), ("old",)}
    everything = f"{report}{report.json()}{report.html()}{dataclasses.asdict(violation.picture)}"
    assert "Old-Password-1" not in everything
    assert "(old)" in report.html()


def test_a_key_is_known_by_its_id_and_the_timeline_says_it_only_if_that_tells_calls_apart():
    drawn = picture("retry_revokes_pending", "createSecret.twice")
    # It logs in with the old key.
    assert drawn.columns[-1].title == "delete_key (old, new)"
    assert "delete_key (old, new)" not in "".join(draw(drawn))
