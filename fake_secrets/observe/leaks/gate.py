"""The way to `watching` for the rest of the package, which doesn't import it before somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from fake_secrets.locks import shared_lock

__all__ = ["saw_error", "saw_result", "settle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Guards who watches. It is here because forks take it, whether somebody watches or not.
_lock = shared_lock()


def saw_error(error: BaseException) -> None:
    """Have an exception looked at that came out of code of the user's, if somebody watches."""
    _tell("saw_error", error)


def saw_result(result: object, function: object) -> None:
    """Have the result of a rotation function looked at, if somebody watches."""
    _tell("saw_result", result, function)


def settle(kept: Iterable[object]) -> None:
    """End the watchers of worlds that are over.

    Args:
        kept: the leaks of the worlds that stay.
    """
    _tell("settle", kept)


def _tell(what: str, *arguments: Any) -> None:
    # Another thread may be importing the module.
    function = getattr(sys.modules.get("fake_secrets.observe.leaks.watching"), what, None)
    if function is not None:
        function(*arguments)
