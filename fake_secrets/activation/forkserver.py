"""Lets go of the process from which multiprocessing forks children, so that the next ones get today's environment.

It uses private names of `multiprocessing.forkserver`, which has no public way.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Any, Literal

__all__ = ["let_go"]

# Those that were let go of and may still run: they end with the last of their children.
_old: list[int] = []
# The thread that has taken multiprocessing's lock, or is about to.
_taking: list[int] = []


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
    _give_back(server._lock)
    _taking.append(threading.get_ident())
    try:
        with server._lock:
            _forget_process(server)
    finally:
        if not server._lock.locked():
            _taking.clear()


def _give_back(lock: Any) -> None:
    """Release the lock if an interrupt has kept this thread from that. It isn't reentrant, and has no owner."""
    if threading.get_ident() in _taking and lock.locked():
        lock.release()
    _taking.clear()


def _forget_process(server: Any) -> None:
    state = None if server._forkserver_pid is None else _state_of(server._forkserver_pid)
    if state is None:
        return
    if state == "runs":
        _old.append(server._forkserver_pid)
    # It ends when nobody holds the other end of this pipe any more.
    os.close(server._forkserver_alive_fd)
    address = server._forkserver_address
    server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None
    if not address.startswith(b"\0" if isinstance(address, bytes) else "\0"):
        with contextlib.suppress(OSError):
            Path(address).unlink()


def _reap() -> None:
    for pid in _old.copy():
        if _state_of(pid) != "runs":
            _old.remove(pid)


def _state_of(pid: int) -> Literal["runs", "has ended"] | None:
    """Return how a child of this process is; None if it is no child of this process, which may be a fork."""
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return "has ended" if ended else "runs"
