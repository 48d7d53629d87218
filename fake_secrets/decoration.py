"""Decorating functions with `mock_stages`."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar, cast

import wrapt

from fake_secrets.activation import Activation

__all__ = ["decorate"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Function = TypeVar("Function", bound=Callable[..., Any])


class Activator(Protocol):
    """What decorates: a configured `mock_stages`."""

    def active(self) -> Activation:
        """Return what activates a world for the length of a `with` block."""


def decorate(function: Function, activator: Activator) -> Function:
    """Return a function or coroutine function that runs in a world.

    Args:
        function: what is decorated; its signature, name and attributes stay.
        activator: gives the world of each call.

    Raises:
        TypeError: for a class, a generator function, a fixture or what can't be called.
    """
    _refuse_undecoratable(function)
    if inspect.iscoroutinefunction(function):

        async def run_async(wrapped: Function, _: object, args: Any, kwargs: Any) -> Any:
            with activator.active():
                return await wrapped(*args, **kwargs)

        return cast("Function", _Decorated(function, run_async, activator))

    def run(wrapped: Function, _: object, args: Any, kwargs: Any) -> Any:
        with activator.active():
            return _finished(wrapped(*args, **kwargs))

    return cast("Function", _Decorated(function, run, activator))


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


def _finished(result: Any) -> Any:
    """Return the result of a decorated function, unless it would go on after the world is left.

    Raises:
        TypeError: it is a coroutine or a generator, which another decorator has hidden.
    """
    if not isinstance(result, Coroutine | Generator | AsyncGenerator):
        return result
    if not isinstance(result, AsyncGenerator):
        result.close()
    msg = (
        f"mock_stages was left before the {type(result).__name__} that it decorates has run. Put it below the "
        "other decorators, next to the function."
    )
    raise TypeError(msg)


def _refuse_undecoratable(function: object) -> None:
    kind = type(function)
    if inspect.isclass(function):
        msg = (
            f"mock_stages doesn't decorate classes yet, and {function.__name__} is one. With pytest, mark it: "
            "@pytest.mark.fake_secrets(...); else decorate its test methods."
        )
    elif inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        msg = (
            f"mock_stages doesn't decorate generator functions yet, and {function.__name__} is one. Put "
            "`with mock_stages(...):` around its yield."
        )
    elif isinstance(function, staticmethod | classmethod):
        msg = f"put mock_stages below @{kind.__name__}, next to the function"
    elif kind.__module__.startswith("_pytest."):
        msg = "put mock_stages below @pytest.fixture, next to the function; above it, the fixture would be lost"
    elif not callable(function):
        msg = f"mock_stages decorates functions, or takes secrets as a mapping; {kind.__name__} is neither"
    else:
        return
    raise TypeError(msg)
