"""The rotation function that runs here, if one does: its calls belong to its world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from fake_secrets.rotation.runner import Rotation

__all__ = ["Running", "calls_belong_to", "running_here"]


class Running:
    """A rotation that runs here, and those that its function has asked for meanwhile.

    Args:
        world: the world that its calls belong to; None where they are the innermost one's again.
    """

    __slots__ = ("asked_for", "is_over", "world")

    def __init__(self, world: object) -> None:
        self.world = world
        self.asked_for: list[Rotation] = []
        self.is_over = False


_running: ContextVar[Running | None] = ContextVar("fake_secrets_running_rotation", default=None)


def running_here() -> Running | None:
    """Return the rotation that runs here; None for a task that it has left behind, once it is over."""
    running = _running.get()
    return None if running is None or running.is_over else running


@contextlib.contextmanager
def calls_belong_to(world: object) -> Iterator[list[Rotation]]:
    """Have calls from here answered by a world, or by the innermost one again (None).

    Yields:
        The rotations that were asked for from here, which are to be run afterwards.
    """
    running = Running(world)
    reset = _running.set(running)
    try:
        yield running.asked_for
    finally:
        running.is_over = True
        _running.reset(reset)
