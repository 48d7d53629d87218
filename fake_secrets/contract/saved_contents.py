"""The content of objects as it was: how containers, classes, cells and slots get it back."""

from __future__ import annotations

import collections
import types
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = [
    "BY_PYTHON",
    "MISSING",
    "MappingContent",
    "SequenceContent",
    "content_of",
    "ids_of",
    "restore_bytes",
    "restore_cell",
    "restore_class",
    "restore_set",
    "restore_slots",
    "slots_of",
    "value_of",
]

__tracebackhide__ = True  # the values may be secret

# Attributes of classes that only Python changes.
BY_PYTHON = frozenset(
    {"__abstractmethods__", "__annotations__", "__annotations_cache__", "__dict__", "__weakref__", "_abc_impl"}
)
MISSING: Any = object()


class MappingContent:
    """The content of a dict: which objects it has, in which order."""

    def __init__(self, found: dict[Any, Any]) -> None:
        self._found = found
        self.saved = dict(found)
        self._ids = ids_of(self.saved.values())
        self._keys = ids_of(self.saved)

    def adopt(self, key: Any) -> None:
        """Let a new entry stay."""
        self.saved[key] = self._found[key]
        self._ids, self._keys = ids_of(self.saved.values()), ids_of(self.saved)

    def restore(self) -> None:
        """Give the dict back its content, unless it has it."""
        # By identity: a comparison would call methods of the user's.
        if ids_of(dict.values(self._found)) == self._ids and ids_of(self._found) == self._keys:
            return
        # Not a method of the user's own class, nor `Counter.update`, which adds up.
        kind: Any = collections.OrderedDict if isinstance(self._found, collections.OrderedDict) else dict
        kind.clear(self._found)
        kind.update(self._found, self.saved)


class SequenceContent:
    """The content of a list or a deque: which objects it has, in which order."""

    def __init__(self, found: Any) -> None:
        self._found = found
        self._saved = list(found)
        self._ids = ids_of(found)

    def restore(self) -> None:
        """Give it back its content, unless it has it."""
        if ids_of(self._found) != self._ids:
            self._found.clear()
            self._found.extend(self._saved)


def ids_of(values: Iterable[Any]) -> list[int]:
    """Return which objects some values are."""
    return list(map(id, values))


def content_of(cell: types.CellType) -> Any:
    """Return what a cell of a closure holds; `MISSING` if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def restore_cell(cell: types.CellType, content: Any) -> None:
    """Give a cell back its content, unless it has it."""
    if content_of(cell) is content:
        return
    if content is MISSING:
        del cell.cell_contents
    else:
        cell.cell_contents = content


def restore_class(kind: Any, saved: dict[str, Any], ids: list[int]) -> None:
    """Give a class back its attributes, unless it has them.

    Args:
        kind: the class.
        saved: the attributes.
        ids: which objects they are.
    """
    now = {name: value for name, value in vars(kind).items() if name not in BY_PYTHON}
    if ids_of(now.values()) == ids:
        return
    for name in now.keys() - saved.keys():
        type.__delattr__(kind, name)
    for name, value in saved.items():
        if now.get(name, MISSING) is not value:
            type.__setattr__(kind, name, value)


def restore_set(found: set[Any], saved: set[Any]) -> None:
    """Give a set back its content."""
    if found != saved:
        found.clear()
        found.update(saved)


def restore_bytes(found: bytearray, saved: bytes) -> None:
    """Give a bytearray back its content."""
    if found != saved:
        found[:] = saved


def slots_of(kind: type) -> Iterator[Any]:
    """Yield the slots of a class and its bases."""
    for base in kind.__mro__:
        yield from (value for value in vars(base).values() if type(value) is types.MemberDescriptorType)


def value_of(slot: Any, found: Any) -> Any:
    """Return what an object has in a slot; `MISSING` if nothing."""
    try:
        return slot.__get__(found)
    except AttributeError:
        return MISSING


def restore_slots(found: Any, slots: list[Any], saved: list[Any]) -> None:
    """Give an object back what it had in its slots."""
    for slot, value in zip(slots, saved, strict=True):
        now = value_of(slot, found)
        if now is value:
            continue
        if value is MISSING:
            slot.__delete__(found)
        else:
            slot.__set__(found, value)
