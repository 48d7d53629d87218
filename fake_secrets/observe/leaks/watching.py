"""Who watches for leaks, and what they are shown.

While somebody watches, every text that is logged, printed, warned of, raised or returned in the process is
searched. While nobody does, nothing of the process is changed. What is here runs inside the user's own calls of
`print` and `logging`: it raises nothing, holds no lock while it looks, and doesn't look at what it has caused.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from fake_secrets.observe.entry import rotation_step
from fake_secrets.observe.leaks import seams
from fake_secrets.observe.leaks.found import Leak, Place
from fake_secrets.observe.leaks.gate import _lock
from fake_secrets.observe.leaks.index import Index, Match, Origin, Reading
from fake_secrets.observe.leaks.lines import UNKNOWN, line_here, line_of, line_raising, shown
from fake_secrets.observe.leaks.searching import (
    exceptions_of,
    is_of_botocore,
    text_of,
    texts_of_error,
    texts_of_record,
)
from fake_secrets.observe.remarks import Line

__all__ = ["Everywhere", "Knowing", "begin", "end", "saw_error", "saw_result", "settle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Knowing(Protocol):
    """What knows the secret values of a world, and keeps the leaks of them."""

    def _current_index(self) -> Index:
        """Return the index of the world's values, as they are now."""

    def _keep(self, leak: Leak, length: int, *, is_of_test: bool) -> bool:
        """Keep a leak, if anybody wants it.

        Args:
            leak: the leak.
            length: the length of the secret text.
            is_of_test: whether the whole test is watched, and not only a block.

        Returns:
            Whether the test should be told of it, because no block has it.
        """


class Watcher(Protocol):
    """One who watches. Whoever watches a whole test is an `Everywhere`."""

    def worlds(self) -> Iterable[Knowing]:
        """Return the worlds whose values are watched."""


class Everywhere:
    """Watches several worlds at a time.

    Args:
        worlds: returns the worlds.
        tell: called with each leak, its world, and the line of the user's code.
    """

    def __init__(
        self, worlds: Callable[[], Iterable[Knowing]], tell: Callable[[Knowing, Leak, Line], None]
    ) -> None:
        self.worlds = worlds
        self.tell = tell


class _Here(threading.local):
    """What this thread is doing. `covered` has the finds of the log record or warning that it is giving."""

    is_looking = False
    is_mute = False
    covered: frozenset[Origin] = frozenset()


_watchers: tuple[Watcher, ...] = ()
_here = _Here()
_patches = seams.Patches()


def begin(watcher: Watcher) -> None:
    """Watch from now on. The first watcher changes `logging`, `warnings` and the streams."""
    global _watchers  # noqa: PLW0603 -- the process has one `logging`, too
    with _lock:
        _watchers = (*_watchers, watcher)
        _patches.put_up(_covering_record, _covering_warning, _saw_written)
    # Outside of the lock, because a stream may be of a class of the user's.
    _patches.attach_to_streams()


def end(watcher: Watcher) -> None:
    """Watch no longer. The last watcher restores what the first has changed."""
    global _watchers  # noqa: PLW0603
    with _lock:
        _watchers = tuple(other for other in _watchers if other is not watcher)
    _restore()


def settle(kept: Iterable[Knowing]) -> None:
    """End the watchers of worlds that are over, whatever interrupt has kept them from ending.

    Args:
        kept: the worlds that stay.
    """
    _here.is_looking, _here.is_mute, _here.covered = False, False, frozenset()
    worlds = list(kept)
    for watcher in _watchers:
        is_kept = any(world is other for world in watcher.worlds() for other in worlds)
        if not is_kept and not isinstance(watcher, Everywhere):
            end(watcher)
    _restore()


def _restore() -> None:
    """Restore what was changed if nobody watches any longer."""
    with _lock:
        if not _watchers:
            _patches.take_down()
    if not _watchers:
        _patches.detach_from_streams()
    if _watchers:
        # Another thread has begun to watch in between.
        _patches.attach_to_streams()


def saw_error(error: BaseException) -> None:
    """Look at an exception that came out of code of the user's, and at those that are shown with it."""
    with _Looking() as is_first:
        if is_first:
            outer = line_raising(error)
            for one in exceptions_of(error):
                line = line_raising(one) or outer
                for text in texts_of_error(one):
                    _look("exception", text, lambda line=line: line or UNKNOWN)  # type: ignore[misc]


def saw_result(result: object, function: object) -> None:
    """Look at what a rotation function returned."""
    with _Looking() as is_first:
        if is_first and result is not None:
            _look("result", text_of(result), lambda: line_of(function))


def _saw_written(stream: seams.Stream, text: str) -> None:
    with _Looking() as is_first:
        if is_first and not _here.is_mute:
            _look(stream.place, text, line_here, stream.reading)


def _covering_record(record: logging.LogRecord) -> _Covered:
    """Look at a log record, and return a context in which handlers that write it tell nothing again."""
    found: frozenset[Origin] = frozenset()
    is_mute = is_of_botocore(record)
    with _Looking() as is_first:
        if is_first and not is_mute:
            line = Line(record.pathname, record.lineno, record.module)
            for text in texts_of_record(record):
                found |= _look("log", text, lambda: line)
    return _Covered(found, is_mute=is_mute)


def _covering_warning(message: object) -> _Covered:
    """Look at a warning, and return a context in which nothing tells it again."""
    found: frozenset[Origin] = frozenset()
    with _Looking() as is_first:
        if is_first:
            found = _look("warning", text_of(message), line_here)
    return _Covered(found)


def _look(
    place: Place,
    text: str,
    where: Callable[[], Line | None],
    reading_of: Callable[[Index], Reading] | None = None,
) -> frozenset[Origin]:
    """Search a text for the values of all worlds that are watched, and return what was found."""
    seen: frozenset[Origin] = frozenset()
    for world, tests in _watched():
        index = world._current_index()
        matches = index.read(text, None if reading_of is None else reading_of(index))
        new = [match for match in matches if match.origin not in _here.covered]
        line = where() if new else None
        if line is not None:
            for match in new:
                _tell(world, tests, match, place, line)
            seen |= {match.origin for match in new}
    return seen


def _tell(world: Knowing, tests: list[Everywhere], match: Match, place: Place, line: Line) -> None:
    running, origin = rotation_step.get(), match.origin
    leak = Leak(
        place,
        shown(line),
        origin.secret,
        origin.field,
        origin.version,
        match.kind,
        None if running is None or running.is_over else running.name,
    )
    if world._keep(leak, origin.length, is_of_test=bool(tests)):
        for test in tests:
            test.tell(world, leak, line)


def _watched() -> list[tuple[Knowing, list[Everywhere]]]:
    """Return each world that is watched, with those who watch it for a whole test."""
    by_world: dict[int, tuple[Knowing, list[Everywhere]]] = {}
    for watcher in _watchers:
        for world in watcher.worlds():
            tests = by_world.setdefault(id(world), (world, []))[1]
            if isinstance(watcher, Everywhere) and watcher not in tests:
                tests.append(watcher)
    return list(by_world.values())


class _Looking:
    """A context manager in which something is looked at, and which lets no exception out but an interrupt.

    It gives False where nobody watches, and inside of another look: what the user's own `__str__` logs or prints
    is met again when the user's handler calls it.
    """

    __slots__ = ("_is_first",)

    def __enter__(self) -> bool:
        self._is_first = bool(_watchers) and not _here.is_looking
        if self._is_first:
            _here.is_looking = True
        return self._is_first

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if self._is_first:
            _here.is_looking = False
        # It must not come out of the user's `print`.
        return isinstance(error, Exception)


class _Covered:
    """A context manager in which some finds aren't told again.

    Args:
        found: what was found already.
        is_mute: whether nothing is told at all of what is written.
    """

    # Not a generator: contextlib would set the traceback of an exception, and frozen exceptions refuse that.
    __slots__ = ("_before", "_found", "_is_mute")

    def __init__(self, found: frozenset[Origin], *, is_mute: bool = False) -> None:
        self._found, self._is_mute = found, is_mute

    def __enter__(self) -> None:
        self._before = _here.covered, _here.is_mute
        _here.covered, _here.is_mute = _here.covered | self._found, _here.is_mute or self._is_mute

    def __exit__(self, *exception: object) -> None:
        _here.covered, _here.is_mute = self._before
