"""Credentials as they are at a moment, for comparisons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

__all__ = ["Frozen"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Frozen:
    """Values in any order, as they are now. Two are equal if they have equal values, each as often.

    Args:
        values: the values, such as dicts, str or bytes.
    """

    __slots__ = ("_counts",)

    def __init__(self, values: Iterable[object]) -> None:
        self._counts = Counter(_frozen(value) for value in values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and self._counts == other._counts

    def __hash__(self) -> int:
        return hash(frozenset(self._counts.items()))

    def __repr__(self) -> str:
        return f"<{self._counts.total()} credentials>"


def _frozen(value: Any) -> Hashable:
    """Return an immutable form of a value, equal for equal values."""
    if isinstance(value, Mapping):
        return "mapping", frozenset((_frozen(key), _frozen(member)) for key, member in value.items())
    if isinstance(value, list | tuple):
        return "list", tuple(_frozen(item) for item in value)
    if isinstance(value, set | frozenset):
        return "set", frozenset(_frozen(item) for item in value)
    if isinstance(value, bytearray):
        return bytes(value)
    if hasattr(value, "__dict__"):
        return type(value), _frozen(vars(value))
    return value if isinstance(value, Hashable) else repr(value)
