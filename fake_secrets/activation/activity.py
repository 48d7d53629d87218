"""Whether a world is still active, for what serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_secrets.errors import NoActiveWorldError
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["check_active"]


def check_active(world: World, method: str) -> None:
    """Check that a world is active.

    Args:
        world: the world.
        method: the method of its handle that was called.

    Raises:
        NoActiveWorldError: if it is over.
    """
    if stack.entry_of(world) is None:
        msg = (
            f"fake_secrets.{method}() was entered after its world was over. Enter it while the world is active: "
            "inside of `with mock_stages(...):`, or in the test that has the fixture fake_secrets."
        )
        raise NoActiveWorldError(msg)
