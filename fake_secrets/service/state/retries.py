"""How often, and when, a failed rotation is retried automatically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.state.settings import Settings

__all__ = ["Retries"]

__tracebackhide__ = True  # the traceback of a misuse ends at the test


@dataclass(slots=True)
class Retries(Settings):
    """How often, and when, a failed rotation is retried automatically.

    A retry runs all steps again, from createSecret on. Only failed rotations are retried
    automatically, not unfinished ones.

    Args:
        max_attempts: the number of attempts, including the first one. After the last one, the
            rotation waits for the next window of its schedule. By default 1: no retries.
        delay: the time between a failed attempt and the next, in seconds. With 0 (the default) the next
            attempt runs at once, before RotateSecret returns. Otherwise it falls due by the clock.

    Raises:
        AttributeError: if there is no setting with that name.
        ValueError: if `max_attempts` isn't a whole number of at least 1, or `delay` isn't a whole
            number of at least 0.

    Source: rotation-facts 1.2: AWS retries the whole rotation, from createSecret on [B]. It doesn't
        publish how often or when, so the default is one attempt [D].
    """

    _KIND: ClassVar[str] = "retry setting"
    _LEAST: ClassVar[dict[str, int]] = {"delay": 0}

    max_attempts: int = 1
    delay: int = 0
