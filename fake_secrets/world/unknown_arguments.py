"""Arguments that a method of the handle doesn't take: one clear error for them, and a signature without them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fake_secrets.suggestions import unknown_argument

__all__ = ["refuse_unknown", "takes_no_others"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

# The members of CreateSecret that hold the value.
_VALUES = frozenset({"SecretBinary", "SecretString"})


def takes_no_others(function: FunctionT) -> FunctionT:
    """Hide ``**unknown`` from `help` and IDEs, for a method that has it only to refuse it."""
    signature = inspect.signature(function)
    known = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    function.__signature__ = signature.replace(parameters=known)  # type: ignore[attr-defined]  # inspect reads it
    return function


def refuse_unknown(function: Callable[..., Any], names: Iterable[str]) -> None:
    """Refuse the arguments that a method doesn't take.

    Raises:
        TypeError: if there are any.
    """
    for name in names:
        _, *known = inspect.signature(function).parameters
        meant = "value" if name in _VALUES and "value" in known else None
        raise TypeError(unknown_argument(function.__name__, name, known, meant))
