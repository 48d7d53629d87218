"""The runner of a world's rotations: runs those that a call or the clock has started, and retries them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from fake_secrets import clock
from fake_secrets.errors import RotationFailedError, UnsupportedOperationError
from fake_secrets.locks import free, free_shared
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import users_line
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.by_hand import ByHand
from fake_secrets.rotation.registry import Claim, Registry
from fake_secrets.rotation.rotation import Rotation, begin_attempt, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.state.model import StartedRotation
from fake_secrets.service.state.store import Store

if TYPE_CHECKING:
    from fake_secrets.rotation.execution import Execution

__all__ = ["RotationRunner"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class RotationRunner(ByHand):
    """Runs the rotations of one world.

    Args:
        lock: guards the store; never held while a rotation function runs.
        mode: "inline": each rotation runs at once. "manual": the test runs it step by step.
        errors: "raise": the error of a rotation is raised. "record": it is only recorded.
        asked_meanwhile: returns the rotations that the rotation function running here has started; None
            if no rotation function of this world is running here.
        telling: returns a context manager that delivers events when its block ends.
    """

    def __init__(
        self,
        *,
        lock: threading.RLock,
        mode: RotationMode,
        errors: RotationErrors,
        asked_meanwhile: Callable[[], list[Rotation] | None],
        telling: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        self._lock = lock
        self._mode = mode
        self._errors = errors
        self._asked_meanwhile = asked_meanwhile
        self._telling = telling
        # The rotations that are running, including those that began before a reset, each with its thread.
        self._running: dict[Rotation, int] = {}

    def reset(self, store: Store, ledger: Ledger, execution: Callable[[], Execution]) -> None:
        """Start over with another store, its ledger, and what returns the execution that works on them."""
        self._store = store
        self._ledger = ledger
        self._execution = execution
        self._registry = Registry()

    def all(self) -> list[Rotation]:
        """Return the rotations in the order in which they were started: the latest 100,000."""
        return self._registry.all()

    def of(self, secret_arn: str, token: str) -> Rotation | None:
        """Return the rotation of a secret with a token, or None."""
        return self._registry.of(secret_arn, token)

    def take_up(self, started: StartedRotation, claimed: list[Rotation]) -> bool:
        """Register a rotation that the service has started or attempts again, and claim it for the caller.

        The caller holds the lock.

        Args:
            started: the service's record of the rotation.
            claimed: the caller's own list of what it has claimed. The rotation is added to it if it must run
                now: the caller calls `run`, or `recover` if it can't.

        Returns:
            Whether it must. Not if the test runs the rotation step by step, if it is running already, if its
            function isn't run here, or if AWS refuses it.
        """
        rotation = self.register(started)
        if (
            started.refusal is not None
            or self._mode == "manual"
            or self._execution().performers.leaves(rotation, started)
        ):
            return False
        return self._claim(rotation, started, claimed) is not None

    def register(self, started: StartedRotation) -> Rotation:
        """Register a rotation that the service has started or attempts again, unless that is done."""
        rotation = self._registry.enter(started, self)
        if started.refusal is not None:
            fail(rotation, None, RotationFailedError(started.refusal))
        return rotation

    def recover(self, claimed: list[Rotation]) -> None:
        """Give up what a caller has claimed and can't run, or not to the end, so that others can run it.

        Args:
            claimed: the caller's own list of what it has claimed.
        """
        # An interrupt may have kept locks locked. No caller holds one when it gives up.
        free_shared()
        free(self._lock)
        with self._lock:
            self._give_up(claimed)

    def run(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run all steps of a rotation, and retry it as often as `retries` allows without a delay.

        If a rotation function is running here, the rotation runs after that function's own.

        Args:
            rotation: a rotation that the caller has claimed.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Raises:
            BaseException: if errors are raised, the error of the rotation, with a note that names the
                step and the secret; if it has none, the first error of a rotation that its function
                started. If errors are recorded, only what is neither an Exception nor SystemExit.
        """
        outer = self._asked_meanwhile()
        if outer is not None:
            # AWS doesn't wait either. Nested in the other rotation, each would see the other half done.
            self._registry.hand_over(rotation, outer)
            return
        with self._lock:
            claim, execution = self._registry.take(rotation), self._execution()
            if claim is not None:
                # Again, because an interrupt may have come between the claim and this.
                progress.begin_attempt(claim.started.secret, claim.started.token)
        # After a reset, nothing is claimed.
        if claim is not None:
            self._attempt(rotation, claim, execution, errors)

    def note_line(self, secret_arn: str) -> None:
        """Note that the user's code, at the line that runs now, has configured a secret's rotation."""
        self._registry.note_line(secret_arn, users_line())

    def is_left(self, rotation: Rotation) -> bool:
        """Return whether a rotation isn't run because its function isn't run here."""
        with self._lock:
            started = self._registry.started(rotation)
            return started is not None and self._execution().performers.why_not_run(started) is not None

    def why_unfinished(self, rotation: Rotation) -> str:
        """Return why a rotation isn't complete although all its steps passed."""
        with self._lock:
            started = self._registry.started(rotation)
            return (
                progress.NOT_MOVED if started is None else progress.why_unfinished(started.secret, started.token)
            )

    def was_abandoned(self, rotation: Rotation) -> bool:
        """Return whether another value became current during a rotation."""
        with self._lock:
            started = self._registry.started(rotation)
            return started is not None and progress.was_abandoned(started.secret, started.token)

    def may_fall_due(self) -> bool:
        """Return whether due rotations may run from here: not while any rotation is running."""
        return not self._running and self._asked_meanwhile() is None

    def forget_threads_but(self, living: Collection[int], why: str) -> None:
        """End the rotations of all threads but the living.

        Args:
            living: the threads.
            why: what has become of the others, for the error of their rotations.
        """
        with self._lock:
            self._running = {rotation: thread for rotation, thread in self._running.items() if thread in living}
            for rotation, started in self._registry.forget_threads_but(living, self._running):
                self._execution().break_off(rotation, started, why)
                progress.give_up(started.secret, started.token)

    def _claim(self, rotation: Rotation, started: StartedRotation, claimed: list[Rotation]) -> Claim | None:
        """Claim a rotation that is about to run; return None if it is running already."""
        if progress.is_running(started):
            return None
        # First, so that an interrupt leaves nothing running without a claim.
        claim = self._registry.claim(rotation, started, claimed)
        progress.begin_attempt(started.secret, started.token)
        return claim

    def _give_up(self, claimed: list[Rotation]) -> None:
        for rotation, claim in self._registry.claimed(claimed).items():
            self._give_up(claim.waiting)
            started = claim.started
            if claim.is_running and progress.is_running(started):
                self._execution().break_off(rotation, started, "the attempt was interrupted")
            progress.give_up(started.secret, started.token)
            self._store.follow_up(started.secret, clock.now())
            self._running.pop(rotation, None)
            # Last, so that an interrupted `recover` can be repeated.
            self._registry.end(rotation, claim)

    def _attempt(
        self,
        rotation: Rotation,
        claim: Claim,
        execution: Execution,
        errors: RotationErrors | None = None,
    ) -> None:
        """Run all steps of a rotation, once or more often. The service knows already that it is running."""
        secret, token = claim.started.secret, claim.started.token
        is_repeated = True
        while is_repeated:
            begin_attempt(rotation)
            self._execute(execution, rotation, claim, errors)
            with self._lock:
                is_repeated = (
                    self._registry.started(rotation) is not None
                    and progress.is_repeated_at_once(secret, token, clock.now())
                    and progress.begin_attempt(secret, token)
                )
        self._finish(rotation, claim, errors)

    def _execute(
        self,
        execution: Execution,
        rotation: Rotation,
        claim: Claim,
        errors: RotationErrors | None,
        count: int | None = None,
    ) -> None:
        is_recorded = (errors or self._errors) == "record"
        # If this is interrupted, `recover` does the rest.
        try:
            self._running[rotation] = threading.get_ident()
            execution.execute(rotation, claim.started, claim.waiting, count, is_recorded=is_recorded)
        finally:
            self._running.pop(rotation, None)

    def _finish(self, rotation: Rotation, claim: Claim, errors: RotationErrors | None = None) -> None:
        """Run the rotations that were started during this one, then raise the first error if errors are raised."""
        for other in claim.waiting:
            self.run(other, "record")
        self._registry.end(rotation, claim)
        raised = [one.error for one in (rotation, *claim.waiting) if one.error is not None]
        # Something that isn't faked is no failure of a rotation: raise it even if the world records errors.
        is_ours = errors is None and isinstance(rotation.error, UnsupportedOperationError)
        if raised and (is_ours or (errors or self._errors) == "raise"):
            raise raised[0]
