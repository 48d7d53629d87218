"""Ids and randomness: version ids, ARN suffixes, tokens, request ids and passwords.

No other module generates random values.
"""

from __future__ import annotations

import itertools
import random
import string
import uuid
from collections.abc import Sequence

__all__ = ["Ids", "numbered_uuid"]

_SUFFIX_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A source of ids. Each world has its own.

    Args:
        seed: the same seed gives the same sequence. Without a seed, the ids are unpredictable.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.is_seeded = seed is not None
        # Never the global generator. A test that seeds `random` would get the same ids in two
        # worlds, and our draws would shift its own sequence.
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 -- on request
        self._requests = itertools.count(1)
        self._mark: object = None

    def rewind(self) -> None:
        """Remember the current position of a seeded sequence; on later calls, return to it."""
        if self.is_seeded and self._mark is not None:
            self._random.setstate(self._mark)  # type: ignore[arg-type]  # comes from getstate
        elif self.is_seeded:
            self._mark = self._random.getstate()

    def uuid(self) -> str:
        """Return a lower-case version 4 UUID, the form of the SDK's tokens [C: api-facts 1]."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def arn_suffix(self) -> str:
        """Return six characters of mixed case and digits, as at the end of a secret's ARN [A]."""
        return "".join(self._random.choices(_SUFFIX_ALPHABET, k=6))

    def choice(self, characters: Sequence[str]) -> str:
        """Return one of the characters, each with the same probability."""
        return self._random.choice(characters)

    def shuffle(self, characters: list[str]) -> None:
        """Shuffle the characters in place."""
        self._random.shuffle(characters)

    def request_id(self) -> str:
        """Return the next request id. Request ids count the calls."""
        # A format takes twice as long.
        return _REQUESTS + hex(_BEFORE_REQUESTS + next(self._requests))[-12:]


def numbered_uuid(kind: int, number: int) -> str:
    """Return a version 4 UUID that contains a number, to make the log of a test readable."""
    return f"00000000-0000-4000-8{kind:03x}-{number:012x}"


# What all request ids begin with: every call has one.
_REQUESTS = numbered_uuid(0, 0)[:-12]
# Added to their numbers, so that these have at least twelve hexadecimal digits.
_BEFORE_REQUESTS = 16**12
