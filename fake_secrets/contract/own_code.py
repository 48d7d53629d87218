"""The code of a rotation function's own modules: their functions, and whether these read the date."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["functions_of", "reads_dates", "texts_in"]

# The methods of `datetime` and `date` that read the clock.
_READINGS = frozenset({"now", "today", "utcnow"})


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions that a module defines, those of its classes and of its decorators included.

    Args:
        module: the module.
    """
    seen = set[int]()
    for value in list(vars(module).values()):
        yield from (found for found in _functions_in(value, module, seen) if found.__module__ == module.__name__)


def reads_dates(module: ModuleType) -> bool:
    """Return whether a function of a module, or one nested in it, reads the clock through `datetime`.

    Args:
        module: the module.
    """
    dates = {name for name, value in vars(module).items() if _leads_to_dates(value)}
    # A function that imports it by itself names the module.
    dates.add("datetime")
    names = (frozenset(code.co_names) for function in functions_of(module) for code in _nested(function.__code__))
    return any(not _READINGS.isdisjoint(used) and not dates.isdisjoint(used) for used in names)


def texts_in(module: ModuleType) -> set[str]:
    """Return the texts that the functions of a module have as constants, and those of its variables.

    Args:
        module: the module.
    """
    codes = (code for function in functions_of(module) for code in _nested(function.__code__))
    constants = (constant for code in codes for constant in code.co_consts)
    return {text for text in (*constants, *vars(module).values()) if type(text) is str}


# Not with isinstance, which asks the object. A global variable may be a proxy that raises outside of a request.


def _leads_to_dates(value: Any) -> bool:
    return issubclass(value, datetime.date) if issubclass(type(value), type) else value is datetime


def _functions_in(value: Any, module: ModuleType, seen: set[int]) -> Iterator[FunctionType]:
    kind = type(value)
    # A class may have itself as an attribute.
    if id(value) in seen:
        return
    seen.add(id(value))
    if issubclass(kind, type):
        # Another module's classes are its own.
        members = list(vars(value).values()) if value.__module__ == module.__name__ else []
        for member in members:
            yield from _functions_in(member, module, seen)
        return
    for found in (value.fget, value.fset) if issubclass(kind, property) else (value,):
        function = found.__func__ if issubclass(type(found), staticmethod | classmethod | MethodType) else found
        while type(function) is FunctionType:
            yield function
            function = vars(function).get("__wrapped__")


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _nested(constant)
