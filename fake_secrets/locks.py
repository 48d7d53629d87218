"""Locks: how to free one that an exception has left locked."""

from __future__ import annotations

import contextlib
import threading

__all__ = ["free"]


def free(lock: threading.RLock) -> None:
    """Release a lock as often as this thread holds it.

    A debugger or a tracing function can raise an exception at the end of a `with` block, before the lock
    is released. Call this only where the thread can't rightly hold the lock.
    """
    with contextlib.suppress(RuntimeError):
        while True:
            lock.release()
