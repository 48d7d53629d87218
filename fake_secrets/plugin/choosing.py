"""Options that are one of a few words, and the worlds that are active now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_secrets.world.world import World

__all__ = ["active_worlds", "choice"]


def choice(config: pytest.Config, name: str, choices: Sequence[str]) -> str:
    """Return the value of an ini option, or of the option on the command line that has the same name.

    Raises:
        UsageError: if it isn't one of the choices.
    """
    given = config.getoption(name, None)
    value: str = given or config.getini(name)
    if value not in choices:
        *others, last = map(repr, choices)
        shown = f"--{name.replace('_', '-')}" if given else name
        msg = f"{shown} must be {', '.join(others)} or {last}, not {value!r}"
        raise pytest.UsageError(msg)
    return value


def active_worlds() -> list[World]:
    """Return the active worlds. Nothing is imported for that: without a module of ours, there is none."""
    stack = sys.modules.get("fake_secrets.world.stack")
    return [] if stack is None else [entry.opened.world for entry in stack.active()]
