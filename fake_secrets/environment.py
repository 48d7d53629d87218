"""Changes to the process environment that are undone exactly, in any order of undoing."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["Overlay"]


class Overlay:
    """A set of environment variables laid over the process environment.

    Args:
        variables: the variables to set; None hides a variable.
    """

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        self._variables = variables
        self._saved: dict[str, str | None] = {}

    def apply(self) -> None:
        """Set the variables, remembering what they were."""
        for name, value in self._variables.items():
            self._saved[name] = os.environ.get(name)
            _set(name, value)

    def undo(self, above: Overlay | None = None) -> None:
        """Put the variables back.

        Args:
            above: the overlay that was applied after this one and still stands, if any. It then
                keeps the environment as it is and puts back, in its turn, what this one found.
        """
        if above is not None:
            above._saved.update(self._saved)
        else:
            for name, value in self._saved.items():
                _set(name, value)
        self._saved = {}


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
