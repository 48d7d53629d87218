"""Which rotation function, if any, is running here: its calls belong to its world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from fake_secrets.rotation.rotation import Rotation

__all__ = ["Running", "calls_belong_to", "running_here"]


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


_running: ContextVar[Running | None] = ContextVar("fake_secrets_running_rotation", default=None)


def running_here() -> Running | None:
    """Return the rotation that is running here, or None.

    A task that outlives its rotation gets None.
    """
    running = _running.get()
    return None if running is None or running.is_over else running


@contextlib.contextmanager
def calls_belong_to(world: object, asked_for: list[Rotation] | None = None) -> Iterator[None]:
    """Send the calls made inside the block to a given world.

    Args:
        world: the world; None sends the calls to the innermost world again.
        asked_for: receives the rotations that these calls start. The caller runs them afterwards.
    """
    running = Running(world, [] if asked_for is None else asked_for)
    reset = _running.set(running)
    try:
        yield
    finally:
        running.is_over = True
        _running.reset(reset)
