"""The rotations of a world: those that were asked for, and those that fall due by the clock."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence

from fake_secrets import clock
from fake_secrets.errors import RotationFailedError, RotationNotOpenError, UnsupportedOperationError
from fake_secrets.observe.ledger import Ledger
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.execution import Execution
from fake_secrets.rotation.rotation import MANAGED_STEPS, STEPS, TEST_STEPS, Rotation, begin_attempt, fail
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.operations.rotation_start import open_due_rotation
from fake_secrets.service.state.events import KEPT
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.store import StartedRotation, Store

__all__ = ["RotationRunner"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class RotationRunner:
    """What runs the rotations of one world.

    Args:
        lock: guards the store; never held while a rotation function runs.
        mode: whether a rotation runs by itself ("inline"), or step by step as the test says ("manual").
        errors: whether what a rotation function raises is raised, or only kept.
        asked_meanwhile: where a rotation function of this world runs here, those rotations.
        telling: tells of what has happened, after a block.
    """

    def __init__(
        self,
        *,
        lock: threading.RLock,
        mode: RotationMode,
        errors: RotationErrors,
        asked_meanwhile: Callable[[], list[Rotation] | None],
        telling: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        self._lock = lock
        self._mode = mode
        self._errors = errors
        self._asked_meanwhile = asked_meanwhile
        self._telling = telling
        # How many rotation functions run, those of before a reset among them.
        self._running = 0

    def reset(self, store: Store, ledger: Ledger, execution: Execution) -> None:
        """Begin anew, with another store and ledger, and what executes steps on them."""
        self._store = store
        self._ledger = ledger
        self._started: dict[Rotation, StartedRotation] = {}
        self._by_token: dict[tuple[str, str], Rotation] = {}
        # Those that somebody is about to run.
        self._claimed: set[Rotation] = set()
        self._execution = execution

    def all(self) -> list[Rotation]:
        """Return the rotations that were started, in order: the latest 100,000."""
        return list(self._started)

    def of(self, secret_arn: str, token: str) -> Rotation | None:
        """Return the rotation of a secret with a token, or None."""
        return self._by_token.get((secret_arn, token))

    def take_up(self, started: StartedRotation) -> Rotation | None:
        """Know a rotation that the service has started, or wants to be attempted again.

        Returns:
            It, if it is to be run, by the caller only: with `run`, or else `release`. None where the
            test runs it step by step, where it runs already, and where it couldn't be opened.
        """
        secret, key = started.secret, (started.secret.arn, started.token)
        rotation = self._by_token.get(key)
        # A token may come again, after a trial; what proves a rotation never does.
        if rotation is None or self._started[rotation].rotation_token != started.rotation_token:
            plan = TEST_STEPS if started.is_test else STEPS if started.lambda_arn else MANAGED_STEPS
            rotation = self._by_token[key] = Rotation(secret.arn, secret.name, started.token, self, plan)
            self._started[rotation] = started
            if len(self._started) > KEPT:
                self._forget(next(iter(self._started)))
        if started.refusal is not None:
            fail(rotation, None, RotationFailedError(started.refusal))
            return None
        if self._mode == "manual" or not progress.begin_attempt(secret, started.token):
            return None
        self._claimed.add(rotation)
        return rotation

    def _forget(self, rotation: Rotation) -> None:
        del self._started[rotation]
        key = rotation.secret_arn, rotation.token
        if self._by_token.get(key) is rotation:
            del self._by_token[key]
        self._claimed.discard(rotation)

    def release(self, rotations: Iterable[Rotation]) -> None:
        """Leave rotations that were to be run, and haven't been, to whoever asks for them next."""
        with self._lock:
            for rotation in self._claimed.intersection(rotations):
                self._claimed.remove(rotation)
                started = self._started[rotation]
                progress.give_up(started.secret, started.token)
                self._store.follow_up(started.secret, clock.now())

    def run(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run a rotation through its steps, and again as often as it is to be retried at once.

        Args:
            rotation: a rotation that was taken up.
            errors: instead of the world's own.

        Raises:
            BaseException: what the function raised, unchanged, with a note that names step and
                secret; else what raised the first rotation that it asked for. Where errors are
                recorded, only what is neither an Exception nor SystemExit.
        """
        outer = self._asked_meanwhile()
        if outer is not None:
            # AWS doesn't wait either; nested, each would see the other half done.
            outer.append(rotation)
            return
        with self._lock:
            # The world was reset meanwhile.
            if rotation not in self._claimed:
                return
            self._claimed.remove(rotation)
            started = self._started[rotation]
            execution = self._execution
        self._attempt(rotation, started, execution, errors)

    def retry(self, rotation: Rotation) -> None:
        """Run all steps of a rotation again, with the same token.

        Raises:
            RotationNotOpenError: it isn't open any more, or it runs.
            BaseException: as `run` does.
        """
        # In one piece with the look, so that of two only one begins.
        with self._lock:
            started, execution = self._reopen(rotation), self._execution
        with self._telling():
            self._attempt(rotation, started, execution)

    def step(self, rotation: Rotation) -> None:
        """Run the next step of a rotation, or the first of a new attempt.

        Raises:
            RotationNotOpenError: no step is left, and it can't be attempted again.
            BaseException: as `run` does.
        """
        waiting: list[Rotation] = []
        with self._lock:
            started, execution = self._go_on(rotation), self._execution
        with self._telling():
            try:
                self._execute(execution, rotation, started, waiting, 1)
                self._finish(rotation, waiting)
            finally:
                self.release(waiting)

    def was_abandoned(self, rotation: Rotation) -> bool:
        """Say whether another value became current during a rotation."""
        with self._lock:
            started = self._started.get(rotation)
            return started is not None and progress.was_abandoned(started.secret, started.token)

    def may_fall_due(self) -> bool:
        """Say whether a rotation that is due may be run from here: not from a rotation that runs."""
        return self._running == 0 and self._asked_meanwhile() is None

    def open_due(self, secret: StoredSecret) -> tuple[Rotation | None, bool]:
        """Open or take up the rotation of a secret that is due now.

        Returns:
            The rotation, None while it runs, and whether it is to be run with `run`, or else `release`.
        """
        with self._lock:
            now, labels = clock.now(), secret.labels
            self._store.settle(now)
            # Meanwhile it may have been deleted, or the world reset.
            if secret.rotation is None or secret.deleted is not None or not self._store.holds(secret):
                return None, False
            started = open_due_rotation(self._store, secret, now)
            self._store.follow_up(secret, now)
            is_new = secret.labels is not labels
            if is_new:
                self._ledger.record_change(secret, "scheduled rotation")
            if started is None:
                return None, False
            is_claimed = self.take_up(started) is not None
            is_news = is_claimed or is_new or started.refusal is not None
            return self._by_token[secret.arn, started.token] if is_news else None, is_claimed

    def _go_on(self, rotation: Rotation) -> StartedRotation:
        """Have the next step of a rotation be run, or the first of a new attempt.

        Raises:
            RotationNotOpenError: it can't be.
        """
        started = self._started.get(rotation)
        is_under_way = rotation.attempts > 0 and rotation.next_step is not None
        if started is None or not is_under_way:
            started = self._reopen(rotation)
            begin_attempt(rotation)
            return started
        # A step goes on whatever became of the secret: the function is to find that out.
        if self._asked_meanwhile() is not None or not progress.begin_attempt(started.secret, started.token):
            raise _not_open(rotation, "a rotation function is running")
        return started

    def _reopen(self, rotation: Rotation) -> StartedRotation:
        """Have a rotation be attempted again.

        Raises:
            RotationNotOpenError: it can't be.
        """
        started = self._started.get(rotation)
        if started is None:
            raise _not_open(rotation, "the world was reset, or has seen very many others since")
        why = self._refuse_retry(rotation, started)
        if why is not None:
            raise _not_open(rotation, why)
        progress.begin_attempt(started.secret, started.token)
        return started

    def _refuse_retry(self, rotation: Rotation, started: StartedRotation) -> str | None:
        """Return why a rotation can't be attempted again, or None where it can."""
        secret = started.secret
        if rotation.succeeded:
            return "it has succeeded; start another with fake_secrets.rotate(...)"
        if rotation.is_test and rotation.attempts:
            return "it only tried the function"
        if self._asked_meanwhile() is not None:
            return "a rotation function is running"
        if not self._store.holds(secret):
            return "the secret was deleted"
        return progress.may_retry(secret, started.token)

    def _attempt(
        self,
        rotation: Rotation,
        started: StartedRotation,
        execution: Execution,
        errors: RotationErrors | None = None,
    ) -> None:
        """Run a rotation through all its steps, once or more often; the service knows that it runs."""
        secret, token = started.secret, started.token
        waiting: list[Rotation] = []
        is_repeated = True
        try:
            while is_repeated:
                begin_attempt(rotation)
                self._execute(execution, rotation, started, waiting)
                with self._lock:
                    is_repeated = (
                        rotation in self._started
                        and progress.is_repeated_at_once(secret, token, clock.now())
                        and progress.begin_attempt(secret, token)
                    )
            self._finish(rotation, waiting, errors)
        finally:
            self.release(waiting)

    def _execute(
        self,
        execution: Execution,
        rotation: Rotation,
        started: StartedRotation,
        waiting: list[Rotation],
        count: int | None = None,
    ) -> None:
        with self._lock:
            self._running += 1
        try:
            execution.execute(rotation, started, waiting, count)
        finally:
            with self._lock:
                self._running -= 1

    def _finish(
        self, rotation: Rotation, waiting: Sequence[Rotation], errors: RotationErrors | None = None
    ) -> None:
        """Run what was asked for meanwhile, then raise what is to be raised."""
        for other in waiting:
            self.run(other, "record")
        raised = [one.error for one in (rotation, *waiting) if one.error is not None]
        # What we can't do is told, unless whoever asks says otherwise: it is no failure of AWS's.
        is_ours = errors is None and isinstance(rotation.error, UnsupportedOperationError)
        if raised and (is_ours or (errors or self._errors) == "raise"):
            raise raised[0]


def _not_open(rotation: Rotation, why: str) -> RotationNotOpenError:
    return RotationNotOpenError(f"{rotation!r} can't be attempted: {why}.")
