"""Writes the output of a command, whatever becomes of the reader, and keeps it apart from what others print."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Self, TextIO

from fake_secrets.cli.command_error import CommandError

__all__ = ["OwnOutput", "write_out"]

_STDOUT = 1


def write_out(text: str) -> None:
    """Write a text to the standard output. Characters that its encoding lacks are written as escapes.

    Raises:
        CommandError: if it can't be written, because the output is closed or a disk is full. A reader that stops
            reading, as `head` does, is no error.
    """
    _write(text, sys.stdout)


def _write(text: str, stream: TextIO | None) -> None:
    # A process may be started without an output.
    if stream is None:
        msg = "the output can't be written, because the standard output is closed"
        raise CommandError(msg)
    with _to_closed_pipes(stream):
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


@contextlib.contextmanager
def _to_closed_pipes(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Python flushes the stream once more when it closes it.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            msg = f"the output can't be written: {error.strerror or type(error).__name__}"
            raise CommandError(msg) from None


class OwnOutput:
    """Keeps the standard output for a command's own words while a `with` block runs.

    What others print in the block, such as a user's function or a program that it starts, goes to the standard
    error.

    `file` is the descriptor of the standard output during the block. It is None if the process has none, as a test
    that captures the output, and once the last text was written.
    """

    def __init__(self) -> None:
        self.file: int | None = None
        self._stream: TextIO | None = sys.stdout
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        errors: TextIO | None = sys.stderr
        if errors is None:
            errors = self._stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123 -- no path
        target = _descriptor_of(errors)
        if self._stream is not None and _descriptor_of(self._stream) == _STDOUT and target is not None:
            self._stream.flush()
            self.file = os.dup(_STDOUT)
            os.dup2(target, _STDOUT)
        self._stack.enter_context(contextlib.redirect_stdout(errors))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
        if self.file is not None:
            os.dup2(self.file, _STDOUT)
            os.close(self.file)
            self.file = None

    def write_last(self, text: str) -> None:
        """Write a text and close the output, so that whoever reads to its end can go on.

        Raises:
            CommandError: as `write_out` does.
        """
        if self.file is None or self._stream is None:
            _write(text, self._stream)
            return
        file, self.file = self.file, None
        with open(file, "w", encoding=self._stream.encoding) as stream:  # noqa: PTH123 -- no path
            _write(text, stream)


def _descriptor_of(stream: TextIO | None) -> int | None:
    """Return the file descriptor that a stream writes to, or None, as for a stream of a test in memory."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return None if stream is None else stream.fileno()
    return None
