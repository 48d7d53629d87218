"""How often, and after how long, a failed rotation is attempted again automatically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.state.settings import Settings

__all__ = ["Retries"]

__tracebackhide__ = True  # a traceback should end at the test's own line


@dataclass(slots=True)
class Retries(Settings):
    """How often, and after how long, a failed rotation is attempted again.

    Args:
        max_attempts: how many times a rotation is attempted, including the first attempt. After
            the last one, the rotation waits for the next window.
        delay: time between a failed attempt and the next, seconds. With 0, the next attempt runs
            at once, before RotateSecret returns. Otherwise it runs when the clock reaches its time.

    Raises:
        AttributeError: if there is no retry setting with that name.
        ValueError: if `max_attempts` isn't a whole number of at least 1, or `delay` isn't one of
            at least 0.

    Source: rotation-facts 1.2. AWS retries the whole rotation, from createSecret [B]. It doesn't
        publish how often or when, so the default is one attempt [D].
    """

    _KIND: ClassVar[str] = "retry setting"
    _LEAST: ClassVar[dict[str, int]] = {"delay": 0}

    max_attempts: int = 1
    delay: int = 0
