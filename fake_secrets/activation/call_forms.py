"""The object that `mock_stages(...)` returns: a decorator and a context manager, sync and async."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from fake_secrets.activation.opening import Activation, OwnWorld
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.observe.remarks import Line, users_line
from fake_secrets.observe.reminders import Reminder
from fake_secrets.world.handle import FakeSecrets

__all__ = ["MockStages"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Target = TypeVar("Target", bound=Callable[..., Any])


class MockStages:
    """A configured `mock_stages`: a decorator and a context manager, synchronous and asynchronous.

    A copy or pickle of it has the same options, and a world of its own.

    Args:
        options: the arguments that were given, by name. If it is empty, the object is bare.
        reminder: is cancelled when the object is used; None if nobody has to use it.
    """

    def __init__(self, options: Mapping[str, Any], reminder: Reminder | None = None) -> None:
        self._options = dict(options)
        self._reminder = reminder
        self._own_world = OwnWorld()
        # A decorator is entered from code that isn't the user's.
        self._line = users_line() if options else None
        # The latest last, each with the thread that entered it.
        self._entered: dict[Activation, int] = {}

    def __enter__(self) -> FakeSecrets:
        """Activate a world and return its handle.

        Raises:
            SeedError, TypeError, ValueError: if an argument is wrong. Nothing is changed then.
        """
        activation = self._activation()
        try:
            self._entered[activation] = threading.get_ident()
            return activation.__enter__()
        except BaseException:
            self._entered.pop(activation, None)
            activation.__exit__()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world and restore everything that entering it changed."""
        activation = self._latest()
        activation.__exit__(kind, error, traceback)

    async def __aenter__(self) -> FakeSecrets:
        """Activate a world, as `with` does."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world, as `with` does."""
        self.__exit__(kind, error, traceback)

    def start(self) -> FakeSecrets:
        """Activate a world until `stop` is called, and return its handle.

        If this object is active already, its world is joined. Each `start` needs a `stop`.

        Raises:
            SeedError, TypeError, ValueError: if an argument is wrong. Nothing is changed then.
        """
        return self.__enter__()

    def stop(self) -> None:
        """Leave the world that `start` activated.

        Raises:
            NoActiveWorldError: if this object has no active world.
        """
        self._note_use()
        self.__exit__(None, None, None)

    def __call__(self, target: Target) -> Target:
        """Decorate a function or a class of tests, so that it runs in a world.

        Raises:
            TypeError: if `target` is a pytest fixture or can't be called.
        """
        self._note_use()
        # Imported late: wrapt takes as long to import as the rest of the package.
        from fake_secrets.activation.decoration import decorate  # noqa: PLC0415

        return decorate(target, self)

    # To type checkers, a function here would make every name a valid one.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_") and hasattr(FakeSecrets, name):
                msg += f". Entering it returns the handle, which has {name!r}: with mock_stages() as fake_secrets:"
            raise AttributeError(msg)

    def __reduce__(self) -> tuple[type[MockStages], tuple[dict[str, Any]]]:
        self._note_use()
        return MockStages, (self._options,)

    def _latest(self) -> Activation:
        """Take this thread's latest activation, or else the latest one.

        Raises:
            NoActiveWorldError: if there is none.
        """
        while True:
            entered = list(self._entered.items())
            if not entered:
                msg = "stop() was called on a mock_stages object that isn't active: call start() on it first"
                raise NoActiveWorldError(msg)
            mine = [activation for activation, thread in entered if thread == threading.get_ident()]
            activation = mine[-1] if mine else entered[-1][0]
            # Another thread may have taken it in between.
            if self._entered.pop(activation, None) is not None:
                return activation

    def _activation(self, options: Mapping[str, Any] | None = None, line: Line | None = None) -> Activation:
        """Return a context manager that activates a world.

        Args:
            options: used instead of this object's own options. The pytest plugin passes the options
                of decorators and markers merged.
            line: the line that gave the options, if this object hasn't.
        """
        self._note_use()
        made = None if self._reminder is None else self._reminder.line
        return Activation(
            self._own_world, self._options if options is None else options, self._line or line or made
        )

    def _note_use(self) -> None:
        if self._reminder is not None:
            self._reminder.cancel()
