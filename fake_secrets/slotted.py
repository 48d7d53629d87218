"""Data classes that are quick to define, for what every test needs.

Python compiles each method of a data class when it defines the class. The first world of a process defines several
dozen classes, and makes instances of a few.
"""

from __future__ import annotations

import dataclasses
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

__all__ = ["slotted"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
def slotted(kind: _Class) -> _Class:
    """Make a class a data class with slots, whose instances are compared by identity.

    All such classes share one `__repr__`, which shows what that of a data class shows: no field with `repr=False`.
    `__init__` is compiled when the first instance is made.
    """
    made: Any = dataclasses.dataclass(init=False, eq=False, repr=False, slots=True)(kind)
    if "__init__" not in vars(kind):
        made.__init__ = _compiling_init(made)
    if made.__repr__ is object.__repr__:
        made.__repr__ = _shown
    return cast("_Class", made)


def _compiling_init(made: Any) -> Any:
    """Return an `__init__` that compiles that of a data class, and puts it in its own place."""

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        # Without a docstring, a data class would make one of its signature, which takes long.
        named = {name: getattr(made, name) for name in ("__module__", "__qualname__", "__doc__")}
        with_init: Any = dataclasses.dataclass(eq=False, repr=False, match_args=False)(
            type(made.__name__, (made,), named)
        )
        made.__init__ = with_init.__init__
        made.__init__(self, *args, **kwargs)

    return __init__


@recursive_repr()
def _shown(instance: object) -> str:
    fields = dataclasses.fields(instance)  # type: ignore[arg-type]  # a data class
    shown = ", ".join(f"{field.name}={getattr(instance, field.name)!r}" for field in fields if field.repr)
    return f"{type(instance).__qualname__}({shown})"
