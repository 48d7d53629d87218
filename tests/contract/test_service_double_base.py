"""The base class of service doubles, for those of the user's own."""

import functools
import time
import types

import pytest
from fake_database import double_of
from rotation_steps import names, rotation_function

from fake_secrets import check_rotation
from fake_secrets.contract.services import ServiceDouble

door = None
code = "1234"


class Door(ServiceDouble):
    def __init__(self):
        super().__init__(replaces=f"{__name__}.door", errors=TimeoutError)
        self.codes = ["1234"]

    def change_code(self, code):
        self.codes = [code]

    def opens(self, code):
        return code in self.codes

    def accepts(self, value):
        return value["code"] in self.codes


def with_new_code(client, current, token):
    return {**current, "code": client.get_random_password(ExcludePunctuation=True)["RandomPassword"]}


def set_value(current, pending):
    door.change_code(pending["code"])


def test_value(pending):
    assert door.opens(pending["code"])


test_value.__test__ = False


def test_a_door_is_rotated():
    handler = rotation_function(set_value, test_value, with_new_code)
    report = check_rotation(handler, secret={"code": "1234"}, service=Door, only="plain")
    assert report.passed, str(report)
    assert [sentence.partition(",")[0] for sentence in report.left_out] == [
        "The service double has no accepted",
        "testSecret.dropped-before and limit.credentials were left out",
    ]


class TestWhatItOffers:
    def test_only_what_a_class_defines_is_asked(self):
        with double_of(Door()) as double:
            assert double.offers == {"accepts", "settle"}

    def test_the_rest_is_not_implemented(self):
        for question in (ServiceDouble().accepted, lambda: ServiceDouble().accepts("x")):
            with pytest.raises(NotImplementedError):
                question()

    def test_errors_are_those_of_the_class_or_the_argument(self):
        assert ServiceDouble().errors == (ConnectionError,)
        assert Door().errors is TimeoutError


class TestPatching:
    def test_names_are_replaced_while_it_is_in_use(self):
        with Door() as outer:
            assert door is outer
            with Door() as inner:
                assert door is inner
            assert door is outer
        assert door is None

    def test_the_same_double_can_be_used_again(self):
        double = Door()
        for _ in range(2):
            with double:
                assert door is double
        assert door is None

    def test_several_names_can_be_replaced(self):
        with ServiceDouble(replaces=[f"{__name__}.door", f"{__name__}.code"]) as double:
            assert (door, code) == (double, double)
        assert (door, code) == (None, "1234")

    def test_nothing_stays_replaced_if_one_name_does_not_exist(self):
        with (
            pytest.raises(AttributeError, match="no_such_name"),
            ServiceDouble(replaces=[f"{__name__}.door", f"{__name__}.no_such_name"]),
        ):
            pass
        assert door is None

    def test_it_says_when_patches_are_possible(self):
        with pytest.raises(RuntimeError, match=r"^Door isn't in use: call this in put_in_place\(\)$"):
            Door().patch(f"{__name__}.door", None)


class TestLaterChanges:
    @pytest.fixture
    def clock(self, monkeypatch):
        clock = types.SimpleNamespace(now=100.0)
        monkeypatch.setattr(time, "time", lambda: clock.now)
        return clock

    def test_changes_are_made_when_they_are_due_in_order(self, clock):
        double, made = ServiceDouble(), []
        double.later(20, lambda: made.append("second"))
        double.later(10, lambda: made.append("first"))
        double.later(0, lambda: made.append("at once"))
        double.catch_up()
        assert made == ["at once"]
        clock.now += 30
        assert double.is_settled
        assert made == ["at once", "first", "second"]

    def test_settling_makes_all_of_them(self, clock):
        double, made = ServiceDouble(), []
        double.later(3600, lambda: made.append("later"))
        assert not double.is_settled
        double.settle()
        assert made == ["later"]


def test_its_state_is_not_the_functions_even_if_a_factory_makes_it():
    handler = rotation_function(set_value, test_value, with_new_code)
    report = check_rotation(
        handler,
        secret={"code": "1234"},
        service=functools.partial(Door),
        consumers=[lambda: {"code": "1234"}],
        only="consumers",
    )
    # The consumer sees what the function has changed.
    assert names(report.violations) == ["consumer-locked-out"]
    assert report.violations[0].scenario == "consumer.consumer"
