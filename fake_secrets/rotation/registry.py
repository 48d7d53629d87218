"""The registry: every rotation that was started in a world, and which of them a caller has claimed."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from fake_secrets.rotation.rotation import MANAGED_STEPS, STEPS, TEST_STEPS, Driver, Rotation
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.state.events import KEPT
from fake_secrets.service.state.model import StartedRotation

__all__ = ["Registry"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Registry:
    """Remembers the latest rotations of a world, from one reset to the next.

    A caller that is going to run a rotation claims it first, so that nobody else runs it.
    """

    def __init__(self) -> None:
        self._started: dict[Rotation, StartedRotation] = {}
        self._by_token: dict[tuple[str, str], Rotation] = {}
        # Each with the thread that has claimed it.
        self._claimed: dict[Rotation, int] = {}

    def all(self) -> list[Rotation]:
        """Return the rotations in the order in which they were started: the latest 100,000."""
        return list(self._started)

    def of(self, secret_arn: str, token: str) -> Rotation | None:
        """Return the rotation of a secret with a token, or None."""
        return self._by_token.get((secret_arn, token))

    def started(self, rotation: Rotation) -> StartedRotation | None:
        """Return the service's record of a rotation; None if the rotation is no longer remembered."""
        return self._started.get(rotation)

    def enter(self, started: StartedRotation, driver: Driver) -> Rotation:
        """Return the rotation that the service has started, or attempts again; add it if it is new.

        Args:
            started: the service's record of the rotation.
            driver: runs the rotation if the test asks for it.
        """
        secret, key = started.secret, (started.secret.arn, started.token)
        rotation = self._by_token.get(key)
        # After a test of the function, its token may be used again. A RotationToken never is.
        if rotation is None or self._started[rotation].rotation_token != started.rotation_token:
            plan = TEST_STEPS if started.is_test else STEPS if started.lambda_arn else MANAGED_STEPS
            rotation = self._by_token[key] = Rotation(secret.arn, secret.name, started.token, driver, plan)
            self._started[rotation] = started
            if len(self._started) > KEPT:
                self._forget(next(iter(self._started)))
        return rotation

    def claim(self, rotation: Rotation) -> None:
        """Reserve a rotation for the caller, who is going to run it."""
        self._claimed[rotation] = threading.get_ident()

    def take(self, rotation: Rotation) -> StartedRotation | None:
        """Begin to run a claimed rotation.

        Returns:
            The service's record of the rotation; None if nobody has claimed it.
        """
        if self._claimed.pop(rotation, None) is None:
            return None
        return self._started[rotation]

    def unclaim(self, rotations: Iterable[Rotation]) -> list[StartedRotation]:
        """Give up the claims on rotations.

        Returns:
            The service's records of those rotations that were claimed.
        """
        released = [rotation for rotation in rotations if self._claimed.pop(rotation, None) is not None]
        return [self._started[rotation] for rotation in released]

    def forget_other_threads(self, running: Collection[Rotation]) -> list[tuple[Rotation, StartedRotation]]:
        """Give up the claims of other threads, which don't exist after a fork.

        Args:
            running: the rotations that this thread is running.

        Returns:
            The rotations that the service still takes for running, although nobody runs them or is going
            to, each with the service's record.
        """
        here = threading.get_ident()
        self._claimed = {rotation: thread for rotation, thread in self._claimed.items() if thread == here}
        return [
            (rotation, started)
            for rotation, started in self._started.items()
            if rotation not in running and rotation not in self._claimed and progress.is_running(started)
        ]

    def _forget(self, rotation: Rotation) -> None:
        del self._started[rotation]
        key = rotation.secret_arn, rotation.token
        if self._by_token.get(key) is rotation:
            del self._by_token[key]
        self._claimed.pop(rotation, None)
