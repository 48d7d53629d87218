"""Forks of the process: the child gets whole worlds, in which no thread that is gone holds or does anything.

A fork waits for the requests in flight, because it takes all our locks first. It doesn't wait for user code, which
never runs while one of them is held: the child gives up what was running in threads that it doesn't have.
"""

from __future__ import annotations

import os
import sys
import threading

from fake_secrets import environment
from fake_secrets.hook import calls, copies, holding, lessons, pausing
from fake_secrets.observe.leaks import gate
from fake_secrets.world import stack

__all__ = ["watch"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# In the order in which they are taken, before those of the worlds. Where a thread takes two of them, it takes
# them in this order, too.
_LOCKS = (
    holding._lock,
    copies._lock,
    stack._lock,
    environment._lock,
    calls._lock,
    pausing._lock,
    lessons._lock,
    gate._lock,
)

_WHY = "the process was forked during the rotation, and the thread that ran it doesn't exist in the child"

_is_watching = False
_held: list[threading.RLock] = []


def watch() -> None:
    """Prepare this process for forks, if it isn't yet and its platform has them."""
    global _is_watching  # noqa: PLW0603 -- what is registered for forks can't be removed again
    if _is_watching:
        return
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold_still, after_in_parent=_go_on, after_in_child=_begin_in_child)
    _is_watching = True


def _hold_still() -> None:
    for lock in _LOCKS:
        _hold(lock)
    for world in stack.worlds():
        _hold(world._lock)


def _hold(lock: threading.RLock) -> None:
    lock.acquire()
    _held.append(lock)


def _go_on() -> None:
    # The list is empty before the first lock is free again: then another thread may fork.
    held = _held.copy()
    _held.clear()
    for lock in reversed(held):
        lock.release()


def _begin_in_child() -> None:
    try:
        for world in stack.worlds():
            if (keeper := world.stop_keeping()) is not None:
                keeper.leave()
            world.forget_threads_but({threading.get_ident()}, _WHY)
        # Loaded only if a world was served.
        running = sys.modules.get("fake_secrets.activation.running")
        servers = [] if running is None else running.everything()
        for server in servers:
            server.leave_to_parent()
        environment.adopt_overlays([*stack.overlays(), *(server.overlay for server in servers)])
        holding.forget_other_holders(stack.active())
    finally:
        _go_on()
