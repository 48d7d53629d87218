"""Tells of a secret that is older than the code that meets it, because this code has joined a world."""

from __future__ import annotations

from collections.abc import Callable

from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Line
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.world.contents import Contents

__all__ = ["Joining", "set_joining_of", "why_there_already"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The world's ledger when it was joined, how many entries it had, and the line that had opened the world.
Joining = tuple[Ledger, int, Line]


def _no_joining(_: object) -> Joining | None:
    return None


# Set by the stack of worlds. It imports the handle, which imports this.
_joining_of: Callable[[object], Joining | None] = _no_joining


def set_joining_of(function: Callable[[object], Joining | None]) -> None:
    """Set the function that tells how a world was last joined, if it was. This is done once, on import."""
    global _joining_of  # noqa: PLW0603 -- the stack is global
    _joining_of = function


def why_there_already(world: object, contents: Contents, secret: StoredSecret | None) -> str | None:
    """Return what is known if a secret is older than the latest activation of its world, or None.

    Args:
        world: the world.
        contents: its contents.
        secret: the secret that has the name which somebody wanted; None if it is unknown.
    """
    joining = _joining_of(world)
    if joining is None or secret is None:
        return None
    ledger, count, line = joining
    if not contents.was_there(secret, ledger, count):
        return None
    return (
        f"{secret.name!r} was created before this code joined the world that was opened at "
        f"{line.filename}:{line.number}. Without arguments, mock_stages and the fixture fake_secrets join a world "
        "that is active already; mock_stages({}) opens an empty one of its own."
    )
