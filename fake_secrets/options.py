"""The arguments that `mock_stages` and the marker take, and the checks of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Literal

__all__ = [
    "CLASS_DECORATOR",
    "DEFAULTS",
    "OPTIONS",
    "RotationErrors",
    "RotationMode",
    "check_callable",
    "check_options",
    "check_region",
    "check_rotation_errors",
    "decorator_on",
    "refuse_awaitable",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

RotationErrors = Literal["raise", "record"]
RotationMode = Literal["inline", "manual"]

# The arguments, in their order, with their defaults.
DEFAULTS: Mapping[str, Any] = {
    "secrets": None,
    "region": None,
    "account_id": "123456789012",
    "rotation": "inline",
    "rotation_errors": "raise",
    "random_seed": None,
}
OPTIONS = tuple(DEFAULTS)

# Where a decorated class keeps its `mock_stages`.
CLASS_DECORATOR = "_fake_secrets_decorator"

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]+(-[a-z0-9]+)+")


def decorator_on(function: object) -> Any:
    """Return the `mock_stages` on a test function, also from below other decorators, or None."""
    while function is not None:
        decorator = getattr(function, "_self_fake_secrets", None)
        if decorator is not None:
            return decorator
        # A bound method knows its function, and another decorator what it wraps.
        function = getattr(function, "_self_parent", None) or getattr(function, "__wrapped__", None)
    return None


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse arguments that no world can be made of; the seed is checked by itself.

    Raises:
        ValueError: an argument's value is none of the possible ones.
    """
    account_id = options.get("account_id", "0" * 12)
    if not isinstance(account_id, str) or not _ACCOUNT_ID.fullmatch(account_id):
        msg = f"account_id={account_id!r} isn't a string of twelve digits"
        raise ValueError(msg)
    if options.get("region") is not None:
        check_region(options["region"])
    if options.get("rotation", "inline") not in ("inline", "manual"):
        msg = (
            f'rotation={options["rotation"]!r}: a rotation runs by itself, "inline", '
            'or step by step as the test says, "manual"'
        )
        raise ValueError(msg)
    seed = options.get("random_seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        msg = f"random_seed={seed!r} isn't a whole number"
        raise ValueError(msg)
    check_rotation_errors(options.get("rotation_errors", "raise"))


def check_region(region: object) -> None:
    """Refuse what can't be a region's name.

    Raises:
        ValueError: it isn't of the form of one.
    """
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        msg = f"region={region!r} isn't a region, such as 'us-east-1'"
        raise ValueError(msg)


def check_rotation_errors(errors: str) -> None:
    """Refuse what can't be done with a rotation function's errors.

    Raises:
        ValueError: it is neither "raise" nor "record".
    """
    if errors not in ("raise", "record"):
        msg = f'what a rotation function raises is either "raise"d or "record"ed, not {errors!r}'
        raise ValueError(msg)


def check_callable(function: object, what: str, hint: str = "") -> None:
    """Refuse what can't be called, or would have to be awaited.

    Args:
        function: what may be called.
        what: how the message begins.
        hint: how it ends.

    Raises:
        TypeError: it can't be; without showing it, since it may be a secret value.
    """
    if not callable(function):
        shown = "None" if function is None else f"a {type(function).__name__}"
        msg = f"{what}; {shown} can't be called{hint}"
        raise TypeError(msg)
    # Of an object it is the class that has the method.
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        msg = f"{what}; {function!r} would have to be awaited. Let a plain function run it, with asyncio.run"
        raise TypeError(msg)


def refuse_awaitable(result: object, what: str) -> None:
    """Refuse a result that wants to be awaited.

    Raises:
        TypeError: it begins with `what`.
    """
    if inspect.iscoroutine(result):
        result.close()
        msg = f"{what} has returned a coroutine, which nobody awaits: call it with asyncio.run(...) instead"
        raise TypeError(msg)
