"""The plan: the faults of a world, in the order in which they were planned."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets.faults.path import Attempt, Path
from fake_secrets.faults.pauses import Pauses
from fake_secrets.faults.planned import asking_test
from fake_secrets.observe.calls import call_of
from fake_secrets.observe.entry import rotation_step
from fake_secrets.rotation.scope import running_here

if TYPE_CHECKING:
    from fake_secrets.faults.effects import Effect
    from fake_secrets.faults.planned import Fault
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.service.state.copying import Hold
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.service.state.request_model import Request
    from fake_secrets.service.transport import Answer

__all__ = ["Plan"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Plan:
    """The faults of a world. It stands on the way of each attempt while there is a fault.

    Args:
        path: the part of the world that faults act on.
        stand: called with the plan while there is a fault, and with None when there is none.

    `pauses` are those that clients make between their attempts.
    """

    needs_wire = True

    def __init__(self, path: Path, stand: Callable[[Plan | None], None]) -> None:
        self.path = path
        self._stand = stand
        self.pauses = Pauses(path.lock)
        self._faults: list[Fault] = []
        # Those of which `take_unused` hasn't told yet.
        self._untold: list[Fault] = []
        self._postponed: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan one more fault."""
        with self.path.lock:
            self._faults.append(fault)
            self._untold.append(fault)
            self._stand(self)
        if fault._holds_replicas():
            self._hold_back()

    def forget(self, fault: Fault) -> None:
        """Take a fault out of the plan."""
        with self.path.lock:
            if fault in self._faults:
                self._faults.remove(fault)
            if fault in self._untold and not fault._is_unused():
                self._untold.remove(fault)
            if not self._faults:
                self._stand(None)
        # Also if the fault was forgotten before: an interrupt may have kept this from being done.
        if fault._holds_replicas():
            self._hold_back()

    def clear(self) -> None:
        """Cancel all faults."""
        for fault in self._faults.copy():
            fault.cancel()

    def faults(self) -> list[Fault]:
        """Return the faults that still stand, in the order in which they were planned."""
        return self._faults.copy()

    def postpone(self) -> None:
        """Let `take_unused` leave out the faults that are planned so far, except at the end of the world."""
        self._postponed = self.faults()

    def take_unused(self, *, is_end: bool = True) -> list[Fault]:
        """Return the faults that never hit an attempt although they had to, each once.

        Args:
            is_end: whether the world is over.
        """
        with self.path.lock:
            left = [] if is_end else [fault for fault in self._postponed if fault in self._untold]
            told = [fault for fault in self._untold if fault not in left]
            self._untold = left
            return [fault for fault in told if fault._is_unused()]

    def _hold_back(self) -> None:
        """Hold replicas in other accounts back as long as a fault does; the others get what they have missed."""
        holding = [(fault, hold) for fault in self._faults if (hold := fault._hold()) is not None]

        def holds_back(primary: StoredSecret) -> Hold | None:
            return next((hold for fault, hold in holding if fault._is_about(primary, self.path)), None)

        self.path.hold_back(holds_back if holding else None)

    def answer(self, request: Request, call: object, claimed: list[Rotation], ask: Callable[[], Answer]) -> Answer:
        """Answer an attempt, with the faults that hit it.

        Args:
            request: the request.
            call: the call, whose `is_over` is true once it makes no more attempts.
            claimed: the rotations that the call has claimed.
            ask: asks the service.
        """
        attempt = Attempt(request, call, self.path)
        hitting = self._hitting(attempt)
        if not hitting:
            return ask()
        for effect in reversed(hitting):
            ask = functools.partial(effect.around, attempt, ask)
        try:
            return ask()
        except BaseException as error:
            _leave_to_caller(claimed, error)
            raise
        finally:
            self.path.note_unanswered(request)

    def _hitting(self, attempt: Attempt) -> list[Effect]:
        """Return the effects of the faults that hit an attempt, the outermost first."""
        hitting: list[Effect] = []
        if asking_test.get():
            return hitting
        step, call = rotation_step.get(), None
        for fault in self.faults():
            if fault._has_ended():
                self.forget(fault)
                continue
            effect = fault._effect
            is_ended = any(other.ends_attempt for other in hitting)
            if (is_ended and effect.ends_attempt) or not fault._matches(attempt, step):
                continue
            if fault._selection.when is not None:
                # A function of the user's, so no lock is held.
                call = call or call_of(attempt.request)
                if not fault._admits(call):
                    continue
            with self.path.lock:
                if fault._claim(attempt):
                    hitting.append(effect)
        # What lets the attempt go on happens first, whichever fault was planned first.
        hitting.sort(key=lambda effect: effect.ends_attempt)
        if hitting:
            attempt.request.fault = ", ".join(map(str, hitting))
        return hitting


def _leave_to_caller(claimed: list[Rotation], error: BaseException) -> None:
    """Leave the rotations that a dying function has started to whoever runs the function, so that they run."""
    step, running = rotation_step.get(), running_here()
    if step is not None and step.death is error and running is not None:
        running.asked_for += claimed
        claimed.clear()
