"""Silence: hundreds of scenarios print and log, and nobody wants to read that."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Iterator

__all__ = ["Silence"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Silence:
    """Keeps what the function prints and logs in a trial.

    `is_loud` says whether it is shown, too, as for a scenario that runs under a debugger.
    """

    def __init__(self) -> None:
        self.is_loud = False
        self._kept = io.StringIO()

    def text(self) -> str:
        """Return what was printed and logged in the latest trial."""
        return self._kept.getvalue()

    @contextlib.contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep the output of the block."""
        self._kept = io.StringIO()
        handler = logging.StreamHandler(self._kept)
        root, streams = logging.getLogger(), (sys.stdout, sys.stderr)
        handlers, level = root.handlers[:], root.level
        try:
            # A function that logs on INFO leaks there, too, once somebody has turned that on.
            root.setLevel(min(level, logging.INFO))
            shown = (handlers or [logging.StreamHandler()]) if self.is_loud else []
            root.handlers[:] = [*shown, handler]
            if not self.is_loud:
                sys.stdout, sys.stderr = self._kept, self._kept
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            sys.stdout, sys.stderr = streams
