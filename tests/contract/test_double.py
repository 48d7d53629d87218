"""The service double: which calls are boundaries, and what a check may ask it."""

import collections
import contextlib
import copy
import dataclasses
import functools
import inspect
import pickle
import threading
import types
from unittest import mock

import pytest

from fake_secrets import FunctionCrash, mock_stages
from fake_secrets.contract.double import Double, is_at_work
from fake_secrets.observe.ledger import RunningStep


class FakeDatabase:
    """A database with one user, as somebody would write it for a test."""

    kind = "database"

    def __init__(self):
        self.passwords = ["old"]

    def change(self, password, *, force=False):
        self.log_in()
        self.passwords = [password]
        return "changed"

    def log_in(self):
        return "logged in"

    def _private(self):
        return "private"

    def accepts(self, value):
        return value["password"] in self.passwords

    def accepted(self):
        return [{"password": password} for password in self.passwords]

    def drop(self, value):
        self.passwords.remove(value["password"])

    def settle(self):
        pass


class Seen(list):
    """Notes the boundaries, and lets each call happen."""

    def __call__(self, name, ask):
        self.append(name)
        return ask()


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def delivery():
    step = RunningStep("setSecret")
    with step:
        yield step


def double_of(made, around=None):
    return Double(lambda: made, Seen() if around is None else around)


class TestBoundaries:
    def test_a_public_method_that_a_delivery_calls_is_one(self, seen, delivery):
        database = FakeDatabase()
        with double_of(database, seen):
            assert database.change("new", force=True) == "changed"
        assert (seen, database.passwords) == (["change"], ["new"])

    def test_a_call_outside_of_a_delivery_is_none(self, seen):
        database = FakeDatabase()
        with double_of(database, seen):
            database.change("new")
        assert (seen, database.passwords) == ([], ["new"])

    def test_a_call_after_the_delivery_is_none(self, seen):
        database = FakeDatabase()
        step = RunningStep("setSecret")
        with double_of(database, seen), step:
            step.is_over = True
            database.change("new")
        assert seen == []

    def test_the_call_of_a_rotation_function_in_a_world_is_one(self, seen):
        database = FakeDatabase()
        with double_of(database, seen), mock_stages({"prod/db": "x"}, rotation_errors="record") as fake_secrets:
            fake_secrets.rotate("prod/db", lambda event, context: database.log_in())
        assert seen == ["log_in"] * 4

    def test_a_private_method_is_none(self, seen, delivery):
        database = FakeDatabase()
        with double_of(database, seen):
            assert database._private() == "private"
        assert seen == []

    def test_what_the_check_asks_is_none(self, seen, delivery):
        with double_of(FakeDatabase(), seen) as double:
            double.accepts({"password": "old"})
            double.accepted()
            double.settle()
            double.drop({"password": "old"})
        assert seen == []

    def test_a_question_that_the_function_itself_asks_is_one(self, seen, delivery):
        database = FakeDatabase()
        with double_of(database, seen):
            assert database.accepts({"password": "old"}) is True
        assert seen == ["accepts"]

    def test_a_call_in_a_thread_of_the_function_is_one(self, seen):
        database = FakeDatabase()

        def rotate(event, context):
            thread = threading.Thread(target=database.log_in)
            thread.start()
            thread.join(10)

        with double_of(database, seen), mock_stages({"prod/db": "x"}, rotation_errors="record") as fake_secrets:
            fake_secrets.rotate("prod/db", rotate)
        assert seen == ["log_in"] * 4

    def test_the_function_gets_what_happens_there_instead(self, delivery):
        database = FakeDatabase()

        def refuse(name, ask):
            raise ConnectionError(name)

        with double_of(database, refuse), pytest.raises(ConnectionError, match="change"):
            database.change("new")
        assert database.passwords == ["old"]

    def test_a_death_there_leaves_the_next_call_a_boundary(self, delivery):
        database, names = FakeDatabase(), []

        def kill(name, ask):
            names.append(name)
            ask()
            raise FunctionCrash(name)

        with double_of(database, kill):
            for _ in range(2):
                with pytest.raises(FunctionCrash):
                    database.change("new")
        assert names == ["change", "change"]

    def test_an_error_in_a_method_leaves_the_next_call_a_boundary(self, seen, delivery):
        database = FakeDatabase()
        database.fail = mock.Mock(side_effect=OSError)
        with double_of(database, seen):
            for _ in range(2):
                with pytest.raises(OSError):
                    database.fail()
        assert seen == ["fail", "fail"]

    def test_a_method_that_is_kept_beyond_the_scenario_is_none(self, seen, delivery):
        database = FakeDatabase()
        with double_of(database, seen):
            kept = database.change
        assert kept("new") == "changed"
        assert (seen, database.passwords) == ([], ["new"])

    def test_a_method_at_work_is_told(self, delivery):
        database, told = FakeDatabase(), []
        database.tell = lambda: told.append(is_at_work())
        with double_of(database):
            told.append(is_at_work())
            database.tell()
        assert told == [False, True]


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
        class Pair(collections.namedtuple("Pair", "id secret")):
            __slots__ = ()

            def delete(self):
                return self.id

        made = Pair("id", "secret")
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
        exec(
            "from json import dumps\ndef change(password): return log_in()\ndef log_in(): return dumps(1)",
            vars(driver),
        )  # noqa: S102, E501
        change = driver.change
        with double_of(driver, seen):
            assert driver.change("new") == "1"
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

    @pytest.mark.parametrize("made", [mock.MagicMock(), mock.create_autospec(FakeDatabase, instance=True)])
    def test_a_mock_that_nobody_has_set_up_offers_nothing(self, made):
        with double_of(made) as double:
            assert double.offers == frozenset()
            assert [type(make()) for make in double.errors] == [ConnectionError]


class TestOffers:
    def test_a_double_is_asked_what_it_offers(self):
        made = FakeDatabase()
        with double_of(made) as double:
            assert double.offers == {"accepts", "accepted", "drop", "settle"}
            assert double.accepts({"password": "old"}) is True
            assert double.accepted() == [{"password": "old"}]
            assert (double.settle(), double.drop({"password": "old"})) == (True, True)
            assert double.accepts({"password": "old"}) is False

    def test_a_double_that_offers_nothing_answers_nothing(self):
        with double_of(Slotted()) as double:
            assert double.offers == frozenset()
            assert (double.accepts("value"), double.accepted(), double.snapshot()) == (None, None, None)
            assert (double.drop("value"), double.settle()) == (False, False)

    def test_a_method_that_raises_notimplementederror_is_not_offered_from_then_on(self):
        class Base(FakeDatabase):
            asked = 0

            def accepts(self, value):
                self.asked += 1
                raise NotImplementedError

        made = Base()
        with double_of(made) as double:
            assert "accepts" in double.offers
            assert (double.accepts("value"), double.accepts("value")) == (None, None)
            assert double.offers == {"accepted", "drop", "settle"}
        assert made.asked == 1

    def test_an_attribute_that_is_no_method_is_not_offered(self):
        with double_of(types.SimpleNamespace(accepted=["value"], accepts=None)) as double:
            assert double.offers == frozenset()

    def test_a_double_that_delegates_is_asked(self):
        class Delegating:
            def __init__(self):
                self._real = FakeDatabase()

            def __getattr__(self, name):
                if name == "_real":
                    raise AttributeError(name)
                return getattr(self._real, name)

        with double_of(Delegating()) as double:
            assert double.accepts({"password": "old"}) is True

    def test_any_true_value_says_that_a_credential_works(self):
        with double_of(types.SimpleNamespace(accepts=lambda value: value)) as double:
            assert (double.accepts("value"), double.accepts("")) == (True, False)

    @pytest.mark.parametrize(
        ("answers", "message"),
        [
            ({"accepts": lambda value: None}, "SimpleNamespace.accepts returned None; return True if"),
            ({"accepted": lambda: None}, "SimpleNamespace.accepted returned None; return a list of"),
            ({"accepted": lambda: {"user": "old"}}, "SimpleNamespace.accepted returned a dict; return a list of"),
            ({"accepted": lambda: "old"}, "SimpleNamespace.accepted returned a str; return a list of"),
        ],
    )
    def test_an_answer_of_another_kind_is_refused(self, answers, message):
        with double_of(types.SimpleNamespace(**answers)) as double, pytest.raises(TypeError) as raised:
            double.accepts("old")
            double.accepted()
        assert str(raised.value).startswith(message)

    def test_an_answer_that_has_to_be_awaited_is_refused(self):
        class Later:
            async def accepts(self, value):
                return True

        with double_of(Later()) as double, pytest.raises(TypeError, match=r"Later\.accepts .* coroutine"):
            double.accepts("value")

    def test_an_error_in_an_answer_says_who_asked(self):
        with double_of(FakeDatabase()) as double, pytest.raises(KeyError) as raised:
            double.accepts({})
        assert raised.value.__notes__ == ["raised when the check asked FakeDatabase.accepts"]


class TestSnapshots:
    def test_they_are_equal_whatever_the_order(self):
        made = FakeDatabase()
        with double_of(made) as double:
            made.passwords = ["a", "b"]
            first = double.snapshot()
            made.passwords = ["b", "a"]
            assert double.snapshot() == first
            assert hash(double.snapshot()) == hash(first)

    def test_they_tell_how_often_a_value_is_there(self):
        made = FakeDatabase()
        with double_of(made) as double:
            first = double.snapshot()
            made.passwords.append("old")
            assert double.snapshot() != first

    @pytest.mark.parametrize(
        "value",
        [{"keys": ["a", {"b": 1}]}, ["a"], {"a"}, bytearray(b"a"), types.SimpleNamespace(key="a")],
        ids=lambda value: type(value).__name__,
    )
    def test_later_changes_do_not_change_them(self, value):
        made = types.SimpleNamespace(accepted=lambda: [value])
        with double_of(made) as double:
            first = double.snapshot()
            assert double.snapshot() == first
            if isinstance(value, dict):
                value["keys"][1]["b"] = 2
            elif isinstance(value, types.SimpleNamespace):
                value.key = "b"
            else:
                value.pop()
            assert double.snapshot() != first

    def test_text_and_bytes_differ(self):
        made = types.SimpleNamespace(accepted=lambda: ["a"])
        with double_of(made) as double:
            first = double.snapshot()
            made.accepted = lambda: [b"a"]
            assert double.snapshot() != first

    def test_they_show_no_value(self):
        with double_of(FakeDatabase()) as double:
            assert repr(double.snapshot()) == "<1 credentials>"


class Demanding(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


class Impossible(Exception):
    def __init__(self, code, reason):
        super().__init__()
        self.code = code

    def __str__(self):
        return str(self.code)


class TestErrors:
    def errors_of(self, errors):
        with double_of(types.SimpleNamespace(errors=errors)) as double:
            return double.errors

    def test_a_connection_error_is_the_default(self):
        with double_of(FakeDatabase()) as double:
            (make,) = double.errors
        assert type(make()) is ConnectionError
        assert str(make()) == "the connection was lost"

    def test_each_error_is_a_new_one(self):
        (make,) = self.errors_of((OSError,))
        assert make() is not make()

    @pytest.mark.parametrize("errors", [OSError, (OSError,), [OSError], OSError("refused")])
    def test_one_error_needs_no_tuple(self, errors):
        assert [type(make()) for make in self.errors_of(errors)] == [OSError]

    def test_an_exception_is_given_as_it_is_but_new(self):
        given = OSError(104, "reset")
        given.code = "08006"
        try:
            raise given
        except OSError:
            (make,) = self.errors_of((given,))
        made = make()
        assert made is not given
        assert (made.args, made.code, made.__traceback__) == ((104, "reset"), "08006", None)

    def test_an_exception_whose_class_wants_other_arguments_is_given_as_it_is(self):
        (make,) = self.errors_of((Demanding(7, "gone"),))
        assert (str(make()), make().code) == ("7: gone", 7)

    def test_a_class_that_wants_no_arguments_is_made_without(self):
        class Bare(Exception):
            def __init__(self):
                super().__init__("bare")

        (make,) = self.errors_of((Bare,))
        assert str(make()) == "bare"

    def test_a_class_that_wants_other_arguments_is_made_without_its_constructor(self):
        (make,) = self.errors_of((Demanding,))
        assert str(make()) == "the connection was lost"

    def test_a_class_that_cannot_be_made_is_refused_with_the_fix(self):
        with pytest.raises(TypeError, match=r"errors = \(Impossible\(\.\.\.\),\)"):
            self.errors_of((Impossible,))

    @pytest.mark.parametrize("errors", ["timeout", (int,), (KeyboardInterrupt,), None])
    def test_anything_else_is_refused(self, errors):
        with pytest.raises(TypeError, match=r"SimpleNamespace\.errors takes classes of exceptions"):
            self.errors_of(errors)

    def test_a_double_without_errors_of_its_own_may_have_none(self):
        assert self.errors_of(()) == ()


class TestContextManagers:
    def test_the_double_is_entered_and_left(self, seen, delivery):
        class Entered(FakeDatabase):
            state = "new"

            def __enter__(self):
                self.log_in()
                self.state = "entered"

            def __exit__(self, *exception):
                self.log_in()
                self.state = "left"

        made = Entered()
        with double_of(made, seen):
            assert made.state == "entered"
        assert (made.state, seen) == ("left", [])
        assert "log_in" not in vars(made)

    def test_its_methods_are_wrapped_before_it_is_entered(self, seen, delivery):
        class Entered(FakeDatabase):
            def __enter__(self):
                self.held = self.log_in

            def __exit__(self, *exception):
                pass

        made = Entered()
        with double_of(made, seen):
            made.held()
        assert seen == ["log_in"]

    def test_what_contextlibs_managers_give_is_the_double(self, seen, delivery):
        made, states = FakeDatabase(), []

        @contextlib.contextmanager
        def running_database():
            states.append("in")
            try:
                yield made
            finally:
                states.append("out")

        with Double(running_database, seen) as double:
            made.log_in()
            assert double.accepts({"password": "old"}) is True
        assert (seen, states) == (["log_in"], ["in", "out"])
        assert "log_in" not in vars(made)

    def test_one_that_gives_nothing_is_left_and_refused(self):
        states = []

        @contextlib.contextmanager
        def nothing():
            yield
            states.append("out")

        with pytest.raises(TypeError, match=r"service\(\) returned None"), double_of(nothing()):
            pass

    def test_an_exception_in_the_scenario_comes_out_and_the_double_is_restored(self):
        class Swallowing(FakeDatabase):
            def __enter__(self):
                pass

            def __exit__(self, *exception):
                self.exception = exception
                return True

        made = Swallowing()
        with pytest.raises(KeyboardInterrupt), double_of(made):
            raise KeyboardInterrupt
        assert made.exception[0] is KeyboardInterrupt
        assert "log_in" not in vars(made)

    @pytest.mark.parametrize("where", ["__enter__", "__exit__"])
    def test_a_failure_of_the_double_leaves_its_methods_restored(self, where):
        class Failing(FakeDatabase):
            def __enter__(self):
                if where == "__enter__":
                    raise OSError

            def __exit__(self, *exception):
                raise OSError

        made = Failing()
        with pytest.raises(OSError), double_of(made):
            pass
        assert "log_in" not in vars(made)


class TestFactories:
    @pytest.mark.parametrize(
        "factory",
        [
            FakeDatabase,
            lambda: FakeDatabase(),
            functools.partial(FakeDatabase),
            mock.Mock(side_effect=FakeDatabase),
        ],
    )
    def test_anything_that_makes_a_double_serves(self, factory):
        with Double(factory, Seen()) as double:
            assert double.accepts({"password": "old"}) is True

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (FakeDatabase(), "A double itself was given: a FakeDatabase"),
            (mock.MagicMock(), "A mock was given that makes nothing"),
            (None, "None can't be called"),
            ("database", "a str can't be called"),
        ],
    )
    def test_anything_else_is_refused_with_an_example(self, given, message):
        with pytest.raises(TypeError, match="service= takes what makes a fresh service double") as raised:
            Double(given, Seen())
        assert message in str(raised.value)
        assert "such as service=FakeDatabase" in str(raised.value)

    @pytest.mark.parametrize(
        ("made", "message"),
        [(None, r"service\(\) returned None"), (FakeDatabase, r"service\(\) returned the class FakeDatabase")],
    )
    def test_one_that_makes_no_double_is_refused(self, made, message):
        with pytest.raises(TypeError, match=message):
            double_of(made)

    def test_its_own_error_comes_out(self):
        with pytest.raises(ZeroDivisionError):
            Double(lambda: 1 / 0, Seen())
