"""The parts of a secret's value: those that are secret, and those that are public."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Parts", "is_public_name", "parts_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Members of the secrets that AWS's rotation functions read, and their usual variants, without "_" and "-".
_PUBLIC = frozenset(
    {
        "database",
        "dbclusteridentifier",
        "dbidentifier",
        "dbinstanceidentifier",
        "dbname",
        "directoryid",
        "engine",
        "host",
        "hostname",
        "masterarn",
        "port",
        "user",
        "username",
    }
)

# arn:partition:service:region:account:resource
_COLONS_OF_ARN = 5

# Deeper JSON is protected as a whole only.
_DEEPEST = 20


@dataclass(slots=True)
class Parts:
    """The parts of a value.

    Args:
        secret: the texts that must not be shown. Each is paired with its place in the JSON, None for the whole.
        public: the texts that anybody may see: values of public members, and the names of all members.
    """

    secret: list[tuple[str | None, str | bytes]] = field(default_factory=list, repr=False)
    public: list[str] = field(default_factory=list, repr=False)


def parts_of(value: str | bytes) -> Parts:
    """Return the parts of a secret's value.

    A JSON object without a single secret member isn't secret as a whole, either. Numbers are protected only as a
    part of the whole value. A public name makes a text or a list of texts public. In an object, the name of each
    member decides, whatever the object's own name is.

    Args:
        value: the SecretString or SecretBinary.
    """
    text = _text_of(value)
    parts = Parts()
    if text is None:
        parts.secret.append((None, value))
        return parts
    parsed = _parsed(text)
    has_secret = True
    if isinstance(parsed, dict | list | str):
        has_secret = False
        for path, member, is_public in _members(parsed, "", is_public=False, depth=0):
            if is_public or _is_arn(member):
                parts.public.append(str(member))
            elif member is not None and not isinstance(member, bool) and member != "":
                has_secret = True
                if isinstance(member, str):
                    parts.secret.append((path or None, member))
        parts.public += _names(parsed, 0)
    if has_secret and not _is_arn(text):
        parts.secret.insert(0, (None, text))
    return parts


def _text_of(value: str | bytes) -> str | None:
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _members(found: Any, path: str, *, is_public: bool, depth: int) -> Iterator[tuple[str, Any, bool]]:
    """Yield the path of each value in JSON, the value, and whether it is public."""
    if depth > _DEEPEST:
        yield path, 0, False
    elif isinstance(found, dict):
        for name, member in found.items():
            below = f"{path}.{name}" if path else name
            yield from _members(member, below, is_public=is_public_name(name), depth=depth + 1)
    elif isinstance(found, list):
        for number, member in enumerate(found):
            yield from _members(member, f"{path}[{number}]", is_public=is_public, depth=depth + 1)
    else:
        yield path, found, is_public


def _names(found: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(found, dict):
        yield from found
    for member in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _names(member, depth + 1)


def is_public_name(name: str) -> bool:
    """Return whether a member of a value is public by its name."""
    return name.lower().replace("_", "").replace("-", "") in _PUBLIC


def _is_arn(found: object) -> bool:
    return (
        isinstance(found, str)
        and found.startswith("arn:")
        and " " not in found
        and found.count(":") >= _COLONS_OF_ARN
    )
