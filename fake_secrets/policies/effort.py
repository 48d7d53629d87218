"""Bounds the work that a template asks for: expressions that refer to each other can ask for exponential work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fake_secrets.policies.refusals import refusal

__all__ = ["Effort"]

# Enough for every real template.
_MOST_STEPS = 100_000
_LONGEST_TEXT = 1_000_000
_MOST_TEXT = 20_000_000
_DEEPEST = 100


class Effort:
    """Counts the steps of an evaluation.

    Args:
        source: the template's file, for messages.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._steps = 0
        self._depth = 0
        self._characters = 0
        self._open: list[str] = []

    @contextmanager
    def step(self, place: str) -> Iterator[None]:
        """Evaluate one expression.

        Raises:
            PolicyError: there were too many, or they are too deeply nested.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise refusal(self._source, place, "its expressions are too many, or too deeply nested, to evaluate")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def elsewhere(self, place: str) -> Iterator[None]:
        """Evaluate what stands elsewhere in the template, and is needed here.

        Raises:
            PolicyError: it needs itself.
        """
        if place in self._open:
            raise refusal(self._source, place, f"it refers to itself, by way of {', '.join(self._open)}")
        self._open.append(place)
        try:
            yield
        finally:
            self._open.pop()

    def part(self, text: str, place: str) -> str:
        """Return a text that becomes a part of another one, and is copied for it.

        Raises:
            PolicyError: there were too many, or they were too long.
        """
        self._characters += len(text)
        if self._characters > _MOST_TEXT:
            raise refusal(self._source, place, f"its expressions give more than {_MOST_TEXT:,} characters")
        return self.bounded(text, place)

    def bounded(self, text: str, place: str) -> str:
        """Return a text that isn't too long.

        Raises:
            PolicyError: it is.
        """
        if len(text) > _LONGEST_TEXT:
            raise refusal(self._source, place, f"its text is longer than {_LONGEST_TEXT:,} characters")
        return text
