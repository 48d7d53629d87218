"""The execution of a rotation's steps, with no lock held, and the judgement of each step."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from fake_secrets import clock
from fake_secrets.arns import account_of, root_arn
from fake_secrets.errors import FunctionCrash, RotationFailedError, RotationWarning, ServiceError, annotate
from fake_secrets.iam.principals import acting_as
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import Ledger, RunningStep
from fake_secrets.observe.remarks import Remarks
from fake_secrets.rotation import findings
from fake_secrets.rotation.crashes import failure_of, is_failure
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.managed import ManagedRotation, NewValue
from fake_secrets.rotation.rotation import Rotation, end, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.state.model import StartedRotation, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["Executing", "Execution", "Invocable"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Invocable(Protocol):
    """What performs a step: a Lambda function, or AWS itself."""

    def deadline(self, now: float) -> float | None:
        """Return when an invocation that begins at `now` times out, in epoch seconds; None if it never does."""

    def invoke(self, event: Any, request_id: str) -> object:
        """Perform a step, and return the function's result."""


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
        self._remarks = remarks
        self._executing = executing
        self._new_values: dict[str, NewValue] = {}

    def manage(self, secret: StoredSecret, new_value: NewValue) -> None:
        """Set the function that makes the new value of a managed secret."""
        with self._lock:
            self._new_values[secret.arn] = new_value

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
            by = self._invocable(started)
            run = functools.partial(self._run_steps, rotation, started, by, count, is_recorded)
            failure = self._executing(asked_for, run)
        except BaseException as error:
            if rotation.error is None:
                fail(rotation, _last_step(rotation), error)
            self._conclude(rotation, started, self._judge(rotation, started))
            raise
        self._conclude(rotation, started, failure)

    def why_not_run(self, started: StartedRotation) -> str | None:
        """Return why a rotation's function isn't run here; None if it is run, or if AWS rotates the secret."""
        return None if started.lambda_arn is None else self._functions.why_not_run(started.lambda_arn)

    def leaves(self, rotation: Rotation, started: StartedRotation) -> bool:
        """Return whether a rotation isn't run because its function isn't run here; have that told as a warning.

        The caller holds the lock.
        """
        if self.why_not_run(started) is None:
            return False
        if rotation.is_test:
            # The test of a function that the test's author can't run must not block the next rotation.
            with self._store.all_or_nothing(started.secret):
                progress.remove_test(self._store, started.secret, started.token)
                self._store.follow_up(started.secret, clock.now())
            self._ledger.record_change(started.secret, "end of test")
        if rotation._line is not None and not self._functions.is_declared(str(started.lambda_arn)):
            text = (
                f"A {'trial' if rotation.is_test else 'rotation'} wasn't run: the function of secret "
                f"{rotation.secret_name!r} is in moto's Lambda. To run it, call fake_secrets.lambda_function("
                f"handler, arn={started.lambda_arn!r}). To make its calls in the test, pass None as handler"
            )
            is_settled = functools.partial(_is_made_by_hand, started)
            self._remarks.add(RotationWarning, text, rotation._line, is_settled)
        return True

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
        by = self._invocable(started)
        event = _event(rotation, step, started.rotation_token)

        def run() -> object:
            with progress.delivering(started.secret, started.token):
                return self._invoke(
                    by,
                    event,
                    step,
                    self._principal_for(started),
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
        with acting_as(self._principal_for(started)):
            for step in rotation._plan[len(rotation.steps) :][:count]:
                self._run_step(rotation, started, by, step, is_recorded)
                failure = self._judge(rotation, started)
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
                    self._look_at_step(rotation, secret, before, running, result)

    def _look_at_step(
        self,
        rotation: Rotation,
        secret: StoredSecret,
        before: findings.Before,
        running: RunningStep,
        result: object,
    ) -> None:
        error = rotation.error
        crash = error and error.__cause__
        with self._lock:
            self._ledger.record_step(secret, crash if isinstance(crash, FunctionCrash) else error)
            self._keep(rotation, findings.of_step(rotation, secret, before, running, result))

    def _keep(self, rotation: Rotation, found: Iterable[str]) -> None:
        """Keep the first finding of each kind, and have it told as a warning."""
        known = {findings.kind_of(finding) for finding in rotation.findings}
        for finding in found:
            kind = findings.kind_of(finding)
            if kind not in known:
                known.add(kind)
                rotation.findings.append(finding)
                if rotation._line is not None:
                    self._remarks.add(RotationWarning, finding, rotation._line)

    def _principal_for(self, started: StartedRotation) -> str:
        """Return the ARN of the principal that performs a rotation's steps."""
        if started.lambda_arn is not None:
            return self._functions.principal_of(started.lambda_arn)
        arn = started.secret.arn
        return root_arn(account_of(arn), arn.split(":")[1])

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
        end(rotation, now, has_succeeded=has_succeeded)
        if started.lambda_arn is not None:
            # A function may make its calls in threads, in which no step is known to run.
            is_untouched = not any(
                entry.is_call and entry.secret is secret for entry in self._ledger.entries(rotation._began_at)
            )
            if self._store.holds(secret):
                self._keep(rotation, findings.of_attempt(rotation, secret, is_untouched=is_untouched))


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


def _is_made_by_hand(started: StartedRotation) -> bool:
    """Return whether the test itself has made a rotation that isn't run."""
    secret, token = started.secret, started.token
    has_value = token in secret.versions and token not in secret.empty
    return has_value and (secret.labels.get(AWSPENDING) != token or secret.labels.get(AWSCURRENT) == token)
