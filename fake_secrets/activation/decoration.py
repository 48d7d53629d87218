"""`mock_stages` as a decorator, for functions of every kind; `classes.py` has that of classes."""

from __future__ import annotations

import contextlib
import copy
import inspect
import pkgutil
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AsyncContextDecorator, ContextDecorator
from typing import Any, TypeVar, cast

import wrapt

from fake_secrets.activation.activator import Activator
from fake_secrets.options import decorator_on

__all__ = ["decorate"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Target = TypeVar("Target", bound=Callable[..., Any])


def decorate(target: Target, activator: Activator) -> Target:
    """Decorate a function, so that it runs in a world, or a class, so that its tests do.

    A decorated function keeps its signature, name and attributes. A decorated `unittest.TestCase`
    runs each test in a world, including set-up, tear-down and cleanups; this works under any runner.
    Any other class works under pytest only, like a class with the marker.

    Args:
        target: a function, coroutine function, generator function, asynchronous generator function,
            static method, class method or class.
        activator: activates a world for each call.

    Returns:
        The wrapped function, or the class itself.

    Raises:
        TypeError: if `target` is a pytest fixture or can't be called.
    """
    if inspect.isclass(target):
        from fake_secrets.activation.classes import decorate_class  # noqa: PLC0415 -- it imports unittest

        return cast("Target", decorate_class(target, activator))
    _refuse_undecoratable(target)
    return cast("Target", _Decorated(target, _wrapper_for(target, activator), activator))


class _Travels:
    """Copies and pickles a decorated function as Python does a plain one; wrapt's own wrappers refuse both.

    A copy of a function is the function itself, and a pickle refers to it by its name.
    """

    __slots__ = ()

    def __copy__(self: Any) -> Any:
        return self

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        return self

    def __reduce_ex__(self: Any, _: object) -> Any:
        found = _named(self)
        if found is self:
            return self.__qualname__
        # Each access through a class makes a new wrapper, which pickle wouldn't accept as the same object.
        if isinstance(found, _BoundDecorated) and found._self_parent is self._self_parent:
            return pkgutil.resolve_name, (_path_of(self),)
        # Pickle the callable itself, such as a partial. A local function fails here as it does undecorated.
        return decorate, (self.__wrapped__, decorator_on(self))


class _BoundDecorated(_Travels, wrapt.BoundFunctionWrapper):  # type: ignore[type-arg]
    """A decorated function that was read from a class or an instance."""

    @property
    def __func__(self) -> Any:
        # pytest takes the function out of a fixture that is a method, and binds it to the test's instance.
        method: Any = self.__wrapped__
        return decorate(method.__func__, decorator_on(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if not isinstance(self.__wrapped__, types.MethodType):
            return self
        return getattr(copy.deepcopy(self.__wrapped__.__self__, memo), self.__name__)

    def __reduce_ex__(self, protocol: object) -> Any:
        if not isinstance(self.__wrapped__, types.MethodType):
            return super().__reduce_ex__(protocol)
        return getattr, (self.__wrapped__.__self__, self.__name__)


class _Decorated(_Travels, wrapt.FunctionWrapper):  # type: ignore[type-arg]  # a cast gives the function's type
    """A decorated function. The pytest plugin reads the decorator's options from it.

    Args:
        function: the function.
        run: a function that runs it in a world.
        activator: the `mock_stages` object that decorates it.
    """

    __bound_function_wrapper__ = _BoundDecorated

    def __init__(self, function: Any, run: Any, activator: Activator) -> None:
        super().__init__(function, run)
        # wrapt stores attributes with this prefix on the wrapper, and others on the function.
        self._self_fake_secrets = activator


def _path_of(function: Any) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def _named(function: Any) -> Any:
    """Return what a function's module holds under the function's name, or None."""
    with contextlib.suppress(AttributeError, ImportError, ValueError):
        return pkgutil.resolve_name(_path_of(function))
    return None


def _wrapper_for(target: Any, activator: Activator) -> Callable[..., Any]:
    """Return a wrapper that calls a function in a world and is of the same kind as the function."""
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
    """Run an asynchronous generator, and pass on the values sent to it and errors thrown into it."""
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
                except BaseException as error:  # noqa: BLE001 -- the generator handles what is thrown in
                    step = generator.athrow(error)
                else:
                    step = generator.asend(sent)


def _finished(result: Any) -> Any:
    """Return the result of a decorated function, unless it would run on after the world is left.

    Raises:
        TypeError: if the result is a coroutine, a generator or a context manager made from a
            generator. Another decorator then hides what kind of function it is.
    """
    # The only context managers that run a generator later are those of contextlib.
    is_context_manager = isinstance(result, ContextDecorator | AsyncContextDecorator)
    runs_later = getattr(result, "gen", None) if is_context_manager else result
    if not isinstance(runs_later, Coroutine | Generator | AsyncGenerator):
        return result
    if not isinstance(runs_later, AsyncGenerator):
        runs_later.close()
    msg = (
        f"mock_stages can't run this {type(runs_later).__name__} in a world: another decorator hides it. Put "
        "mock_stages below the other decorators, next to the function."
    )
    raise TypeError(msg)


def _refuse_undecoratable(target: object) -> None:
    kind = type(target)
    # Before pytest 8.4, a fixture is a function with an extra attribute.
    if kind.__module__.startswith("_pytest.") or hasattr(target, "_pytestfixturefunction"):
        msg = "mock_stages can't decorate a pytest fixture: put it below @pytest.fixture, next to the function"
    elif not callable(target) and not isinstance(target, classmethod):
        msg = f"mock_stages takes a function or class to decorate, or a mapping of secrets, not {kind.__name__}"
    else:
        return
    raise TypeError(msg)
