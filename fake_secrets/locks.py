"""Locks that can be freed after an exception has left them locked.

A debugger or a tracing function can raise an exception at the end of a `with` block, before the lock is released.
"""

from __future__ import annotations

import contextlib
import threading

__all__ = ["free", "free_shared", "shared_lock"]

_shared: list[threading.RLock] = []


def shared_lock() -> threading.RLock:
    """Return a new lock that guards something of the whole process. `free_shared` knows it."""
    lock = threading.RLock()
    _shared.append(lock)
    return lock


def free_shared() -> None:
    """Release the locks of the whole process, as `free` does."""
    for lock in _shared:
        free(lock)


def free(lock: threading.RLock) -> None:
    """Release a lock as often as this thread holds it. Call this only where the thread can't rightly hold it."""
    with contextlib.suppress(RuntimeError):
        while True:
            lock.release()
