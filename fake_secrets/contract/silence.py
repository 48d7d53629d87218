"""Silence: hundreds of scenarios print and log, and nobody wants to read that."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TextIO

__all__ = ["Silence"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Saw = Callable[[str], object]

# On DEBUG, they log every request and answer.
_SDK = frozenset({"aiobotocore", "boto3", "botocore", "urllib3"})


class _Both:
    """A stream that keeps what is written, and shows it on another one, whose attributes it has."""

    def __init__(self, kept: TextIO, shown: TextIO) -> None:
        self._kept = kept
        self._shown = shown

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the other stream, such as its encoding."""
        return getattr(self._shown, name)

    def write(self, text: str, /) -> int:
        """Write a text to both."""
        self._kept.write(text)
        return self._shown.write(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write texts to both."""
        for line in lines:
            self.write(line)


class _Kept(io.StringIO):
    """A stream that keeps what is written.

    Args:
        saw: called with each text after it was written, from the frame of whoever writes it.
    """

    def __init__(self, saw: Saw) -> None:
        super().__init__()
        self._saw = saw

    def write(self, text: str, /) -> int:
        """Write a text."""
        count = super().write(text)
        self._saw(text)
        return count


def _ignore(_: str) -> None:
    """Do nothing with a text."""


class Silence:
    """Keeps what the function prints and logs in a trial.

    It is a context manager for the length of a check. At the end, it puts back what an interrupt has kept the end
    of a trial from putting back. `is_loud` says whether it is shown, too, as for a scenario that runs under a
    debugger.
    """

    def __init__(self) -> None:
        self.is_loud = False
        self._kept = _Kept(_ignore)
        root = logging.getLogger()
        self._found = root.handlers[:], root.level, sys.stdout, sys.stderr

    def __enter__(self) -> Self:
        """Begin a check."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End a check."""
        if kind is not None and not issubclass(kind, Exception):
            root = logging.getLogger()
            root.handlers[:], level, sys.stdout, sys.stderr = self._found
            root.setLevel(level)

    def text(self) -> str:
        """Return what was printed and logged in the latest trial."""
        return self._kept.getvalue()

    @contextlib.contextmanager
    def keeping(self, saw: Saw = _ignore) -> Iterator[None]:
        """Keep the output of the block.

        Args:
            saw: called with each text after it was written, from the frame of whoever writes it.
        """
        self._kept = _Kept(saw)
        handler = logging.StreamHandler(self._kept)
        handler.addFilter(_is_not_of_sdk)
        root, streams = logging.getLogger(), (sys.stdout, sys.stderr)
        handlers, level = root.handlers[:], root.level
        kept = self._keeping(streams[0]), self._keeping(streams[1])
        try:
            # A function that logs on INFO leaks there, too, once somebody has turned that on.
            root.setLevel(min(level, logging.INFO))
            shown = (handlers or [logging.StreamHandler()]) if self.is_loud else []
            root.handlers[:] = [*shown, handler]
            sys.stdout, sys.stderr = kept
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            sys.stdout, sys.stderr = streams

    def _keeping(self, stream: TextIO) -> Any:
        """Return what takes the place of a stream."""
        return _Both(self._kept, stream) if self.is_loud else self._kept


def _is_not_of_sdk(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] not in _SDK
