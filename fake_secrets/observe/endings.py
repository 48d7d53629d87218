"""Keeps what worlds have recorded, if somebody asks for it, when they end: when they are left or reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_secrets.observe.recording import Recording

__all__ = ["keep", "note"]

_recordings: list[Recording] | None = None


def keep(recordings: list[Recording] | None) -> list[Recording] | None:
    """Keep what worlds that end have recorded in a list from now on; with None, keep nothing.

    Returns:
        The list before.
    """
    global _recordings
    before, _recordings = _recordings, recordings
    return before


def note(recording_of: Callable[[], Recording]) -> None:
    """Note that a world ends. One that was left already may end once more.

    Args:
        recording_of: returns what the world has recorded.
    """
    kept = _recordings
    if kept is not None:
        kept.append(recording_of())
