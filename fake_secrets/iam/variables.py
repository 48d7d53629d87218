"""Policy variables such as ``${aws:username}``: pure functions that find them in a text and replace them.

Source: the language of policies of 2012-10-17 [B]. Replaced text has no wildcards [D].
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fake_secrets.iam.patterns import Piece

__all__ = [
    "Context",
    "Part",
    "Variable",
    "filled",
    "has_variable",
    "is_well_formed",
    "parts_of",
    "split_at_colons",
]

# Condition key, in lower case, to its value or values.
Context = Mapping[str, str | Sequence[str]]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
# Groups: key, default. The default stands after a comma and a blank [B].
_KEY = re.compile(r"([^,']+?)(?:,\s+'([^']*)')?")
_CHARACTERS = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable.

    Args:
        key: a condition key, in lower case.
        default: what replaces the variable where the key is absent; None if nothing does.
        written: the text between the braces, for messages.
    """

    key: str
    default: str | None
    written: str


Part = Piece | Variable


def parts_of(text: str) -> tuple[Part, ...]:
    """Return the parts of a text: its variables, and the pieces between them.

    ``${*}``, ``${?}`` and ``${$}`` are the characters themselves.
    """
    parts: list[Part] = []
    # Of a split by one group, every second item is what the group has matched.
    for index, item in enumerate(_VARIABLE.split(text)):
        if index % 2:
            parts.append(_variable(item.strip()))
        elif item:
            parts.append((item, True))
    return tuple(parts)


def has_variable(text: str) -> bool:
    """Return whether a text has a variable, or a character that is written like one."""
    return _VARIABLE.search(text) is not None


def is_well_formed(text: str) -> bool:
    """Return whether all variables of a text are written as IAM reads them."""
    return all(
        match[1].strip() in _CHARACTERS or _KEY.fullmatch(match[1].strip()) for match in _VARIABLE.finditer(text)
    )


def split_at_colons(text: str, count: int) -> list[str]:
    """Return a text split at its first `count` colons, without those within a variable."""
    fields, start = [], 0
    for match in re.finditer(r":|\$\{[^{}]*\}", text):
        if match[0] == ":":
            fields.append(text[start : match.start()])
            start = match.end()
            if len(fields) == count:
                break
    return [*fields, text[start:]]


def filled(parts: Sequence[Part], context: Context) -> tuple[Piece, ...] | None:
    """Return parts with the values of their variables, or None if a variable has no value.

    A key of several values has none for a variable [B].
    """
    pieces: list[Piece] = []
    for part in parts:
        if not isinstance(part, Variable):
            pieces.append(part)
            continue
        value = context.get(part.key, part.default)
        if not isinstance(value, str):
            return None
        pieces.append((value, False))
    return tuple(pieces)


def _variable(inside: str) -> Part:
    if inside in _CHARACTERS:
        return inside, False
    match = _KEY.fullmatch(inside)
    # A variable of another form has no value: no condition key is written like it.
    key, default = (match[1].strip(), match[2]) if match else (inside, None)
    return Variable(key.lower(), default, inside)
