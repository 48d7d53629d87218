"""The one global: which worlds are active, innermost last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from fake_secrets.environment import Overlay
from fake_secrets.world.handle import FakeSecrets
from fake_secrets.world.world import World

__all__ = ["Entry", "Opened", "enter", "entry_of", "innermost", "innermost_entry", "is_active", "leave"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class Opened:
    """A world with its handle, and the environment that is to be while it is active."""

    world: World
    handle: FakeSecrets
    environment: dict[str, str | None]


@dataclass(eq=False, slots=True)
class Entry:
    """One activation of a world; each leaves by itself, in any order.

    Args:
        opened: the world, which several entries may share.
        overlay: the environment of this activation; of an entry that joined, an empty one.
    """

    opened: Opened
    overlay: Overlay


_entries: list[Entry] = []
# Whether to join is decided, and done, in one piece.
_lock = threading.RLock()


def innermost_entry() -> Entry | None:
    """Return the latest entry that hasn't left, or None."""
    try:
        return _entries[-1]
    except IndexError:
        return None


def innermost() -> World | None:
    """Return the innermost active world, or None."""
    entry = innermost_entry()
    return None if entry is None else entry.opened.world


def entry_of(world: World) -> Entry | None:
    """Return an entry of a world that hasn't left, or None."""
    return next((entry for entry in list(_entries) if entry.opened.world is world), None)


def is_active(opened: Opened) -> bool:
    """Say whether a world has an entry that hasn't left."""
    return any(entry.opened is opened for entry in list(_entries))


def enter(choose: Callable[[], Opened | None], open_new: Callable[[], Opened]) -> Entry:
    """Activate a world.

    Args:
        choose: returns an active world to join, or None.
        open_new: returns a new world, where there is none to join; what it raises leaves
            everything as it was.
    """
    with _lock:
        joined = choose()
        opened = joined or open_new()
        entry = Entry(opened, Overlay({} if joined else opened.environment))
        entry.overlay.apply()
        _entries.append(entry)
        return entry


def leave(entry: Entry) -> None:
    """Deactivate an entry, whichever entries are above it."""
    with _lock:
        _entries.remove(entry)
        entry.overlay.undo()
