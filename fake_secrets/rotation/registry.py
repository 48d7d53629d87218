"""The registry: every rotation that was started in a world, and which of them a caller has claimed."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import field

from fake_secrets.observe.remarks import Line, users_line
from fake_secrets.rotation.rotation import MANAGED_STEPS, TEST_STEPS, Driver, Rotation
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.rules.steps import STEPS
from fake_secrets.service.state.events import KEPT
from fake_secrets.service.state.model import StartedRotation
from fake_secrets.slotted import slotted

__all__ = ["Claim", "Registry"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@slotted
class Claim:
    """A claim on a rotation: nobody else may run it.

    Args:
        started: the service's record of the rotation.
        by: the list of the claims of the caller that has it.
        thread: the thread that runs the rotation, or else the one that has claimed it.
        is_running: whether an attempt has begun.
        waiting: the rotations that the rotation function has started, which run after its own.
    """

    started: StartedRotation
    by: list[Rotation]
    thread: int
    is_running: bool = False
    waiting: list[Rotation] = field(default_factory=list)

    def begin(self) -> Claim:
        """Begin an attempt in this thread."""
        self.is_running, self.thread = True, threading.get_ident()
        return self


class Registry:
    """Remembers the latest rotations of a world, from one reset to the next.

    A caller that is going to run a rotation claims it first, so that nobody else runs it. The claim lasts until
    the attempt is over, so that an interrupted attempt can be given up by its claim.
    """

    def __init__(self) -> None:
        self._started: dict[Rotation, StartedRotation] = {}
        self._by_token: dict[tuple[str, str], Rotation] = {}
        self._claims: dict[Rotation, Claim] = {}
        # By the secrets' ARNs.
        self._lines: dict[str, Line] = {}

    def all(self) -> list[Rotation]:
        """Return the rotations in the order in which they were started: the latest 100,000."""
        return list(self._started)

    def of(self, secret_arn: str, token: str) -> Rotation | None:
        """Return the rotation of a secret with a token, or None."""
        return self._by_token.get((secret_arn, token))

    def started(self, rotation: Rotation) -> StartedRotation | None:
        """Return the service's record of a rotation; None if the rotation is no longer remembered."""
        return self._started.get(rotation)

    def note_line(self, secret_arn: str, line: Line) -> None:
        """Note the line of the user's code that has configured a secret's rotation."""
        self._lines[secret_arn] = line

    def enter(self, started: StartedRotation, driver: Driver) -> Rotation:
        """Return the rotation that the service has started, or attempts again; add it if it is new.

        Args:
            started: the service's record of the rotation.
            driver: runs the rotation if the test asks for it.
        """
        secret, key = started.secret, (started.secret.arn, started.token)
        rotation = self._by_token.get(key)
        known = None if rotation is None else self._started.get(rotation)
        # After a test of the function, its token may be used again. A RotationToken never is.
        if rotation is None or known is None or known.rotation_token != started.rotation_token:
            plan = TEST_STEPS if started.is_test else STEPS if started.lambda_arn else MANAGED_STEPS
            line = self._lines.get(secret.arn) or users_line()
            rotation = Rotation(secret.arn, secret.name, started.token, driver, plan, _line=line)
            self._by_token[key] = rotation
            self._started[rotation] = started
            if len(self._started) > KEPT:
                self._forget(next(iter(self._started)))
        return rotation

    def claim(self, rotation: Rotation, started: StartedRotation, by: list[Rotation]) -> Claim:
        """Reserve a rotation for the caller, who is going to run it.

        Args:
            rotation: the rotation.
            started: the service's record of it.
            by: the caller's own list of what it has claimed, which identifies it. The rotation is added to it.
        """
        by.append(rotation)
        claim = self._claims[rotation] = Claim(started, by, threading.get_ident())
        return claim

    def hand_over(self, rotation: Rotation, to: list[Rotation]) -> None:
        """Hand a claim over to another caller, by that caller's list. The rotation is added to it."""
        to.append(rotation)
        if rotation in self._claims:
            self._claims[rotation].by = to

    def take(self, rotation: Rotation) -> Claim | None:
        """Begin to run a claimed rotation, in this thread.

        Returns:
            The claim; None if nobody has claimed the rotation, or if it is running already.
        """
        claim = self._claims.get(rotation)
        if claim is None or claim.is_running:
            return None
        return claim.begin()

    def end(self, rotation: Rotation, claim: Claim) -> None:
        """End a claim on a rotation, whose attempt is over. Another one may have followed."""
        if self._claims.get(rotation) is claim:
            del self._claims[rotation]

    def claimed(self, rotations: list[Rotation]) -> dict[Rotation, Claim]:
        """Return the claims of a caller, by its list, except those that another thread is running."""
        here = threading.get_ident()
        claims = {rotation: self._claims[rotation] for rotation in rotations if rotation in self._claims}
        return {
            rotation: claim
            for rotation, claim in claims.items()
            if claim.by is rotations and (claim.thread == here or not claim.is_running)
        }

    def forget_threads_but(
        self, living: Collection[int], running: Collection[Rotation]
    ) -> list[tuple[Rotation, StartedRotation]]:
        """Give up the claims of all threads but the living.

        Args:
            living: the threads.
            running: the rotations that they are running.

        Returns:
            The rotations that the service still takes for running, although nobody runs them or is going
            to, each with the service's record.
        """
        self._claims = {rotation: claim for rotation, claim in self._claims.items() if claim.thread in living}
        return [
            (rotation, started)
            for rotation, started in self._started.items()
            if rotation not in running and rotation not in self._claims and progress.is_running(started)
        ]

    def _forget(self, rotation: Rotation) -> None:
        del self._started[rotation]
        key = rotation.secret_arn, rotation.token
        if self._by_token.get(key) is rotation:
            del self._by_token[key]
        self._claims.pop(rotation, None)
