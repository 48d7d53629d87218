"""The cache of a helper: secret values as they were read, with their age."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Cache", "Kept", "Key"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Key(NamedTuple):
    """What was asked for, as it was sent: the name and the ARN of one secret are two keys."""

    secret_id: str
    version_id: str | None
    version_stage: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the cache keeps.

    Args:
        value: the members of GetSecretValue's response.
        since: when it was read or confirmed, in epoch seconds.
    """

    value: Mapping[str, Any] = field(repr=False)
    since: float

    def is_fresh(self, now: float, ttl: float) -> bool:
        """Return whether it is younger than the time to live, both in seconds."""
        return now - self.since < ttl


class Cache:
    """The values that a helper has read, at most so many. Those written the longest ago go first.

    Reading a value doesn't keep it from going; confirming it does [B code: local-endpoints-facts 1.5].

    Args:
        size: how many values it keeps. 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[Key, Kept] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Kept | None:
        """Return what is kept for a key, fresh or not; None if there is nothing."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Key, value: Mapping[str, Any], now: float) -> None:
        """Keep a value that was read or confirmed just now."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = Kept(value, now)
            while len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]
