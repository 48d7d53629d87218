"""The error that a command ends with if it can't run, and how it is told."""

from __future__ import annotations

import sys

__all__ = ["CommandError", "tell"]


class CommandError(Exception):
    """A command can't run. Its text says why in one sentence, and holds no secret value."""


def tell(command: str, error: CommandError) -> None:
    """Say on the standard error why a command can't run."""
    sentence = str(error)
    # A list has no full stop.
    end = "" if sentence.endswith(("?", ".")) or "\n" in sentence else "."
    print(f"fake-secrets {command}: {sentence}{end}", file=sys.stderr, flush=True)
