"""The seams by which we see what is logged, printed and warned of.

- Log records: `logging.Logger.callHandlers`. Filters and factories of the user's have done their work there. It is
  called for every record that a level lets pass, with handlers or without, and nothing of it shows in a list of
  handlers.
- Streams: `write` of the stream object itself, so that `isatty`, `buffer` and `fileno` stay its own, and that code
  that has kept the stream is seen too. The class of the module `sys` tells of new streams, such as capsys's.
- Warnings: `warnings.warn` and `warn_explicit`, which get those that a filter ignores, too, and `_showwarnmsg` for
  code that has imported `warn` before.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal
from weakref import WeakKeyDictionary

from fake_secrets.observe.leaks.index import Index, Reading

__all__ = ["Patches", "Stream"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Covering = Callable[[Any], AbstractContextManager[None]]
SawWritten = Callable[["Stream", str], None]

_PLACES: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")


class _Patch:
    """One attribute that is replaced while somebody watches.

    Args:
        owner: the class or module.
        name: the attribute.
        replace: makes the replacement, from the patch.
    """

    def __init__(self, owner: Any, name: str, replace: Callable[[_Patch], Any]) -> None:
        self.owner, self.name = owner, name
        self.original = getattr(owner, name)
        self.replacement = replace(self)
        # Others may keep the replacement for longer; it does nothing then.
        self.is_on = False

    def apply(self) -> None:
        """Replace the attribute, unless that is done."""
        if not self.is_on:
            self.is_on = True
            setattr(self.owner, self.name, self.replacement)

    def undo(self) -> bool:
        """Put the original back, and return whether that is done: others may have replaced the replacement."""
        self.is_on = False
        if getattr(self.owner, self.name) is self.replacement:
            setattr(self.owner, self.name, self.original)
        return getattr(self.owner, self.name) is self.original


class Stream:
    """What stands in for the `write` of a stream.

    Args:
        stream: the stream.
        place: whether it is stdout or stderr.
        saw: called with each text that was written.
    """

    def __init__(self, stream: Any, place: Literal["stdout", "stderr"], saw: SawWritten) -> None:
        self.place = place
        self._stream = stream
        self._saw: SawWritten | None = saw
        self._write = stream.write
        self._own = vars(stream).get("write")
        # Threads write between each other's pieces.
        self._here = threading.local()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Write a text, and look at it."""
        written, saw = self._write(*arguments, **keywords), self._saw
        if saw is not None and arguments and isinstance(arguments[0], str):
            saw(self, arguments[0])
        return written

    def reading(self, index: Index) -> Reading:
        """Return how far this thread's text has been read for the values of an index."""
        try:
            readings: WeakKeyDictionary[Index, Reading] = self._here.readings
        except AttributeError:
            readings = self._here.readings = WeakKeyDictionary()
        return readings.setdefault(index, Reading())

    def attach(self) -> None:
        """Stand in for the stream's `write` from now on."""
        self._stream.write = self

    def detach(self) -> None:
        """Give the stream its own `write` again, unless others have replaced it."""
        self._saw = None
        with contextlib.suppress(AttributeError, TypeError):
            if vars(self._stream).get("write") is self:
                if self._own is None:
                    del self._stream.write
                else:
                    self._stream.write = self._own


class Patches:
    """Everything that is changed while somebody watches."""

    def __init__(self) -> None:
        self._patches: list[_Patch] = []
        # Replaced by others when we took them down; they may come back.
        self._covered: list[_Patch] = []
        self._streams: list[Stream] = []
        self._saw: SawWritten | None = None

    def put_up(self, covering_record: Covering, covering_warning: Covering, saw: SawWritten) -> None:
        """Change `logging`, `warnings` and `sys`, unless they are changed already.

        Args:
            covering_record: called with each log record; the handlers run inside the context that it returns.
            covering_warning: likewise with the message of each warning.
            saw: called with each text that is written, and its stream.
        """
        self._saw = saw
        self._patches = self._patches or [
            _Patch(logging.Logger, "callHandlers", lambda patch: _call_handlers(patch, covering_record)),
            _Patch(warnings, "warn", lambda patch: _warn(patch, covering_warning)),
            _Patch(warnings, "warn_explicit", lambda patch: _warn_explicit(patch, covering_warning)),
            _Patch(warnings, "_showwarnmsg", lambda patch: _show(patch, covering_warning)),
            _Patch(sys, "__class__", lambda _: _class_of_sys(self._attach)),
        ]
        for patch in self._patches:
            patch.apply()

    def attach_to_streams(self) -> None:
        """See what is written to the present stdout and stderr."""
        for name in _PLACES:
            self._attach(name, getattr(sys, name, None))

    def detach_from_streams(self) -> None:
        """Give all streams their own `write` again."""
        for stream in self._streams.copy():
            stream.detach()
            with contextlib.suppress(ValueError):
                self._streams.remove(stream)

    def take_down(self) -> None:
        """Restore what was changed, except the streams."""
        self._saw = None
        self._covered = [patch for patch in [*self._covered, *self._patches] if not patch.undo()]
        self._patches = []

    def _attach(self, name: str, stream: Any) -> None:
        saw = self._saw
        place = next((place for place in _PLACES if place == name), None)
        if saw is None or place is None or stream is None:
            return
        # A stream that takes no attributes isn't seen. A mock must keep its own `write`, on which tests assert.
        with contextlib.suppress(Exception):
            if hasattr(type(stream), "write") and not isinstance(vars(stream).get("write"), Stream):
                attached = Stream(stream, place, saw)
                # First, so that an interrupt leaves no stream that isn't detached.
                self._streams.append(attached)
                attached.attach()


def _call_handlers(patch: _Patch, covering: Covering) -> Any:
    def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> Any:  # noqa: N802 -- its name there
        if not patch.is_on:
            return patch.original(logger, record)
        with covering(record):
            return patch.original(logger, record)

    return callHandlers


def _warn(patch: _Patch, covering: Covering) -> Any:
    def warn(
        message: Any,
        category: Any = None,
        stacklevel: int = 1,
        source: Any = None,
        *,
        skip_file_prefixes: tuple[str, ...] = (),
    ) -> Any:
        prefixes = {"skip_file_prefixes": skip_file_prefixes} if skip_file_prefixes else {}
        level = _level_above(stacklevel, skip_file_prefixes)
        if not patch.is_on:
            return patch.original(message, category, level, source, **prefixes)
        with covering(message):
            return patch.original(message, category, level, source, **prefixes)

    return warn


def _level_above(level: int, prefixes: tuple[str, ...]) -> int:
    """Return the `stacklevel` that leads from a replacement of `warn` to where it led from the caller of that."""
    if not prefixes:
        return max(level, 1) + 1
    # Python raises the level to 2 then, and doesn't count files with the prefixes. A whole name is none to it.
    file = sys._getframe(2).f_code.co_filename
    is_skipped = file.startswith(prefixes) and file not in prefixes
    return max(level, 2) + (not is_skipped)


def _warn_explicit(patch: _Patch, covering: Covering) -> Any:
    def warn_explicit(message: Any, *arguments: Any, **keywords: Any) -> Any:
        if not patch.is_on:
            return patch.original(message, *arguments, **keywords)
        with covering(message):
            return patch.original(message, *arguments, **keywords)

    return warn_explicit


def _show(patch: _Patch, covering: Covering) -> Any:
    def _showwarnmsg(shown: warnings.WarningMessage) -> Any:
        if not patch.is_on:
            return patch.original(shown)
        with covering(shown.message):
            return patch.original(shown)

    return _showwarnmsg


def _class_of_sys(attach: Callable[[str, Any], None]) -> type:
    """Return a class for the module `sys` that tells of each new stdout and stderr."""
    base: Any = type(sys)

    class module(base):  # type: ignore[misc] # noqa: N801 -- named as what it replaces
        __slots__ = ()

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name in _PLACES:
                attach(name, value)

        def __reduce__(self) -> tuple[Any, ...]:
            # cloudpickle knows how to pickle modules, but only by their usual class.
            return importlib.import_module, (self.__name__,)

    return module
