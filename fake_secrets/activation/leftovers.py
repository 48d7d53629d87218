"""Leftovers: what a test has entered and not left, and what an interrupt has kept from being put back.

This module imports nothing of ours until a world has been entered, because most runs of pytest never enter one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_secrets.activation.running import Running
    from fake_secrets.world.stack import Entry

__all__ = ["Leftovers", "active"]


class Leftovers:
    """Tells the worlds of the running test from those that outlive it, and leaves the former after the test."""

    def __init__(self) -> None:
        self._of_test: list[Entry | Running] = []
        self._shared: list[Entry | Running] = []

    @contextmanager
    def of_test(self) -> Iterator[None]:
        """Take the worlds that are entered in the `with` block for those of the running test."""
        before = active()
        try:
            yield
        finally:
            self._of_test += [entry for entry in active() if entry not in before and entry not in self._shared]

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Take the worlds that are entered in the `with` block for those of several tests."""
        before = active()
        try:
            yield
        finally:
            self._shared += [entry for entry in active() if entry not in before]

    def leave(self) -> list[str]:
        """Leave the worlds of the test, and put everything back that isn't as it was.

        Returns:
            A description of each world and server that was left.
        """
        opening = sys.modules.get("fake_secrets.activation.opening")
        if opening is None:
            return []
        kept = [entry for entry in active() if entry not in self._of_test]
        left: list[Entry | Running] = opening.settle(kept)
        self._of_test, self._shared = [], []
        return [repr(one.opened.handle if hasattr(one, "opened") else one) for one in left]


def active() -> list[Entry | Running]:
    """Return the entries of the active worlds, and the servers that are running."""
    stack = sys.modules.get("fake_secrets.world.stack")
    running = sys.modules.get("fake_secrets.activation.running")
    return [*(stack.active() if stack else []), *(running.everything() if running else [])]
