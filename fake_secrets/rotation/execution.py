"""The execution of a rotation's steps, with no lock held, and the judgement of each step."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol

from fake_secrets import clock
from fake_secrets.arns import account_of, partition_of, root_arn
from fake_secrets.errors import RotationFailedError, ServiceError, annotate
from fake_secrets.iam.principals import acting_as
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import Ledger, RunningStep, rotation_step
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.managed import ManagedRotation, NewValue
from fake_secrets.rotation.rotation import Rotation, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.state.model import StartedRotation, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["Executing", "Execution", "Invocable"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Invocable(Protocol):
    """What performs a step: a Lambda function, or AWS itself."""

    def deadline(self, now: float) -> float | None:
        """Return when an invocation that begins at `now` times out, in epoch seconds; None if it never does."""

    def invoke(self, event: dict[str, Any], request_id: str) -> None:
        """Perform a step."""


Executing = Callable[[list[Rotation], Callable[[], str | None]], str | None]


class Execution:
    """Executes the steps of rotations, from one reset of a world to the next.

    Args:
        store: the secrets.
        ledger: records what happens to them.
        functions: the rotation functions that are registered with the world.
        ids: makes ids.
        lock: guards all of them; never held while a rotation function runs.
        executing: calls a function and returns its result. Meanwhile this world answers all calls, as calls
            of a rotation function. The rotations that these calls start are added to the given list.
    """

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        functions: Functions,
        ids: Ids,
        lock: threading.RLock,
        executing: Executing,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._functions = functions
        self._ids = ids
        self._lock = lock
        self._executing = executing
        self._new_values: dict[str, NewValue] = {}

    def manage(self, secret: StoredSecret, new_value: NewValue) -> None:
        """Set the function that makes the new value of a managed secret."""
        with self._lock:
            self._new_values[secret.arn] = new_value

    def execute(
        self, rotation: Rotation, started: StartedRotation, asked_for: list[Rotation], count: int | None = None
    ) -> None:
        """Run the next steps of an attempt, with no lock held, and record how they end.

        Args:
            rotation: the rotation.
            started: the service's record of the same rotation.
            asked_for: receives the rotations that the rotation function starts.
            count: how many steps to run; None runs all that are left.

        Raises:
            BaseException: if a step raises something that is neither an Exception nor SystemExit.
        """
        secret = started.secret
        owner = account_of(started.lambda_arn) if started.lambda_arn else secret.account_id
        role = root_arn(owner, partition_of(secret.region))
        try:
            by = self._invocable(started)
            run = functools.partial(self._run_steps, rotation, started, by, role, count)
            failure = self._executing(asked_for, run)
        except BaseException as error:
            if rotation.error is None:
                fail(rotation, _last_step(rotation), error)
            self._conclude(rotation, started, self._judge(rotation, started))
            raise
        self._conclude(rotation, started, failure)

    def _run_steps(
        self, rotation: Rotation, started: StartedRotation, by: Invocable, role: str, count: int | None
    ) -> str | None:
        """Run steps until one fails.

        Returns:
            The error message for the failure's event; None if no step failed.
        """
        # The function acts for its own account, no matter who asked for the rotation.
        with acting_as(role):
            for step in rotation._plan[len(rotation.steps) :][:count]:
                run_step(rotation, step, by, started.rotation_token, self._ids)
                failure = self._judge(rotation, started)
                if failure is not None:
                    return failure
        return None

    def break_off(self, rotation: Rotation, started: StartedRotation, why: str) -> None:
        """End an attempt that nobody runs any more, as if the rotation function had died.

        If all its steps had passed already, this only records the end.
        """
        if rotation.error is None and (rotation.next_step is not None or not rotation.steps):
            fail(rotation, _last_step(rotation), RotationFailedError(why))
        self._conclude(rotation, started, self._judge(rotation, started))

    def _invocable(self, started: StartedRotation) -> Invocable:
        if started.lambda_arn is not None:
            return self._functions[started.lambda_arn]
        secret = started.secret
        with self._lock:
            current = secret.versions.get(secret.labels.get(AWSCURRENT, ""))
            new_value = self._new_values.get(secret.arn)
        return ManagedRotation(
            secret.name,
            None if current is None else current.value,
            new_value,
            functools.partial(self._keep_managed, secret, started.token),
            self._ids,
        )

    def _keep_managed(self, secret: StoredSecret, token: str, value: str | bytes) -> None:
        with self._lock:
            now = clock.now()
            try:
                with self._store.all_or_nothing(secret):
                    progress.store_managed_value(self._store, secret, token, value, now)
                    self._store.follow_up(secret, now)
            except ServiceError as error:
                raise RotationFailedError(error.message) from None
            self._ledger.record_change(secret, "managed rotation")

    def _judge(self, rotation: Rotation, started: StartedRotation) -> str | None:
        """Decide whether the last step failed; check the pending version too.

        Returns:
            The error message for the failure's event; None if the step succeeded.
        """
        if rotation.error is not None:
            if started.lambda_arn is None:
                # No source gives AWS's wording [D].
                return "Error when executing managed rotation"
            return f"Error when executing lambda {started.lambda_arn} during {rotation.failed_step} step"
        with self._lock:
            refusal = progress.check_pending(started.secret, started.token)
        if refusal is not None:
            error = RotationFailedError(refusal)
            stranger = started.secret.versions[started.token].stranger
            error.add_note(f"{stranger} put that value there without the RotationToken of the function's event")
            fail(rotation, rotation.steps[-1], error)
        return refusal

    def _conclude(self, rotation: Rotation, started: StartedRotation, failure: str | None) -> None:
        """Record how the steps ended."""
        with self._lock, self._store.all_or_nothing(started.secret):
            now = clock.now()
            if rotation.next_step is None:
                self._end(rotation, started, failure, now)
            else:
                progress.pause(started.secret, started.token)
            self._store.follow_up(started.secret, now)

    def _end(self, rotation: Rotation, started: StartedRotation, failure: str | None, now: float) -> None:
        secret, token = started.secret, started.token
        if rotation.is_test:
            progress.end_test(self._store, secret, token, now, failure)
            self._ledger.record_change(secret, "end of test")
            has_succeeded = failure is None
        else:
            has_succeeded = progress.end_attempt(self._store, secret, token, now, failure)
        if has_succeeded:
            rotation.outcome = "succeeded"


def _last_step(rotation: Rotation) -> str:
    """Return the step that the attempt began last, or else the one that it was to begin with."""
    return rotation.steps[-1] if rotation.steps else rotation._plan[0]


def run_step(rotation: Rotation, step: str, by: Invocable, rotation_token: str, ids: Ids) -> None:
    """Perform one step of a rotation. If the step raises, the rotation has failed.

    Args:
        rotation: the rotation.
        step: the step's name.
        by: performs the step.
        rotation_token: the event's RotationToken.
        ids: makes ids.

    Raises:
        BaseException: if the step raises something that is neither an Exception nor SystemExit, such
            as KeyboardInterrupt or an exception of pytest's. The failure is recorded first.

    Source: rotation-facts 1.2: the event [B, C], one invocation after the other [C], the
        return value ignored [B].
    """
    rotation.steps.append(step)
    event = {
        "SecretId": rotation.secret_arn,
        "ClientRequestToken": rotation.token,
        "Step": step,
        "RotationToken": rotation_token,
    }
    running = RunningStep(step, by.deadline(clock.now()))
    reset = rotation_step.set(running)
    try:
        by.invoke(event, ids.uuid())
    except BaseException as error:
        fail(rotation, step, error)
        annotate(error, f"raised in {step} while rotating secret {rotation.secret_name!r}")
        if not isinstance(error, (Exception, SystemExit)):
            raise
    finally:
        running.is_over = True
        rotation_step.reset(reset)
