"""The functions of PostgreSQL about advisory locks, and the keys that they are given."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fake_secrets.contract.services.sql_parts import Token

__all__ = ["LOCK_FUNCTION", "Key", "key_in"]

__tracebackhide__ = True  # the values may be passwords

# A number, or two.
Key = tuple[object, ...]

LOCK_FUNCTION = re.compile(
    r"PG_(?P<tries>TRY_)?ADVISORY_(?P<of_transaction>XACT_)?LOCK(?P<shared>_SHARED)?"
    r"|PG_ADVISORY_UNLOCK(?:(?P<unlock_shared>_SHARED)|(?P<all>_ALL))?"
)
_NUMBER = re.compile(r"-?\d+")
# What makes a number of a text. The text stands for the number.
_HASHES = frozenset({"HASHTEXT", "HASHTEXTEXTENDED"})


def key_in(function: str, arguments: Sequence[Token]) -> Key | None:
    """Return the key that a function about locks is given; None if it isn't known.

    Args:
        function: the name of the function in capitals.
        arguments: what is between its parentheses.
    """
    key = tuple(map(_number_in, _split(arguments))) if arguments else ()
    lengths = {0} if function.endswith("_ALL") else {1, 2}
    return key if len(key) in lengths and None not in key else None


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return what is between the commas that aren't in parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.source, 0)
        if token.source == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _number_in(tokens: Sequence[Token]) -> object:
    """Return a number, or the text that is hashed to get one; None if it is neither."""
    uncast = _without_cast(tokens)
    parentheses = [one.source for one in (*uncast[1:2], *uncast[-1:])]
    if uncast and uncast[0].word in _HASHES and parentheses == ["(", ")"]:
        hashed = _without_cast(_split(uncast[2:-1])[0])
        return hashed[0].value if len(hashed) == 1 and hashed[0].kind in {"text", "place"} else None
    text = "".join(one.source if one.kind in {"sign", "word"} else one.value or "" for one in uncast)
    return int(text) if _NUMBER.fullmatch(text) else None


def _without_cast(tokens: Sequence[Token]) -> Sequence[Token]:
    return tokens[:-3] if [one.source for one in tokens[-3:-1]] == [":", ":"] else tokens
