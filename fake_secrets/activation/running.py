"""What serves worlds at the moment: the servers and the local endpoints that run, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from fake_secrets.environment import Overlay

__all__ = ["Running", "add", "everything", "remove", "settle"]


class Running(Protocol):
    """Something that serves a world inside a `with` block."""

    @property
    def overlay(self) -> Overlay:
        """What it has laid over the environment."""

    def leave(self) -> None:
        """Stop, and put everything back. Nothing happens if that was done before."""

    def leave_to_parent(self) -> None:
        """Let the parent of this process, which was forked, go on to serve."""


# In the order in which they were entered.
_running: list[Running] = []


def add(served: Running) -> None:
    """Note that something runs."""
    _running.append(served)


def remove(served: Running) -> None:
    """Forget something that has stopped."""
    _running.remove(served)


def everything() -> list[Running]:
    """Return what runs, the earliest first."""
    return _running.copy()


def settle(kept: Collection[Any]) -> list[Running]:
    """Stop everything but some, and return what was stopped, the earliest first."""
    left = [served for served in _running if served not in kept]
    for served in reversed(left):
        served.leave()
    return left
