"""How often a failed rotation is attempted again by itself, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.state.settings import Settings

__all__ = ["Retries"]

__tracebackhide__ = True  # a misuse is told where it is


@dataclass(slots=True)
class Retries(Settings):
    """What becomes of a rotation that has failed.

    Args:
        max_attempts: how often a rotation is attempted before it is left to the next window, the
            first attempt included.
        delay: time from a failed attempt to the next, seconds. With 0 the next follows at once,
            before RotateSecret returns; else it falls due by the clock.

    Raises:
        AttributeError: there is no such setting.
        ValueError: a setting is set to what isn't a whole number, from 1 or from 0.

    Source: rotation-facts 1.2: AWS retries the whole rotation, from createSecret [B]; how often and
        when it doesn't publish, so one attempt is the default [D].
    """

    _KIND: ClassVar[str] = "setting of retries"
    _LEAST: ClassVar[dict[str, int]] = {"delay": 0}

    max_attempts: int = 1
    delay: int = 0
