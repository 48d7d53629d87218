"""What `mock_stages` decorates can be copied and pickled, as it can be undecorated."""

import abc
import asyncio
import copy
import functools
import inspect
import pickle
import subprocess
import sys
import unittest

import pytest

from fake_secrets import current, mock_stages


def seeds():
    return [secret.name for secret in current()]


@mock_stages({"db": "x"})
def function():
    return seeds()


@mock_stages
def bare():
    return seeds()


@mock_stages({"db": "x"})
async def coroutine_function():
    return seeds()


@mock_stages({"db": "x"})
def generator_function():
    yield from seeds()


@mock_stages({"db": "x"})
async def async_generator_function():
    for name in seeds():
        yield name


@mock_stages({"db": "x"})
@functools.lru_cache
def cached_below():
    return seeds()


class Methods:
    def __init__(self):
        self.callback = self.method

    @mock_stages({"db": "x"})
    def method(self):
        return [self, *seeds()]

    @mock_stages({"db": "x"})
    async def coroutine_method(self):
        return [self, *seeds()]

    @mock_stages({"db": "x"})
    @staticmethod
    def static():
        return seeds()

    @staticmethod
    @mock_stages({"db": "x"})
    def static_below():
        return seeds()

    @mock_stages({"db": "x"})
    @classmethod
    def of_class(cls):
        return [cls, *seeds()]

    @classmethod
    @mock_stages({"db": "x"})
    def of_class_below(cls):
        return [cls, *seeds()]

    class Nested:
        @mock_stages({"db": "x"})
        @staticmethod
        def static():
            return seeds()


class Plain:
    def method(self):
        return [self, *seeds()]


class Inheriting(Methods):
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    @mock_stages
    def method(self):
        pass


@mock_stages({"db": "x"})
class PlainClass:
    pass


@mock_stages({"db": "x"})
class Case(unittest.TestCase):
    def test(self):
        assert seeds() == ["db"]


@mock_stages
class Mixin:
    pass


class MixedIn(Mixin, Case):
    pass


FUNCTIONS = {
    "function": function,
    "bare": bare,
    "coroutine function": coroutine_function,
    "generator function": generator_function,
    "async generator function": async_generator_function,
    "cached function": cached_below,
    "static method, decorated below": Methods.static_below,
    "class": PlainClass,
    "TestCase": Case,
    "TestCase.run": Case.run,
    "TestCase.debug": Case.debug,
    "TestCase with a decorated mix-in": MixedIn,
    "mock_stages": mock_stages,
}
# Python makes these anew at each access.
OF_CLASS = {
    "method of a class": lambda: Methods.method,
    "coroutine method of a class": lambda: Methods.coroutine_method,
    "static method": lambda: Methods.static,
    "static method of an instance": lambda: Methods().static,
    "inherited static method": lambda: Inheriting.static,
    "static method of a nested class": lambda: Methods.Nested.static,
    "class method": lambda: Methods.of_class,
    "inherited class method": lambda: Inheriting.of_class,
    "class method, decorated below": lambda: Methods.of_class_below,
}
BOUND = ["method", "coroutine_method"]


def pickled(protocol):
    return lambda found: pickle.loads(pickle.dumps(found, protocol))  # noqa: S301 -- our own


PICKLES = {f"protocol {number}": pickled(number) for number in range(pickle.HIGHEST_PROTOCOL + 1)}
TRIPS = {"copy": copy.copy, "deepcopy": copy.deepcopy, **PICKLES}


def result_of(function, *arguments):
    """Call a function of any kind, and return what it returns or yields."""
    called = function(*arguments)
    if inspect.isasyncgen(called):

        async def collect():
            return [item async for item in called]

        return asyncio.run(collect())
    return asyncio.run(called) if inspect.iscoroutine(called) else called


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("found", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_copy_of_a_function_or_class_is_the_same_object(found, trip):
    assert trip(found) is found


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("read", OF_CLASS.values(), ids=OF_CLASS)
def test_a_copy_of_a_classs_function_runs_in_the_same_world(read, trip):
    copied = trip(read())
    assert copied == read()
    is_method = read() == Methods.method or read() == Methods.coroutine_method
    assert result_of(copied, *[Methods()] * is_method)[-1] == "db"


@pytest.mark.parametrize("name", BOUND)
class TestBoundMethods:
    def test_a_copy_is_bound_to_the_same_instance(self, name):
        instance = Methods()
        assert result_of(copy.copy(getattr(instance, name))) == [instance, "db"]

    def test_a_deep_copy_is_bound_to_a_deep_copy_of_the_instance(self, name):
        instance = Methods()
        instance.items = [[]]
        copied, secret = result_of(copy.deepcopy(getattr(instance, name)))
        assert (type(copied), secret) == (Methods, "db")
        assert copied is not instance
        assert copied.items[0] is not instance.items[0]

    @pytest.mark.parametrize("trip", PICKLES.values(), ids=PICKLES)
    def test_a_pickle_is_bound_to_the_pickled_instance(self, name, trip):
        instance = Methods()
        instance.mark = "pickled"
        copied, secret = result_of(trip(getattr(instance, name)))
        assert (type(copied), copied.mark, secret) == (Methods, "pickled", "db")
        assert copied is not instance


@pytest.mark.parametrize("trip", [copy.deepcopy, *PICKLES.values()], ids=["deepcopy", *PICKLES])
def test_an_instance_that_holds_its_own_bound_method_travels(trip):
    copied = trip(Methods())
    assert copied.callback() == [copied, "db"]


def test_copies_keep_arguments_and_names():
    assert copy.copy(Methods.method).__name__ == "method"
    assert inspect.signature(copy.deepcopy(function)) == inspect.signature(function)


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
def test_a_decorated_partial_travels_as_a_value(trip):
    copied = trip(mock_stages({"other": "y"})(functools.partial(zip, ["a"])))
    assert list(copied(["b"])) == [("a", "b")]


@pytest.mark.parametrize("trip", PICKLES.values(), ids=PICKLES)
def test_a_bound_method_that_was_decorated_travels_with_its_instance(trip):
    plain = Plain()
    plain.mark = "pickled"
    copied, secret = trip(mock_stages({"other": "y"})(plain.method))()
    assert (type(copied), copied.mark, secret) == (Plain, "pickled", "other")


def test_a_local_function_can_be_copied_but_not_pickled():
    @mock_stages({"db": "s3cret"})
    def local():
        pass

    assert copy.copy(local) is copy.deepcopy(local) is local
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"[Cc]an't .*local") as refused:
        pickle.dumps(local)
    assert "s3cret" not in str(refused.value)


def test_a_function_hidden_by_another_can_not_be_pickled(monkeypatch):
    hidden = function
    monkeypatch.setitem(globals(), "function", lambda: None)
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(hidden)


def test_an_abstract_method_stays_abstract():
    assert copy.copy(Abstract.method).__isabstractmethod__
    assert pickle.loads(pickle.dumps(Abstract.method)).__isabstractmethod__  # noqa: S301 -- our own


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
class TestMockStagesObjects:
    def test_a_copy_opens_a_world_with_the_same_options(self, trip):
        with trip(mock_stages({"db": "x"}, region="eu-west-1")) as handle:
            assert (seeds(), handle.region) == (["db"], "eu-west-1")

    def test_a_copy_of_an_active_one_has_a_world_of_its_own(self, trip):
        original = mock_stages({"db": "x"})
        with original as outer:
            with trip(original) as inner:
                assert inner is not outer
            assert current() is outer

    def test_a_copy_of_a_bare_one_joins_the_active_world(self, trip):
        with mock_stages() as outer, trip(mock_stages()) as inner:
            assert inner is outer


def test_a_test_case_can_be_pickled_and_run_afterwards():
    result = unittest.TestResult()
    pickle.loads(pickle.dumps(Case("test"))).run(result)  # noqa: S301 -- our own
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


IN_A_POOL = """
import concurrent.futures
import multiprocessing

from fake_secrets import current, mock_stages


@mock_stages({"db": "x"})
def names(first, *, second):
    return [first, second, *(secret.name for secret in current())]


class Service:
    @mock_stages({"db": "y"})
    def value(self):
        return current()["db"].value()

    @mock_stages({"db": "z"})
    @staticmethod
    def static():
        return current()["db"].value()


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        futures = [pool.submit(names, 1, second=2), pool.submit(Service().value), pool.submit(Service.static)]
        print([future.result(timeout=60) for future in futures])
"""


@pytest.mark.slow
def test_a_process_pool_runs_decorated_functions_and_methods(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(IN_A_POOL)
    command = [sys.executable, str(program)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout == "[[1, 2, 'db'], 'y', 'z']\n"
