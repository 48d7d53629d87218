"""Reminders: a context manager that nothing enters does nothing, so the author of the test is told."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.observe.remarks import users_line

__all__ = ["Reminder", "Reminding"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
EnteredT = TypeVar("EnteredT")


class _Cancelled:
    """A reminder that gives no warning."""

    __slots__ = ("_text", "line")

    def cancel(self) -> None:
        """Give no warning."""
        # A class without a finalizer: Python swallows an interrupt that comes in one.
        self.__class__ = _Cancelled


class Reminder(_Cancelled):
    """A warning that is given when this object is dropped in the line that made it, unless it is cancelled before.

    It names that line of the user's code, which is in `line`.

    Args:
        text: the message of the warning.
    """

    __slots__ = ()

    def __init__(self, text: str) -> None:
        self._text = text
        self.line = users_line()

    def __del__(self) -> None:
        # An interrupt may have kept the object from getting its attributes.
        line = getattr(self, "line", None)
        # An object that is dropped elsewhere was kept for some time: by a variable, a traceback, a fixture. Its
        # author may have had reasons not to enter it, and another test would be blamed.
        if line is not None and not sys.is_finalizing() and users_line() == line:
            filename, number, module = line
            warnings.warn_explicit(self._text, FakeSecretsWarning, filename, number, module)


class Reminding(contextlib.AbstractContextManager[EnteredT], Generic[EnteredT]):
    """A context manager, also a decorator, with a reminder that it has to be entered.

    Args:
        entered: the context manager that does the work.
        text: the message of the reminder.
    """

    def __init__(self, entered: contextlib._GeneratorContextManager[EnteredT], text: str) -> None:
        self._entered = entered
        self._reminder = Reminder(text)

    def __enter__(self) -> EnteredT:
        """Enter the context manager."""
        self._reminder.cancel()
        return self._entered.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Leave the context manager."""
        return self._entered.__exit__(kind, error, traceback)

    def __call__(self, function: FunctionT) -> FunctionT:
        """Decorate a function, so that each call of it is inside the context manager."""
        self._reminder.cancel()
        return self._entered(function)
