"""Rotates the secret of a trial: starts rotations, runs their steps, retries them, and delivers steps by hand."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets.contract.conductor import Conductor
from fake_secrets.contract.invariants import Invariants
from fake_secrets.contract.invoking import Invocations
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.readings import Readings
from fake_secrets.contract.subject import Subject
from fake_secrets.errors import RotationNotOpenError
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS
from fake_secrets.service.rules.steps import STEPS

if TYPE_CHECKING:
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.handle import FakeSecrets
    from fake_secrets.world.world import World

__all__ = ["Rotating"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Three minutes [C: rotation-facts 1.2]. AWS doesn't say how often it retries a rotation. The last retry comes when
# no other invocation can be under way any more.
_RETRIED_AFTER = (180.0, 180.0, 0.0)
# AWS's shortest schedule is rate(4 hours) [B].
_ROTATED_AFTER = 4 * 3600.0


class Rotating(ABC):
    """The part of a trial that rotates its secret, in the world that the trial has opened.

    `deliveries` has what the function did. `refusal` is AWS's last refusal of a request. `before_step` is called
    before each step of a rotation. `calls_of_first_retry` is how many calls the function had made when the first
    attempt of the last retry was over.
    """

    check: Check
    subject: Subject
    conductor: Conductor
    invocations: Invocations
    invariants: Invariants
    readings: Readings
    handle: FakeSecrets
    world: World
    state: State
    arn: str
    _function: str

    def __init__(self) -> None:
        self.rotations: list[Rotation] = []
        self.refusal = ""
        self.calls_of_first_retry: int | None = None
        self.before_step: Callable[[], None] | None = None
        self._roles: dict[str, str] = {}

    @abstractmethod
    def refresh(self) -> None:
        """Take note of the state of the secret and the service."""

    @property
    def rotation(self) -> Rotation:
        """The rotation that was started last."""
        return self.rotations[-1]

    @property
    def token(self) -> str:
        """The id of the version that the last rotation makes."""
        return self.rotation.token

    @property
    def deliveries(self) -> list[Delivery]:
        """The deliveries of the function, in order."""
        return self.invocations.deliveries

    @property
    def calls(self) -> int:
        """How many calls the function has made."""
        return sum(len(delivery.boundaries) for delivery in self.deliveries)

    @property
    def replacements(self) -> int:
        """How many rotations have made their value current, whether or not what came afterwards failed."""
        labels = self.state.labels
        held = {labels.get(AWSCURRENT), labels.get(AWSPREVIOUS)}
        return sum(rotation.succeeded or rotation.token in held for rotation in self.rotations)

    @property
    def last(self) -> Delivery:
        """The last delivery."""
        return self.deliveries[-1]

    def latest(self, step: str) -> Delivery | None:
        """Return the last delivery of a step; None if there is none."""
        return next((one for one in reversed(self.deliveries) if one.step == step), None)

    @property
    def storing_call(self) -> Boundary | None:
        """The call after which the new version has its value; None if there is none."""
        boundaries = (boundary for one in self.deliveries for boundary in one.boundaries)
        return next((one for one in boundaries if one.after and self.token in one.after.values), None)

    @property
    def storing_line(self) -> OwnLine | None:
        """The line of that call; None if it is unknown."""
        return None if self.storing_call is None else self.storing_call.line

    def role(self, version_id: str) -> str:
        """Return what a version is called in reports."""
        return self._roles.get(version_id, "another")

    def name_version(self, version_id: str, role: str) -> None:
        """Say what a version is called in reports."""
        self._roles[version_id] = role

    def request(self, operation: str, **members: Any) -> Any:
        """Make a call as somebody else. Return the response's members, or None if AWS refuses. See `refusal`."""
        claimed: list[Rotation] = []
        answer = self.world.answer(self.world.request(operation, members), claimed)
        self.refusal = "" if answer.error is None else f"{answer.error.code}: {answer.error.message}"
        return None if answer.error is not None else answer.content

    def start(self, **members: Any) -> Rotation | None:
        """Start a rotation, as RotateSecret does. Return None if AWS refuses it.

        Args:
            members: more members of the request.
        """
        if self.rotations:
            self.check.time.advance(_ROTATED_AFTER)
        token = self.world.ids.uuid()
        answer = self.request(
            "RotateSecret",
            SecretId=self.arn,
            ClientRequestToken=token,
            RotationLambdaARN=self._function,
            **({"RotationRules": self.subject.rules} if self.subject.rules else {}),
            **members,
        )
        rotation = None if answer is None else self.world.runner.of(self.arn, token)
        if rotation is None:
            return None
        self.name_version(token, "new" if not self.rotations else f"new {len(self.rotations) + 1}")
        self.rotations.append(rotation)
        self.readings.is_first = False
        self.refresh()
        self.invariants.begin_rotation()
        return rotation

    def start_other(self, arn: str) -> str | None:
        """Start the rotation of another secret by the same function. Return its token, or None if AWS refuses it.

        Args:
            arn: the secret's ARN.
        """
        token = self.world.ids.uuid()
        members = {"SecretId": arn, "ClientRequestToken": token, "RotationLambdaARN": self._function}
        return None if self.request("RotateSecret", **members) is None else token

    def step(self) -> Delivery:
        """Run the next step of the rotation, or the first step of another attempt."""
        if self.before_step is not None:
            self.before_step()
        self.rotation.step(errors="record")
        return self.last

    def run_to(self, step: str) -> bool:
        """Run the rotation up to the end of a step. Return whether all steps up to there have passed."""
        while self.step().has_passed:
            if self.last.step == step:
                return True
        return False

    def run_before(self, step: str) -> bool:
        """Run the steps before a step. Return whether they have passed."""
        at = STEPS.index(step)
        return at == 0 or self.run_to(STEPS[at - 1])

    def finish(self) -> bool:
        """Run the steps that are left. Return whether the rotation has succeeded."""
        with contextlib.suppress(RotationNotOpenError):
            while self.rotation.next_step is not None and self.step().has_passed:
                pass
        return self.rotation.succeeded

    def rotate(self) -> bool:
        """Start another rotation and run it. Return whether it has succeeded."""
        return self.start() is not None and self.finish()

    def recover(self) -> bool:
        """Retry a failed rotation from createSecret with the same token, as AWS does.

        Returns:
            Whether it has succeeded in the end.
        """
        self.calls_of_first_retry = None
        for pause in _RETRIED_AFTER:
            plan = self.conductor.disturbance
            if plan is not None and plan.struck is not None:
                self.conductor.disturbance = None
            if self.rotation.succeeded:
                return True
            # AWS doesn't retry at once.
            self.check.time.advance(pause or max(_RETRIED_AFTER[0], self.subject.timeout + 1))
            try:
                self.step()
            except RotationNotOpenError:
                return False
            if self.last.has_passed:
                self.finish()
            self.calls_of_first_retry = self.calls_of_first_retry or self.calls
        return self.rotation.succeeded

    def deliver(self, step: str, why: str) -> Delivery:
        """Deliver a step once more by hand.

        Args:
            step: the step.
            why: what for, in words.
        """
        return self._by_hand(lambda: self.rotation.deliver(step), why)

    def invoke(self, event: Mapping[str, Any], why: str) -> Delivery:
        """Invoke the function with any event.

        Args:
            event: the event.
            why: what for, in words.
        """
        return self._by_hand(lambda: self.handle.invoke(self._function, dict(event)), why)

    def _by_hand(self, call: Callable[[], object], why: str) -> Delivery:
        self.invocations.why = why
        try:
            with contextlib.suppress(Exception):
                call()
        finally:
            self.invocations.why = None
        return self.last

    def event(self, step: str, **members: str) -> dict[str, str]:
        """Return an event of the rotation, with some members changed."""
        return {"SecretId": self.arn, "ClientRequestToken": self.token, "Step": step, **members}
