"""What a rotation is: its steps, its outcome and its attempts."""

from __future__ import annotations

import datetime
from dataclasses import field
from typing import Literal, Protocol

from fake_secrets import clock
from fake_secrets.observe.live import LiveView
from fake_secrets.observe.remarks import Line
from fake_secrets.options import RotationErrors
from fake_secrets.service.rules.steps import STEPS
from fake_secrets.slotted import slotted

__all__ = [
    "MANAGED_STEPS",
    "TEST_STEPS",
    "Outcome",
    "Rotation",
    "begin_attempt",
    "end",
    "fail",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

TEST_STEPS = ("testSecret",)
# AWS and its partners don't publish theirs, so the name is ours.
MANAGED_STEPS = ("managedRotation",)

Outcome = Literal["succeeded", "failed", "abandoned", "unfinished"]


class Driver(Protocol):
    """Runs rotations."""

    def retry(self, rotation: Rotation, errors: RotationErrors | None) -> None:
        """Run all steps again."""

    def step(self, rotation: Rotation, errors: RotationErrors | None) -> None:
        """Run the next step."""

    def deliver(self, rotation: Rotation, step: str) -> object:
        """Run any step, whatever the state of the rotation."""

    def why_unfinished(self, rotation: Rotation) -> str:
        """Return why a rotation isn't complete although all its steps passed."""

    def is_left(self, rotation: Rotation) -> bool:
        """Return whether a rotation isn't run because its function isn't run here."""

    def was_abandoned(self, rotation: Rotation) -> bool:
        """Return whether another value became current during the rotation."""


@slotted
class Rotation(LiveView):
    """One rotation of a secret.

    RotateSecret or the secret's schedule starts it. An attempt calls the rotation function once for each
    step. A rotation that fails can be attempted again, with the same token. Copying a rotation returns the
    rotation itself, because its next attempt changes it.

    Args:
        secret_arn: the secret's ARN.
        secret_name: the secret's name.
        token: the new version's id. Every step gets it as ClientRequestToken.
        steps: the steps that the last attempt began, in order.
        failed_step: the step that failed in the last attempt; None if none did.
        error: the exception that failed the last attempt; None if it didn't fail. If a `FunctionCrash` failed it,
            this is a `RotationFailedError` whose ``__cause__`` is the crash.
        attempts: how many attempts were begun.
        findings: the faults of the rotation function that AWS doesn't report, in all attempts. Each is a sentence
            that begins with its kind, a few words that don't change, and is also given as a `RotationWarning`.
        started_at: when the rotation was started, tz-aware UTC.
        ended_at: when the last attempt ended, tz-aware UTC; None before that.
    """

    _INSTEAD = "its outcome, or what else you need of it,"

    secret_arn: str
    secret_name: str
    token: str
    _driver: Driver = field(repr=False)
    _plan: tuple[str, ...] = field(default=STEPS, repr=False)
    steps: list[str] = field(default_factory=list)
    failed_step: str | None = None
    error: BaseException | None = None
    attempts: int = 0
    findings: list[str] = field(default_factory=list)
    started_at: datetime.datetime = field(default_factory=lambda: clock.utc(clock.now()))
    ended_at: datetime.datetime | None = None
    # The line of the user's code that started it.
    _line: Line | None = field(default=None, repr=False)
    # What the last attempt has come to, even if the rotation was abandoned.
    _result: Outcome = field(default="unfinished", repr=False)
    # The versions in which the function has stored a value.
    _stored: list[str] = field(default_factory=list, repr=False)
    # Whether the function has ever made its version current.
    _was_current: bool = field(default=False, repr=False)
    # How many values it has put in other versions that became current, as a test does by hand.
    _by_hand: int = field(default=0, repr=False)
    # How many entries the ledger had when the last attempt began.
    _began_at: int = field(default=0, repr=False)

    @property
    def outcome(self) -> Outcome:
        """How the rotation has ended so far.

        - ``succeeded``: the new version is current.
        - ``failed``: a step raised or timed out, or AWS refuses the new version or the rotation itself.
        - ``abandoned``: another value became current during the rotation; see `was_abandoned`.
        - ``unfinished``: the rotation isn't over, or all steps passed but finishSecret didn't move AWSCURRENT to
          the new version.
        """
        return "abandoned" if self._result != "succeeded" and self.was_abandoned else self._result

    @property
    def succeeded(self) -> bool:
        """Whether the rotation is complete and its new version is current.

        If the rotation only tests the function (`is_test`), whether the test passed.
        """
        return self.outcome == "succeeded"

    @property
    def is_test(self) -> bool:
        """Whether this only tests the rotation function, because of RotateImmediately=False.

        Such a rotation runs only testSecret, on a copy of the current value that is removed afterwards.
        """
        return self._plan == TEST_STEPS

    @property
    def was_abandoned(self) -> bool:
        """Whether another value became current during the rotation, which took AWSPENDING away.

        A step may have failed because of that; then `error` and `failed_step` tell which.

        An abandoned rotation can't be attempted again.
        """
        return self._driver.was_abandoned(self)

    @property
    def next_step(self) -> str | None:
        """The step that the current attempt runs next; None if the attempt is over."""
        is_over = self._result != "unfinished" or len(self.steps) == len(self._plan)
        return None if is_over else self._plan[len(self.steps)]

    def retry(self, *, errors: RotationErrors | None = None) -> Rotation:
        """Attempt the rotation again: run all steps with the same token, as AWS does.

        A rotation that failed can be attempted again even if AWSCURRENT is on its version already.

        Args:
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            This rotation, updated with the result of the new attempt.

        Raises:
            ValueError: if `errors` isn't "raise" or "record".
            RotationNotOpenError: if the rotation can't be attempted again. For example, it has succeeded
                or is running, its version doesn't have AWSPENDING any more, or rotation of the secret
                was cancelled.
            UnsupportedOperationError: if the secret is managed, and only `managed_rotation` can tell what
                its new value is.
            BaseException: the error of the attempt, if `errors` is "raise", or if it isn't given and the
                world's `rotation_errors` is "raise".
        """
        self._driver.retry(self, errors)
        return self

    def step(self, *, errors: RotationErrors | None = None) -> Rotation:
        """Run the next step only. If the last attempt is over, begin a new one with its first step.

        In a world with `rotation="manual"`, this is how a test runs a rotation.

        Args:
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            This rotation, updated with the result of the step.

        Raises:
            ValueError: if `errors` isn't "raise" or "record".
            RotationNotOpenError: if the last attempt is over and the rotation can't be attempted again,
                for the reasons given at `retry`; or if a rotation function is running.
            UnsupportedOperationError: as `retry` does.
            BaseException: the error of the step, if `errors` is "raise", or if it isn't given and the world's
                `rotation_errors` is "raise".
        """
        self._driver.step(self, errors)
        return self

    def deliver(self, step: str) -> object:
        """Run one step by hand, as if Lambda delivered its event once more.

        The rotation function runs with the context and the environment that Lambda gives it, and its calls are
        recorded as calls of that step. This works at any time, after the rotation has succeeded, too. It
        changes nothing in the rotation itself: neither its outcome nor its steps and attempts.

        Args:
            step: the step, such as ``createSecret``.

        Returns:
            What the rotation function returns.

        Raises:
            ValueError: if the rotation has no such step.
            RotationNotOpenError: if the world was reset since the rotation was started.
            RotationFailedError: if the function times out, or dies by a `FunctionCrash`.
            BaseException: what the function raises, whatever the world's `rotation_errors` are.
        """
        return self._driver.deliver(self, step)

    def __repr__(self) -> str:
        return f"<Rotation of {self.secret_name!r}, version {self.token}: {self._reason()}>"

    def _reason(self) -> str:
        if self._result == "succeeded":
            return f"succeeded{self._with_findings()}"
        abandoned = ["abandoned because another value became current"] if self.was_abandoned else []
        if self._result == "failed":
            # Only the kind of error: its text may hold a secret value.
            where = f"failed in {self.failed_step} with" if self.failed_step else "couldn't start because of"
            state = [f"{where} {type(self.error).__name__}"]
        elif not self.attempts and self._driver.is_left(self):
            state = ["started, but its function isn't run here"]
        elif self.next_step is not None:
            state = [] if abandoned else ["in progress" if self.attempts else "started"]
            state.append(f"{self.next_step} is next")
        else:
            state = [] if abandoned else [f"unfinished because {self._driver.why_unfinished(self)}"]
        return "; ".join([*abandoned, *state]) + self._with_findings()

    def _with_findings(self) -> str:
        count = len(self.findings)
        return f", with {count} finding{'s' * (count > 1)}" if count else ""


def begin_attempt(rotation: Rotation) -> None:
    """Put a rotation before its first step, and clear the result of the last attempt."""
    rotation.attempts += 1
    rotation._result, rotation.failed_step, rotation.error = "unfinished", None, None
    rotation.steps, rotation.ended_at = [], None


def fail(rotation: Rotation, step: str | None, error: BaseException) -> None:
    """Mark a rotation as failed, in a step or before its first step."""
    rotation._result, rotation.failed_step, rotation.error = "failed", step, error


def end(rotation: Rotation, now: float, *, has_succeeded: bool = False) -> None:
    """Mark the end of an attempt at `now` (epoch seconds)."""
    rotation.ended_at = clock.utc(now)
    if has_succeeded:
        rotation._result = "succeeded"
