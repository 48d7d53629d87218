"""A world: one fake service with its ledger and functions, and the path a request takes through it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from fake_secrets import clock
from fake_secrets.errors import ServiceError, UnsupportedOperationError, annotate
from fake_secrets.iam.principals import Principals
from fake_secrets.ids import Ids
from fake_secrets.observe.deliveries import Deliveries, Telling
from fake_secrets.observe.ledger import SUCCEEDED, Ledger, rotation_step
from fake_secrets.observe.trail import Trail
from fake_secrets.options import RotationErrors, RotationMode
from fake_secrets.rotation.due_work import DoneWork, DueWork
from fake_secrets.rotation.execution import Execution
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.invocation import TimedOut
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.rotation.runner import RotationRunner
from fake_secrets.rotation.scope import calls_belong_to, running_here
from fake_secrets.service import dispatch
from fake_secrets.service.state.keys import KeyState
from fake_secrets.service.state.model import Request, StoredSecret
from fake_secrets.service.state.seeds import Seed, plant
from fake_secrets.service.state.store import Store
from fake_secrets.world import lookup

__all__ = ["Answer", "Lane", "World", "rotating_world"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Lane = Literal["fast", "wire"]


def rotating_world() -> World | None:
    """Return the world whose rotation function is running here, or None.

    Its calls belong there, even where a newer world is the innermost; those of a task that it
    leaves behind don't, once the rotation is over.
    """
    running = running_here()
    return None if running is None else cast("World | None", running.world)


@dataclass(slots=True)
class Answer:
    """What a request has come to.

    Args:
        content: the response's members as JSON; empty where AWS refuses.
        error: AWS's refusal.
        rotations: what is to be run, once the answer is out.
    """

    content: dict[str, Any] = field(repr=False)
    error: ServiceError | None = None
    rotations: Sequence[Rotation] = ()


class World:
    """One fake Secrets Manager with all that happened in it.

    Args:
        region: the region of seeds and of names given to the handle.
        account_id: the account of every caller, twelve digits.
        seeds: what the world starts with; it is planted at the first use, so that the test's
            clock rules its dates.
        ids: the maker of ids.
        rotation: whether a rotation runs by itself ("inline"), or step by step ("manual").
        rotation_errors: whether what a rotation function raises comes out of the call that
            asked for the rotation ("raise"), or is only kept ("record").
        lane: how botocore's calls are answered: parsed ("fast") or as raw bytes ("wire").
        while_running: keeps botocore's calls coming here while a rotation function runs, even
            if the world is left meanwhile.
        is_region: says whether a region is one of a partition's.
    """

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
    ) -> None:
        self.region = region
        self.account_id = account_id
        self._here = account_id, region
        self.ids = ids
        self.rotation_errors = rotation_errors
        self.lane = lane
        self.principals = Principals(account_id)
        self._while_running = while_running
        self._is_region = is_region
        self.functions = Functions(region, account_id)
        self._seeds = seeds
        # Guards all that follows; never held while a rotation function runs.
        self._lock = threading.RLock()
        self.runner = RotationRunner(
            lock=self._lock,
            mode=rotation,
            errors=rotation_errors,
            asked_meanwhile=self._asked_meanwhile,
            telling=self.telling,
        )
        self.due_work = DueWork(self.runner, self._lock)
        self.trail = Trail(lambda: self.store.events)
        self.deliveries = Deliveries(lambda: self.store.events, self._lock)
        self.reset()

    def reset(self) -> None:
        """Forget all that happened and go back to the seed; registered functions stay."""
        with self._lock:
            self._is_planted = False
            self.ids.rewind()
            self.store = Store(self.ids, self.functions.is_registered, self._is_region)
            self.ledger = Ledger()
            self.execution = Execution(
                store=self.store,
                ledger=self.ledger,
                functions=self.functions,
                ids=self.ids,
                lock=self._lock,
                executing=self._executing,
            )
            self.runner.reset(self.store, self.ledger, self.execution)
            self.due_work.reset(self.store)
            self.deliveries.reset()

    def declare_key(self, key_id: str, state: KeyState) -> None:
        """Have a KMS key be enabled, disabled or denied from now on, until `reset`."""
        with self._lock:
            self.store.keys.declare(key_id, state)

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Args:
            request: the call; its `now` is set here.

        Raises:
            UnsupportedOperationError: the request isn't faked yet.
            TimedOut: the rotation function that calls has timed out, so that this never happened.
        """
        with self._lock:
            store = self._ready_store()
            request.now = clock.now()
            _end_late_step(request.now)
            store.begin_call()
            try:
                answer = Answer(dispatch.answer(store, request))
                self.ledger.record(request, store.concerned, SUCCEEDED)
            except ServiceError as error:
                answer = Answer({}, error)
                self.ledger.record(request, store.concerned, error.code)
            except UnsupportedOperationError as error:
                self.ledger.record(request, store.concerned, type(error).__name__)
                raise
            if store.started_rotation is not None:
                rotation = self.runner.take_up(store.started_rotation)
                answer.rotations = () if rotation is None else (rotation,)
            return answer

    def has_due_work(self) -> bool:
        """Say whether something is to be done before the next call from here."""
        return self.due_work.is_due()

    def do_due_work(self, until: float | None = None, by: int | None = None) -> DoneWork:
        """Do what falls due by some time, as `DueWork.do` says.

        Args:
            until: epoch seconds; by default now.
            by: the thread on whose behalf it is done, if another one does it.
        """
        with self._lock:
            self._ready_store()
        return self.due_work.do(clock.now() if until is None else until, by)

    def next_due(self) -> float | None:
        """Return when the next rotation falls due, epoch seconds, or None."""
        with self._lock:
            self._ready_store()
            return self.due_work.next_due()

    def has_news(self) -> bool:
        """Say whether somebody is to be told of what has happened."""
        return self.deliveries.is_due

    def follow_up(
        self,
        rotations: Sequence[Rotation] = (),
        refusal: Exception | None = None,
        *,
        errors: RotationErrors | None = None,
    ) -> None:
        """Do what follows a call: run the rotations that it has started, and tell of what happened.

        Args:
            rotations: rotations of this world that were taken up.
            refusal: what comes out of the call, whatever else happens: then errors are kept.
            errors: instead of the world's `rotation_errors`.

        Raises:
            BaseException: as `RotationRunner.run` says, or else what a subscriber raises.
        """
        with self.telling(refusal):
            try:
                for rotation in rotations:
                    self.runner.run(rotation, errors if refusal is None else "record")
            except BaseException:
                self.runner.release(rotations)
                raise

    def telling(self, refusal: Exception | None = None) -> Telling:
        """Tell subscribers of what has happened, after a block.

        Args:
            refusal: what comes out in any case, once the block is over.
        """
        return Telling(self._tell, refusal)

    def _tell(self, first: BaseException | None) -> None:
        # Of what a rotation does they are told after it, wherever it runs.
        if not self.deliveries.is_due or not self.runner.may_fall_due():
            return
        try:
            self.deliveries.deliver()
        except Exception as error:
            if first is None:
                raise
            annotate(first, f"besides, a subscriber of fake_secrets raised {type(error).__name__}")

    def plant(self, seed: Seed) -> StoredSecret:
        """Put a secret into the world without a call.

        Raises:
            SecretExistsError: the name is taken.
        """
        with self._lock:
            store, now = self._ready_store(), clock.now()
            store.settle(now)
            secret = plant(store, seed, self.account_id, now)
            self.ledger.record_change(secret, "seed")
            return secret

    def secret(self, secret_id: Any) -> StoredSecret:
        """Return the secret of a name, an ARN or a partial ARN.

        Raises:
            UnknownSecretError: there is none.
            TypeError: it isn't a string.
        """
        with self._lock:
            store = self._ready_store()
            store.settle(clock.now())
            return lookup.find(store, self._here, secret_id)

    def arns(self) -> list[str]:
        """Return the ARNs of all secrets, of every account and region, in the order of creation."""
        with self._lock:
            store = self._ready_store()
            store.settle(clock.now())
            return [secret.arn for secret in store]

    def names(self) -> list[str]:
        """Return the names of all secrets, of every account and region, without using the world."""
        with self._lock:
            secrets: Iterable[StoredSecret | Seed] = self.store if self._is_planted else self._seeds
            return [secret.name for secret in secrets]

    def places_of(self, secret_id: str) -> list[lookup.Place]:
        """Return account and region of each secret of this name, ARN or partial ARN, in no order."""
        with self._lock:
            return lookup.places_of(self._ready_store(), secret_id)

    def request(self, operation: str, members: dict[str, Any]) -> Request:
        """Make a request of the handle's own: to the region of an ARN, as its account."""
        return lookup.request_from(self._here, operation, members)

    def _ready_store(self) -> Store:
        if not self._is_planted:
            self._is_planted = True
            for seed in self._seeds:
                self.plant(seed)
        return self.store

    @contextlib.contextmanager
    def _executing(self, asked_for: list[Rotation]) -> Iterator[None]:
        with calls_belong_to(self, asked_for), self._while_running():
            yield

    def _asked_meanwhile(self) -> list[Rotation] | None:
        running = running_here()
        return running.asked_for if running is not None and running.world is self else None


def _end_late_step(now: float) -> None:
    """End the rotation function that calls, if it has timed out."""
    step = rotation_step.get()
    if step is not None and not step.is_over and step.deadline is not None and step.deadline <= now:
        raise TimedOut
