"""The line of a rotation function that makes a call."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from fake_secrets.contract.own_modules import functions_of
from fake_secrets.observe.leaks.lines import shown
from fake_secrets.observe.remarks import Line, is_between
from fake_secrets.rotation.invocation import LambdaFunction

__all__ = ["OwnLine", "line_at", "line_defining", "line_in", "line_of", "where_of"]

# Where a function begins. The frames further out belong to whoever runs it.
_INVOCATION = LambdaFunction.invoke.__code__
_INSTALLED = ("site-packages", "dist-packages")

# Whether the code of a file is the user's, by the name in its code objects.
_is_users: dict[str, bool] = {}


class OwnLine(NamedTuple):
    """A line of a rotation function.

    Args:
        file: the file, relative to the current folder if it is in there.
        number: the line's number.
        text: the line, without the white space around it; empty if the source isn't known.
        function: the name of the Python function that the line is in.
        places: the file and the number of the line, and of the lines of the rotation function that lead there, the
            nearest first. The files are as the code objects name them. Empty if that isn't known.
    """

    file: str
    number: int
    text: str
    function: str
    places: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.number} in {self.function}: {self.text}"


def line_of(frame: FrameType | None, modules: Collection[str]) -> OwnLine | None:
    """Return the innermost line of a rotation function that a call comes from.

    Args:
        frame: the frame in which the call has arrived.
        modules: the files of the function's own modules, as their code objects name them; best a set.

    Returns:
        The innermost line of these files, or else the innermost line that belongs to no library. None if there is
        neither.
    """
    best = None
    while frame is not None and frame.f_code is not _INVOCATION:
        filename = frame.f_code.co_filename
        if filename in modules:
            best = frame
            break
        if best is None and _is_of_user(filename, frame):
            best = frame
        frame = frame.f_back
    if best is None:
        return None
    return line_in(best, best.f_lineno)._replace(places=tuple(_places(best, modules)))


def _places(frame: FrameType, modules: Collection[str]) -> Iterator[tuple[str, int]]:
    """Yield the place of a frame, and those of the lines of the rotation function that lead to it."""
    yield frame.f_code.co_filename, frame.f_lineno
    caller = frame.f_back
    while caller is not None and caller.f_code is not _INVOCATION:
        if caller.f_code.co_filename in modules:
            yield caller.f_code.co_filename, caller.f_lineno
        caller = caller.f_back


def _is_of_user(filename: str, frame: FrameType) -> bool:
    known = _is_users.get(filename)
    if known is None:
        name = frame.f_globals.get("__name__") or ""
        is_stdlib = name.partition(".")[0] in sys.stdlib_module_names
        is_installed = not set(_INSTALLED).isdisjoint(Path(filename).parts)
        known = _is_users[filename] = not (is_between(name) or is_stdlib or is_installed)
    return known


def line_in(frame: FrameType, number: int) -> OwnLine:
    """Return a line of the code that runs in a frame.

    Args:
        frame: the frame.
        number: the line's number.
    """
    return _line_of_code(frame.f_code, number, frame.f_globals)


def line_at(filename: str, number: int) -> OwnLine:
    """Return a line by its file, as code objects name it, and its number."""
    return OwnLine(_shown(filename, number), number, linecache.getline(filename, number).strip(), "")


def line_defining(function: Callable[..., object]) -> OwnLine | None:
    """Return the line where a function is defined; None if that is unknown."""
    found: Any = next(functions_of(function), None)
    if isinstance(found, type):
        # An object of it is called.
        found = vars(found).get("__call__")
    code = getattr(found, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return _line_of_code(code, code.co_firstlineno, getattr(found, "__globals__", None))


def _line_of_code(code: CodeType, number: int, names: Any) -> OwnLine:
    text = linecache.getline(code.co_filename, number, names).strip()
    return OwnLine(_shown(code.co_filename, number), number, text, code.co_name)


def _shown(filename: str, number: int) -> str:
    return shown(Line(filename, number, "")).rpartition(":")[0]


def where_of(line: OwnLine | None) -> str | None:
    """Return a line as ``file:line``, or None."""
    return None if line is None else f"{line.file}:{line.number}"
