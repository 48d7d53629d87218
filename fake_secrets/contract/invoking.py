"""The invocations of the rotation function in one trial."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from fake_secrets import clock
from fake_secrets.contract.conductor import Conductor
from fake_secrets.contract.double import is_at_work
from fake_secrets.contract.moments import Delivery, State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.subject import Subject
from fake_secrets.errors import FunctionCrash
from fake_secrets.observe.entry import RunningStep, rotation_step
from fake_secrets.observe.leaks.found import Place
from fake_secrets.observe.leaks.of_world import SHORTEST
from fake_secrets.rotation.crashes import TimedOut

if TYPE_CHECKING:
    from fake_secrets.rotation.rotation import Rotation

__all__ = ["Invocations", "Shown"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Invoking(Protocol):
    """The part of a trial that its invocations need."""

    check: Check
    subject: Subject
    conductor: Conductor
    state: State

    @property
    def rotation(self) -> Rotation:
        """The rotation that was started last."""

    def refresh(self) -> None:
        """Take note of the state."""


class TakingTurns(Protocol):
    """Two deliveries that overlap."""

    def begin(self, delivery: Delivery) -> None:
        """Take up a delivery that begins."""

    def before_call(self, delivery: Delivery) -> None:
        """Let the other delivery go on, if it is its turn before a call."""

    def give_up(self) -> None:
        """End the second delivery at its next call."""


class Shown(NamedTuple):
    """A text that the function has logged or printed.

    Args:
        place: where.
        text: the text, which may hold secret values.
        step: the step that was running; None if none was.
        line: the line of the function; None if it is unknown.
        calls: how many calls the function had made by then.
    """

    place: Place
    text: str
    step: str | None
    line: OwnLine | None
    calls: int

    def __repr__(self) -> str:
        return f"Shown({self.place!r}, {self.line!r})"


class Invocations:
    """The invocations of the rotation function in one trial.

    Args:
        trial: the trial.

    `deliveries` has them all, in order. `why` is what the next one is for, if the rotation itself doesn't ask for
    it. `kill_at_end` is the step at whose end the function dies. `overlap` lets two deliveries overlap, if the
    scenario wants that. `rotation_tokens` has the RotationTokens of all events. `shown` has what the function has
    logged and printed.
    """

    def __init__(self, trial: Invoking) -> None:
        self._trial = trial
        self.deliveries: list[Delivery] = []
        self.overlap: TakingTurns | None = None
        self._by_step: dict[RunningStep | None, Delivery] = {}
        self.why: str | None = None
        self.kill_at_end: str | None = None
        self.rotation_tokens: set[str] = set()
        self.shown: list[Shown] = []

    def handle(self, event: dict[str, Any], context: Any) -> object:
        """Call the rotation function. This is the handler that is registered with the world."""
        trial = self._trial
        if token := event.get("RotationToken"):
            self.rotation_tokens.add(token)
        delivery = Delivery(str(event.get("Step")), trial.rotation.attempts or 1, self.why, before=trial.state)
        self._by_step[rotation_step.get()] = delivery
        self.deliveries.append(delivery)
        if self.overlap is not None:
            self.overlap.begin(delivery)
        try:
            result = trial.subject.handler(event, context)
            if context.deadline <= clock.now():
                # It has caught its own end, or has needed too long after its last call.
                raise TimedOut  # noqa: TRY301 -- it is noted like any other error
            return self._living(delivery, result)
        except BaseException as error:
            if type(error).__module__ == "bdb":
                # Somebody has left the debugger, and wants the check to end.
                raise KeyboardInterrupt from error
            self._note_error(delivery, error)
            raise
        finally:
            delivery.is_over = True
            trial.conductor.let_go()
            trial.refresh()
            delivery.after = trial.state

    def saw_output(self, place: Place, text: str) -> None:
        """Take note of what the function logs or prints. What the service double does isn't the function's."""
        if len(text) >= SHORTEST and not is_at_work():
            delivery = self._by_step.get(rotation_step.get())
            calls = sum(len(one.boundaries) for one in self.deliveries)
            line = self._trial.check.line_of(sys._getframe(1))
            self.shown.append(Shown(place, text, None if delivery is None else delivery.step, line, calls))

    def of_step(self, step: RunningStep) -> Delivery | None:
        """Return the delivery whose step runs, or None if it isn't one of this trial."""
        return self._by_step.get(step)

    def let_go(self) -> None:
        """Let go of what the errors of the function hold."""
        for delivery in self.deliveries:
            delivery.let_go()

    def _note_error(self, delivery: Delivery, error: BaseException) -> None:
        """Note an error that comes out of the function, and the line of the call that has failed with it."""
        failed = delivery.last_failed
        delivery.error = error
        if isinstance(error, TimedOut):
            delivery.death = error
        if failed is not None and failed.error is error:
            delivery.line = failed.line
        else:
            delivery.line = self._trial.check.line_raising(error)

    def _living(self, delivery: Delivery, result: object) -> object:
        """Return what the function has returned, unless it is dead.

        Raises:
            FunctionCrash: if it has caught its own death, or dies at its end.
        """
        if self.kill_at_end == delivery.step:
            self.kill_at_end = None
            crash = FunctionCrash("planned by the rotation contract: at its end")
            raise self._trial.conductor.kill(delivery, crash)
        if delivery.death is not None:
            raise delivery.death
        return result
