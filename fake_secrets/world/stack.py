"""The stack of active worlds, innermost last: the only global state."""

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
    """A world with its handle, and the environment variables that hold while it is active."""

    world: World
    handle: FakeSecrets
    environment: dict[str, str | None]


@dataclass(eq=False, slots=True)
class Entry:
    """One activation of a world. Entries may leave in any order.

    Args:
        opened: the world, which several entries may share.
        overlay: the environment variables of this activation; none if it joined an active world.
    """

    opened: Opened
    overlay: Overlay


_entries: list[Entry] = []
# Deciding to join a world and joining it must not be interrupted by another thread.
_lock = threading.RLock()


def innermost_entry() -> Entry | None:
    """Return the latest entry that is still active, or None."""
    try:
        return _entries[-1]
    except IndexError:
        return None


def innermost() -> World | None:
    """Return the innermost active world, or None."""
    entry = innermost_entry()
    return None if entry is None else entry.opened.world


def entry_of(world: World) -> Entry | None:
    """Return an active entry of a world, or None."""
    return next((entry for entry in list(_entries) if entry.opened.world is world), None)


def is_active(opened: Opened) -> bool:
    """Return whether a world has an active entry."""
    return any(entry.opened is opened for entry in list(_entries))


def enter(choose: Callable[[], Opened | None], open_new: Callable[[], Opened]) -> Entry:
    """Activate a world.

    Args:
        choose: returns an active world to join, or None.
        open_new: returns a new world, if there is none to join. If it raises, nothing is changed.

    Returns:
        The entry, for `leave`.
    """
    with _lock:
        joined = choose()
        opened = joined or open_new()
        entry = Entry(opened, Overlay({} if joined else opened.environment))
        entry.overlay.apply()
        _entries.append(entry)
        return entry


def leave(entry: Entry) -> None:
    """Deactivate an entry. Entries above it stay active."""
    with _lock:
        _entries.remove(entry)
        entry.overlay.undo()
