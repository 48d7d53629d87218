"""Shows the progress of a check: as a bar on a terminal, else as a line for each family."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from fake_secrets.contract.progress import Progress

__all__ = ["Display", "display_on"]

_CELLS = 24
_FULL, _EMPTY = "█", "░"
# Seconds. More often, the eye sees flicker and no more news.
_INTERVAL = 0.04
_WIDTH = 80
_START_OF_LINE, _ERASE_TO_END = "\r", "\x1b[K"


class Display(Protocol):
    """What shows the progress."""

    def show(self, progress: Progress) -> None:
        """Show that a scenario begins."""

    def close(self) -> None:
        """Clear what isn't to stay."""


def display_on(stream: TextIO, *, has_bar: bool = True) -> Display:
    """Return what shows the progress.

    Args:
        stream: where it is shown.
        has_bar: whether a terminal gets a bar.
    """
    is_terminal = has_bar and stream.isatty() and os.environ.get("TERM") != "dumb"
    return _Bar(stream) if is_terminal else _Lines(stream)


class _Lines:
    """A line for each family."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._family = ""

    def show(self, progress: Progress) -> None:
        """Begin a line if a family begins."""
        if progress.total is None or progress.family == self._family:
            return
        self._family = progress.family
        count = progress.in_family or 0
        print(f"{progress.family}: {count} scenario{'s' * (count != 1)}", file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the lines."""


class _Bar:
    """A bar on the last line of a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._now = time.perf_counter
        self._shown_at: float | None = None
        self._family = ""

    def show(self, progress: Progress) -> None:
        """Draw the bar over the last one."""
        now = self._now()
        is_news = progress.family != self._family or self._shown_at is None
        if not is_news and self._shown_at is not None and now - self._shown_at < _INTERVAL:
            return
        self._shown_at, self._family = now, progress.family
        # One write, and nothing is erased before it is replaced: so it doesn't flicker.
        self._write(f"{_START_OF_LINE}{self._line(progress)}{_ERASE_TO_END}")

    def close(self) -> None:
        """Clear the bar."""
        if self._shown_at is not None:
            self._shown_at = None
            self._write(f"{_START_OF_LINE}{_ERASE_TO_END}")

    def _line(self, progress: Progress) -> str:
        if progress.total is None:
            line = f"{progress.family}  three undisturbed rotations"
        else:
            count = f"{progress.done:>{len(str(progress.total))}}/{progress.total}"
            line = f"{self._bar(progress.done, progress.total)} {count}  {progress.family}  {progress.scenario}"
        # A terminal wraps a line that fills its last column.
        return line[: max(self._columns() - 1, 0)]

    def _bar(self, done: int, total: int) -> str:
        full = _CELLS * done // max(total, 1)
        bar = _FULL * full + _EMPTY * (_CELLS - full)
        try:
            bar.encode(self._stream.encoding or "ascii")
        except UnicodeEncodeError:
            return f"[{'#' * full}{'.' * (_CELLS - full)}]"
        return bar

    def _columns(self) -> int:
        try:
            # It may have been resized.
            return os.get_terminal_size(self._stream.fileno()).columns or _WIDTH
        except OSError:
            return _WIDTH

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
