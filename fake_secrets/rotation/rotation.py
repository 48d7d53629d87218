"""What a rotation is: its steps, its outcome, and what became of each attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

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
# AWS and its partners tell nobody of theirs.
MANAGED_STEPS = ("managedRotation",)

Outcome = Literal["succeeded", "failed", "unfinished"]


class Driver(Protocol):
    """What runs rotations."""

    def retry(self, rotation: Rotation) -> None:
        """Run all steps again."""

    def step(self, rotation: Rotation) -> None:
        """Run the next step."""

    def was_abandoned(self, rotation: Rotation) -> bool:
        """Say whether another value became current meanwhile."""


@dataclass(eq=False)
class Rotation:
    """One rotation of a secret, from RotateSecret, or from the day that it was due, to its end.

    Args:
        secret_arn: the secret's ARN.
        secret_name: its name.
        token: the new version's id, which is the ClientRequestToken of every step.

    `steps` are the steps that the last attempt began; `attempts` counts the attempts;
    `failed_step` and `error` tell which step raised what; `outcome` is ``succeeded``,
    ``failed`` (a step raised) or ``unfinished`` (four quiet steps, and AWSCURRENT isn't on
    the new version). A rotation that `is_test` tries the function in testSecret only, and
    succeeds where that doesn't raise.
    """

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
        """Whether the new version is current and the rotation complete."""
        return self.outcome == "succeeded"

    @property
    def is_test(self) -> bool:
        """Whether the function is only tried, by RotateImmediately=False."""
        return self._plan == TEST_STEPS

    @property
    def was_abandoned(self) -> bool:
        """Whether another value became current meanwhile, which took AWSPENDING away."""
        return self._driver.was_abandoned(self)

    @property
    def next_step(self) -> str | None:
        """The step that comes next; None where the last attempt is over."""
        is_over = self.outcome != "unfinished" or len(self.steps) == len(self._plan)
        return None if is_over else self._plan[len(self.steps)]

    def retry(self) -> Rotation:
        """Run all steps again with the same token, as AWS retries a rotation.

        Returns:
            This rotation, with what the new attempt came to.

        Raises:
            RotationNotOpenError: it has succeeded, or AWSPENDING isn't on its version any more.
            Exception: what the function raised, where the world's `rotation_errors` is "raise".
        """
        self._driver.retry(self)
        return self

    def step(self) -> Rotation:
        """Run the next step: the first of a new attempt, where the last one is over.

        Returns:
            This rotation, with what the step came to.

        Raises:
            RotationNotOpenError: no step is left, and it can't be attempted again, as `retry` says.
            Exception: what the function raised, where the world's `rotation_errors` is "raise".
        """
        self._driver.step(self)
        return self

    def __repr__(self) -> str:
        return f"<Rotation of {self.secret_name!r}, version {self.token}: {self._reason()}>"

    def _reason(self) -> str:
        if self.outcome == "failed":
            # Only the kind of error: its text may hold a secret value.
            where = f"failed in {self.failed_step} with" if self.failed_step else "not begun, because of"
            return f"{where} {type(self.error).__name__}"
        if self.outcome == "succeeded":
            return "succeeded"
        abandoned = "abandoned, since another value became current meanwhile" if self.was_abandoned else ""
        if self.next_step is not None:
            state = abandoned or ("under way" if self.attempts else "begun")
            return f"{state}; {self.next_step} is next"
        if abandoned:
            return abandoned
        return (
            "unfinished, since no step raised but AWSCURRENT isn't on the new version; finishSecret "
            "has to move it with update_secret_version_stage"
        )


def begin_attempt(rotation: Rotation) -> None:
    """Have a rotation be before its first step, whatever the last attempt came to."""
    rotation.attempts += 1
    rotation.outcome, rotation.failed_step, rotation.error = "unfinished", None, None
    rotation.steps = []


def fail(rotation: Rotation, step: str | None, error: BaseException) -> None:
    """Have a rotation have failed, in a step or without any."""
    rotation.outcome, rotation.failed_step, rotation.error = "failed", step, error
