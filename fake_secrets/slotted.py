"""Data classes that are quick to define, for what every test needs.

Python compiles each method of a data class when it defines the class. The first world of a process defines several
dozen such classes.
"""

from __future__ import annotations

import dataclasses
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

__all__ = ["slotted"]

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
def slotted(kind: _Class) -> _Class:
    """Make a class a data class with slots, whose instances are compared by identity.

    All such classes share one `__repr__`, which shows what that of a data class shows: no field with `repr=False`.
    """
    made: Any = dataclasses.dataclass(eq=False, repr=False, match_args=False, slots=True)(kind)
    if made.__repr__ is object.__repr__:
        made.__repr__ = _shown
    return cast("_Class", made)


@recursive_repr()
def _shown(instance: object) -> str:
    fields = dataclasses.fields(instance)  # type: ignore[arg-type]  # a data class
    shown = ", ".join(f"{field.name}={getattr(instance, field.name)!r}" for field in fields if field.repr)
    return f"{type(instance).__qualname__}({shown})"
