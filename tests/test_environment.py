"""Overlays restore the environment exactly, in any order."""

import os

import pytest

from fake_secrets import environment
from fake_secrets.environment import Overlay


@pytest.fixture(autouse=True)
def variable(monkeypatch):
    monkeypatch.setenv("COLOUR", "own")
    monkeypatch.delenv("SHAPE", raising=False)


def look():
    return os.environ.get("COLOUR"), os.environ.get("SHAPE")


def test_variables_are_set_and_hidden_and_then_restored():
    overlay = Overlay({"COLOUR": None, "SHAPE": "round"})
    overlay.apply()
    inside = look()
    overlay.undo()
    assert (inside, look()) == ((None, "round"), ("own", None))


def test_undoing_the_lower_overlay_keeps_the_upper_one():
    lower, upper = Overlay({"COLOUR": "red"}), Overlay({"COLOUR": "green"})
    lower.apply()
    upper.apply()
    lower.undo()
    inside = look()
    upper.undo()
    assert (inside, look()) == (("green", None), ("own", None))


def test_variables_of_an_undone_lower_overlay_stay_until_the_upper_one_is_undone():
    lower, upper = Overlay({"SHAPE": "round"}), Overlay({"COLOUR": "green"})
    lower.apply()
    upper.apply()
    lower.undo()
    inside = look()
    upper.undo()
    assert (inside, look()) == (("green", "round"), ("own", None))


def test_a_variable_that_cannot_be_set_restores_the_others():
    with pytest.raises(TypeError):
        Overlay({"COLOUR": "red", "SHAPE": 5}).apply()
    assert look() == ("own", None)


class WatchedEnvironment(dict):
    """An environment that another thread's world changes whenever it may."""

    def __contains__(self, name):
        found = super().__contains__(name)
        # Only who holds the lock may apply or undo an overlay.
        if not environment._lock._is_owned():
            self.clear()
        return found


@pytest.mark.parametrize("read", [environment.default_region, environment.is_inherited])
def test_a_world_that_ends_in_another_thread_meanwhile_takes_no_variable_away(monkeypatch, read):
    changing = WatchedEnvironment(AWS_DEFAULT_REGION="eu-west-1", AWS_ACCESS_KEY_ID="x")
    monkeypatch.setattr(environment.os, "environ", changing)
    assert read() in {"eu-west-1", False}
