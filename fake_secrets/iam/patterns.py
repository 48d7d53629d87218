"""Patterns with IAM's wildcards: ``*`` stands for any text, ``?`` for any one character, all else for itself.

Policies may be large and hostile. So nothing is compiled to a regular expression, which takes long, and matching
never goes back: it takes at most the text's length times the length of what is between two stars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

__all__ = [
    "Matcher",
    "Piece",
    "is_like",
    "joined",
    "matcher_of",
    "matcher_of_pieces",
    "pieces_between_colons",
]

Matcher = Callable[[str], bool]
# Text of a pattern, and whether its wildcards are wildcards: they aren't in what a policy variable stands for.
Piece = tuple[str, bool]

_WILDCARD = re.compile(r"[*?]")


class _Segment(NamedTuple):
    """What is between two stars: its length, and its texts with their places. The longest text is the first."""

    length: int
    texts: tuple[tuple[int, str], ...]


def matcher_of(pattern: str) -> Matcher:
    """Return the function that tells whether a whole text matches a pattern."""
    first = _WILDCARD.search(pattern)
    if first is None:
        return pattern.__eq__
    prefix, wild, length = pattern[: first.start()], pattern[first.start() :], len(pattern)
    if not wild.strip("*"):
        return (lambda text: text.startswith(prefix)) if prefix else _always
    if not wild.strip("?"):
        return lambda text: len(text) == length and text.startswith(prefix)
    return _Glob(((pattern, True),), prefix)


def matcher_of_pieces(pieces: tuple[Piece, ...]) -> Matcher:
    """Return the function that tells whether a whole text matches a pattern that is given in pieces."""
    prefix = ""
    for text, is_pattern in pieces:
        wild = _WILDCARD.search(text) if is_pattern else None
        if wild is not None:
            return _Glob(pieces, prefix + text[: wild.start()])
        prefix += text
    return prefix.__eq__


def is_like(text: str, pattern: str) -> bool:
    """Return whether a whole text matches a pattern, which isn't used again."""
    return matcher_of(pattern)(text)


def joined(pieces: Iterable[Piece]) -> str:
    """Return pieces as one text, whose wildcards stand for themselves."""
    return "".join(text for text, _ in pieces)


def pieces_between_colons(pieces: Iterable[Piece], count: int) -> list[tuple[Piece, ...]]:
    """Return pieces split at their colons into at most `count` fields, the last of which keeps its colons."""
    fields: list[list[Piece]] = [[]]
    for text, is_pattern in pieces:
        first, *others = text.split(":", count - len(fields))
        fields[-1].append((first, is_pattern))
        fields += [[(other, is_pattern)] for other in others]
    return [tuple(field) for field in fields]


class _Glob:
    """A matcher that is compiled when a text first begins as the pattern does. Most texts don't."""

    __slots__ = ("_pieces", "_prefix", "_segments")

    def __init__(self, pieces: tuple[Piece, ...], prefix: str) -> None:
        self._pieces = pieces
        self._prefix = prefix
        self._segments: tuple[_Segment, ...] = ()

    def __call__(self, text: str) -> bool:
        if not text.startswith(self._prefix):
            return False
        if not self._segments:
            self._segments = _segments(self._pieces)
        return _is_match(text, self._segments)


def _always(_text: str) -> bool:
    return True


def _segments(pieces: Iterable[Piece]) -> tuple[_Segment, ...]:
    # Each segment is a list of its texts, None for a question mark.
    segments: list[list[str | None]] = [[]]
    for text, is_pattern in pieces:
        for part in re.split(r"(\*+|\?)", text) if is_pattern else (text,):
            if is_pattern and part.startswith("*"):
                segments.append([])
            else:
                segments[-1].append(None if is_pattern and part == "?" else part)
    return tuple(map(_segment, segments))


def _segment(parts: Sequence[str | None]) -> _Segment:
    texts, place = [], 0
    for part in parts:
        if part:
            texts.append((place, part))
        place += 1 if part is None else len(part)
    texts.sort(key=lambda placed: -len(placed[1]))
    return _Segment(place, tuple(texts))


def _is_match(text: str, segments: tuple[_Segment, ...]) -> bool:
    begin, *middle = segments
    if not middle:
        return len(text) == begin.length and _is_at(text, 0, begin)
    end = middle.pop()
    place, limit = begin.length, len(text) - end.length
    if place > limit or not _is_at(text, 0, begin) or not _is_at(text, limit, end):
        return False
    for segment in middle:
        # The first place where a segment is found is as good as any later one.
        place = _place_of(text, segment, place, limit)
        if place < 0:
            return False
        place += segment.length
    return True


def _is_at(text: str, place: int, segment: _Segment) -> bool:
    return all(text.startswith(part, place + offset) for offset, part in segment.texts)


def _place_of(text: str, segment: _Segment, start: int, limit: int) -> int:
    """Return the first place of a segment within a part of a text, or -1."""
    length, texts = segment
    if not texts:
        return start if start + length <= limit else -1
    offset, longest = texts[0]
    while True:
        found = text.find(longest, start + offset, limit)
        start = found - offset
        if found < 0 or start + length > limit:
            return -1
        if _is_at(text, start, segment):
            return start
        start += 1
