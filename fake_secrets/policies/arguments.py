"""Checks the arguments that all readers of templates take."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["check_arguments"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def check_arguments(role: object, **mappings: object) -> None:
    """Check the types of arguments.

    Args:
        role: the argument `role`.
        mappings: the name of an argument to its value, which is a mapping whose keys are texts, or None.

    Raises:
        TypeError: one has another type.
    """
    if not isinstance(role, str):
        msg = f"role is the name of a role or a user, a str, not {_kind_of(role)}"
        raise TypeError(msg)
    for argument, value in mappings.items():
        if value is None:
            continue
        if not isinstance(value, Mapping):
            msg = f"{argument} is a dict, not {_kind_of(value)}"
            raise TypeError(msg)
        for key in value:
            if not isinstance(key, str):
                msg = f"{argument} is a dict whose keys are str, and one of them is {_kind_of(key)}"
                raise TypeError(msg)
    arns = mappings.get("arns")
    for name, value in arns.items() if isinstance(arns, Mapping) else ():
        if not isinstance(value, str):
            msg = f"arns is a dict whose values are str, and that of {name!r} is {_kind_of(value)}"
            raise TypeError(msg)


def _kind_of(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"
