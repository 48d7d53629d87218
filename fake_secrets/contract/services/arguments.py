"""Checks of the arguments of ready doubles. No message has a value: it may be a password."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Collection, Mapping
from types import ModuleType

from fake_secrets.options import with_article

__all__ = ["check_delay", "check_limit", "check_names", "check_text", "check_users", "driver_named"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def check_users(users: object, example: str, *, fits: Callable[[object], bool]) -> None:
    """Check the users that exist at the start.

    Args:
        users: the argument.
        example: what it may be.
        fits: returns whether what a user has is right.

    Raises:
        TypeError: if it is no mapping of names to what fits.
        ValueError: if it is empty.
    """
    if not isinstance(users, Mapping):
        msg = f"users takes a mapping such as {example}, not {_kind(users)}"
        raise TypeError(msg)
    if not users:
        msg = f"users is empty; name the first user, as in {example}"
        raise ValueError(msg)
    for user, given in users.items():
        if not isinstance(user, str):
            msg = f"users takes a mapping such as {example}; one of its keys is {_kind(user)}"
            raise TypeError(msg)
        if not fits(given):
            msg = f"users takes a mapping such as {example}; what user {user!r} has is {_kind(given)}"
            raise TypeError(msg)


def check_names(name: str, given: object, example: str) -> None:
    """Check an argument that is a collection of names.

    Raises:
        TypeError: if it is a str, or no collection of str.
    """
    names = None if isinstance(given, str | bytes) or not isinstance(given, Collection) else list(given)
    if names is None or not all(isinstance(one, str) for one in names):
        msg = f"{name} takes a list of names, such as {name}=[{example!r}], not {_kind(given)}"
        if names is not None:
            msg = f"{name} takes a list of names, such as {name}=[{example!r}]; one of the items is no str"
        raise TypeError(msg)


def check_text(name: str, given: object) -> None:
    """Check an argument that is a text.

    Raises:
        TypeError: if it is none.
        ValueError: if it is empty.
    """
    if not isinstance(given, str):
        msg = f"{name} takes a str, not {_kind(given)}"
        raise TypeError(msg)
    if not given:
        msg = f"{name} is empty; give a text"
        raise ValueError(msg)


def check_delay(given: object) -> None:
    """Check how many seconds a change takes.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is negative or not finite.
    """
    if isinstance(given, bool) or not isinstance(given, int | float):
        msg = f"delay takes a number of seconds, not {_kind(given)}"
        raise TypeError(msg)
    if not 0 <= given < math.inf:
        msg = f"delay={given!r} isn't a number of seconds from 0 on; 0 means at once"
        raise ValueError(msg)


def check_limit(given: object) -> None:
    """Check how many of something may exist.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is below 1.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        msg = f"limit takes a whole number, not {_kind(given)}"
        raise TypeError(msg)
    if given < 1:
        msg = f"limit={given} isn't a number from 1 on"
        raise ValueError(msg)


def driver_named(name: object) -> ModuleType:
    """Import the driver that a double stands in for.

    Raises:
        TypeError: if the name is no str.
        ValueError: if there is no such module, or it has no ``connect``.
    """
    if not isinstance(name, str):
        msg = f'driver takes the name of a module, such as driver="psycopg", not {_kind(name)}'
        raise TypeError(msg)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        msg = (
            f"driver={name!r} can't be imported; install it, or name the module whose connect() the function "
            'calls, such as "psycopg" or "pymysql"'
        )
        raise ValueError(msg) from error
    except (ValueError, TypeError) as error:  # of an empty or relative name
        msg = f'driver={name!r} is no name of a module, such as "psycopg" or "pymysql"'
        raise ValueError(msg) from error
    if not callable(getattr(module, "connect", None)):
        msg = f"driver={name!r} has no connect(); name the module whose connect() the function calls"
        raise ValueError(msg)  # noqa: TRY004 -- the name is wrong, not its type
    return module


def _kind(given: object) -> str:
    name = type(given).__name__
    return "None" if given is None else with_article(name)
