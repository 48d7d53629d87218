"""The judgement of a rotation: whether a step has failed, what is found in it, and how the attempt has ended."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from fake_secrets import clock
from fake_secrets.errors import FunctionCrash, RotationFailedError, RotationWarning
from fake_secrets.observe.entry import RunningStep
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Remarks
from fake_secrets.rotation import findings
from fake_secrets.rotation.rotation import Rotation, end, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.state.model import StartedRotation, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["Judgement"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Judgement:
    """Judges the steps of rotations, and records how they have ended.

    Args:
        store: the secrets.
        ledger: records what happens to them.
        lock: guards both.
        remarks: receives the findings of rotations.
    """

    def __init__(self, store: Store, ledger: Ledger, lock: threading.RLock, remarks: Remarks) -> None:
        self._store = store
        self._ledger = ledger
        self._lock = lock
        self._remarks = remarks

    def of_step(self, rotation: Rotation, started: StartedRotation) -> str | None:
        """Decide whether the last step failed; check the pending version too.

        Args:
            rotation: the rotation.
            started: the service's record of the same rotation.

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

    def conclude(self, rotation: Rotation, started: StartedRotation, failure: str | None) -> None:
        """Record how the steps ended.

        Args:
            rotation: the rotation.
            started: the service's record of the same rotation.
            failure: the error message for the failure's event; None if no step failed.
        """
        with self._lock, self._store.all_or_nothing(started.secret):
            now = clock.now()
            if rotation.next_step is None:
                self._end(rotation, started, failure, now)
            else:
                progress.pause(started.secret, started.token)
            self._store.follow_up(started.secret, now)

    def note_step(
        self,
        rotation: Rotation,
        secret: StoredSecret,
        before: findings.Before,
        running: RunningStep,
        result: object,
    ) -> None:
        """Record the end of a step, and keep what is found in it.

        Args:
            rotation: the rotation.
            secret: the secret that is rotated.
            before: what the secret was before the step.
            running: the step.
            result: what the rotation function has returned.
        """
        error = rotation.error
        crash = error and error.__cause__
        with self._lock:
            self._ledger.record_step(secret, crash if isinstance(crash, FunctionCrash) else error)
            self._keep(rotation, findings.of_step(rotation, secret, before, running, result))

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
