"""The execution of a rotation's steps, with no lock held."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import RotationFailedError, annotate
from fake_secrets.iam.principals import acting_as
from fake_secrets.ids import Ids
from fake_secrets.observe.entry import RunningStep
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Remarks
from fake_secrets.rotation import findings
from fake_secrets.rotation.crashes import failure_of, is_failure
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.judgement import Judgement
from fake_secrets.rotation.managed import ManagedSecrets
from fake_secrets.rotation.performers import Invocable, Performers
from fake_secrets.rotation.rotation import Rotation, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.state.model import StartedRotation
from fake_secrets.service.state.store import Store

__all__ = ["Executing", "Execution"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


Executing = Callable[[list[Rotation], Callable[[], Any]], Any]


class Execution:
    """Executes the steps of rotations, from one reset of a world to the next.

    Args:
        store: the secrets.
        ledger: records what happens to them.
        functions: the rotation functions that are registered with the world.
        ids: makes ids.
        lock: guards all of them; never held while a rotation function runs.
        remarks: receives the findings of rotations.
        executing: calls a function and returns its result. Meanwhile this world answers all calls, as calls
            of a rotation function. The rotations that these calls start are added to the given list.

    `performers` find what performs the steps.
    """

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        functions: Functions,
        ids: Ids,
        lock: threading.RLock,
        remarks: Remarks,
        executing: Executing,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._functions = functions
        self._ids = ids
        self._lock = lock
        self._executing = executing
        self._judgement = Judgement(store, ledger, lock, remarks)
        self.performers = Performers(store, ledger, functions, ManagedSecrets(store, ledger, ids, lock), remarks)

    def execute(
        self,
        rotation: Rotation,
        started: StartedRotation,
        asked_for: list[Rotation],
        count: int | None = None,
        *,
        is_recorded: bool = False,
    ) -> None:
        """Run the next steps of an attempt, with no lock held, and record how they end.

        Args:
            rotation: the rotation.
            started: the service's record of the same rotation.
            asked_for: receives the rotations that the rotation function starts.
            count: how many steps to run; None runs all that are left.
            is_recorded: whether errors are recorded, so that nobody waits for them.

        Raises:
            BaseException: what a step raises and what is no failure of the step; see `is_failure`.
        """
        try:
            with self._lock:
                if not rotation.steps:
                    rotation._began_at = self._ledger.count
                    if rotation.attempts > 1:
                        self._ledger.record_attempt(started.secret, rotation.attempts)
            by = self.performers.of(started)
            run = functools.partial(self._run_steps, rotation, started, by, count, is_recorded)
            failure = self._executing(asked_for, run)
        except BaseException as error:
            if rotation.error is None:
                fail(rotation, _last_step(rotation), error)
            self._judgement.conclude(rotation, started, self._judgement.of_step(rotation, started))
            raise
        self._judgement.conclude(rotation, started, failure)

    def deliver(
        self, rotation: Rotation, started: StartedRotation, step: str, asked_for: list[Rotation]
    ) -> object:
        """Run one step of a rotation by hand. The rotation itself stays as it is.

        Args:
            rotation: the rotation.
            started: the service's record of the same rotation.
            step: the step.
            asked_for: receives the rotations that the rotation function starts.

        Returns:
            What the rotation function returns.

        Raises:
            RotationFailedError: if the function times out or dies.
            BaseException: if the function raises anything else.
        """
        by = self.performers.of(started)
        event = _event(rotation, step, started.rotation_token)

        def run() -> object:
            with progress.delivering(started.secret, started.token):
                return self._invoke(
                    by,
                    event,
                    step,
                    self.performers.principal_of(started),
                    rotation.token,
                    function=started.lambda_arn,
                )

        with self._lock:
            self._ledger.record_delivery(started.secret, step)
        try:
            return self._executing(asked_for, run)
        except BaseException as error:
            annotate(error, f"raised in {step}, delivered by hand, of secret {rotation.secret_name!r}")
            raise

    def invoke(self, lambda_arn: str, event: Any, asked_for: list[Rotation]) -> object:
        """Deliver any event to a Lambda function; see `deliver`.

        Args:
            lambda_arn: the function's ARN.
            event: the event.
            asked_for: receives the rotations that the function starts.
        """
        step = event.get("Step") if isinstance(event, Mapping) else None
        principal = self._functions.principal_of(lambda_arn)
        by = self._functions[lambda_arn]
        name = step if isinstance(step, str) else None
        return self._executing(asked_for, lambda: self._invoke(by, event, name, principal, function=lambda_arn))

    def _invoke(
        self,
        by: Invocable,
        event: Any,
        step: str | None,
        principal: str,
        token: str | None = None,
        *,
        function: str | None,
    ) -> object:
        running = RunningStep(step, by.deadline(clock.now()), token, function=function)
        with acting_as(principal), running:
            try:
                return running.result_of(by.invoke(event, self._ids.uuid()))
            except BaseException as error:
                failure = failure_of(error, step or "the invocation")
                if failure is error:
                    raise
                raise failure from error

    def _run_steps(
        self, rotation: Rotation, started: StartedRotation, by: Invocable, count: int | None, is_recorded: bool
    ) -> str | None:
        """Run steps until one fails.

        Returns:
            The error message for the failure's event; None if no step failed.
        """
        # The function acts for its own account, no matter who asked for the rotation.
        with acting_as(self.performers.principal_of(started)):
            for step in rotation._plan[len(rotation.steps) :][:count]:
                self._run_step(rotation, started, by, step, is_recorded)
                failure = self._judgement.of_step(rotation, started)
                if failure is not None:
                    return failure
        return None

    def _run_step(
        self, rotation: Rotation, started: StartedRotation, by: Invocable, step: str, is_recorded: bool
    ) -> None:
        """Perform one step of a rotation. If the step raises, the rotation has failed.

        Raises:
            BaseException: if the step raises something that is no failure of it, such as KeyboardInterrupt or an
                exception of pytest's. The failure is recorded first.

        Source: rotation-facts 1.2: the event [B, C], one invocation after the other [C], the
            return value ignored [B].
        """
        secret, result = started.secret, None
        rotation.steps.append(step)
        event = _event(rotation, step, started.rotation_token)
        running = RunningStep(
            step,
            by.deadline(clock.now()),
            rotation.token,
            is_recorded=is_recorded,
            function=started.lambda_arn,
        )
        before = findings.Before(secret.labels, secret.version_count)
        with running:
            try:
                result = running.result_of(by.invoke(event, self._ids.uuid()))
            except BaseException as error:
                failure = failure_of(error, step)
                fail(rotation, step, failure)
                annotate(failure, f"raised in {step} while rotating secret {rotation.secret_name!r}")
                if not is_failure(error, is_recorded=is_recorded):
                    raise
            finally:
                if started.lambda_arn is not None:
                    self._judgement.note_step(rotation, secret, before, running, result)

    def break_off(self, rotation: Rotation, started: StartedRotation, why: str) -> None:
        """End an attempt that nobody runs any more, as if the rotation function had died.

        If all its steps had passed already, this only records the end.
        """
        if rotation.error is None and (rotation.next_step is not None or not rotation.steps):
            fail(rotation, _last_step(rotation), RotationFailedError(why))
        self._judgement.conclude(rotation, started, self._judgement.of_step(rotation, started))


def _last_step(rotation: Rotation) -> str:
    """Return the step that the attempt began last, or else the one that it was to begin with."""
    return rotation.steps[-1] if rotation.steps else rotation._plan[0]


def _event(rotation: Rotation, step: str, rotation_token: str) -> dict[str, str]:
    return {
        "SecretId": rotation.secret_arn,
        "ClientRequestToken": rotation.token,
        "Step": step,
        "RotationToken": rotation_token,
    }
