"""Locks of files, which end with the process that has them."""

from __future__ import annotations

__all__ = ["lock"]


def lock(descriptor: int) -> bool:
    """Lock a file until it is closed or the process ends; return False if another process has locked it."""
    try:
        import fcntl  # noqa: PLC0415 -- Windows doesn't have it
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # The file system has no locks.
        return True
    return True
