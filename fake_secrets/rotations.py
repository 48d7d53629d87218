"""The rotations of a world: those that were asked for, and those that fall due by the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fake_secrets import clock
from fake_secrets.errors import RotationFailedError, RotationNotOpenError, UnsupportedOperationError
from fake_secrets.execution import Executing, Execution
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import KEPT, Ledger
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.managed import NewValue
from fake_secrets.rotation.runner import MANAGED_STEPS, STEPS, TEST_STEPS, Rotation, begin_attempt, fail
from fake_secrets.service import rotation_progress as progress
from fake_secrets.service.model import Secret
from fake_secrets.service.store import StartedRotation, Store

__all__ = ["DueWork", "Rotations"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(slots=True)
class DueWork:
    """What was due and has been done: the rotations, in order, and all that their attempts have raised."""

    rotations: dict[Rotation, None] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)


class Rotations:
    """What runs the rotations of one world.

    Args:
        functions: the rotation functions that the world knows.
        ids: the maker of ids.
        lock: guards the store; never held while a rotation function runs.
        mode: whether a rotation runs by itself ("inline"), or step by step as the test says ("manual").
        errors: whether what a rotation function raises is raised, or only kept.
        executing: has calls from here answered by this world, as a rotation function's, whose
            rotations go into a list.
        asked_meanwhile: where a rotation function of this world runs here, those rotations.
        deliver: delivers the events of what has been run.
    """

    def __init__(
        self,
        *,
        functions: Functions,
        ids: Ids,
        lock: threading.RLock,
        mode: RotationMode,
        errors: RotationErrors,
        executing: Executing,
        asked_meanwhile: Callable[[], list[Rotation] | None],
        deliver: Callable[[], None],
    ) -> None:
        self._functions = functions
        self._ids = ids
        self._lock = lock
        self._mode = mode
        self._errors = errors
        self._executing = executing
        self._asked_meanwhile = asked_meanwhile
        self._deliver = deliver

    def reset(self, store: Store, ledger: Ledger) -> None:
        """Begin anew, with another store and ledger."""
        self._store = store
        self._ledger = ledger
        self._started: dict[Rotation, StartedRotation] = {}
        self._by_token: dict[tuple[str, str], Rotation] = {}
        # Those that somebody is about to run.
        self._claimed: set[Rotation] = set()
        self._execution = Execution(
            store=store,
            ledger=ledger,
            functions=self._functions,
            ids=self._ids,
            lock=self._lock,
            executing=self._executing,
        )

    def all(self) -> list[Rotation]:
        """Return the rotations that were started, in order: the latest 100,000."""
        return list(self._started)

    def of(self, secret_arn: str, token: str) -> Rotation | None:
        """Return the rotation of a secret with a token, or None."""
        return self._by_token.get((secret_arn, token))

    def manage(self, secret: Secret, new_value: NewValue) -> None:
        """Say what the new value of a secret is that AWS or a partner rotates."""
        self._execution.manage(secret, new_value)

    def take_up(self, started: StartedRotation) -> Rotation | None:
        """Know a rotation that the service has started, or wants to be attempted again.

        Returns:
            It, if it is to be run, by the caller only: with `run`, or else `release`. None where the
            test runs it step by step, where it runs already, and where it couldn't be opened.
        """
        secret, key = started.secret, (started.secret.arn, started.token)
        rotation = self._by_token.get(key)
        if rotation is None or self._started[rotation].secret is not secret:
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
        self._by_token.pop((rotation.secret_arn, rotation.token), None)
        self._claimed.discard(rotation)

    def release(self, rotations: Iterable[Rotation]) -> None:
        """Leave rotations that were to be run, and haven't been, to whoever asks for them next."""
        with self._lock:
            for rotation in self._claimed.intersection(rotations):
                self._claimed.remove(rotation)
                started = self._started[rotation]
                progress.pause(started.secret, started.token)

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
        self._attempt(rotation, started, errors)

    def retry(self, rotation: Rotation) -> None:
        """Run all steps of a rotation again, with the same token.

        Raises:
            RotationNotOpenError: it isn't open any more, or it runs.
            BaseException: as `run` does.
        """
        # In one piece with the look, so that of two only one begins.
        with self._lock:
            started = self._reopen(rotation)
        try:
            self._attempt(rotation, started)
        finally:
            self._deliver()

    def step(self, rotation: Rotation) -> None:
        """Run the next step of a rotation, or the first of a new attempt.

        Raises:
            RotationNotOpenError: no step is left, and it can't be attempted again.
            BaseException: as `run` does.
        """
        with self._lock:
            started = self._started.get(rotation)
            is_under_way = rotation.attempts > 0 and rotation.next_step is not None
            if started is None or not is_under_way or self._asked_meanwhile() is not None:
                started = self._reopen(rotation)
                begin_attempt(rotation)
            elif not progress.begin_attempt(started.secret, started.token):
                raise _not_open(rotation, "it is running")
        waiting: list[Rotation] = []
        try:
            self._execution.execute(rotation, started, waiting, 1)
            self._finish(rotation, waiting)
        finally:
            self.release(waiting)
            self._deliver()

    def next_due(self) -> float | None:
        """Return when the next rotation is due, epoch seconds; None where none ever is."""
        with self._lock:
            return self._store.due_rotations.next_due()

    def may_fall_due(self) -> bool:
        """Say whether a rotation that is due may be run from here: not from a rotation that runs."""
        return self._execution.is_idle and self._asked_meanwhile() is None

    def run_due(self, until: float) -> DueWork:
        """Run the rotations that are due, each at its time, and keep what they raise.

        Args:
            until: epoch seconds.

        Raises:
            BaseException: what is neither an Exception nor SystemExit.
        """
        work = DueWork()
        while (taken := self._take_due(until)) is not None:
            due, secret = taken
            with clock.at(due):
                self._do_due(secret, work)
        return work

    def _take_due(self, until: float) -> tuple[float, Secret] | None:
        with self._lock:
            return self._store.due_rotations.take(until)

    def _do_due(self, secret: Secret, work: DueWork) -> None:
        """Open or take up the rotation of a secret that is due now, and run it."""
        with self._lock:
            now, labels = clock.now(), secret.labels
            self._store.settle(now)
            started = progress.open_due_rotation(self._store, secret, now)
            self._store.follow_up(secret, now)
            is_new = secret.labels is not labels
            if is_new:
                self._ledger.record_change(secret, "scheduled rotation")
            if started is None:
                return
            claimed = self.take_up(started)
            rotation = self._by_token[secret.arn, started.token]
        if claimed is not None:
            self.run(claimed, "record")
        if claimed is not None or is_new or started.refusal is not None:
            work.rotations[rotation] = None
        if rotation.error is not None and self._mode == "inline":
            work.errors.append(rotation.error)

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
        secret = started.secret
        if rotation.succeeded:
            return "it has succeeded"
        if rotation.is_test and rotation.attempts:
            return "it only tried the function"
        if self._asked_meanwhile() is not None:
            return "a rotation function is running"
        if not self._store.holds(secret):
            return "the secret was deleted"
        return progress.may_retry(secret, started.token)

    def _attempt(self, rotation: Rotation, started: StartedRotation, errors: RotationErrors | None = None) -> None:
        """Run a rotation through all its steps, once or more often; the service knows that it runs."""
        secret, token = started.secret, started.token
        waiting: list[Rotation] = []
        is_repeated = True
        try:
            while is_repeated:
                begin_attempt(rotation)
                self._execution.execute(rotation, started, waiting)
                with self._lock:
                    is_repeated = progress.is_repeated_at_once(secret, token, clock.now())
                    is_repeated = is_repeated and progress.begin_attempt(secret, token)
            self._finish(rotation, waiting, errors)
        finally:
            self.release(waiting)

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
    return RotationNotOpenError(
        f"{rotation!r} can't be attempted: {why}. Another one is started with fake_secrets.rotate(...)."
    )
