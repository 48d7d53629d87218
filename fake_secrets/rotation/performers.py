"""Who performs the steps of a rotation: a Lambda function that is run here, AWS itself, or nobody here."""

from __future__ import annotations

import functools
from typing import Any, Protocol

from fake_secrets import clock
from fake_secrets.arns import account_of, root_arn
from fake_secrets.errors import RotationWarning
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Remarks
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.managed import ManagedSecrets
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.state.model import StartedRotation
from fake_secrets.service.state.store import Store

__all__ = ["Invocable", "Performers"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Invocable(Protocol):
    """What performs a step: a Lambda function, or AWS itself."""

    def deadline(self, now: float) -> float | None:
        """Return when an invocation that begins at `now` times out, in epoch seconds; None if it never does."""

    def invoke(self, event: Any, request_id: str) -> object:
        """Perform a step, and return the function's result."""


class Performers:
    """Finds what performs the steps of a rotation.

    Args:
        store: the secrets.
        ledger: records what happens to them.
        functions: the rotation functions that are registered with the world.
        managed: the secrets that AWS rotates itself.
        remarks: receives the warnings about rotations that aren't run.
    """

    def __init__(
        self, store: Store, ledger: Ledger, functions: Functions, managed: ManagedSecrets, remarks: Remarks
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._functions = functions
        self._remarks = remarks
        self.managed = managed

    def of(self, started: StartedRotation) -> Invocable:
        """Return what performs a rotation's steps."""
        if started.lambda_arn is not None:
            return self._functions[started.lambda_arn]
        return self.managed.rotation_of(started.secret, started.token)

    def principal_of(self, started: StartedRotation) -> str:
        """Return the ARN of the principal that performs a rotation's steps."""
        if started.lambda_arn is not None:
            return self._functions.principal_of(started.lambda_arn)
        arn = started.secret.arn
        return root_arn(account_of(arn), arn.split(":")[1])

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


def _is_made_by_hand(started: StartedRotation) -> bool:
    """Return whether the test itself has made a rotation that isn't run."""
    secret, token = started.secret, started.token
    has_value = token in secret.versions and token not in secret.empty
    return has_value and (secret.labels.get(AWSPENDING) != token or secret.labels.get(AWSCURRENT) == token)
