"""Snapshots of what a service double accepts."""

import types

import pytest
from fake_database import FakeDatabase, double_of

from fake_secrets.contract.frozen import Frozen


class TestSnapshots:
    def test_they_are_equal_whatever_the_order(self):
        made = FakeDatabase()
        with double_of(made) as double:
            made.passwords = ["a", "b"]
            first = Frozen(double.accepted())
            made.passwords = ["b", "a"]
            assert Frozen(double.accepted()) == first
            assert hash(Frozen(double.accepted())) == hash(first)

    def test_they_tell_how_often_a_value_is_there(self):
        made = FakeDatabase()
        with double_of(made) as double:
            first = Frozen(double.accepted())
            made.passwords.append("old")
            assert Frozen(double.accepted()) != first

    @pytest.mark.parametrize(
        "value",
        [{"keys": ["a", {"b": 1}]}, ["a"], {"a"}, bytearray(b"a"), types.SimpleNamespace(key="a")],
        ids=lambda value: type(value).__name__,
    )
    def test_later_changes_do_not_change_them(self, value):
        made = types.SimpleNamespace(accepted=lambda: [value])
        with double_of(made) as double:
            first = Frozen(double.accepted())
            assert Frozen(double.accepted()) == first
            if isinstance(value, dict):
                value["keys"][1]["b"] = 2
            elif isinstance(value, types.SimpleNamespace):
                value.key = "b"
            else:
                value.pop()
            assert Frozen(double.accepted()) != first

    def test_text_and_bytes_differ(self):
        made = types.SimpleNamespace(accepted=lambda: ["a"])
        with double_of(made) as double:
            first = Frozen(double.accepted())
            made.accepted = lambda: [b"a"]
            assert Frozen(double.accepted()) != first

    def test_they_show_no_value(self):
        with double_of(FakeDatabase()) as double:
            assert repr(Frozen(double.accepted())) == "<1 credentials>"
