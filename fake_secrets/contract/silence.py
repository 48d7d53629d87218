"""Silence: hundreds of scenarios print and log, and nobody wants to read that."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TextIO

from fake_secrets.observe.leaks.found import Place
from fake_secrets.observe.leaks.searching import texts_of_record

__all__ = ["Silence"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Saw = Callable[[Place, str], object]

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
        place: the stream that it stands in for.
        saw: called with the place and each text after it was written, from the frame of whoever writes it.
    """

    def __init__(self, place: Place, saw: Saw) -> None:
        super().__init__()
        self._place: Place = place
        self._saw = saw

    def write(self, text: str, /) -> int:
        """Write a text."""
        count = super().write(text)
        self._saw(self._place, text)
        return count


class _Handler(logging.StreamHandler[io.StringIO]):
    """A handler that keeps what is logged.

    Args:
        saw: called with each text of a record, those that `extra` adds among them, from the frame of whoever logs.
    """

    def __init__(self, saw: Saw) -> None:
        super().__init__(io.StringIO())
        self._saw = saw

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        for text in texts_of_record(record):
            self._saw("log", text)
        # Formats it, and so tells of arguments that don't fit, as any handler does.
        super().emit(record)


def _ignore(_: Place, __: str) -> None:
    """Do nothing with a text."""


class Silence:
    """Keeps what the function prints and logs in a trial.

    It is a context manager for the length of a check. At the end, it puts back what an interrupt has kept the end
    of a trial from putting back. `is_loud` says whether it is shown, too, as for a scenario that runs under a
    debugger.
    """

    def __init__(self) -> None:
        self.is_loud = False
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

    @contextlib.contextmanager
    def keeping(self, saw: Saw = _ignore) -> Iterator[None]:
        """Keep the output of the block.

        Args:
            saw: called with the place and each text that is printed or logged, from the frame of whoever does so.
        """
        handler = _Handler(saw)
        handler.addFilter(_is_not_of_sdk)
        root, streams = logging.getLogger(), (sys.stdout, sys.stderr)
        handlers, level = root.handlers[:], root.level
        kept = self._keeping(streams[0], _Kept("stdout", saw)), self._keeping(streams[1], _Kept("stderr", saw))
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

    def _keeping(self, stream: TextIO, kept: _Kept) -> Any:
        """Return what takes the place of a stream."""
        return _Both(kept, stream) if self.is_loud else kept


def _is_not_of_sdk(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] not in _SDK
