"""The characters that AWS makes up at deployment, such as the suffix of a secret's ARN.

While expressions are evaluated, characters of the private use area stand for them. A finished document has ``?``
and ``*`` in their place, where IAM reads these as wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["ANY", "ONE", "escapes_generated", "is_generated", "with_wildcards"]

ONE = "\ue000"
ANY = "\ue001"

_ESCAPED = re.compile(r"\\ue00[01]", re.IGNORECASE)
_WILDCARDS = str.maketrans({ONE: "?", ANY: "*"})
_PATTERNS = {"Resource", "NotResource"}
_PATTERN_OPERATORS = {"StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"}


def is_generated(text: str) -> bool:
    """Return whether a text has characters that AWS makes up."""
    return ONE in text or ANY in text


def escapes_generated(text: str) -> bool:
    """Return whether a JSON text gives, when it is parsed, characters that would be taken for AWS's."""
    return _ESCAPED.search(text) is not None


def with_wildcards(
    value: Any, place: str, refuse: Callable[[str, str], Exception], *, is_pattern: bool = False
) -> Any:
    """Return a part of a policy document with wildcards for the characters that AWS makes up.

    Args:
        value: the part.
        place: where it stands, for messages.
        refuse: makes an exception of the place and a text that IAM would compare literally.
        is_pattern: whether IAM takes the part's texts as patterns.
    """
    if isinstance(value, dict):
        return {
            key: with_wildcards(one, f"{place}.{key}", refuse, is_pattern=is_pattern or _takes_patterns(key))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [
            with_wildcards(one, f"{place}[{number}]", refuse, is_pattern=is_pattern)
            for number, one in enumerate(value)
        ]
    if not isinstance(value, str) or not is_generated(value):
        return value
    if not is_pattern:
        raise refuse(place, value)
    return value.translate(_WILDCARDS)


def _takes_patterns(key: str) -> bool:
    """Return whether IAM takes the values of an element, or of a condition operator, as patterns."""
    operator = key.rpartition(":")[2].removesuffix("IfExists")
    return key in _PATTERNS or operator in _PATTERN_OPERATORS
