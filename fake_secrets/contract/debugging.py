"""Debuggers: they stop in the scenario that somebody looks at, and not in the dry run before it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["undebugged"]


@contextlib.contextmanager
def undebugged() -> Iterator[None]:
    """Let no debugger stop in the block, neither at its own breakpoints nor at calls of `breakpoint`."""
    trace, hook = sys.gettrace(), sys.breakpointhook
    debugger = sys.modules.get("pdb")
    set_trace = getattr(debugger, "set_trace", None)
    try:
        sys.settrace(None)
        sys.breakpointhook = _pass
        if debugger is not None:
            debugger.set_trace = _pass  # type: ignore[attr-defined]  # it is pdb
        yield
    finally:
        if debugger is not None:
            debugger.set_trace = set_trace  # type: ignore[attr-defined]
        sys.breakpointhook = hook
        sys.settrace(trace)


def _pass(*arguments: object, **options: object) -> None:
    """Do nothing."""
