"""Worst passwords: what GetRandomPassword may return and a careless function or service can't take."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

from fake_secrets.service.operations.passwords import DEFAULT_LENGTH, admitted_characters

__all__ = ["CLASSES", "FILLING", "SPECIAL", "admitted_of", "mild_password", "passwords_needed", "worst_password"]

__tracebackhide__ = True  # passwords are secret

# Those come first that end or change a text in shells, SQL, URLs, JSON and connection strings.
SPECIAL = "'\"\\%@/:$;&?#+`|<>{}[]()*!~^=,-._ "
# Harmless by themselves. The first ones complete a percent sign or a backslash to one character.
FILLING = "41abefACD" + string.ascii_letters + string.digits
_LETTERS = "ahovcjqxelszgnubipwdkryfmt"
# The classes of characters that GetRandomPassword knows. None is in its usual order, which some services refuse.
CLASSES: Mapping[str, str] = {
    "uppercase": _LETTERS.upper(),
    "lowercase": _LETTERS,
    "numbers": "0369258147",
    "punctuation": SPECIAL.strip(),
    "space": " ",
}


def admitted_of(members: Mapping[str, Any], characters: str) -> str:
    """Return those of some characters that a GetRandomPassword request admits, in the same order."""
    types, has_space = admitted_characters(members)
    admitted = {*" "} if has_space else set()
    admitted.update(*types)
    return "".join(character for character in characters if character in admitted)


def worst_password(members: Mapping[str, Any], wanted: str, filling: str, number: int = 0) -> str:
    """Return a password that GetRandomPassword may return for a request that it doesn't refuse.

    Args:
        members: the members of the request.
        wanted: the characters that the password has, each at least once if it is long enough, as far as the
            request admits them. It begins and ends with one of them. If it is too short, the password of the
            next number goes on with the others.
        filling: what else the password has, as far as the request admits it. Other characters are there if the
            request requires them, once each.
        number: the password's number. Most passwords of other numbers differ, as those of AWS do.
    """
    types, has_space = admitted_characters(members)
    alphabet = "".join(map("".join, types)) + " " * has_space
    chosen = admitted_of(members, wanted) or admitted_of(members, filling) or alphabet
    required = types if members.get("RequireEachIncludedType", True) else []
    length, others = _length(members), ""
    chosen = _turned(chosen, number * _step(members))
    fill = _turned(admitted_of(members, filling), number) or chosen
    while True:
        body = _body(chosen, fill, length - len(others))
        missing = [kind for kind in required if set(kind).isdisjoint(body + others)]
        if not missing:
            return body[:1] + others + body[1:]
        others += _turned(_mildest(missing[0]), number)[0]


def passwords_needed(members: Mapping[str, Any], wanted: str) -> int:
    """Return how many worst passwords have all of the characters that are wanted and admitted."""
    return math.ceil(len(admitted_of(members, wanted)) / _step(members))


def mild_password(members: Mapping[str, Any], password: str) -> str:
    """Return a password that hardly anything minds, made of one that GetRandomPassword has returned."""
    harmless = admitted_of(members, string.ascii_letters + string.digits)
    special = [at for at, character in enumerate(password) if character in SPECIAL]
    if not harmless or not special:
        return password
    made = list(password)
    for at in special:
        made[at] = harmless[(ord(password[at]) + at) % len(harmless)]
    if members.get("RequireEachIncludedType", True) and not members.get("ExcludePunctuation"):
        made[special[len(special) // 2]] = _mildest(admitted_of(members, CLASSES["punctuation"]))[0]
    return "".join(made)


def _step(members: Mapping[str, Any]) -> int:
    """Return how many of the characters that are wanted a password has room for at least."""
    types, has_space = admitted_characters(members)
    return max(1, _length(members) - len(types) - 2 * has_space)


def _length(members: Mapping[str, Any]) -> int:
    length: int = members.get("PasswordLength", DEFAULT_LENGTH)
    return length


def _body(chosen: str, filling: str, length: int) -> str:
    if " " in chosen and length > len(" ' "):
        # Whoever strips a text changes it.
        return f" {_mixed(chosen, filling, length - 2)} "
    return _mixed(chosen, filling, length)


def _mixed(chosen: str, filling: str, length: int) -> str:
    """Return a text of characters that were chosen, each once before any comes again, with filling in between."""
    spare = max(0, length - len(chosen))
    made, fill = "", itertools.cycle(filling)
    for character in itertools.cycle(chosen):
        if len(made) >= length:
            break
        added = min(spare, 2)
        made += character + "".join(itertools.islice(fill, added))
        spare -= added
    # It ends with one that was chosen, rather than with filling.
    last = max((at for at, one in enumerate(made[:length]) if one in chosen), default=0)
    return made[:1] + made[last + 1 : length] + made[1 : last + 1] if last else made[:length]


def _turned(characters: str, number: int) -> str:
    """Return characters in the same order, from another one on."""
    at = number % len(characters) if characters else 0
    return characters[at:] + characters[:at]


def _mildest(kind: Sequence[str]) -> str:
    """Return the characters of a type, those first that hardly anything minds."""
    return "".join(sorted(kind, key=SPECIAL.find, reverse=True))
