"""The service double: which calls are boundaries, and what a check may ask it."""

import contextlib
import functools
import threading
import types
from unittest import mock

import boto3
import pytest
from botocore.stub import Stubber
from fake_database import FakeDatabase, Seen, double_of

from fake_secrets import FunctionCrash, mock_stages
from fake_secrets.contract.double import Double, is_at_work
from fake_secrets.hook.foreign import watching
from fake_secrets.observe.entry import RunningStep


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def delivery():
    step = RunningStep("setSecret")
    with step:
        yield step


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

        def refuse(name, ask, arguments):
            raise ConnectionError(name)

        with double_of(database, refuse), pytest.raises(ConnectionError, match="change"):
            database.change("new")
        assert database.passwords == ["old"]

    def test_a_death_there_leaves_the_next_call_a_boundary(self, delivery):
        database, names = FakeDatabase(), []

        def kill(name, ask, arguments):
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
        database.fail = mock.Mock(side_effect=TimeoutError)
        with double_of(database, seen):
            for _ in range(2):
                with pytest.raises(TimeoutError):
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


class TestForeignCallsOfADouble:
    def test_they_are_told_from_those_of_the_function(self, delivery, fake_secrets):
        client, told = boto3.client("ssm", region_name="us-east-1"), []
        database = FakeDatabase()
        database.note = lambda: client.get_parameter(Name="host")

        def around(client, operation, ask, members):
            told.append(is_at_work())
            return ask()

        with Stubber(client) as stubber, double_of(database), watching(around):
            stubber.add_response("get_parameter", {})
            stubber.add_response("get_parameter", {})
            database.note()
            client.get_parameter(Name="host")
        assert told == [True, False]


class Bare:
    pass


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
        with double_of(Bare()) as double:
            assert double.offers == frozenset()
            assert (double.accepts("value"), double.accepted()) == (None, None)
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
            try:
                yield
            finally:
                states.append("out")

        message = r"the context manager that service\(\) returned gives None when it is entered; let it give"
        with pytest.raises(TypeError, match=message), double_of(nothing()):
            pass
        assert states == ["out"]

    def test_an_object_whose_way_in_gives_nothing_is_itself_the_double(self):
        class Quiet(FakeDatabase):
            def __enter__(self):
                pass

            def __exit__(self, *exception):
                pass

        made = Quiet()
        with double_of(made) as double:
            assert double.instance is made

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
                    raise TimeoutError

            def __exit__(self, *exception):
                raise TimeoutError

        made = Failing()
        with pytest.raises(TimeoutError), double_of(made):
            pass
        assert "log_in" not in vars(made)


class TestFactories:
    @pytest.mark.parametrize(
        "factory",
        [
            FakeDatabase,
            mock.Mock(return_value=FakeDatabase()),
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
            (mock.NonCallableMock(), "A mock was given that makes nothing"),
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
