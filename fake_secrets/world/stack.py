"""The stack of active worlds, innermost last: the only global state."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar

from fake_secrets import clock
from fake_secrets.environment import Overlay
from fake_secrets.locks import shared_lock
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Line
from fake_secrets.rotation.scope import running_rotation
from fake_secrets.slotted import slotted
from fake_secrets.world.earlier import Joining, set_joining_of
from fake_secrets.world.handle import FakeSecrets
from fake_secrets.world.world import World, rotating_world

__all__ = [
    "Entry",
    "Opened",
    "active",
    "answering",
    "enter",
    "entry_of",
    "here",
    "innermost",
    "innermost_entry",
    "is_active",
    "leave",
    "overlays",
    "settle",
    "worlds",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@slotted
class Opened:
    """A world with its handle, and the environment variables that hold while it is active.

    Args:
        world: the world.
        handle: its handle.
        environment: the environment variables.
        opener: the object that has opened it. It may enter it again.
        line: the line of the user's code that has opened it, or None if that isn't known.
    """

    world: World
    handle: FakeSecrets
    environment: dict[str, str | None]
    opener: object = None
    line: Line | None = None


@slotted
class Entry:
    """One activation of a world. Entries may leave in any order.

    Args:
        opened: the world, which several entries may share.
        overlay: the environment variables of this activation; none if it joined an active world.
        is_leaving: whether `leave` has begun. An interrupt may keep it from ending.
        found: the world's ledger, and how many entries it had, if the world was joined; None if it was opened.
    """

    opened: Opened
    overlay: Overlay
    is_leaving: bool = False
    found: tuple[Ledger, int] | None = None


_entries: list[Entry] = []
# Deciding to join a world and joining it must not be interrupted by another thread.
_lock = shared_lock()
# Every world that was entered and still exists: a call may be in flight in one that was left since.
_worlds: weakref.WeakSet[World] = weakref.WeakSet()
# The world whose server is answering a request in this thread, or None.
_answering: ContextVar[World | None] = ContextVar("fake_secrets_answering", default=None)


def innermost_entry() -> Entry | None:
    """Return the latest entry that is still active, or None."""
    try:
        return _entries[-1]
    except IndexError:
        return None


def innermost() -> World | None:
    """Return the innermost active world, or None."""
    try:
        return _entries[-1].opened.world
    except IndexError:
        return None


def here() -> World | None:
    """Return the world that answers a call made here, or None.

    It is the world of the running rotation function, or the one whose server is answering, or else the innermost.
    """
    # Every call comes here, so the usual case makes no call of its own.
    if running_rotation.get() is not None and (rotating := rotating_world()) is not None:
        return rotating
    try:
        return _answering.get() or _entries[-1].opened.world
    except IndexError:
        return None


@contextlib.contextmanager
def answering(world: World) -> Iterator[None]:
    """Let a world answer a request of its server in a `with` block, by its own clock."""
    reset = _answering.set(world)
    try:
        yield
    finally:
        _answering.reset(reset)


clock.set_world_here(here)


def entry_of(world: World) -> Entry | None:
    """Return an active entry of a world, or None."""
    return next((entry for entry in list(_entries) if entry.opened.world is world), None)


def _joining_of(world: object) -> Joining | None:
    entry = next((entry for entry in reversed(list(_entries)) if entry.opened.world is world), None)
    if entry is None or entry.found is None or entry.opened.line is None:
        return None
    return (*entry.found, entry.opened.line)


set_joining_of(_joining_of)


def is_active(opened: Opened) -> bool:
    """Return whether a world has an active entry."""
    return any(entry.opened is opened for entry in list(_entries))


def active() -> list[Entry]:
    """Return the active entries, the earliest first."""
    return list(_entries)


def worlds() -> list[World]:
    """Return every world that was entered and still exists."""
    with _lock:
        return list(_worlds)


def overlays() -> list[Overlay]:
    """Return the overlays of the active entries, which stay applied until the entries leave."""
    return [entry.overlay for entry in list(_entries)]


def enter(choose: Callable[[], Opened | None], open_new: Callable[[], Opened]) -> Entry:
    """Activate a world.

    Args:
        choose: returns an active world to join, or None.
        open_new: returns a new world, if there is none to join. If it raises, nothing is changed.

    Returns:
        The entry, for `leave`.
    """
    entry = None
    try:
        while entry is None:
            # Outside of the lock, because the mapping of seeds may be of a class of the user's.
            new = None if choose() else open_new()
            with _lock:
                _finish_leaving()
                joined = choose()
                opened = joined or new
                # Another thread may have left the world in between.
                if opened is not None:
                    overlay = Overlay({} if joined else opened.environment)
                    ledger = opened.world.ledger
                    entry = Entry(opened, overlay, found=(ledger, ledger.count) if joined else None)
                    # First, so that an interrupt leaves nothing behind that has no entry.
                    _entries.append(entry)
                    entry.overlay.apply()
                    _worlds.add(opened.world)
        return entry  # noqa: TRY300 -- an interrupt may come up to the last line
    except BaseException:
        if entry is not None:
            leave(entry)
        raise


def leave(entry: Entry) -> None:
    """Deactivate an entry, unless it has left already. Entries above it stay active."""
    with _lock:
        entry.is_leaving = True
        entry.overlay.undo()
        if entry in _entries:
            _entries.remove(entry)
        if not is_active(entry.opened):
            entry.opened.world.faults.end()
            entry.opened.world.note_end()


def settle(kept: Collection[Entry]) -> list[Entry]:
    """Deactivate all entries but some, whoever entered them and however far they got.

    Args:
        kept: the entries that stay.

    Returns:
        The entries that have left, the earliest first.
    """
    with _lock:
        left = [entry for entry in _entries if entry not in kept]
        for entry in reversed(left):
            leave(entry)
        return left


def _finish_leaving() -> None:
    """Complete what an interrupt has kept `leave` from completing."""
    for entry in [entry for entry in _entries if entry.is_leaving]:
        leave(entry)
