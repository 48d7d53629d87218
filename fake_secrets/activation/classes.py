"""`mock_stages` as a decorator of classes: of TestCases, of their mix-ins, and of classes that pytest collects."""

from __future__ import annotations

import functools
import sys
import types
import unittest
from collections.abc import Callable
from typing import Any

from fake_secrets.activation.activator import Activator
from fake_secrets.activation.hiding import note_a_hidden_world
from fake_secrets.activation.opening import Activation
from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.options import CLASS_DECORATOR, decorator_on

__all__ = ["decorate_class"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_RUN_METHODS = ("run", "debug")


def decorate_class(target: type, activator: Activator) -> type:
    """Decorate a class, so that its tests run in worlds.

    Args:
        target: a TestCase, a mix-in of TestCases, or a class of tests for pytest.
        activator: activates a world for each test.

    Returns:
        The class itself.
    """
    setattr(target, CLASS_DECORATOR, activator)
    if issubclass(target, unittest.TestCase):
        _run_in_worlds(target)
    else:
        _await_test_cases(target)
    return target


def _run_in_worlds(test_case: type[unittest.TestCase]) -> None:
    for name in _RUN_METHODS:
        method = getattr(test_case, name)
        # A subclass inherits the wrapper, which looks up the decorators of the instance's class.
        if not hasattr(method, CLASS_DECORATOR):
            setattr(test_case, name, _Method(_in_a_world(method, test_case)))


class _Method:
    """A function in a class's namespace that decorators of classes don't take for a function.

    `mock_aws` of moto wraps each function that it finds there. If it wrapped `run`, its mock would already be
    active around each test, and wouldn't reset when `setUp` or the test starts its own.

    Args:
        function: the function, which is what everybody else finds in the class.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __get__(self, instance: unittest.TestCase | None, _: object = None) -> Callable[..., Any]:
        return self._function if instance is None else types.MethodType(self._function, instance)


def _await_test_cases(mixin: type) -> None:
    """Wrap the TestCases that later inherit from a decorated mix-in class."""
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
    setattr(mixin, "__init_subclass__", hook)  # noqa: B010 -- an assignment would fail type checks


def _in_a_world(method: Callable[..., Any], test_case: type[unittest.TestCase]) -> Callable[..., Any]:
    """Wrap `run` or `debug` of a TestCase, so that the test runs in a world."""

    @functools.wraps(method)
    def run(self: unittest.TestCase, *args: Any, **kwargs: Any) -> Any:
        test = getattr(self, self._testMethodName, None)
        of_classes = (vars(base).get(CLASS_DECORATOR) for base in type(self).__mro__)
        # The closest first. The decorator of the test itself opens its world here, and joins it later.
        decorators = [found for found in (decorator_on(test), *of_classes) if found is not None]
        options: dict[str, Any] = {}
        for decorator in reversed(decorators):
            options.update(decorator._options)
        if any(getattr(skipped, "__unittest_skip__", False) for skipped in (type(self), test)):
            return method(self, *args, **kwargs)
        line = next((decorator._line for decorator in decorators if decorator._line), None)
        activation = decorators[0]._activation(options, line)
        try:
            activation.__enter__()
        except Exception:  # noqa: BLE001 -- any error is this test's own, and other tests still run
            return _without_a_world(self, method.__name__, *args)
        if any(decorator._options for decorator in decorators if decorator is not decorator_on(test)):
            note_a_hidden_world(type(self), activation, line)
        try:
            return method(self, *args, **kwargs)
        finally:
            _leave(activation, self, method.__name__, *args)

    setattr(run, CLASS_DECORATOR, True)
    # Pickle finds it there. It may be unittest's own method that is wrapped.
    run.__module__, run.__qualname__ = test_case.__module__, f"{test_case.__qualname__}.{method.__name__}"
    return run


def _leave(
    activation: Activation, test: unittest.TestCase, method: str, result: unittest.TestResult | None = None
) -> None:
    """Leave the world of a test. If a filter makes a remark of the world an error, the test fails."""
    try:
        activation.__exit__(None, None, None)
    except FakeSecretsWarning:
        # Without a result, or in `debug`, nobody else would learn of it.
        if method != "run" or result is None:
            raise
        result.addFailure(test, sys.exc_info())


def _without_a_world(test: unittest.TestCase, method: str, result: unittest.TestResult | None = None) -> Any:
    """Report the error that prevented a world, as `TestCase.run` reports a failing set-up."""
    if method != "run":
        raise  # noqa: PLE0704 -- `debug` lets every exception through
    result = result or test.defaultTestResult()
    result.startTest(test)
    result.addError(test, sys.exc_info())
    result.stopTest(test)
    return result
