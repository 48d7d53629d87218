"""A scenario: one thing that is tried with the rotation function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.trial import Trial

__all__ = ["Scenario"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that is tried.

    Args:
        id: its stable id, such as ``setSecret.kill-after-5``.
        title: what happens in it, in words.
        run: runs it and returns the trial.
    """

    id: str
    title: str
    run: Callable[[Check, str], Trial] = field(repr=False)
