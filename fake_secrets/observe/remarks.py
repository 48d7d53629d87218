"""Remarks: what a world has to say to the author of a test, told as warnings and never out of a client's call."""

from __future__ import annotations

import sys
import warnings
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple

from fake_secrets.errors import FakeSecretsWarning, annotate
from fake_secrets.slotted import slotted

__all__ = ["Line", "Remark", "Remarks", "in_full", "is_between", "tell", "users_line"]

# The packages whose frames lie between a call in the user's code and this one. A copy of botocore may be part of
# another package.
_OURS = "fake_secrets"
_BETWEEN = frozenset({"aiobotocore", "aioboto3", "boto3", "botocore", "wrapt"})

# More than a test reads. A loop of a thousand rotations must not fill the memory.
_KEPT = 1000


class Line(NamedTuple):
    """A line of the user's code."""

    filename: str
    number: int
    module: str


@slotted
class Remark:
    """What a world has to say, and about which line of the user's code.

    `is_settled` returns whether it needn't be told any more. It is asked when the remark is taken.
    """

    category: type[FakeSecretsWarning]
    text: str
    line: Line
    is_settled: Callable[[], bool] | None = None


class Remarks:
    """The remarks of one world that haven't been told yet."""

    def __init__(self) -> None:
        self._untold: deque[Remark] = deque(maxlen=_KEPT)

    def add(
        self,
        category: type[FakeSecretsWarning],
        text: str,
        line: Line,
        is_settled: Callable[[], bool] | None = None,
    ) -> None:
        """Add a remark.

        Args:
            category: the class of the warning.
            text: the message. It begins with words that don't change, which users' filters match.
            line: the line that the warning points at.
            is_settled: as for `Remark`.
        """
        self._untold.append(Remark(category, text, line, is_settled))

    def take(self) -> list[Remark]:
        """Return the remarks that haven't been told and aren't settled, in order, and forget them."""
        taken = list(self._untold)
        self._untold.clear()
        return [remark for remark in taken if remark.is_settled is None or not remark.is_settled()]


def users_line() -> Line:
    """Return the line of the user's code that has called us, directly or through botocore.

    Without such a line, it is the outermost line of the thread.
    """
    frame: FrameType = sys._getframe(1)
    while is_between(frame.f_globals.get("__name__") or "") and frame.f_back is not None:
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__") or "<unknown>")


def tell(remarks: list[Remark], error: BaseException | None = None) -> None:
    """Give remarks as warnings.

    Args:
        remarks: the remarks.
        error: an exception that is raised in any case, if there is one.

    Raises:
        FakeSecretsWarning: the first remark that a warnings filter makes an error, after all are told. If there
            is an `error`, that gets a note instead.
    """
    raised: list[FakeSecretsWarning] = []
    for remark in remarks:
        filename, number, module = remark.line
        try:
            warnings.warn_explicit(remark.text, remark.category, filename, number, module)
        except FakeSecretsWarning as warning:
            annotate(warning, f"at {filename}:{number}")
            raised.append(warning)
    if not raised:
        return
    first = raised.pop(0) if error is None else error
    for other in raised:
        annotate(first, in_full(other))
    if error is None:
        raise first


def in_full(warning: FakeSecretsWarning) -> str:
    """Return a warning that a filter has made an error as text: its type, its message and its notes."""
    return "\n".join([f"{type(warning).__name__}: {warning}", *getattr(warning, "__notes__", ())])


def is_between(module: str) -> bool:
    """Return whether a module's frames lie between a call in the user's code and this one."""
    packages = module.split(".")
    return packages[0] == _OURS or not _BETWEEN.isdisjoint(packages)
