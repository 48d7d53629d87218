"""What a rotation is: its steps, its outcome and its attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from fake_secrets.observe.live import LiveView

__all__ = [
    "MANAGED_STEPS",
    "STEPS",
    "TEST_STEPS",
    "Outcome",
    "Rotation",
    "begin_attempt",
    "fail",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
TEST_STEPS = ("testSecret",)
# AWS and its partners don't publish theirs, so the name is ours.
MANAGED_STEPS = ("managedRotation",)

Outcome = Literal["succeeded", "failed", "unfinished"]


class Driver(Protocol):
    """Runs rotations."""

    def retry(self, rotation: Rotation) -> None:
        """Run all steps again."""

    def step(self, rotation: Rotation) -> None:
        """Run the next step."""

    def was_abandoned(self, rotation: Rotation) -> bool:
        """Return whether another value became current during the rotation."""


@dataclass(eq=False)
class Rotation(LiveView):
    """One rotation of a secret.

    RotateSecret or the secret's schedule starts it. An attempt calls the rotation function once for each
    step. A rotation that fails can be attempted again, with the same token. Copying a rotation returns the
    rotation itself, because its next attempt changes it.

    Args:
        secret_arn: the secret's ARN.
        secret_name: the secret's name.
        token: the new version's id. Every step gets it as ClientRequestToken.
        outcome: ``succeeded``: the new version is current. ``failed``: a step raised or timed out, or AWS
            refuses the new version or the rotation itself. ``unfinished``: the rotation isn't over, or
            all steps passed but finishSecret didn't move AWSCURRENT to the new version.
        steps: the steps that the last attempt began, in order.
        failed_step: the step that failed in the last attempt; None if none did.
        error: the exception that failed the last attempt; None if it didn't fail.
        attempts: how many attempts were begun.
    """

    _INSTEAD = "its outcome, or what else you need of it,"

    secret_arn: str
    secret_name: str
    token: str
    _driver: Driver = field(repr=False)
    _plan: tuple[str, ...] = field(default=STEPS, repr=False)
    outcome: Outcome = "unfinished"
    steps: list[str] = field(default_factory=list)
    failed_step: str | None = None
    error: BaseException | None = None
    attempts: int = 0

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

        An abandoned rotation can't be attempted again.
        """
        return self._driver.was_abandoned(self)

    @property
    def next_step(self) -> str | None:
        """The step that the current attempt runs next; None if the attempt is over."""
        is_over = self.outcome != "unfinished" or len(self.steps) == len(self._plan)
        return None if is_over else self._plan[len(self.steps)]

    def retry(self) -> Rotation:
        """Attempt the rotation again: run all steps with the same token, as AWS does.

        Returns:
            This rotation, updated with the result of the new attempt.

        Raises:
            RotationNotOpenError: if the rotation can't be attempted again. For example, it has succeeded
                or is running, its version doesn't have AWSPENDING any more, or rotation of the secret
                was cancelled.
            UnsupportedOperationError: if the secret is managed, and only `managed_rotation` can tell what
                its new value is.
            BaseException: the error of the attempt, if the world's `rotation_errors` is "raise".
        """
        self._driver.retry(self)
        return self

    def step(self) -> Rotation:
        """Run the next step only. If the last attempt is over, begin a new one with its first step.

        In a world with `rotation="manual"`, this is how a test runs a rotation.

        Returns:
            This rotation, updated with the result of the step.

        Raises:
            RotationNotOpenError: if the last attempt is over and the rotation can't be attempted again,
                for the reasons given at `retry`; or if a rotation function is running.
            UnsupportedOperationError: as `retry` does.
            BaseException: the error of the step, if the world's `rotation_errors` is "raise".
        """
        self._driver.step(self)
        return self

    def __repr__(self) -> str:
        return f"<Rotation of {self.secret_name!r}, version {self.token}: {self._reason()}>"

    def _reason(self) -> str:
        if self.outcome == "failed":
            # Only the kind of error: its text may hold a secret value.
            where = f"failed in {self.failed_step} with" if self.failed_step else "couldn't start because of"
            return f"{where} {type(self.error).__name__}"
        if self.outcome == "succeeded":
            return "succeeded"
        abandoned = "abandoned because another value became current" if self.was_abandoned else ""
        if self.next_step is not None:
            state = abandoned or ("in progress" if self.attempts else "started")
            return f"{state}; {self.next_step} is next"
        if abandoned:
            return abandoned
        return (
            "unfinished because AWSCURRENT isn't on the new version, though no step raised; finishSecret "
            "has to move it there with update_secret_version_stage"
        )


def begin_attempt(rotation: Rotation) -> None:
    """Put a rotation before its first step, and clear the result of the last attempt."""
    rotation.attempts += 1
    rotation.outcome, rotation.failed_step, rotation.error = "unfinished", None, None
    rotation.steps = []


def fail(rotation: Rotation, step: str | None, error: BaseException) -> None:
    """Mark a rotation as failed, in a step or before its first step."""
    rotation.outcome, rotation.failed_step, rotation.error = "failed", step, error
