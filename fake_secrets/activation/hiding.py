"""Tells of a world that setUpClass has entered, and that the world of a decorated class hides from its tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fake_secrets.activation.opening import Activation
from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.observe.remarks import Line, users_line
from fake_secrets.world import stack

if TYPE_CHECKING:
    import unittest

__all__ = ["note_a_hidden_world"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def note_a_hidden_world(test_case: type[unittest.TestCase], activation: Activation, line: Line | None) -> None:
    """Add a remark to a test's world if it hides a world that ``enterClassContext`` has entered.

    Args:
        test_case: the class of the test.
        activation: the test's world.
        line: the line of the class's decorator.
    """
    own = activation.opened
    if own is None:
        return
    for hidden in _of_class(test_case):
        if hidden.world is not own.world:
            text = (
                f"World of setUpClass hidden: {hidden.handle!r}. The arguments of @mock_stages on "
                f"{test_case.__qualname__} open another world for each test. Decorate the class without arguments "
                "to join the world of setUpClass, or don't enter one there."
            )
            own.world.remarks.add(FakeSecretsWarning, text, line or users_line())


def _of_class(test_case: type[unittest.TestCase]) -> Iterator[stack.Opened]:
    # `enterClassContext` keeps nothing but the clean-up that leaves the context: (function, arguments, keywords).
    # `addClassCleanup(mocked.stop)` keeps a bound method.
    for function, arguments, _ in getattr(test_case, "_class_cleanups", ()):
        mocked = getattr(function, "__self__", None) or next(iter(arguments), None)
        for activation in getattr(mocked, "_entered", ()):
            opened = activation.opened if isinstance(activation, Activation) else None
            if opened is not None and stack.is_active(opened):
                yield opened
