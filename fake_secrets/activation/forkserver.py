"""Lets go of the process from which multiprocessing forks children, so that the next ones get today's environment.

It uses private names of `multiprocessing.forkserver`, which has no public way.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["let_go"]

# Those that were let go of and may still run: they end with the last of their children.
_old: list[int] = []


def let_go() -> None:
    """Have the next child of the start method forkserver started by a new process.

    The one that runs, if any, ends once its children have ended. It isn't waited for, because that could take for
    ever: a pool may be in use.
    """
    module = sys.modules.get("multiprocessing.forkserver")
    if module is None:
        return
    _reap()
    server: Any = module._forkserver
    with server._lock:
        if server._forkserver_pid is None or not _is_child(server._forkserver_pid):
            return
        # It ends when nobody holds the other end of this pipe any more.
        os.close(server._forkserver_alive_fd)
        _old.append(server._forkserver_pid)
        address = server._forkserver_address
        server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None
        if not address.startswith(b"\0" if isinstance(address, bytes) else "\0"):
            with contextlib.suppress(OSError):
                Path(address).unlink()


def _reap() -> None:
    for pid in _old.copy():
        if not _is_child(pid):
            _old.remove(pid)


def _is_child(pid: int) -> bool:
    """Return whether a process is a child of this one and runs."""
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # It has ended, or this process is a fork of its parent.
        return False
    return ended == 0
