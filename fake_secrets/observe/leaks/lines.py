"""The line of the user's code that has leaked something."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from fake_secrets.observe.remarks import Line, is_between

__all__ = ["UNKNOWN", "line_here", "line_of", "line_raising", "shown"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

UNKNOWN = Line("<unknown>", 0, "<unknown>")

# Packages that write what they are given.
_WRITERS = frozenset({"click", "colorama", "loguru", "rich", "structlog", "tqdm", "typer"})
_RUNNERS = frozenset({"_pytest", "pluggy", "xdist"})


def line_here() -> Line | None:
    """Return the line of the user's code that writes something; None if pytest itself writes it.

    Without such a line, it is the outermost line of the thread.
    """
    line = None
    for frame in _callers(sys._getframe(1)):
        line = _line(frame, frame.f_lineno)
        package = line.module.split(".")[0]
        if package in _RUNNERS:
            return None
        if _is_users(line.module):
            return line
    return line


def line_raising(error: BaseException) -> Line | None:
    """Return the innermost line of the user's code that an exception came through, or None."""
    found = None
    for traceback in _tracebacks(error.__traceback__):
        line = _line(traceback.tb_frame, traceback.tb_lineno)
        if _is_users(line.module):
            found = line
    return found


def line_of(function: object) -> Line:
    """Return the line where a function is defined."""
    while isinstance(function, functools.partial):
        function = function.func
    found = inspect.unwrap(function) if callable(function) else function
    code = getattr(found, "__code__", None) or getattr(type(found).__call__, "__code__", None)
    if code is None:
        return UNKNOWN
    return Line(code.co_filename, code.co_firstlineno, getattr(found, "__module__", None) or "<unknown>")


def shown(line: Line) -> str:
    """Return a line as text: file and number, the file relative to the current directory if it is in there."""
    try:
        folder = os.getcwd()  # noqa: PTH109 -- as a str, which takes less time
    except OSError:
        return f"{line.filename}:{line.number}"
    return f"{_relative(line.filename, folder)}:{line.number}"


@functools.lru_cache(maxsize=256)
def _relative(filename: str, folder: str) -> str:
    path = Path(filename)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else filename


def _is_users(module: str) -> bool:
    package = module.split(".", maxsplit=1)[0]
    return not (
        is_between(module) or package in _WRITERS or package in _RUNNERS or package in sys.stdlib_module_names
    )


def _line(frame: FrameType, number: int) -> Line:
    return Line(frame.f_code.co_filename, number, frame.f_globals.get("__name__") or "<unknown>")


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _tracebacks(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
