"""Which methods of a service double are wrapped, on which objects, and what a wrapped method keeps."""

import contextlib
import copy
import dataclasses
import functools
import inspect
import json
import pickle
import types
from typing import NamedTuple
from unittest import mock

import pytest
from fake_database import FakeDatabase, Seen, double_of

from fake_secrets.observe.entry import RunningStep


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def delivery():
    step = RunningStep("setSecret")
    with step:
        yield step


def change_by_global_name(password):
    return log_in(password)  # noqa: F821 -- of the module that gets this code


class Slotted:
    __slots__ = ("password", "send")

    def __init__(self):
        self.password = "old"
        self.send = lambda text: text

    def change(self, password):
        self.log_in()
        self.password = password

    def log_in(self):
        pass

    @classmethod
    def named(cls):
        return cls.__name__

    @staticmethod
    def version():
        return 16


@dataclasses.dataclass(frozen=True)
class Frozen:
    passwords: list = dataclasses.field(default_factory=lambda: ["old"])

    def change(self, password):
        self.passwords[:] = [password]


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlotted:
    passwords: list = dataclasses.field(default_factory=lambda: ["old"])

    def change(self, password):
        self.passwords[:] = [password]


class Many(FakeDatabase):
    """Has methods of every kind."""

    Refused = type("Refused", (Exception,), {})

    def __init__(self):
        super().__init__()
        self.send = lambda text: text
        self.reads = 0

    @classmethod
    def named(cls):
        return cls.__name__

    @staticmethod
    def version():
        return 16

    @property
    def size(self):
        self.reads += 1
        return len

    @functools.cached_property
    def host(self):
        self.reads += 1
        return "db"

    ping = functools.partialmethod(FakeDatabase.log_in)

    def rows(self):
        self.log_in()
        yield from self.passwords

    @contextlib.contextmanager
    def transaction(self):
        self.log_in()
        yield self

    async def change_later(self):
        return "later"


class TestObjects:
    @pytest.mark.parametrize(
        ("call", "result"),
        [
            (lambda it: it.log_in(), "logged in"),
            (lambda it: it.named(), "Many"),
            (lambda it: it.version(), 16),
            (lambda it: it.send("text"), "text"),
            (lambda it: it.ping(), "logged in"),
        ],
        ids=["inherited", "class method", "static method", "stored", "partial method"],
    )
    def test_a_callable_of_any_kind_is_a_boundary(self, seen, delivery, call, result):
        made = Many()
        with double_of(made, seen):
            assert call(made) == result
        assert len(seen) == 1

    def test_properties_and_classes_are_left_alone(self, seen, delivery):
        made = Many()
        with double_of(made, seen):
            assert made.reads == 0
            assert (made.size, made.host, made.Refused) == (len, "db", Many.Refused)
        assert seen == []

    def test_a_generator_is_a_boundary_where_it_is_called(self, seen, delivery):
        made = Many()
        with double_of(made, seen):
            rows = made.rows()
            assert seen == ["rows"]
            assert list(rows) == ["old"]
        assert seen == ["rows", "log_in"]

    def test_a_context_manager_that_a_method_returns_works(self, seen, delivery):
        made = Many()
        with double_of(made, seen), made.transaction() as same:
            assert same is made
        assert seen[0] == "transaction"

    def test_a_coroutine_function_is_left_alone(self, seen, delivery):
        made = Many()
        with double_of(made, seen):
            coroutine = made.change_later()
            coroutine.close()
        assert inspect.iscoroutine(coroutine)
        assert seen == []

    @pytest.mark.parametrize("kind", [Slotted, Frozen, FrozenSlotted, FakeDatabase])
    def test_an_object_of_any_class_is_wrapped_and_restored(self, seen, delivery, kind):
        made = kind()
        with double_of(made, seen):
            made.change("new")
            assert isinstance(made, kind)
        made.change("newer")
        assert seen == ["change"]
        assert type(made) is kind
        assert "change" not in getattr(made, "__dict__", {})

    def test_every_kind_of_method_of_an_object_with_slots_is_wrapped(self, seen, delivery):
        made = Slotted()
        send = made.send
        with double_of(made, seen):
            assert (made.named(), made.version(), made.send("text")) == ("Slotted", 16, "text")
        assert seen == ["named", "version", "send"]
        assert made.send is send

    def test_a_named_tuple_is_wrapped(self, seen, delivery):
        class Pair(NamedTuple):
            id: str

            def delete(self):
                return self.id

        made = Pair("id")
        with double_of(made, seen):
            assert made.delete() == "id"
        assert seen == ["delete"]
        assert type(made) is Pair

    def test_a_namespace_of_functions_is_wrapped(self, seen, delivery):
        made = types.SimpleNamespace(change=lambda password: password)
        change = made.change
        with double_of(made, seen):
            assert made.change("new") == "new"
        assert seen == ["change"]
        assert made.change is change

    def test_a_module_is_wrapped(self, seen, delivery):
        driver = types.ModuleType("driver")
        driver.log_in = types.FunctionType(FakeDatabase.log_in.__code__, vars(driver))
        driver.change = types.FunctionType(change_by_global_name.__code__, vars(driver))
        driver.dumps = json.dumps
        driver.log_in.__module__ = driver.change.__module__ = "driver"
        change = driver.change
        with double_of(driver, seen):
            assert driver.change("new") == "logged in"
            driver.dumps(1)
        assert seen == ["change"]
        assert driver.change is change

    def test_an_object_whose_class_cannot_change_is_refused_in_a_sentence(self):
        with pytest.raises(TypeError, match=r"the methods of a str can't be wrapped: .* object of a plain class"):
            double_of("a text")

    def test_an_object_without_methods_is_no_problem(self):
        with double_of(object()) as double:
            assert double.offers == frozenset()

    def test_an_object_that_is_called_itself_is_no_boundary(self, seen, delivery):
        class Api:
            def __call__(self, path):
                return path

        made = Api()
        with double_of(made, seen):
            assert made("/keys") == "/keys"
        assert seen == []


class TestWrappedMethods:
    def test_they_keep_signature_code_and_attributes(self):
        made, plain = FakeDatabase(), FakeDatabase()
        with double_of(made):
            assert inspect.signature(made.change) == inspect.signature(plain.change)
            assert made.change.__code__ is FakeDatabase.change.__code__
            assert (made.change.__name__, made.change.__self__) == ("change", made)
            assert inspect.ismethod(made.change)

    def test_those_of_an_object_with_slots_do_as_well(self):
        made = Slotted()
        with double_of(made):
            assert str(inspect.signature(made.change)) == "(password)"
            assert made.change.__code__ is Slotted.change.__code__

    def test_a_deep_copy_of_the_double_has_its_own(self):
        made = FakeDatabase()
        with double_of(made):
            copied = copy.deepcopy(made)
            copied.change("new")
        assert (made.passwords, copied.passwords) == (["old"], ["new"])

    def test_a_double_can_go_back_to_a_copy_of_its_attributes(self, seen, delivery):
        made = FakeDatabase()
        with double_of(made, seen):
            saved = copy.deepcopy(vars(made))
            made.change("new")
            vars(made).update(saved)
            made.change("newer")
        assert (made.passwords, seen) == (["newer"], ["change", "change"])

    def test_a_double_can_be_pickled(self):
        made = FakeDatabase()
        with double_of(made):
            copied = pickle.loads(pickle.dumps(made))  # noqa: S301 -- our own
            copied.change("new")
        assert (made.passwords, copied.passwords) == (["old"], ["new"])


class TestMocks:
    def test_a_method_that_was_set_up_is_a_boundary(self, seen, delivery):
        made = mock.MagicMock()
        made.change.return_value = "changed"
        with double_of(made, seen):
            assert made.change("new") == "changed"
            made.change.assert_called_once_with("new")
        assert seen == ["change"]
        made.change.assert_called_once_with("new")
        assert type(made.change).__mro__[1] is mock.MagicMock

    def test_a_method_that_nobody_has_set_up_is_a_boundary(self, seen, delivery):
        made = mock.Mock()
        with double_of(made, seen):
            made.change("new")
            made.change.assert_called_once_with("new")
            assert made.mock_calls == [mock.call.change("new")]
        assert seen == ["change"]
        assert type(made.change).__mro__[1] is mock.Mock
        made.change.assert_called_once_with("new")

    def test_a_mock_with_a_specification_is_wrapped(self, seen, delivery):
        made = mock.create_autospec(FakeDatabase, instance=True)
        with double_of(made, seen):
            made.change("new")
            with pytest.raises(AttributeError):
                made.remove()
        assert seen == ["change"]

    def test_an_asynchronous_method_of_a_mock_is_left_alone(self, seen, delivery):
        made = mock.create_autospec(Many, instance=True)
        with double_of(made, seen):
            made.change_later().close()
        assert seen == []

    def test_a_mock_offers_what_was_set_up(self):
        made = mock.MagicMock()
        made.accepts.return_value = True
        made.accepted.side_effect = lambda: ["value"]
        with double_of(made) as double:
            assert double.offers == {"accepts", "accepted"}
            assert (double.accepts("value"), double.accepted()) == (True, ["value"])

    @pytest.mark.parametrize(
        "make", [mock.MagicMock, functools.partial(mock.create_autospec, FakeDatabase, instance=True)]
    )
    def test_a_mock_that_nobody_has_set_up_offers_nothing(self, make):
        made = make()
        made.accepts("value")
        with double_of(made) as double:
            assert double.offers == frozenset()
            assert [type(make()) for make in double.errors] == [ConnectionError]
