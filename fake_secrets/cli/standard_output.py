"""Writes the output of a command, whatever becomes of the reader."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from fake_secrets.cli.command_error import CommandError

__all__ = ["write_out"]


def write_out(text: str) -> None:
    """Write a text to the standard output. Characters that its encoding lacks are written as escapes.

    Raises:
        CommandError: if it can't be written, because the output is closed or a disk is full. A reader that stops
            reading, as `head` does, is no error.
    """
    if _is_missing(sys.stdout):
        msg = "the output can't be written, because the standard output is closed"
        raise CommandError(msg)
    with _to_closed_pipes():
        sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()


def _is_missing(stream: object) -> bool:
    # That of a process that was started without one.
    return stream is None


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


@contextlib.contextmanager
def _to_closed_pipes() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Python flushes the stream once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            msg = f"the output can't be written: {error.strerror or type(error).__name__}"
            raise CommandError(msg) from None
