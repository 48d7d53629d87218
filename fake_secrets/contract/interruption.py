"""An interrupt, as by Ctrl-C, ends a check even if the function under test swallows it."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

__all__ = ["Interruption"]


class Interruption:
    """Notes SIGINT for the length of a block in the main thread, and raises KeyboardInterrupt as Python does.

    A handler of somebody else stays as it is.
    """

    def __init__(self) -> None:
        self.has_come = False
        self._is_watching = False

    def __enter__(self) -> Self:
        """Begin to note it."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._is_watching = True
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        """Put Python's handler back, unless the function has put another one in place."""
        if self._is_watching and signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def raise_again(self) -> None:
        """Raise KeyboardInterrupt if an interrupt has come, which somebody may have swallowed."""
        if self.has_come:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.has_come = True
        signal.default_int_handler(number, frame)
