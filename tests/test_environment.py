"""Overlays over the environment are undone exactly, in any order."""

import os

import pytest

from fake_secrets.environment import Overlay


@pytest.fixture(autouse=True)
def variable(monkeypatch):
    monkeypatch.setenv("COLOUR", "own")
    monkeypatch.delenv("SHAPE", raising=False)


def look():
    return os.environ.get("COLOUR"), os.environ.get("SHAPE")


def test_variables_are_set_hidden_and_put_back():
    overlay = Overlay({"COLOUR": None, "SHAPE": "round"})
    overlay.apply()
    inside = look()
    overlay.undo()
    assert (inside, look()) == ((None, "round"), ("own", None))


def test_an_overlay_undone_below_another_leaves_the_upper_one_standing():
    lower, upper = Overlay({"COLOUR": "red"}), Overlay({"COLOUR": "green"})
    lower.apply()
    upper.apply()
    lower.undo()
    inside = look()
    upper.undo()
    assert (inside, look()) == (("green", None), ("own", None))


def test_variables_of_the_lower_one_alone_stay_until_the_upper_one_goes():
    lower, upper = Overlay({"SHAPE": "round"}), Overlay({"COLOUR": "green"})
    lower.apply()
    upper.apply()
    lower.undo()
    inside = look()
    upper.undo()
    assert (inside, look()) == (("green", "round"), ("own", None))


def test_a_refused_variable_leaves_the_others_as_they_were():
    with pytest.raises(TypeError):
        Overlay({"COLOUR": "red", "SHAPE": 5}).apply()
    assert look() == ("own", None)
