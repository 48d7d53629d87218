"""What ready service doubles share, for doubles of the user's own, too."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from fake_secrets.contract.double_methods import DECLARED

__all__ = ["LoginRefusedError", "ServiceDouble", "StatementRefusedError", "text_in"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


_Method = TypeVar("_Method", bound=Callable[..., object])


class LoginRefusedError(Exception):
    """A service double doesn't accept a credential. It is raised where no driver has an exception for that."""


class StatementRefusedError(Exception):
    """A service double refuses what it is asked to do: it isn't allowed, or makes no sense."""


def _declared(method: _Method) -> _Method:
    """Mark a method that a class of the user's may have. Without it, a contract doesn't ask for it."""
    setattr(method, DECLARED, True)
    return method


class ServiceDouble:
    """The base class of service doubles. A double is a fake of the service whose credential is rotated.

    A class of your own overrides `accepts`, and what else of `accepted` and `drop` the service can tell. All its
    other public methods are for the rotation function. ::

        class Door(ServiceDouble):
            def __init__(self):
                super().__init__(replaces="my_function.door")
                self.codes = ["1234"]

            def change_code(self, code):
                self.codes = [code]

            def accepts(self, value):
                return value["code"] in self.codes

    Use it in a `with` block if no contract does that for you.

    Args:
        replaces: the names that the double replaces while it is in use, such as ``"my_function.connect"``.
        errors: the exceptions that its methods raise in an outage, classes or instances; by default those of
            the class, which are ``(ConnectionError,)``.
    """

    errors: Any = (ConnectionError,)

    def __init__(self, *, replaces: str | Collection[str] = (), errors: Any = None) -> None:
        self._replaces = (replaces,) if isinstance(replaces, str) else tuple(replaces)
        if errors is not None:
            self.errors = errors
        self._in_use: contextlib.ExitStack | None = None
        # When each change takes effect, in epoch seconds, and what makes it.
        self._due: list[tuple[float, Callable[[], None]]] = []

    def __enter__(self) -> Self:
        """Put the double in place of the names that it replaces."""
        with contextlib.ExitStack() as stack:
            self._in_use = stack
            self.put_in_place()
            self._in_use = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put back what was there before."""
        stack, self._in_use = self._in_use, None
        if stack is not None:
            stack.close()

    def put_in_place(self) -> None:
        """Put the double in place, when it is entered. Override it to replace something else.

        Call `patch` in it. Methods of the double that are handed out earlier aren't watched by a contract.
        """
        for name in self._replaces:
            self.patch(name, self.stand_in)

    @property
    def stand_in(self) -> object:
        """What the names in `replaces` are replaced with: the double itself, unless a class overrides it."""
        return self

    def patch(self, name: str, replacement: object) -> None:
        """Replace an attribute of a module or a class for as long as the double is in use.

        Args:
            name: the attribute with its module, such as ``"psycopg.connect"``.
            replacement: what it is replaced with.

        Raises:
            RuntimeError: if the double isn't in use.
        """
        from unittest import mock  # noqa: PLC0415 -- takes as long to import as the rest of this

        self._stack().enter_context(mock.patch(name, replacement))

    def use(self, context: contextlib.AbstractContextManager[object]) -> None:
        """Enter a context manager, and leave it when the double is no longer in use.

        Raises:
            RuntimeError: if the double isn't in use.
        """
        self._stack().enter_context(context)

    def _stack(self) -> contextlib.ExitStack:
        if self._in_use is None:
            msg = f"{type(self).__name__} isn't in use: call this in put_in_place()"
            raise RuntimeError(msg)
        return self._in_use

    @_declared
    def accepts(self, value: Any) -> bool:
        """Return whether a credential works now.

        Args:
            value: the value of a version of the secret: a dict if it is a JSON object, else a str or bytes.
        """
        raise NotImplementedError

    @_declared
    def accepted(self) -> list[Any]:
        """Return the credentials that work now, each as a value of the secret, a part of one, or a text in it."""
        raise NotImplementedError

    @_declared
    def drop(self, value: Any) -> None:
        """Stop accepting a credential, as if somebody had changed it at the service.

        Args:
            value: the value of a version of the secret.
        """
        raise NotImplementedError

    def settle(self) -> None:
        """Complete the changes that take a while."""
        self._apply(float("inf"))

    @property
    def live(self) -> int:
        """How many credentials work now."""
        return len(self.accepted())

    def later(self, seconds: float, change: Callable[[], None]) -> None:
        """Make a change after a while. While a contract runs, time is virtual: a function that waits costs none.

        Args:
            seconds: when, from now on; 0 for at once.
            change: makes the change.
        """
        if seconds > 0:
            self._due.append((time.time() + seconds, change))
        else:
            change()

    def catch_up(self) -> None:
        """Make the changes that have become due. Call it first in each method that looks at what is accepted."""
        self._apply(time.time())

    @property
    def is_settled(self) -> bool:
        """Whether all changes have been made."""
        self.catch_up()
        return not self._due

    def _apply(self, now: float) -> None:
        due = [one for one in self._due if one[0] <= now]
        self._due = [one for one in self._due if one[0] > now]
        for _, change in sorted(due, key=lambda one: one[0]):
            change()


def text_in(value: object, *names: str) -> str | None:
    """Return the first member of a value that has one of some names, if it is a str; None if there is none.

    Args:
        value: the value of a version.
        names: the names, the most usual first.
    """
    if not isinstance(value, Mapping):
        return None
    return next((value[name] for name in names if isinstance(value.get(name), str)), None)
