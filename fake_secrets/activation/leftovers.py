"""Leftovers: what a test or a set-up has entered and not left, and what an interrupt kept from being put back.

This module imports nothing of ours until a world has been entered, because most runs of pytest never enter one.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fake_secrets.activation.running import Running
    from fake_secrets.world.stack import Entry

__all__ = ["Leftovers", "active"]


class _Shared(NamedTuple):
    """What the set-up of several tests has entered.

    Args:
        entry: the world or server.
        opener: what has entered it.
        scope: the tests for which it was entered.
        is_set_up: whether the set-up has succeeded. If it has failed, its tear-down isn't expected.
    """

    entry: Entry | Running
    opener: Any
    scope: Any
    is_set_up: bool


class Leftovers:
    """Tells the worlds of the running test from those that outlive it, and leaves each when its tests are over."""

    def __init__(self) -> None:
        self._of_test: list[Entry | Running] = []
        self._shared: list[_Shared] = []

    @contextmanager
    def of_test(self) -> Iterator[None]:
        """Take the worlds that are entered in the `with` block for those of the running test."""
        before = active()
        try:
            yield
        finally:
            self._of_test += self._entered_since(before)

    @contextmanager
    def shared(self, opener: object, scope: object) -> Iterator[None]:
        """Take the worlds that are entered in the `with` block for those of several tests.

        Args:
            opener: what enters them.
            scope: what the tests are part of.
        """
        before, is_set_up = active(), False
        try:
            yield
            is_set_up = True
        finally:
            self._shared += [_Shared(one, opener, scope, is_set_up) for one in self._entered_since(before)]

    def leave(self, lasting: Collection[object] = ()) -> tuple[list[str], dict[tuple[Any, Any], list[str]]]:
        """Leave the worlds of the test and of scopes that are over, and put everything back that isn't as it was.

        Args:
            lasting: the scopes that aren't over.

        Returns:
            A description of each world and server of the test that was left, and of those of each opener and
            its scope.
        """
        opening = sys.modules.get("fake_secrets.activation.opening")
        if opening is None:
            return [], {}
        over = {id(one.entry): one for one in self._shared if one.scope not in lasting}
        kept = [entry for entry in active() if entry not in self._of_test and id(entry) not in over]
        self._of_test, self._shared = [], [one for one in self._shared if one.entry in kept]
        of_test: list[str] = []
        of_scopes: dict[tuple[Any, Any], list[str]] = {}
        for left in opening.settle(kept):
            shown = repr(left.opened.handle if hasattr(left, "opened") else left)
            shared = over.get(id(left))
            if shared is None:
                of_test.append(shown)
            elif shared.is_set_up:
                of_scopes.setdefault((shared.opener, shared.scope), []).append(shown)
        return of_test, of_scopes

    def _entered_since(self, before: Collection[Entry | Running]) -> list[Entry | Running]:
        # A fixture of wider scope may be asked for inside.
        shared = [one.entry for one in self._shared]
        return [entry for entry in active() if entry not in before and entry not in shared]


def active() -> list[Entry | Running]:
    """Return the entries of the active worlds, and the servers that are running."""
    stack = sys.modules.get("fake_secrets.world.stack")
    running = sys.modules.get("fake_secrets.activation.running")
    return [*(stack.active() if stack else []), *(running.everything() if running else [])]
