"""A disturbance: what a scenario lets happen at one call of the rotation function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from fake_secrets.contract.moments import Boundary

__all__ = ["Disturbance", "Happening"]

Happening = Literal["error", "lost", "kill", "stale", "before", "slow"]

# What happens to a call, in words.
_MARKS: Mapping[Happening, str] = {
    "error": "fails before its effect",
    "lost": "fails after its effect",
    "kill": "killed after it",
    "stale": "reads the state before the last write",
    "slow": "takes until a second before the time-out",
}


@dataclass(slots=True)
class Disturbance:
    """What happens at one call of the rotation function.

    Args:
        step: the step.
        number: the call's number in the step.
        happening: "error": an error instead of the call, and of each repetition in the same delivery. "lost": the
            same after its effect. "kill": the function dies after it. "stale": it reads the state before the last
            write. "before": `action` is done before it. "slow": it takes so long that the function's time is
            nearly over when it returns.
        code: the error code of AWS; None for the error that the service double or the client has for an outage.
        variant: which of the errors of the service double.
        action: what is done before the call.

    `struck` is the call that it has happened to.
    """

    step: str
    number: int
    happening: Happening
    code: str | None = None
    variant: int = 0
    action: Callable[[], None] | None = None
    struck: Boundary | None = None

    @property
    def mark(self) -> str:
        """What happens to the call, in words."""
        return _MARKS[self.happening]

    @property
    def is_error(self) -> bool:
        """Whether the function gets an error."""
        return self.happening in {"error", "lost"}
