"""Runs what a test asks for by hand: single steps of a rotation, another attempt, and any event of a function."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets.errors import RotationNotOpenError
from fake_secrets.options import RotationErrors, check_rotation_errors
from fake_secrets.rotation.registry import Claim, Registry
from fake_secrets.rotation.rotation import Rotation, begin_attempt
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.rules.steps import STEPS
from fake_secrets.service.state.model import StartedRotation
from fake_secrets.service.state.store import Store

if TYPE_CHECKING:
    from fake_secrets.rotation.execution import Execution

__all__ = ["ByHand"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_FORGOTTEN = "the world was reset, or has started very many rotations since"


class ByHand(ABC):
    """The part of a runner that runs what a test asks for by hand."""

    _lock: threading.RLock
    _store: Store
    _registry: Registry
    _execution: Callable[[], Execution]
    _asked_meanwhile: Callable[[], list[Rotation] | None]
    _telling: Callable[[], contextlib.AbstractContextManager[None]]

    @abstractmethod
    def recover(self, claimed: list[Rotation]) -> None:
        """Give up what a caller has claimed and can't run, or not to the end."""

    @abstractmethod
    def run(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run all steps of a rotation that the caller has claimed."""

    @abstractmethod
    def _claim(self, rotation: Rotation, started: StartedRotation, claimed: list[Rotation]) -> Claim | None:
        """Claim a rotation that is about to run; return None if it is running already."""

    @abstractmethod
    def _attempt(
        self, rotation: Rotation, claim: Claim, execution: Execution, errors: RotationErrors | None = None
    ) -> None:
        """Run all steps of a rotation, once or more often."""

    @abstractmethod
    def _execute(
        self,
        execution: Execution,
        rotation: Rotation,
        claim: Claim,
        errors: RotationErrors | None,
        count: int | None = None,
    ) -> None:
        """Run the next steps of an attempt."""

    @abstractmethod
    def _finish(self, rotation: Rotation, claim: Claim, errors: RotationErrors | None = None) -> None:
        """Run the rotations that were started during this one, then raise the first error if errors are raised."""

    def retry(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run all steps of a rotation again, with the same token.

        Args:
            rotation: the rotation.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Raises:
            ValueError: if `errors` isn't "raise" or "record".
            RotationNotOpenError: if the rotation can't be attempted again.
            BaseException: as `run` does.
        """
        check_rotation_errors(errors)
        claimed: list[Rotation] = []
        try:
            # Checking and reopening under one lock lets only one of two callers begin.
            with self._lock:
                claim, execution = self._reopen(rotation, claimed), self._execution()
            with self._telling():
                self._attempt(rotation, claim, execution, errors)
        except BaseException:
            self.recover(claimed)
            raise

    def step(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run the next step of a rotation, or the first step of a new attempt.

        Args:
            rotation: the rotation.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Raises:
            ValueError: if `errors` isn't "raise" or "record".
            RotationNotOpenError: if no step is left and the rotation can't be attempted again.
            BaseException: as `run` does.
        """
        check_rotation_errors(errors)
        claimed: list[Rotation] = []
        try:
            with self._lock:
                claim, execution = self._go_on(rotation, claimed), self._execution()
            with self._telling():
                self._execute(execution, rotation, claim, errors, 1)
                self._finish(rotation, claim, errors)
        except BaseException:
            self.recover(claimed)
            raise

    def deliver(self, rotation: Rotation, step: str) -> object:
        """Run any step of a rotation by hand, and return what the function returns; see `Rotation.deliver`."""
        if step not in rotation._plan and step not in STEPS:
            steps = "".join(f"\n- {name}" for name in STEPS)
            msg = f"{step!r} isn't a step of a rotation. The steps are:{steps}"
            raise ValueError(msg)
        with self._lock:
            started, execution = self._registry.started(rotation), self._execution()
        why = _FORGOTTEN if started is None else execution.performers.why_not_run(started)
        if started is None or why is not None:
            raise _not_open(rotation, str(why))
        return self._by_hand(lambda asked_for: execution.deliver(rotation, started, step, asked_for))

    def invoke(self, lambda_arn: str, event: object) -> object:
        """Deliver any event to a Lambda function, and return what the function returns."""
        execution = self._execution()
        return self._by_hand(lambda asked_for: execution.invoke(lambda_arn, event, asked_for))

    def _by_hand(self, deliver: Callable[[list[Rotation]], object]) -> object:
        """Call a function by hand, then run the rotations that it has started."""
        asked_for: list[Rotation] = []
        try:
            with self._telling():
                try:
                    return deliver(asked_for)
                finally:
                    for rotation in asked_for.copy():
                        self.run(rotation, "record")
        except BaseException:
            self.recover(asked_for)
            raise

    def _go_on(self, rotation: Rotation, claimed: list[Rotation]) -> Claim:
        """Prepare the next step of a rotation, or the first step of a new attempt.

        Raises:
            RotationNotOpenError: if no step can run.
        """
        started = self._registry.started(rotation)
        is_under_way = rotation.attempts > 0 and rotation.next_step is not None
        if started is None or not is_under_way:
            reopened = self._reopen(rotation, claimed)
            begin_attempt(rotation)
            return reopened
        # The next step runs whatever happened to the secret: noticing that is the function's task.
        is_nested = self._asked_meanwhile() is not None
        claim = None if is_nested else self._claim(rotation, started, claimed)
        if claim is None:
            raise _not_open(rotation, "a rotation function is running")
        return claim.begin()

    def _reopen(self, rotation: Rotation, claimed: list[Rotation]) -> Claim:
        """Prepare another attempt of a rotation.

        Raises:
            RotationNotOpenError: if it can't be attempted again.
        """
        started = self._registry.started(rotation)
        if started is None:
            raise _not_open(rotation, _FORGOTTEN)
        why = self._refuse_retry(rotation, started)
        if why is not None:
            raise _not_open(rotation, why)
        claim = self._claim(rotation, started, claimed)
        if claim is None:
            raise _not_open(rotation, "it is running")
        return claim.begin()

    def _refuse_retry(self, rotation: Rotation, started: StartedRotation) -> str | None:
        """Return why a rotation can't be attempted again; None if it can."""
        secret = started.secret
        if rotation.succeeded:
            return "it succeeded; start another with fake_secrets.rotate(...)"
        if rotation.is_test and rotation.attempts:
            return "it only tested the rotation function"
        if self._asked_meanwhile() is not None:
            return "a rotation function is running"
        if not self._store.holds(secret):
            return "the secret was deleted"
        return self._execution().performers.why_not_run(started) or progress.may_retry(secret, started.token)


def _not_open(rotation: Rotation, why: str) -> RotationNotOpenError:
    return RotationNotOpenError(f"{rotation!r} can't be attempted: {why}.")
