"""The exceptions that a service double's methods may raise, made afresh each time."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from fake_secrets.contract.double_methods import is_mock, name_of

__all__ = ["Maker", "makers"]

Maker = Callable[[], Exception]

_DEFAULT = (ConnectionError,)
_MESSAGE = "the connection was lost"


def makers(double: Any) -> tuple[Maker, ...]:
    """Return functions that each make one of the exceptions that a double says its methods may raise.

    Raises:
        TypeError: if the double's `errors` has anything but exceptions and their classes, or a class that can't
            be called with a message or without arguments.
    """
    given = getattr(double, "errors", _DEFAULT)
    if is_mock(given):
        given = _DEFAULT
    several = given if isinstance(given, tuple | list | set | frozenset) else (given,)
    made = tuple(_maker(one, name_of(double)) for one in several)
    for make in made:
        make()
    return made


def _maker(given: object, owner: str) -> Maker:
    if isinstance(given, type) and issubclass(given, Exception):
        return functools.partial(_of_class, given, owner)
    if isinstance(given, Exception):
        return functools.partial(_like, given)
    shown = given.__name__ if isinstance(given, type) else f"a {type(given).__name__}"
    msg = f"{owner}.errors takes classes of exceptions, or exceptions, such as (ConnectionError,); not {shown}"
    raise TypeError(msg)


def _of_class(kind: type[Exception], owner: str) -> Exception:
    """Return an exception of a class, whose constructor may want other arguments than most."""
    for make in (lambda: kind(_MESSAGE), kind, lambda: kind.__new__(kind, _MESSAGE)):
        try:
            error = make()
            # An exception that wasn't initialised may lack what its text is made of.
            str(error)
            repr(error)
        except Exception:  # noqa: BLE001, S112 -- a constructor may raise anything
            continue
        return error
    msg = (
        f"{owner}.errors: no {kind.__name__} can be made without knowing its arguments. Give an exception instead "
        f"of the class: errors = ({kind.__name__}(...),)"
    )
    raise TypeError(msg)


def _like(given: Exception) -> Exception:
    """Return an exception like the one given, without what its last raising has left on it."""
    try:
        error = copy.copy(given)
    except Exception:  # noqa: BLE001 -- its constructor wants other arguments than `args`
        error = type(given).__new__(type(given), *given.args)
        vars(error).update(vars(given))
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error
