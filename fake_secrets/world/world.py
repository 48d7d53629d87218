"""A world: one fake Secrets Manager, and the path that a request takes through it."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from fake_secrets import clock
from fake_secrets.errors import ServiceError, UnsupportedOperationError
from fake_secrets.iam.grants import Grants
from fake_secrets.iam.principals import Principals
from fake_secrets.ids import Ids
from fake_secrets.locks import free
from fake_secrets.observe import endings
from fake_secrets.observe.deliveries import Deliveries
from fake_secrets.observe.ledger import SUCCEEDED, Ledger, rotation_step
from fake_secrets.observe.remarks import Remark, Remarks, users_line
from fake_secrets.observe.trail import Trail
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.crashes import stop_the_dead
from fake_secrets.rotation.due_work import DoneWork, DueWork, LeftDueWork
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.rotation.scope import run_in, running_here, running_rotation
from fake_secrets.service import dispatch
from fake_secrets.service.rules.constraints import Shape
from fake_secrets.service.state.keeper import Keeper
from fake_secrets.service.state.keys import KeyState
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.seeds import Seed
from fake_secrets.service.state.store import Store
from fake_secrets.service.transport import Answer
from fake_secrets.world import lookup
from fake_secrets.world.contents import Contents
from fake_secrets.world.declared_keys import DeclaredKeys
from fake_secrets.world.planned_faults import PlannedFaults
from fake_secrets.world.rulings import Rulings

if TYPE_CHECKING:
    from fake_secrets.observe.leaks.of_world import Leaks
    from fake_secrets.observe.recording import Recording
    from fake_secrets.rotation.execution import Execution

__all__ = ["Intervention", "Lane", "World", "rotating_world"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Lane = Literal["fast", "wire"]
# Called with the world, the helper, the port, and the options that were given.
Helping = Callable[["World", Any, "int | None", Mapping[str, Any]], "contextlib.AbstractContextManager[str]"]


def rotating_world() -> World | None:
    """Return the world whose rotation function is running here, or None.

    The function's calls belong to that world, even if a newer world is the innermost. A task that
    outlives the rotation calls the innermost world again.
    """
    running = running_rotation.get()
    return None if running is None or running.is_over else cast("World | None", running.world)


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


class World:
    """One fake Secrets Manager, with everything that happened in it.

    Args:
        region: the region of the seeds, and of names that are given to the handle.
        account_id: the account of callers that have no account of their own, as twelve digits.
        seeds: the secrets that the world starts with. They are planted at the first use, so that
            their dates follow the test's clock.
        ids: makes ids.
        rotation: "inline": a rotation runs at once. "manual": the test runs it step by step.
        rotation_errors: "raise": the error of a rotation comes out of the call that started it.
            "record": it is only recorded.
        lane: how botocore's calls are answered: with parsed responses ("fast") or raw bytes ("wire").
        while_running: returns a context manager that keeps botocore's calls coming to this world while
            a rotation function runs, even if the world is left in the meantime.
        is_region: returns whether a partition has a region.
        serving: returns a context manager that serves a world over HTTP on a port, and returns the URL.
        helping: returns one that serves a world through a local helper; see `FakeSecrets.local_endpoints`.

    `served_at` is None, except in a forked child: there it is the URL at which the parent answers for this copy.
    """

    served_at: str | None = None

    def __init__(
        self,
        *,
        region: str,
        account_id: str,
        seeds: Sequence[Seed],
        ids: Ids,
        rotation: RotationMode,
        rotation_errors: RotationErrors,
        lane: Lane,
        while_running: Callable[[], contextlib.AbstractContextManager[None]],
        is_region: Callable[[str, str], bool],
        serving: Callable[[World, int], contextlib.AbstractContextManager[str]],
        helping: Helping,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self._here = account_id, region
        self.ids = ids
        self.rotation_errors = rotation_errors
        self.lane = lane
        self._while_running = while_running
        self._is_region = is_region
        self.serving = serving
        self.helping = helping
        self.functions = Functions(region, account_id)
        # Guards everything below; never held while a rotation function runs.
        self._lock = threading.RLock()
        self.grants = Grants(self._lock)
        self.principals = Principals(account_id, self.grants)
        self.rulings = Rulings(self.grants, lambda: self.store)
        self.contents = Contents(self._here, seeds, self._lock)
        self.trail = Trail(lambda: self.store.events, lambda: self.ledger)
        self.deliveries = Deliveries(lambda: self.store.events, self._lock, may_deliver=self._may_deliver)
        self.runner = RotationRunner(
            lock=self._lock,
            mode=rotation,
            errors=rotation_errors,
            asked_meanwhile=self._asked_meanwhile,
            telling=self.deliveries.telling,
        )
        self.due_work: DueWork = DueWork(self.runner, self._lock)
        self.remarks = Remarks()
        # Asked about each attempt of a call. None, unless a test has planned something.
        self.intervention: Intervention | None = None
        self.needs_wire = False
        self.faults = PlannedFaults(
            lock=self._lock,
            store=self.contents.ready_store,
            ledger=lambda: self.ledger,
            request=functools.partial(lookup.request_from, self._here),
            pass_time=self.pass_time,
            keep=self.keep,
            stand=self.intervene,
        )
        self._leaks: Leaks | None = None
        # What the record of a run calls the rotation functions of this world, if not by their own names, and
        # whether they are in it.
        self.function_name: str | None = None
        self.is_recorded = True
        # Whether a reset leaves the clock where it is.
        self.keeps_time = False
        self.attached: dict[tuple[str, str, str], str] = {}
        # Called when the world is left, to look for what there is to remark, or to end what still runs.
        self.looks_at_the_end: list[Callable[[], None]] = []
        self._start()

    def reset(self) -> None:
        """Forget everything that happened and go back to the seed. Registered functions and subscribers stay."""
        self.faults.reset()
        with self._lock:
            self._remark_on_keys()
            if self._leaks is not None:
                self._leaks._before_reset()
            if not self.keeps_time:
                clock.forget_passed_time(self)
            self.rulings.reset()
            self.note_end()
            keeper = self.stop_keeping()
            self._start()
            if keeper is not None:
                self.keep_with(keeper)

    def start_over_with(self, load: Callable[[], None]) -> None:
        """Start over with what a function loads into the store, instead of the seed."""
        with self._lock:
            self._start()
            self.contents.leave_seeds()
            load()

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

    def note_end(self) -> None:
        """Leave what the world has recorded to whoever keeps that of worlds that end."""
        if self.is_recorded:
            endings.note(self.recording)

    def recording(self) -> Recording:
        """Return what the world has recorded since its start or its reset."""
        from fake_secrets.observe.recording import Recording  # noqa: PLC0415 -- few tests ask for it

        return Recording(
            self.ledger,
            self.store.keys,
            self.account_id,
            self.region,
            self.grants,
            self.contents.planted,
            self.function_name,
        )

    def _start(self) -> None:
        with self._lock:
            self.ids.rewind()
            self.store = Store(
                self.ids, self.functions.is_registered, self._is_region, self.functions.principal_of
            )
            self.store.attached = self.attached
            self.ledger = Ledger(self.store)
            self._keys = DeclaredKeys(self.store, self.ledger)
            self.contents.reset(self.store, self.ledger)
            self.execution = functools.cache(functools.partial(self._make_execution, self.store, self.ledger))
            self.runner.reset(self.store, self.ledger, self.execution)
            self.due_work.reset(self.store, self.ledger)
            self.deliveries.reset()

    def _make_execution(self, store: Store, ledger: Ledger) -> Execution:
        from fake_secrets.rotation.execution import Execution  # noqa: PLC0415 -- few tests rotate

        return Execution(
            store=store,
            ledger=ledger,
            functions=self.functions,
            ids=self.ids,
            lock=self._lock,
            remarks=self.remarks,
            executing=self._executing,
        )

    @property
    def leaks(self) -> Leaks:
        """The leaks that were found. Few tests watch for them, so this is made at the first use."""
        if self._leaks is None:
            from fake_secrets.observe.leaks.of_world import Leaks  # noqa: PLC0415

            self._leaks = Leaks(
                lambda: self.ledger, lambda: self.store.passwords, self._stored, self.contents.seeds
            )
        return self._leaks

    def declare_key(self, key_id: str, state: KeyState, policy: str | None, aliases: Sequence[str]) -> None:
        """Enable, disable or deny a KMS key, or give it a key policy and aliases, until `reset`."""
        with self._lock:
            self.contents.ready_store()
            self._keys.declare(key_id, state, users_line(), policy, aliases)
            self.store.has_policies |= policy is not None
        self.keep()

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass, and end the rotation function that makes the call if its time is over."""
        with self._lock:
            clock.pass_time(seconds, self)
            self.keep()
        if (step := rotation_step.get()) is not None:
            stop_the_dead(step, clock.now())

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

    def forget_threads_but(self, living: Collection[int], why: str) -> None:
        """Give up whatever threads were doing here, except the living.

        Args:
            living: the threads that go on.
            why: what has become of the others, for the error of their rotations.
        """
        self.due_work.forget_threads_but(living)
        self.runner.forget_threads_but(living, why)
        self.deliveries.forget_threads_but(living)

    def leave_to_parent(self, url: str) -> None:
        """Let the parent of this forked process answer the calls, at the URL where it serves the world."""
        self.served_at = url
        self.lane = "wire"
        self.due_work = LeftDueWork(self.runner, self._lock)
        self.due_work.reset(self.store, self.ledger)
        self.deliveries.leave_to_parent()

    def settle(self, living: Collection[int]) -> None:
        """Give up whatever interrupts have left half done here. This thread makes no call and runs no rotation.

        Args:
            living: the other threads that are still alive.
        """
        free(self._lock)
        self.forget_threads_but(living, "the attempt was interrupted")

    def closing_remarks(self) -> list[Remark]:
        """Return what there is left to say to the author of the test, now that the world is left."""
        with self._lock:
            self._remark_on_keys()
        for look in self.looks_at_the_end.copy():
            look()
        return self.remarks.take()

    def _remark_on_keys(self) -> None:
        for remark in self._keys.take_unused():
            self.remarks.add(remark.category, remark.text, remark.line)

    def request(self, operation: str, members: dict[str, Any]) -> Request:
        """Make a request of the handle's own. An ARN decides the region and the account."""
        request = lookup.request_from(self._here, operation, members)
        request.is_handles = True
        request.id = self.ids.request_id()
        return request

    def _stored(self) -> list[StoredSecret]:
        with self._lock:
            return list(self.contents.ready_store())

    def _executing(self, asked_for: list[Rotation], steps: Callable[[], Any]) -> Any:
        with self._while_running():
            return run_in(self, asked_for, steps)

    def _may_deliver(self) -> bool:
        # The events of a rotation are delivered after it, wherever it runs.
        return self.runner.may_fall_due()

    def _asked_meanwhile(self) -> list[Rotation] | None:
        running = running_here()
        return running.asked_for if running is not None and running.world is self else None
