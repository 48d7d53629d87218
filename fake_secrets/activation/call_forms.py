"""What `mock_stages(...)` returns: a context manager, sync and async, and a decorator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from fake_secrets.activation.opening import Activation, OwnWorld
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.world.handle import FakeSecrets

__all__ = ["MockStages"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Target = TypeVar("Target", bound=Callable[..., Any])


class MockStages:
    """A configured `mock_stages`: a decorator and a context manager, synchronous and asynchronous.

    Args:
        options: the arguments that were given, by name; none makes it bare.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._own_world = OwnWorld()
        self._entered: list[tuple[int, Activation]] = []

    def __enter__(self) -> FakeSecrets:
        """Activate a world, and return its handle.

        Raises:
            SeedError, TypeError, ValueError: an argument is wrong; nothing was changed then.
        """
        activation = self._activation()
        handle = activation.__enter__()
        self._entered.append((threading.get_ident(), activation))
        return handle

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world; what was changed is then as it was."""
        thread = threading.get_ident()
        mine = [position for position, (entered_by, _) in enumerate(self._entered) if entered_by == thread]
        _, activation = self._entered.pop(mine[-1] if mine else -1)
        activation.__exit__(kind, error, traceback)

    async def __aenter__(self) -> FakeSecrets:
        """Activate a world, as a plain `with` does."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world, as a plain `with` does."""
        self.__exit__(kind, error, traceback)

    def start(self) -> FakeSecrets:
        """Activate a world until `stop`, and return its handle; `with` does the same.

        Raises:
            SeedError, TypeError, ValueError: an argument is wrong; nothing was changed then.
        """
        return self.__enter__()

    def stop(self) -> None:
        """Leave the world that `start` has activated.

        Raises:
            NoActiveWorldError: there is no world of this object to leave.
        """
        if not self._entered:
            msg = "stop() of a mock_stages that isn't active: call start() first, on the same object"
            raise NoActiveWorldError(msg)
        self.__exit__(None, None, None)

    def __call__(self, target: Target) -> Target:
        """Decorate a function of any kind, which then runs in a world, or a class of tests.

        Raises:
            TypeError: for a fixture, or what can't be called.
        """
        # It imports wrapt, which takes as long as all the rest of us.
        from fake_secrets.activation.decoration import decorate  # noqa: PLC0415

        return decorate(target, self)

    def _activation(self, options: Mapping[str, Any] | None = None) -> Activation:
        """Return what activates a world for the length of a `with` block.

        Args:
            options: instead of this object's own; the pytest plugin merges markers into them.
        """
        return Activation(self._own_world, self._options if options is None else options)
