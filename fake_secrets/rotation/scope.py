"""Which rotation function, if any, is running here: its calls belong to its world."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from fake_secrets.rotation.rotation import Rotation

__all__ = [
    "Running",
    "belongs_to",
    "calls_belong_nowhere",
    "calls_belong_to",
    "run_in",
    "running_here",
    "running_rotation",
]

Result = TypeVar("Result")


class Running:
    """A rotation that is running here, in this thread or task.

    Args:
        world: the world that its calls belong to; None if they go to the innermost world again.
        asked_for: the rotations that the rotation function has started.
    """

    __slots__ = ("asked_for", "is_over", "world")

    def __init__(self, world: object, asked_for: list[Rotation]) -> None:
        self.world = world
        self.asked_for = asked_for
        self.is_over = False


running_rotation: ContextVar[Running | None] = ContextVar("fake_secrets_running_rotation", default=None)


def running_here() -> Running | None:
    """Return the rotation that is running here, or None.

    A task that outlives its rotation gets None.
    """
    running = running_rotation.get()
    return None if running is None or running.is_over else running


class calls_belong_to:  # noqa: N801 -- it is called like a function
    """Send the calls made inside a `with` block to a given world.

    Args:
        world: the world; None sends the calls to the innermost world again.
    """

    def __init__(self, world: object) -> None:
        self._inside = Running(world, [])

    def __enter__(self) -> None:
        self._outside = running_rotation.get()
        running_rotation.set(self._inside)

    def __exit__(self, *exception: object) -> None:
        self._inside.is_over = True
        running_rotation.set(self._outside)


class belongs_to:  # noqa: N801 -- it is called like a function
    """Make the calls inside a `with` block those of a rotation that runs elsewhere, such as in another thread.

    Args:
        running: the rotation; None if there is none.
    """

    def __init__(self, running: Running | None) -> None:
        self._inside = running

    def __enter__(self) -> None:
        self._outside = running_rotation.get()
        running_rotation.set(self._inside)

    def __exit__(self, *exception: object) -> None:
        running_rotation.set(self._outside)


def run_in(world: object, asked_for: list[Rotation], function: Callable[[], Result]) -> Result:
    """Call a function whose calls belong to a world, as those of a rotation function do.

    The function gets a context of its own. However it ends, nothing that it sets in there has to be undone.

    Args:
        world: the world.
        asked_for: receives the rotations that these calls start. The caller runs them afterwards.
        function: the function.

    Returns:
        What the function returns.
    """
    running = Running(world, asked_for)
    context = contextvars.copy_context()
    context.run(running_rotation.set, running)
    try:
        return context.run(function)
    finally:
        running.is_over = True


def calls_belong_nowhere() -> None:
    """Send the calls made here to the innermost world, whatever rotation was interrupted here."""
    running_rotation.set(None)
