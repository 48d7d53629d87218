"""What a text with policy variables stands for in a request, compiled once for each set of their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fake_secrets.iam.patterns import Piece
from fake_secrets.iam.variables import Context, Part, Variable, filled

__all__ = ["VariablePattern"]

Compiled = TypeVar("Compiled")
# The number of sets of values that a pattern remembers.
_KNOWN = 64


class VariablePattern(Generic[Compiled]):
    """A text with variables.

    Args:
        parts: the parts of the text.
        compiled: compiles the pieces that the parts become.
    """

    __slots__ = ("_compiled", "_keys", "_known", "_parts")

    def __init__(self, parts: Sequence[Part], compiled: Callable[[tuple[Piece, ...]], Compiled]) -> None:
        self._parts = tuple(parts)
        self._compiled = compiled
        self._keys = [(part.key, part.default) for part in parts if isinstance(part, Variable)]
        self._known: dict[tuple[object, ...], Compiled] = {}

    def of(self, context: Context) -> Compiled | None:
        """Return the compiled pattern for a request, or None if a variable has no value."""
        values = tuple([context.get(key, default) for key, default in self._keys])
        for value in values:
            if not isinstance(value, str):
                return None
        known = self._known.get(values)
        if known is None:
            # Tests have few callers and tags. Whoever has many makes us compile again.
            if len(self._known) == _KNOWN:
                self._known.clear()
            known = self._known[values] = self._compiled(filled(self._parts, context) or ())
        return known
