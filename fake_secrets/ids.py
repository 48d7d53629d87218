"""The only maker of ids and of chance: version ids, ARN suffixes, tokens, request ids, passwords."""

from __future__ import annotations

import itertools
import random
import string
import uuid
from collections.abc import Sequence

__all__ = ["Ids", "numbered_uuid"]

_SUFFIX_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A source of ids, one per world.

    Args:
        seed: the same seed gives the same sequence; without one it can't be foretold.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.is_seeded = seed is not None
        # Never the global generator: a test that seeds `random` must not get the same ids in
        # two worlds, nor find its own sequence shifted.
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 -- on request
        self._requests = itertools.count(1)
        self._mark: object = None

    def rewind(self) -> None:
        """Go back to where this was called for the first time: a seeded sequence begins anew there."""
        if self.is_seeded and self._mark is not None:
            self._random.setstate(self._mark)  # type: ignore[arg-type]  # its own
        elif self.is_seeded:
            self._mark = self._random.getstate()

    def uuid(self) -> str:
        """Return a lower-case UUID version 4, the form of the SDK's tokens [C: api-facts 1]."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def arn_suffix(self) -> str:
        """Return six characters of mixed case and digits, as at the end of a secret's ARN [A]."""
        return "".join(self._random.choices(_SUFFIX_ALPHABET, k=6))

    def choice(self, characters: Sequence[str]) -> str:
        """Return one of several characters, each as likely."""
        return self._random.choice(characters)

    def shuffle(self, characters: list[str]) -> None:
        """Put characters into an order by chance."""
        self._random.shuffle(characters)

    def request_id(self) -> str:
        """Return the next request id: one that counts calls."""
        return numbered_uuid(0, next(self._requests))


def numbered_uuid(kind: int, number: int) -> str:
    """Return a UUID version 4 that counts things of one kind, so that a test's log is readable."""
    return f"00000000-0000-4000-8{kind:03x}-{number:012x}"
