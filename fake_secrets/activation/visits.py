"""Visits: the latest worlds that were entered during a test, kept until its report is made.

This module imports nothing of ours, because most runs of pytest never enter a world.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_secrets.world.stack import Opened

__all__ = ["kept", "note", "restart"]

# A test that opens many worlds, such as one of Hypothesis, fails in one of its latest.
_KEPT = 5

_visited: deque[Opened] | None = None


@contextmanager
def kept() -> Iterator[None]:
    """Keep the worlds that are entered in the `with` block, each once, and forget the oldest of many."""
    global _visited  # noqa: PLW0603 -- a test runs at a time
    outer = _visited
    try:
        _visited = deque(maxlen=_KEPT)
        yield
    finally:
        _visited = outer


def restart() -> deque[Opened]:
    """Forget the worlds that were kept so far, and return those that will be kept from now on."""
    visited = deque[Any]() if _visited is None else _visited
    visited.clear()
    return visited


def note(opened: Opened) -> None:
    """Note that a world was entered."""
    visited = _visited
    if visited is not None and not any(one is opened for one in list(visited)):
        visited.append(opened)
