"""The rotation function that runs here, if one does: its calls belong to its world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from fake_secrets.rotation.rotation import Rotation

__all__ = ["Running", "calls_belong_to", "running_here"]


class Running:
    """A rotation that runs here.

    Args:
        world: the world that its calls belong to; None where they are the innermost one's again.
        asked_for: the rotations that its function has asked for meanwhile.
    """

    __slots__ = ("asked_for", "is_over", "world")

    def __init__(self, world: object, asked_for: list[Rotation]) -> None:
        self.world = world
        self.asked_for = asked_for
        self.is_over = False


_running: ContextVar[Running | None] = ContextVar("fake_secrets_running_rotation", default=None)


def running_here() -> Running | None:
    """Return the rotation that runs here; None for a task that it has left behind, once it is over."""
    running = _running.get()
    return None if running is None or running.is_over else running


@contextlib.contextmanager
def calls_belong_to(world: object, asked_for: list[Rotation] | None = None) -> Iterator[None]:
    """Have calls from here answered by a world, or by the innermost one again (None).

    Args:
        world: the world.
        asked_for: is given the rotations that are asked for from here, which are to be run afterwards.
    """
    running = Running(world, [] if asked_for is None else asked_for)
    reset = _running.set(running)
    try:
        yield
    finally:
        running.is_over = True
        _running.reset(reset)
