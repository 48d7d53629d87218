"""Drafts: files that are written whole before they take the place of a state file.

A kill can leave one. It has secret values in it, so the next server removes it. Nobody else's file is touched: a
draft has a name that nobody chooses, begins as a state file does, and isn't locked.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path

from fake_secrets.keeping.lines import HEADING
from fake_secrets.keeping.locking import lock

__all__ = ["name_for", "remove_left"]

_DIGITS = 16


def name_for(path: str) -> Path:
    """Return a new name for a draft, in the folder of the state file at a path."""
    file = Path(path)
    return file.with_name(f".{file.name}.{secrets.token_hex(_DIGITS // 2)}.draft")


def remove_left(path: str) -> None:
    """Remove the drafts of a state file that killed servers have left. The caller has locked the file."""
    file = Path(path)
    form = re.compile(rf"\.{re.escape(file.name)}\.[0-9a-f]{{{_DIGITS}}}\.draft")
    with contextlib.suppress(OSError):
        for found in file.parent.iterdir():
            if form.fullmatch(found.name):
                _remove(found)


def _remove(draft: Path) -> None:
    with contextlib.suppress(OSError), draft.open("rb") as file:
        if HEADING.startswith(file.read(len(HEADING))) and lock(file.fileno()):
            draft.unlink()
