"""An overlap: two deliveries of one step are under way at the same time, and take turns at given calls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from fake_secrets.contract.moments import Delivery
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.turns import FIRST, SECOND, SeparateStates, Turns, Who

if TYPE_CHECKING:
    from fake_secrets.contract.invoking import Invocations
    from fake_secrets.rotation.rotation import Rotation

__all__ = ["Overlap", "Stops"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


# After how many calls the first delivery stops for the second one, and the second for the first, if it does.
Stops = tuple[int, int | None]


class Overlapping(Protocol):
    """The part of a trial that an overlap needs."""

    check: Check
    invocations: Invocations

    @property
    def rotation(self) -> Rotation:
        """The rotation that was started last."""

    def deliver(self, step: str, why: str) -> Delivery:
        """Deliver a step once more by hand."""


class Overlap:
    """Two deliveries of the next step of a trial's rotation, and when each of them stops for the other.

    Lambda runs them in two environments, so each has the function's own objects for itself. The second begins with
    what they were when the first began.

    Args:
        trial: the trial.
        step: the step.
        stops: after how many calls the first delivery stops until the second one does or is over, and after how
            many calls of its own the second stops until the first is over; None if it doesn't.
        stopping: called by the first delivery right before it stops.

    It is a context manager: the first delivery runs in its block, and the second is at its end when that ends.
    `deliveries` has the two. `calls_before_standstill` is how many calls the second had begun when one of the two
    first had to wait for something that the other held; None if neither had to.
    """

    def __init__(
        self, trial: Overlapping, step: str, stops: Stops, stopping: Callable[[], object] | None = None
    ) -> None:
        self._trial = trial
        self._step = step
        self._stops = stops
        self._stopping = stopping
        self.deliveries: list[Delivery] = []
        self.calls_before_standstill: int | None = None
        self._has_second_begun = False
        self._turns = Turns(self._deliver, self._switch, trial.check.standstills)
        self._states = SeparateStates(trial.check.state.snapshot)

    def __enter__(self) -> Self:
        """Begin."""
        self._trial.invocations.overlap = self
        self._turns.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the second delivery come to its end."""
        try:
            self._turns.__exit__(kind, error, traceback)
        finally:
            self._trial.invocations.overlap = None

    def give_up(self) -> None:
        """End the second delivery at its next call."""
        self._turns.give_up()

    def begin(self, delivery: Delivery) -> None:
        """Take up a delivery that begins."""
        self.deliveries.append(delivery)

    def before_call(self, delivery: Delivery) -> None:
        """Let the other delivery go on, if it is its turn before a call."""
        who = self._who(delivery)
        if len(delivery.boundaries) == self._stops[who] and len(self.deliveries) == who + 1:
            if self._stopping is not None and who == FIRST:
                self._stopping()
            self._turns.hand_over(who)
        else:
            self._turns.wait(who)

    def _who(self, delivery: Delivery) -> Who:
        return FIRST if delivery is self.deliveries[0] else SECOND

    def _deliver(self) -> None:
        with contextlib.suppress(Exception):
            self._trial.deliver(self._step, "overlapping")

    def _switch(self, who: Who) -> None:
        """Exchange the state of the function's own objects for that of the delivery that goes on."""
        if self._turns.other_waits and len(self.deliveries) > 1:
            self.calls_before_standstill = self.calls_before_standstill or len(self.deliveries[1].boundaries)
        self._states.switch_to(who)
        if who == SECOND and not self._has_second_begun:
            # What it waits for in its own environment isn't held by the first.
            self._has_second_begun = True
            self._trial.check.state.renew_locks()
