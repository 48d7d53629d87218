"""GetRandomPassword."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.ids import Ids
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["DEFAULT_LENGTH", "admitted_characters", "get_random_password", "random_password"]

DEFAULT_LENGTH = 32

_TYPES = {
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def get_random_password(store: Store, request: Request) -> dict[str, Any]:
    """Make a random password. No secret gets it.

    Args:     PasswordLength (default 32), ExcludeCharacters, ExcludeNumbers, ExcludePunctuation,
              ExcludeUppercase, ExcludeLowercase, IncludeSpace, RequireEachIncludedType
              (default true).
    Returns:  RandomPassword.
    Raises (in the order checked; AWS's order is unknown [D]):
        InvalidParameterException (400): no character is left, M28; a required type has no
            character left, M26; the length is below the number of required types, M27 [C].
    Source:   GetRandomPassword; api-facts 11 [B, C]. IncludeSpace allows the space but doesn't
              require it, and ExcludeCharacters can exclude it [C].
    """
    password = random_password(store.ids, request.members)
    store.passwords.append(password)
    return {"RandomPassword": password}


def random_password(ids: Ids, members: Mapping[str, Any]) -> str:
    """Return a password for the members of a GetRandomPassword request.

    The errors are those of `get_random_password`.
    """
    types, has_space = admitted_characters(members)
    alphabet = [character for characters in types for character in characters]
    if has_space:
        alphabet.append(" ")
    if not alphabet:
        raise _refusal("All characters have been excluded from selection.")
    required = types if members.get("RequireEachIncludedType", True) else []
    if not all(required):
        raise _refusal("All characters of the desired type have been excluded")
    length = members.get("PasswordLength", DEFAULT_LENGTH)
    if length < len(required):
        raise _refusal("Password length is too short based on the required types.")
    characters = [ids.choice(kind) for kind in required]
    characters += [ids.choice(alphabet) for _ in range(length - len(characters))]
    ids.shuffle(characters)
    return "".join(characters)


def admitted_characters(members: Mapping[str, Any]) -> tuple[list[list[str]], bool]:
    """Return the characters that a GetRandomPassword request admits, by type, and whether it admits a space.

    A type that is excluded as a whole isn't there. One whose characters are all excluded is there, and empty.
    """
    excluded = set(members.get("ExcludeCharacters") or "")
    types = [
        [character for character in characters if character not in excluded]
        for switch, characters in _TYPES.items()
        if not members.get(switch)
    ]
    return types, bool(members.get("IncludeSpace")) and " " not in excluded


def _refusal(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)
