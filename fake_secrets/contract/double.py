"""The service double: the user's object that stands for the protected service, in one scenario.

Its public methods are wrapped on the object itself, because functions often hold it in a way of their own. A call
is a boundary if the function makes it. Calls by the double's own methods aren't, nor are a check's questions.

Left as they are: coroutine functions, since a function that is tested isn't one; properties; classes; and special
methods such as `__call__`, which Python looks up on the class. The call of a generator function is a boundary, and
what its body calls is called by whoever iterates.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from fake_secrets.contract.double_errors import Maker, makers
from fake_secrets.contract.double_methods import Wrapper, has_method, is_mock, is_set_up, name_of, wrap_methods
from fake_secrets.errors import annotate
from fake_secrets.observe.entry import RunningStep, rotation_step
from fake_secrets.options import check_callable, refuse_awaitable

__all__ = ["Around", "Ask", "Double", "is_at_work"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Ask = Callable[[], object]
Around = Callable[[str, Ask, object], object]

# What a check may ask a double.
_QUESTIONS = ("accepts", "accepted", "drop", "settle")
_NOT_OFFERED = object()

# The double whose method runs here.
_at_work: ContextVar[Double | None] = ContextVar("fake_secrets_double", default=None)


def is_at_work() -> bool:
    """Return whether a method of a double runs here. What it calls isn't called by the function."""
    double = _at_work.get()
    return double is not None and not double._is_over


class Double:
    """The user's service double in one scenario. It is a context manager for the length of the scenario.

    Args:
        factory: makes the object; a class, a function, or anything else that is called without arguments.
        around: called in place of a public method that a delivery calls, with the method's name, a function
            that calls it, and its arguments. What it returns or raises, the rotation function gets.

    `offers` names the questions that the object answers. A method that raises NotImplementedError when it is
    asked isn't offered from then on. Each function of `errors` makes an exception that the service may raise.
    If the factory makes one of contextlib's context managers, what it gives when it is entered is the double.

    Raises:
        TypeError: if `factory` can't make a double, if its methods can't be wrapped, or if `errors` isn't right.
    """

    def __init__(self, factory: Callable[[], object], around: Around) -> None:
        _check_factory(factory)
        self._around = around
        self._stack = contextlib.ExitStack()
        self._undo: contextlib.ExitStack | None = None
        self._is_over = False
        self._object: Any = None
        self.offers: frozenset[str] = frozenset()
        self.errors: tuple[Maker, ...] = ()
        self._made: Any = _working(self, factory)
        if not _is_way_in(self._made):
            self._adopt(self._made)

    def __enter__(self) -> Self:
        """Enter the object, if it is a context manager."""
        try:
            if hasattr(type(self._made), "__enter__"):
                entered = _working(self, functools.partial(self._stack.enter_context, self._made))
                if self._object is None:
                    _check_entered(entered)
                    self._adopt(entered)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the object, and restore its methods."""
        # The function may keep a wrapped method for longer than the scenario.
        self._is_over = True
        try:
            _working(self, functools.partial(self._stack.__exit__, kind, error, traceback))
        finally:
            if self._undo is not None:
                self._undo.close()

    @property
    def kind(self) -> type:
        """The class of the object."""
        return type(self._object)

    def accepts(self, value: object) -> bool | None:
        """Return whether a credential works now; None if the object doesn't offer to tell."""
        answer = self._ask("accepts", value)
        if answer is _NOT_OFFERED:
            return None
        if answer is None:
            msg = f"{self._named('accepts')} returned None; return True if the credential works now, else False"
            raise TypeError(msg)
        return bool(answer)

    def accepted(self) -> list[object] | None:
        """Return the credentials that work now; None if the object doesn't offer to tell."""
        answer = self._ask("accepted")
        if answer is _NOT_OFFERED:
            return None
        if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
            shown = "None" if answer is None else f"a {type(answer).__name__}"
            msg = f"{self._named('accepted')} returned {shown}; return a list of the credentials that work now"
            raise TypeError(msg)
        return list(answer)

    def drop(self, value: object) -> bool:
        """Let the service stop accepting a credential. Return whether the object offers that."""
        return self._ask("drop", value) is not _NOT_OFFERED

    def settle(self) -> bool:
        """Let the service finish what it does by itself. Return whether the object offers that."""
        return self._ask("settle") is not _NOT_OFFERED

    @property
    def instance(self) -> object:
        """The user's object; None before a context manager of contextlib's is entered."""
        found: object = self._object
        return found

    def work(self, call: Ask) -> object:
        """Call a function. What it calls of the object isn't called by the rotation function."""
        return _working(self, call)

    def _adopt(self, found: Any) -> None:
        """Take an object as the double, and wrap its methods."""
        _check_made(found)
        self._object = found
        self.offers = frozenset(name for name in _QUESTIONS if has_method(found, name))
        self.errors = makers(found)
        self._undo = wrap_methods(found, self._wrapper)

    def _wrapper(self, name: str) -> Wrapper:
        def around_method(wrapped: Callable[..., object], _: object, args: Any, kwargs: Any) -> object:
            step = rotation_step.get()
            if step is None or step.is_over or self._is_over or _at_work.get() is self:
                return wrapped(*args, **kwargs)
            ask = functools.partial(self.work, functools.partial(wrapped, *args, **kwargs))
            return self._around(name, ask, (args, kwargs))

        return around_method

    def _ask(self, name: str, *args: object) -> object:
        """Ask the object something, outside of the function."""
        if name not in self.offers:
            return _NOT_OFFERED
        try:
            answer = self.work(functools.partial(getattr(self._object, name), *args))
        except NotImplementedError:
            self.offers -= {name}
            return _NOT_OFFERED
        except Exception as error:
            annotate(error, f"raised when the check asked {self._named(name)}")
            raise
        if not isinstance(answer, bool | list):
            refuse_awaitable(answer, self._named(name))
        return answer

    def _named(self, name: str) -> str:
        return f"{name_of(self._object)}.{name}"


def _working(double: Double, call: Callable[[], Any]) -> Any:
    """Call a function, and mark what it calls as calls of a double's own.

    The double's clocks show the function's time there, whoever calls it.
    """
    outer, step = _at_work.get(), rotation_step.get()
    own = RunningStep(None) if step is None or step.is_over else None
    # Not a context manager: an interrupt may come right after it was entered.
    try:
        _at_work.set(double)
        if own is not None:
            rotation_step.set(own)
        return call()
    finally:
        if own is not None:
            own.is_over = True
            rotation_step.set(step)
        _at_work.set(outer)


def _check_factory(factory: object) -> None:
    hint = ", such as service=FakeDatabase or service=lambda: FakeDatabase(...)"
    what = "service= takes what makes a fresh service double for each scenario"
    if not isinstance(factory, type) and any(has_method(factory, name) for name in _QUESTIONS):
        msg = f"{what}{hint}. A double itself was given: a {type(factory).__name__}"
        raise TypeError(msg)
    if is_mock(factory) and not is_set_up(factory):
        msg = f"{what}{hint}. A mock was given that makes nothing; if it is the double, write service=lambda: mock"
        raise TypeError(msg)
    check_callable(factory, what, hint)


def _check_made(found: object) -> None:
    if found is None:
        msg = "service() returned None; it returns a fresh service double"
        raise TypeError(msg)
    if isinstance(found, type):
        msg = f"service() returned the class {found.__qualname__}; it returns an object, fresh for each scenario"
        raise TypeError(msg)
    refuse_awaitable(found, "service")


def _check_entered(found: object) -> None:
    if found is None:
        msg = (
            "the context manager that service() returned gives None when it is entered; let it give the service "
            "double, as yield double does in a function with @contextlib.contextmanager"
        )
        raise TypeError(msg)


def _is_way_in(made: object) -> bool:
    """Return whether an object only leads to the double: one of contextlib's context managers."""
    return type(made).__module__ == "contextlib" and hasattr(type(made), "__enter__")
