"""Tells of a secret that is older than the code that meets it, because this code has joined a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.world.stack import Entry
    from fake_secrets.world.world import World

__all__ = ["set_latest_entry_of", "why_there_already"]

# Set by the stack of worlds, which imports the handle, which imports this.
_latest_entry_of: Callable[[World], Entry | None] = lambda _: None  # noqa: E731 -- until it is set


def set_latest_entry_of(function: Callable[[World], Entry | None]) -> None:
    """Set the function that returns the latest active entry of a world. This is done once, on import."""
    global _latest_entry_of  # noqa: PLW0603 -- the stack is global
    _latest_entry_of = function


def why_there_already(world: World, secret: StoredSecret | None) -> str | None:
    """Return what is known if a secret is older than the latest activation of its world, or None.

    Args:
        world: the world.
        secret: the secret that has the name which somebody wanted; None if it is unknown.
    """
    entry = _latest_entry_of(world)
    if entry is None or entry.found is None or entry.opened.line is None or secret is None:
        return None
    ledger, count = entry.found
    if ledger is not world.ledger or not world.contents.was_there(secret, count):
        return None
    filename, number, _ = entry.opened.line
    return (
        f"{secret.name!r} was created before this code joined the world that was opened at {filename}:{number}. "
        "Without arguments, mock_stages and the fixture fake_secrets join a world that is active already; "
        "mock_stages({}) opens an empty one of its own."
    )
