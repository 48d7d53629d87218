"""The path that a request takes through a world: the work due before it, the answer, and what follows it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol

from fake_secrets import clock
from fake_secrets.errors import ServiceError, UnsupportedOperationError
from fake_secrets.iam.grants import Grants
from fake_secrets.ids import Ids
from fake_secrets.observe.deliveries import Deliveries
from fake_secrets.observe.entry import rotation_step
from fake_secrets.observe.ledger import SUCCEEDED, Ledger
from fake_secrets.options import RotationErrors
from fake_secrets.rotation.crashes import stop_the_dead
from fake_secrets.rotation.due_work import DoneWork, DueWork
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.rotation.scope import running_here
from fake_secrets.service import dispatch
from fake_secrets.service.rules.constraints import Shape
from fake_secrets.service.state.keeper import Keeper
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store
from fake_secrets.service.transport import Answer
from fake_secrets.world import lookup
from fake_secrets.world.contents import Contents
from fake_secrets.world.rulings import Rulings

__all__ = ["Answering", "Intervention"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Intervention(Protocol):
    """What stands on the way of each attempt, such as planned faults.

    `needs_wire` says whether calls have to take the wire lane, because their answers may get lost on the way.
    """

    needs_wire: bool

    def answer(self, request: Request, call: object, claimed: list[Rotation], ask: Callable[[], Answer]) -> Answer:
        """Answer an attempt.

        Args:
            request: the request.
            call: the call. All attempts of one call have the same.
            claimed: the rotations that the call has claimed.
            ask: asks the service, and records the call.
        """
        ...


class Answering:
    """The part of a world that answers requests, and has what they change kept.

    `intervention` is asked about each attempt of a call: None, unless a test has planned something.
    """

    store: Store
    ledger: Ledger
    ids: Ids
    contents: Contents
    grants: Grants
    rulings: Rulings
    runner: RotationRunner
    due_work: DueWork
    deliveries: Deliveries
    intervention: Intervention | None
    needs_wire: bool
    _lock: threading.RLock
    _here: tuple[str, str]

    def request(self, operation: str, members: dict[str, Any]) -> Request:
        """Make a request of the handle's own. An ARN decides the region and the account."""
        request = lookup.request_from(self._here, operation, members)
        request.is_handles = True
        request.id = self.ids.request_id()
        return request

    def has_due_work(self) -> bool:
        """Return whether there is due work to do before the next call from here."""
        return self.due_work.is_due()

    def do_due_work(self, until: float | None = None, by: int | None = None) -> DoneWork:
        """Do the work that is due by a given time.

        Args:
            until: the time, in epoch seconds; by default now.
            by: the thread that the work is done for, if another thread does it.

        Returns:
            The rotations that were due, and their errors.

        Raises:
            BaseException: as `DueWork.do` does.
        """
        with self._lock:
            self.contents.ready_store()
        try:
            return self.due_work.do(clock.now() if until is None else until, by)
        finally:
            self.keep()

    def next_due(self) -> float | None:
        """Return when the next rotation is due, in epoch seconds, or None."""
        with self._lock:
            self.contents.ready_store()
            return self.due_work.next_due()

    def intervene(self, intervention: Intervention | None) -> None:
        """Ask an intervention about each attempt from now on; None to ask nobody."""
        self.intervention = intervention
        self.needs_wire = intervention is not None and intervention.needs_wire

    def answer_attempt(self, call: object, request: Request, claimed: list[Rotation]) -> Answer:
        """Answer one attempt of a call, unless something that the test has planned does.

        Args:
            call: the call. Once it makes no more attempts, its `is_over` is true.
            request: the request.
            claimed: as for `answer`.

        Returns:
            The answer.

        Raises:
            BaseException: as `answer` does, or what the test has planned.
        """
        intervention = self.intervention
        if intervention is None:
            return self.answer(request, claimed)
        if (step := rotation_step.get()) is not None:
            stop_the_dead(step, clock.now())
        request.now = clock.now()
        return intervention.answer(request, call, claimed, functools.partial(self.answer, request, claimed))

    def answer(self, request: Request, claimed: list[Rotation]) -> Answer:
        """Answer one request.

        Args:
            request: the request. This method sets its `now`.
            claimed: the caller's own list of the rotations that it has claimed. A rotation that the request
                starts is added to it. The caller passes it to `follow_up`, or to `recover` if it can't.

        Returns:
            The answer.

        Raises:
            UnsupportedOperationError: if the fake doesn't support the request yet.
            BaseException: if the calling rotation function has timed out or died. The request has no effect then.
        """
        with self._lock:
            store = self.contents.ready_store()
            request.now = clock.now()
            if (step := rotation_step.get()) is not None:
                stop_the_dead(step, request.now)
            store.begin_call()
            secret_id = request.members.get("SecretId")
            # Told apart here, because most calls have a name and meet no policy.
            if (
                type(secret_id) is not str
                or secret_id[:4] == "arn:"
                or store.has_policies
                or not self.grants.is_empty
            ):
                request.authority = self.rulings.over(request)
            try:
                answer = self._ask(store, request)
                if request.operation == "RotateSecret" and answer.error is None and store.concerned is not None:
                    self.runner.note_line(store.concerned.arn)
                if store.started_rotation is not None:
                    self.runner.take_up(store.started_rotation, claimed)
            except BaseException:
                # The service has started the rotation, whatever interrupted this.
                if store.started_rotation is not None:
                    self.runner.register(store.started_rotation)
                raise
            if store.keeper is not None:
                return self._kept(answer, store, store.keeper)
            return answer

    def _kept(self, answer: Answer, store: Store, keeper: Keeper) -> Answer:
        """Have a call's changes written, and return its answer, or AWS's error if they can't be written."""
        if store.concerned is not None:
            keeper.note(store.concerned)
        failure = keeper.write()
        return answer if failure is None else Answer({}, failure)

    def refuse(self, request: Request, error: ServiceError) -> Answer:
        """Refuse a request that can't be read, and record that."""
        with self._lock:
            store = self.contents.ready_store()
            request.now = clock.now()
            store.begin_call()
            self.ledger.record(request, None, error.code, error.message)
        return Answer({}, error)

    def _ask(self, store: Store, request: Request) -> Answer:
        """Ask the service, and record the call. If an interrupt comes in between, the service has done nothing."""
        try:
            answer = Answer(dispatch.answer(store, request))
            self.ledger.record(request, store.concerned, SUCCEEDED)
        except ServiceError as error:
            # With its traceback, it would keep this frame, and the client that calls, from being freed.
            answer = Answer({}, error.with_traceback(None))
            self.ledger.record(request, store.concerned, error.code, error.message)
        except UnsupportedOperationError as error:
            # Each member of an operation that we don't know may be a secret value.
            request.shape = request.shape or Shape("structure")
            self.ledger.record(request, store.concerned, type(error).__name__)
            raise
        except BaseException:
            store.restore()
            raise
        return answer

    def follow_up(
        self,
        rotations: list[Rotation],
        refusal: Exception | None = None,
        *,
        errors: RotationErrors | None = None,
    ) -> None:
        """Do what follows a call: run the rotations that it started, then deliver events.

        Args:
            rotations: the caller's own list of the rotations that it has claimed.
            refusal: the error of the call, if it failed. The caller raises it in any case, so the errors
                of rotations are only recorded.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Raises:
            BaseException: as `RotationRunner.run` does; if that raises nothing, the error of a subscriber.
        """
        try:
            with self.deliveries.telling(refusal):
                for rotation in rotations.copy():
                    self.runner.run(rotation, errors if refusal is None else "record")
        except BaseException:
            self.recover(rotations)
            raise
        finally:
            self.keep()

    def recover(self, claimed: list[Rotation]) -> None:
        """Complete what an interrupt, or any other exception, has kept a call from completing.

        Args:
            claimed: the caller's own list of the rotations that it has claimed. They are given up, unless
                another thread is running them.
        """
        self.runner.recover(claimed)

    def keep_with(self, keeper: Keeper) -> ServiceError | None:
        """Have a keeper keep the store from now on, after a reset as well, and write what is in it.

        Returns:
            As `Keeper.write` does.
        """
        with self._lock:
            self.contents.ready_store().keeper = keeper
            return keeper.begin()

    def keep(self) -> ServiceError | None:
        """Have everything written that has changed, if somebody keeps it; return as `Keeper.write` does."""
        if self.store.keeper is None:
            return None
        with self._lock:
            keeper = self.store.keeper
            return None if keeper is None else keeper.write()

    def stop_keeping(self) -> Keeper | None:
        """Keep nothing more, and return what has kept it."""
        with self._lock:
            keeper, self.store.keeper = self.store.keeper, None
        return keeper

    def _may_deliver(self) -> bool:
        # The events of a rotation are delivered after it, wherever it runs.
        return self.runner.may_fall_due()

    def _asked_meanwhile(self) -> list[Rotation] | None:
        running = running_here()
        return running.asked_for if running is not None and running.world is self else None
