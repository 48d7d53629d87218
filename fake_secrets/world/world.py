"""A world: one fake Secrets Manager, from its start to its end."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from fake_secrets import clock
from fake_secrets.iam.grants import Grants
from fake_secrets.iam.principals import Principals
from fake_secrets.ids import Ids
from fake_secrets.locks import free
from fake_secrets.observe import endings
from fake_secrets.observe.deliveries import Deliveries
from fake_secrets.observe.entry import rotation_step
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Remark, Remarks, users_line
from fake_secrets.observe.trail import Trail
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.crashes import stop_the_dead
from fake_secrets.rotation.due_work import DueWork, LeftDueWork
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.rotation.scope import run_in, running_rotation
from fake_secrets.service.state.keys import KeyState
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.seeds import Seed
from fake_secrets.service.state.store import Store
from fake_secrets.world import lookup
from fake_secrets.world.answering import Answering
from fake_secrets.world.contents import Contents
from fake_secrets.world.declared_keys import DeclaredKeys
from fake_secrets.world.planned_faults import PlannedFaults
from fake_secrets.world.rulings import Rulings

if TYPE_CHECKING:
    from fake_secrets.observe.leaks.of_world import Leaks
    from fake_secrets.observe.recording import Recording
    from fake_secrets.rotation.execution import Execution

__all__ = ["Lane", "World", "rotating_world"]

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


class World(Answering):
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
        self.intervention = None
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

    def _stored(self) -> list[StoredSecret]:
        with self._lock:
            return list(self.contents.ready_store())

    def _executing(self, asked_for: list[Rotation], steps: Callable[[], Any]) -> Any:
        with self._while_running():
            return run_in(self, asked_for, steps)
