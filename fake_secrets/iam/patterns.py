"""Patterns with IAM's wildcards: ``*`` stands for any text, ``?`` for any one character, all else for itself.

A pattern is compiled once. Matching takes at most the pattern's length times the text's, because no part of the
text that a ``*`` has passed is tried again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

__all__ = ["Matcher", "Piece", "joined", "matcher_of", "matches"]

Matcher = Callable[[str], bool]
# Text of a pattern, and whether its wildcards are wildcards: they aren't in what a policy variable stands for.
Piece = tuple[str, bool]

_WILDCARD = re.compile(r"[*?]")


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
    # A regular expression takes long to compile, and most texts differ from the pattern in the first characters.
    compiled = functools.cache(lambda: _expression_of(((pattern, True),)))
    return lambda text: text.startswith(prefix) and compiled().fullmatch(text) is not None


def matches(text: str, pieces: tuple[Piece, ...]) -> bool:
    """Return whether a whole text matches a pattern that is given in pieces."""
    return _compiled(pieces).fullmatch(text) is not None


def joined(pieces: Iterable[Piece]) -> str:
    """Return pieces as one text, whose wildcards stand for themselves."""
    return "".join(text for text, _ in pieces)


def _always(_text: str) -> bool:
    return True


@functools.lru_cache(maxsize=1024)
def _compiled(pieces: tuple[Piece, ...]) -> re.Pattern[str]:
    return _expression_of(pieces)


def _expression_of(pieces: tuple[Piece, ...]) -> re.Pattern[str]:
    # What is between two stars, as regular expressions without quantifiers.
    segments = [""]
    for text, is_pattern in pieces:
        first, *others = re.split(r"\*+", text) if is_pattern else [text]
        segments[-1] += _fixed(first, is_pattern)
        segments += [_fixed(other, is_pattern) for other in others]
    if len(segments) == 1:
        return re.compile(segments[0], re.DOTALL)
    begin, *middle, end = segments
    # The first place where a segment is found is as good as any later one. An atomic group keeps to it.
    found = "".join(f"(?>.*?{segment})" for segment in middle if segment)
    return re.compile(f"{begin}{found}.*{end}", re.DOTALL)


def _fixed(text: str, is_pattern: bool) -> str:
    return ".".join(map(re.escape, text.split("?"))) if is_pattern else re.escape(text)
