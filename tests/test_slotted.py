"""Data classes that are quick to define."""

import copy
import pickle
from dataclasses import field, fields

import pytest

from fake_secrets.slotted import slotted


@slotted
class Point:
    x: int
    y: int = 0
    hidden: str = field(default="", repr=False)


@slotted
class Named(Point):
    name: str = "?"

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_the_repr_is_that_of_a_data_class_without_the_fields_that_are_hidden():
    assert repr(Point(1, hidden="s3cret")) == "Point(x=1, y=0)"


def test_a_class_keeps_its_own_repr():
    assert repr(Named(1, name="origin")) == "<origin>"


def test_the_repr_of_an_instance_that_holds_itself_ends():
    point = Point(1)
    point.y = point
    assert repr(point) == "Point(x=1, y=...)"


def test_positional_patterns_match_the_fields_in_their_order():
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no pattern has matched")


def test_instances_are_compared_by_identity_and_can_be_keys():
    point, same = Point(1), Point(1)
    assert (point == same, point == point, {point: 1}[point]) == (False, True, 1)  # noqa: PLR0124


def test_an_instance_has_no_other_attributes():
    with pytest.raises(AttributeError):
        Point(1).z = 1


def test_the_fields_of_a_base_class_come_first():
    assert [one.name for one in fields(Named)] == ["x", "y", "hidden", "name"]


@pytest.mark.parametrize("trip", [copy.copy, copy.deepcopy, lambda point: pickle.loads(pickle.dumps(point))])  # noqa: S301
def test_a_copy_has_the_same_fields(trip):
    copied = trip(Point(1, 2, "s3cret"))
    assert (copied.x, copied.y, copied.hidden) == (1, 2, "s3cret")


class TestInit:
    @pytest.fixture(params=["first", "second"])
    def make(self, request):
        @slotted
        class Row:
            name: str
            cells: list[int] = field(default_factory=list)
            width: int = field(default=1, kw_only=True)
            area: int = field(init=False)

            def __post_init__(self) -> None:
                self.area = self.width * len(self.cells)

        if request.param == "second":
            Row("earlier")
        return Row

    def test_takes_what_that_of_a_data_class_takes(self, make):
        row = make("a", [1, 2], width=3)
        assert (row.name, row.cells, row.width, row.area) == ("a", [1, 2], 3, 6)

    def test_gives_each_instance_defaults_of_its_own(self, make):
        assert make("a").cells is not make("b").cells

    def test_refuses_what_that_of_a_data_class_refuses(self, make):
        with pytest.raises(TypeError, match=r"Row\.__init__\(\) missing 1 required positional argument: 'name'"):
            make()

    def test_is_compiled_once(self, make):
        make("a")
        compiled = make.__init__
        make("b")
        assert make.__init__ is compiled

    def test_of_its_own_is_kept(self):
        @slotted
        class Doubled:
            x: int

            def __init__(self, x: int) -> None:
                self.x = 2 * x

        assert Doubled(1).x == 2

    def test_of_a_class_that_derives_from_it_is_its_own(self):
        Point(1)
        assert (Named(1, name="n").name, Point(2).x) == ("n", 2)
