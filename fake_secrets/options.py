"""The arguments of `mock_stages` and of the marker, and their checks."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Literal

from fake_secrets.suggestions import check_choice, similar

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
    "with_article",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

RotationErrors = Literal["raise", "record"]
RotationMode = Literal["inline", "manual"]

ROTATION_MODES: Mapping[RotationMode, str] = {
    "inline": "RotateSecret runs every step",
    "manual": "the test runs each step with Rotation.step",
}
ROTATION_ERRORS: Mapping[RotationErrors, str] = {
    "raise": "the error of a rotation function comes out of the call that ran it",
    "record": "the error is only recorded, in Rotation.error",
}

# The arguments in order, with their defaults.
DEFAULTS: Mapping[str, Any] = {
    "secrets": None,
    "region": None,
    "account_id": "123456789012",
    "rotation": "inline",
    "rotation_errors": "raise",
    "identity_policy": None,
    "random_seed": None,
}
OPTIONS = tuple(DEFAULTS)

# The attribute in which a decorated class keeps its `mock_stages` object.
CLASS_DECORATOR = "_fake_secrets_decorator"

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]+(-[a-z0-9]+)*-[0-9]+")
# A region, perhaps without its number or with the letter of an availability zone.
# Not compiled, because few tests name a wrong region.
_FORM = r"(?P<before>[a-z]+(?:-[a-z0-9]+)*)-(?P<point>[a-z]+)(?:-(?P<number>[0-9]+)[a-z]?)?"
_POINTS = (
    "central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west",
)  # fmt: skip
# A point with one letter missing, doubled or out of place is at least so similar to the right one.
_SIMILAR = 0.8


def decorator_on(function: object) -> Any:
    """Return the `mock_stages` object that decorates a function, or None.

    It is found below other decorators too.
    """
    while function is not None:
        decorator = getattr(function, "_self_fake_secrets", None)
        if decorator is not None:
            return decorator
        # A bound method refers to its function, and another decorator to the function it wraps.
        function = getattr(function, "_self_parent", None) or getattr(function, "__wrapped__", None)
    return None


def check_options(options: Mapping[str, Any]) -> None:
    """Check the arguments of a world, except `secrets`, which is checked when it is read.

    Raises:
        ValueError: if an argument has an invalid value.
    """
    account_id = options.get("account_id", "0" * 12)
    if not isinstance(account_id, str) or not _ACCOUNT_ID.fullmatch(account_id):
        msg = f"account_id={account_id!r} isn't a string of twelve digits"
        raise ValueError(msg)
    if options.get("region") is not None:
        check_region(options["region"])
    check_choice("rotation", options.get("rotation", "inline"), ROTATION_MODES)
    seed = options.get("random_seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        msg = f"random_seed={seed!r} isn't a whole number"
        raise ValueError(msg)
    check_choice("rotation_errors", options.get("rotation_errors", "raise"), ROTATION_ERRORS)


def check_region(region: object) -> None:
    """Check that a value has the form of a region's name.

    Raises:
        ValueError: if it doesn't.
    """
    is_region = isinstance(region, str) and _REGION.fullmatch(region) is not None
    meant = _likely_regions(region) if isinstance(region, str) else []
    if meant:
        msg = f"region={region!r} isn't a region. Did you mean {' or '.join(map(repr, meant))}?"
        raise ValueError(msg)
    if not is_region:
        msg = f"region={region!r} isn't a region, such as 'us-east-1'"
        raise ValueError(msg)


def _likely_regions(region: str) -> list[str]:
    """Return the regions that were probably meant; none if the name isn't misspelt.

    Only the point of the compass and the number are looked at, because AWS keeps adding regions.
    """
    form = re.fullmatch(_FORM, region)
    if form is None:
        return []
    before, point, number = form["before"], form["point"], form["number"] or "1"
    if point in _POINTS:
        whole = f"{before}-{point}-{number}"
        return [] if whole == region else [whole]
    found = similar(point, _POINTS, cutoff=_SIMILAR)
    return [f"{before}-{near}-{number}" for near in sorted(found)]


def check_rotation_errors(errors: str | None) -> None:
    """Check the argument `errors` of a method that runs a rotation. None stands for the world's `rotation_errors`.

    Raises:
        ValueError: if it is neither "raise" nor "record".
    """
    if errors is not None:
        check_choice("errors", errors, ROTATION_ERRORS)


def check_callable(function: object, what: str, hint: str = "") -> None:
    """Check that an object can be called and isn't a coroutine function.

    Args:
        function: the object to check.
        what: the beginning of the error message.
        hint: the end of the error message.

    Raises:
        TypeError: if `function` can't be called, or would have to be awaited. The message shows only
            the type of an object that can't be called, because the object may be a secret value.
    """
    if not callable(function):
        shown = "None" if function is None else f"a {type(function).__name__}"
        msg = f"{what}; {shown} can't be called{hint}"
        raise TypeError(msg)
    # An object's `__call__` is on its class.
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        name = getattr(function, "__qualname__", type(function).__name__)
        msg = f"{what}; {name} would have to be awaited. Call it from a plain function with asyncio.run"
        raise TypeError(msg)


def refuse_awaitable(result: object, what: str) -> None:
    """Check that the result of a user's function isn't a coroutine.

    Args:
        result: the function's result.
        what: the function, as the beginning of the error message.

    Raises:
        TypeError: if the result is a coroutine.
    """
    if inspect.iscoroutine(result):
        result.close()
        msg = f"{what} has returned a coroutine, which is never awaited. Run it with asyncio.run(...) instead"
        raise TypeError(msg)


def with_article(name: str) -> str:
    """Return the name of a type with its article, for a message."""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
