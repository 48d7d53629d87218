"""The files of a rotation function, and the lines in them that calls, exceptions and leaks come from."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable
from types import FrameType, ModuleType, TracebackType
from typing import Protocol

from fake_secrets.contract.own_lines import OwnLine, line_at, line_in, line_of
from fake_secrets.contract.own_modules import functions_of
from fake_secrets.contract.shared_lines import SharedLines
from fake_secrets.observe.leaks.lines import shown
from fake_secrets.observe.remarks import Line

__all__ = ["OwnFiles"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class _Function(Protocol):
    @property
    def modules(self) -> tuple[ModuleType, ...]:
        """The function's own modules."""


class OwnFiles:
    """The files of a rotation function.

    Args:
        function: what knows the modules of the function. There may be more of them later.
        functions: the function, and other functions of the code under test.
        service: what makes the service double, whose module isn't the function's own.
    """

    def __init__(self, function: _Function, functions: Iterable[Callable[..., object]], service: object) -> None:
        self._function = function
        found = [one for function in functions for one in functions_of(function)]
        homes = {one.__module__ for one in found}
        others = {getattr(service, "__module__", None)} - {*homes, None}
        self._others = {str(getattr(sys.modules.get(str(name)), "__file__", None)) for name in others}
        self._count = 0
        self._files: frozenset[str] = frozenset()
        self._shared = SharedLines({one.__code__.co_filename for one in found if hasattr(one, "__code__")})

    @property
    def files(self) -> frozenset[str]:
        """The files, as the code objects name them."""
        modules = self._function.modules
        if len(modules) != self._count:
            self._count = len(modules)
            self._files = (
                frozenset(str(module.__file__) for module in modules if getattr(module, "__file__", None))
                - self._others
            )
        return self._files

    def of_frame(self, frame: FrameType) -> OwnLine | None:
        """Return the line of the function that leads to a frame."""
        return self._shared.noted(line_of(frame, self.files))

    def of_error(self, error: BaseException) -> OwnLine | None:
        """Return the innermost line of the function that an exception has come through."""
        own, traceback = list[TracebackType](), error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename in self.files:
                own.append(traceback)
            traceback = traceback.tb_next
        if not own:
            return None
        places = ((one.tb_frame.f_code.co_filename, one.tb_lineno) for one in reversed(own))
        return self._shared.noted(line_in(own[-1].tb_frame, own[-1].tb_lineno)._replace(places=tuple(places)))

    def calling(self, line: OwnLine) -> OwnLine | None:
        """Return the line of the function that has led to a line which others lead to as well; None if none do."""
        caller = self._shared.caller_of(line)
        return None if caller is None else line_at(*caller)

    def at(self, where: str) -> OwnLine | None:
        """Return a line by ``file:line``, with the file relative to the current directory if it is in there."""
        file, _, number = where.rpartition(":")
        if not number.isdecimal():
            return None
        return OwnLine(file, int(number), linecache.getline(file, int(number)).strip(), "")

    def is_own(self, file: str) -> bool:
        """Return whether a file, relative or not, belongs to the function."""
        return any(file in {own, shown(Line(own, 0, "")).rpartition(":")[0]} for own in self.files)
