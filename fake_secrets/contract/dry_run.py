"""What the dry run has shown: three rotations in a row that nothing disturbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fake_secrets.contract.deviations import Deviation
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.values import Raw
from fake_secrets.service.rules.steps import STEPS

__all__ = ["ROTATIONS", "DryRun"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A function with one of these isn't disturbed: each scenario would only show the same again.
_BASIC = frozenset(
    {
        "current-moved-early",
        "current-not-moved",
        "dead-current",
        "empty-current",
        "never-succeeds",
        "second-rotation-fails",
        "set-changes-nothing",
        "times-out",
        "value-under-another-token",
    }
)
# Neither is one of these disturbed, if no rotation succeeds any more because of it.
_ENDING = frozenset({"current-destroyed", "current-instead-of-pending"})

# How many rotations a dry run has, if all of them succeed.
ROTATIONS = 3


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the undisturbed rotations have shown.

    Args:
        token: the token of the first rotation.
        first: the deliveries of the first rotation, by step.
        before: the state before it.
        after: the states after each rotation.
        accepted: what the service accepts after each rotation, by the versions' roles.
        found: the deviations.
        old_value: the value before the first rotation; None if there is none.
        new_value: the value after it; None if there is none.
        offers: what the service double offers.
        variants: how many errors it has for an outage.
        has_mild_passwords: whether it only succeeds with passwords that hardly anything minds.
    """

    token: str
    first: Mapping[str, Delivery]
    before: State
    after: tuple[State, ...]
    accepted: tuple[frozenset[str], ...]
    found: tuple[Deviation, ...]
    old_value: Raw | None = field(repr=False)
    new_value: Raw | None = field(repr=False)
    offers: frozenset[str]
    variants: int
    has_mild_passwords: bool = False

    @property
    def obstacles(self) -> list[str]:
        """The names of the violations that make other scenarios pointless; none if the function can rotate."""
        ending = _ENDING if len(self.after) < ROTATIONS else frozenset[str]()
        others = [one for one in self.found if one.name in ending or _is_in_set(one)]
        return [one.name for one in self.found if one.name in _BASIC] + [one.name for one in others]

    @property
    def needs_retry(self) -> bool:
        """Whether an undisturbed rotation succeeds at the second attempt only."""
        return any(one.name == "needs-a-retry" for one in self.found)

    @property
    def boundaries(self) -> list[Boundary]:
        """The calls of the first rotation, in order."""
        return [boundary for step in STEPS if step in self.first for boundary in self.first[step].boundaries]


def _is_in_set(deviation: Deviation) -> bool:
    """Return whether setSecret works with the current value instead of the pending one."""
    return deviation.name == "current-instead-of-pending" and "set" in deviation.cause
