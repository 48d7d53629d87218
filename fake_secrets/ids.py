"""The only maker of ids: version ids, ARN suffixes, tokens, request ids."""

from __future__ import annotations

import itertools
import random
import string
import uuid

__all__ = ["Ids"]

_SUFFIX_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A source of ids, one per world."""

    def __init__(self) -> None:
        # The operating system's generator: a test that seeds `random` must not get the same
        # ids in two worlds, nor find its own sequence shifted.
        self._random = random.SystemRandom()
        self._requests = itertools.count(1)

    def uuid(self) -> str:
        """Return a lower-case UUID version 4, the form of the SDK's tokens [C: api-facts 1]."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def arn_suffix(self) -> str:
        """Return six characters of mixed case and digits, as at the end of a secret's ARN [A]."""
        return "".join(self._random.choices(_SUFFIX_ALPHABET, k=6))

    def request_id(self) -> str:
        """Return the next request id: a UUID that counts calls, so that a test's log is readable."""
        number = next(self._requests)
        return f"00000000-0000-4000-8000-{number:012x}"
