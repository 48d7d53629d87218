"""Decorating with `mock_stages`: functions of every kind, and classes."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import unittest
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import AsyncContextDecorator, ContextDecorator
from typing import Any, Protocol, TypeVar, cast

import wrapt

from fake_secrets.activation.opening import Activation
from fake_secrets.options import CLASS_DECORATOR, decorator_on

__all__ = ["decorate"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Target = TypeVar("Target", bound=Callable[..., Any])

_RUN_METHODS = ("run", "debug")


class Activator(Protocol):
    """What decorates: a configured `mock_stages`."""

    _options: dict[str, Any]

    def _activation(self, options: Mapping[str, Any] | None = None) -> Activation:
        """Return what activates a world for the length of a `with` block."""


def decorate(target: Target, activator: Activator) -> Target:
    """Return what runs in a world: the function that is decorated, or the tests of the class.

    Args:
        target: a function, coroutine function, generator function or asynchronous generator
            function, a static or class method, or a class. A function's signature, name and
            attributes stay. A `unittest.TestCase` runs each test in a world, set-up, tear-down
            and cleanups included; of any other class pytest does, as of a marked one.
        activator: gives the world of each call.

    Raises:
        TypeError: it is a fixture, or can't be called.
    """
    if inspect.isclass(target):
        return cast("Target", _decorate_class(target, activator))
    _refuse_undecoratable(target)
    return cast("Target", _Decorated(target, _wrapper_for(target, activator), activator))


class _Decorated(wrapt.FunctionWrapper):  # type: ignore[type-arg]  # the function's type is told by a cast
    """A decorated function; the pytest plugin finds the decorator's options on it.

    Args:
        function: the function.
        run: runs it in a world.
        activator: whose options the world has.
    """

    def __init__(self, function: Any, run: Any, activator: Activator) -> None:
        super().__init__(function, run)
        # wrapt keeps attributes of this prefix on the wrapper; others go to the function.
        self._self_fake_secrets = activator


def _wrapper_for(target: Any, activator: Activator) -> Callable[..., Any]:
    """Return what calls a function in a world, of the kind that the function is."""
    function = getattr(target, "__func__", target)

    def run(wrapped: Any, _: object, args: Any, kwargs: Any) -> Any:
        with activator._activation():
            return _finished(wrapped(*args, **kwargs))

    async def run_coroutine(wrapped: Any, _: object, args: Any, kwargs: Any) -> Any:
        with activator._activation():
            return await wrapped(*args, **kwargs)

    def run_generator(wrapped: Any, _: object, args: Any, kwargs: Any) -> Any:
        return _generate(activator, wrapped(*args, **kwargs))

    def run_async_generator(wrapped: Any, _: object, args: Any, kwargs: Any) -> Any:
        return _generate_async(activator, wrapped(*args, **kwargs))

    if inspect.iscoroutinefunction(function):
        return run_coroutine
    if inspect.isgeneratorfunction(function):
        return run_generator
    if inspect.isasyncgenfunction(function):
        return run_async_generator
    return run


def _generate(activator: Activator, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    with activator._activation():
        return (yield from generator)


async def _generate_async(activator: Activator, generator: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """Go through an asynchronous generator, passing on what is sent to it and thrown into it."""
    with activator._activation():
        async with contextlib.aclosing(generator):
            step = generator.__anext__()
            while True:
                try:
                    item = await step
                except StopAsyncIteration:
                    return
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 -- whatever is thrown in is the generator's
                    step = generator.athrow(error)
                else:
                    step = generator.asend(sent)


def _finished(result: Any) -> Any:
    """Return the result of a decorated function, unless it would go on after the world is left.

    Raises:
        TypeError: it is a coroutine, a generator or the context manager of one, which another
            decorator has hidden.
    """
    # Of context managers, only contextlib's own run a generator later.
    is_context_manager = isinstance(result, ContextDecorator | AsyncContextDecorator)
    runs_later = getattr(result, "gen", None) if is_context_manager else result
    if not isinstance(runs_later, Coroutine | Generator | AsyncGenerator):
        return result
    if not isinstance(runs_later, AsyncGenerator):
        runs_later.close()
    msg = (
        f"mock_stages was left before the {type(runs_later).__name__} that it decorates has run. Put it below the "
        "other decorators, next to the function."
    )
    raise TypeError(msg)


def _decorate_class(target: type, activator: Activator) -> type:
    setattr(target, CLASS_DECORATOR, activator)
    if issubclass(target, unittest.TestCase):
        _run_in_worlds(target)
    else:
        _await_test_cases(target)
    return target


def _run_in_worlds(test_case: type[unittest.TestCase]) -> None:
    for name in _RUN_METHODS:
        method = getattr(test_case, name)
        # A subclass inherits a method that looks its decorators up by itself.
        if not hasattr(method, CLASS_DECORATOR):
            setattr(test_case, name, _in_a_world(method))


def _await_test_cases(mixin: type) -> None:
    """Have the TestCases run in worlds that a decorated class is mixed into."""
    own = vars(mixin).get("__init_subclass__")
    after: Any = mixin

    def init_subclass(cls: Any, /, **arguments: Any) -> None:
        if own is None:
            super(after, cls).__init_subclass__(**arguments)
        else:
            own.__get__(None, cls)(**arguments)
        if issubclass(cls, unittest.TestCase):
            _run_in_worlds(cls)

    hook: Any = classmethod(init_subclass)
    setattr(mixin, "__init_subclass__", hook)  # noqa: B010 -- typed as a method there


def _in_a_world(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of a TestCase that runs a test."""

    @functools.wraps(method)
    def run(self: unittest.TestCase, *args: Any, **kwargs: Any) -> Any:
        test = getattr(self, self._testMethodName, None)
        of_classes = (vars(base).get(CLASS_DECORATOR) for base in type(self).__mro__)
        # The closest first; that of the test itself joins the world that it opens here.
        decorators = [found for found in (decorator_on(test), *of_classes) if found is not None]
        options: dict[str, Any] = {}
        for decorator in reversed(decorators):
            options.update(decorator._options)
        if any(getattr(skipped, "__unittest_skip__", False) for skipped in (type(self), test)):
            return method(self, *args, **kwargs)
        activation = decorators[0]._activation(options)
        try:
            activation.__enter__()
        except Exception:  # noqa: BLE001 -- whatever is wrong is this test's error, and others go on
            return _without_a_world(self, method.__name__, *args)
        try:
            return method(self, *args, **kwargs)
        finally:
            activation.__exit__(None, None, None)

    setattr(run, CLASS_DECORATOR, True)
    return run


def _without_a_world(test: unittest.TestCase, method: str, result: unittest.TestResult | None = None) -> Any:
    """Report what kept a world from being entered, as `TestCase.run` reports a set-up that fails."""
    if method != "run":
        raise  # noqa: PLE0704 -- `debug` lets everything out
    result = result or test.defaultTestResult()
    result.startTest(test)
    result.addError(test, sys.exc_info())
    result.stopTest(test)
    return result


def _refuse_undecoratable(target: object) -> None:
    kind = type(target)
    # Before pytest 8.4 a fixture is a function with a mark.
    if kind.__module__.startswith("_pytest.") or hasattr(target, "_pytestfixturefunction"):
        msg = "put mock_stages below @pytest.fixture, next to the function; above it, the fixture would be lost"
    elif not callable(target) and not isinstance(target, classmethod):
        msg = f"mock_stages decorates functions, or takes secrets as a mapping; {kind.__name__} is neither"
    else:
        return
    raise TypeError(msg)
