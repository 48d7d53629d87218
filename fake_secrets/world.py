"""A world: one fake service with its ledger and functions, and the path a request takes through it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Literal

from fake_secrets import clock
from fake_secrets.errors import RotationNotOpenError, ServiceError, UnknownSecretError, UnsupportedOperationError
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import SUCCEEDED, Ledger
from fake_secrets.options import RotationErrors
from fake_secrets.principals import Principals, acting_as, root_of
from fake_secrets.rotation.functions import Functions
from fake_secrets.rotation.runner import Rotation, run_steps
from fake_secrets.service import dispatch
from fake_secrets.service.arns import SECRET_ARN, SUFFIX_LENGTH, account_of, partition_of, region_of
from fake_secrets.service.keys import KeyState
from fake_secrets.service.model import Request, Secret
from fake_secrets.service.quotas import Quotas
from fake_secrets.service.rotation_config import begin_attempt, end_attempt, end_test, may_retry
from fake_secrets.service.seeds import Seed, plant
from fake_secrets.service.store import StartedRotation, Store

__all__ = ["Lane", "World", "calls_belong_to", "rotating_world"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Lane = Literal["fast", "wire"]


class _Running:
    """A rotation that runs here, and those that its function has asked for meanwhile."""

    __slots__ = ("asked_for", "is_over", "world")

    def __init__(self, world: World | None) -> None:
        self.world = world
        self.asked_for: list[Rotation] = []
        self.is_over = False


_running: ContextVar[_Running | None] = ContextVar("fake_secrets_running_rotation", default=None)


def rotating_world() -> World | None:
    """Return the world whose rotation function is running here, or None.

    Its calls belong there, even where a newer world is the innermost; those of a task that it
    leaves behind don't, once the rotation is over.
    """
    running = _running.get()
    return None if running is None or running.is_over else running.world


@contextlib.contextmanager
def calls_belong_to(world: World | None) -> Iterator[list[Rotation]]:
    """Have calls from here answered by a world, or by the innermost one again (None).

    Yields:
        The rotations that were asked for from here, which are to be run afterwards.
    """
    running = _Running(world)
    reset = _running.set(running)
    try:
        yield running.asked_for
    finally:
        running.is_over = True
        _running.reset(reset)


class World:
    """One fake Secrets Manager with all that happened in it.

    Args:
        region: the region of seeds and of names given to the handle.
        account_id: the account of every caller, twelve digits.
        seeds: what the world starts with; it is planted at the first use, so that the test's
            clock rules its dates.
        ids: the maker of ids.
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
        rotation_errors: RotationErrors,
        lane: Lane,
        while_running: Callable[[], contextlib.AbstractContextManager[None]],
        is_region: Callable[[str, str], bool],
    ) -> None:
        self.region = region
        self.account_id = account_id
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
        self.reset()

    def reset(self) -> None:
        """Forget all that happened and go back to the seed; registered functions stay."""
        with self._lock:
            self._is_planted = False
            self.ids.rewind()
            self._runs: dict[Rotation, StartedRotation] = {}
            self.store = Store(self.ids, self.functions.is_registered, self._is_region)
            self.ledger = Ledger()

    @property
    def rotations(self) -> list[Rotation]:
        """Every rotation that was started, in order."""
        return list(self._runs)

    @property
    def quotas(self) -> Quotas:
        """The quotas that hold from now on, until `reset`."""
        return self.store.quotas

    def declare_key(self, key_id: str, state: KeyState) -> None:
        """Have a KMS key be enabled, disabled or denied from now on, until `reset`."""
        with self._lock:
            self.store.keys.declare(key_id, state)

    def answer(self, request: Request) -> tuple[dict[str, Any], Rotation | None]:
        """Answer one request.

        Args:
            request: the call; its `now` is set here.

        Returns:
            The response's members as JSON, and the rotation that the caller has to `run` once
            the answer is out, if the request started one.

        Raises:
            ServiceError: AWS would refuse the request.
            UnsupportedOperationError: the request isn't faked yet.
        """
        with self._lock:
            store = self._ready_store()
            request.now = clock.now()
            store.concerned = store.started_rotation = None
            try:
                response = dispatch.answer(store, request)
            except ServiceError as error:
                self.ledger.record(request, store.concerned, error.code)
                raise
            except UnsupportedOperationError as error:
                self.ledger.record(request, store.concerned, type(error).__name__)
                raise
            self.ledger.record(request, store.concerned, SUCCEEDED)
            started = store.started_rotation
            return response, None if started is None else self._begin(started)

    def run(self, rotation: Rotation, errors: RotationErrors | None = None) -> None:
        """Run a rotation's function through its steps, with no lock held.

        Args:
            rotation: a rotation of this world.
            errors: instead of the world's `rotation_errors`.

        Raises:
            BaseException: what the function raised, unchanged, with a note that names step and
                secret; else what raised the first rotation that it asked for. Where errors are
                recorded, only what is neither an Exception nor SystemExit.
        """
        outer = _running.get()
        if outer is not None and not outer.is_over and outer.world is self:
            # AWS doesn't wait either; nested, each would see the other half done.
            outer.asked_for.append(rotation)
            return
        with self._lock:
            started = self._runs.get(rotation)
            # The world was reset meanwhile, or another thread has retried it.
            if started is None or not begin_attempt(started.secret, started.token):
                return
        self._attempt(rotation, started, errors)

    def _attempt(self, rotation: Rotation, started: StartedRotation, errors: RotationErrors | None = None) -> None:
        try:
            # Whoever asked for the rotation, its function acts for the account that it is in.
            role = root_of(account_of(started.lambda_arn), partition_of(self.region)).arn
            with calls_belong_to(self) as asked_for, self._while_running(), acting_as(role):
                run_steps(rotation, self.functions[started.lambda_arn], self.ids)
        finally:
            self._end(rotation, started)
        for waiting in asked_for:
            self.run(waiting, "record")
        raised = [one.error for one in (rotation, *asked_for) if one.error is not None]
        if raised and (errors or self.rotation_errors) == "raise":
            raise raised[0]

    def retry(self, rotation: Rotation) -> None:
        """Run a rotation again with the same token.

        Raises:
            RotationNotOpenError: it isn't open any more, or it runs.
            BaseException: as `run` does.
        """
        with self._lock:
            started = self._runs.get(rotation)
            why = "the world was reset" if started is None else self._refuse_retry(rotation, started)
            if started is None or why is not None:
                msg = f"{rotation!r} can't be retried: {why}. Start a new one with fake_secrets.rotate(...)."
                raise RotationNotOpenError(msg)
            # In one piece with the look, so that of two only one begins.
            begin_attempt(started.secret, started.token)
        self._attempt(rotation, started)

    def plant(self, seed: Seed) -> Secret:
        """Put a secret into the world without a call.

        Raises:
            SecretExistsError: the name is taken.
        """
        with self._lock:
            secret = plant(self._ready_store(), seed, self.account_id, clock.now())
            self.ledger.record_seed(secret)
            return secret

    def secret(self, secret_id: Any) -> Secret:
        """Return the secret of a name, an ARN or a partial ARN.

        Raises:
            UnknownSecretError: there is none.
            TypeError: it isn't a string.
        """
        if not isinstance(secret_id, str):
            msg = f"a secret is asked for by its name or ARN, a str, not by {type(secret_id).__name__}"
            raise TypeError(msg)
        with self._lock:
            store = self._ready_store()
            store.settle(clock.now())
            try:
                secret = store.find(self.request("", {"SecretId": secret_id}), secret_id)
            except ServiceError:
                secret = None
            if secret is None:
                raise UnknownSecretError(secret_id, [self._shown(secret) for secret in store])
            return secret

    def names(self) -> list[str]:
        """Return the names of all secrets, of every account and region, without using the world."""
        with self._lock:
            secrets: Iterable[Secret | Seed] = self.store if self._is_planted else self._seeds
            return [secret.name for secret in secrets]

    def places_of(self, secret_id: str) -> list[tuple[str, str]]:
        """Return account and region of each secret of this name, ARN or partial ARN, in no order."""
        match = SECRET_ARN.fullmatch(secret_id)
        names = {secret_id} if match is None else {match[3], match[3][:-SUFFIX_LENGTH]}
        with self._lock:
            found = self._ready_store().everywhere(names)
            return [
                (secret.account_id, secret.region)
                for secret in found
                if secret_id in {secret.name, secret.arn, secret.arn[:-SUFFIX_LENGTH]}
            ]

    def request(self, operation: str, members: dict[str, Any]) -> Request:
        """Make a request of the handle's own: to the region of an ARN, as its account."""
        region = region_of(members["SecretId"]) or self.region
        account_id = account_of(members["SecretId"]) or self.account_id
        partition = partition_of(region)
        principal = root_of(account_id, partition).arn
        return Request(operation, members, region, partition, account_id, principal, clock.now())

    def _shown(self, secret: Secret) -> str:
        """Return what the handle finds a secret by: elsewhere its name isn't enough."""
        is_here = (secret.account_id, secret.region) == (self.account_id, self.region)
        return secret.name if is_here else secret.arn

    def _ready_store(self) -> Store:
        if not self._is_planted:
            self._is_planted = True
            for seed in self._seeds:
                self.plant(seed)
        return self.store

    def _begin(self, started: StartedRotation) -> Rotation:
        secret = started.secret
        rotation = Rotation(secret.arn, secret.name, started.token, self.retry, started.is_test)
        self._runs[rotation] = started
        return rotation

    def _end(self, rotation: Rotation, started: StartedRotation) -> None:
        with self._lock:
            has_passed = rotation.error is None
            if started.is_test:
                end_test(started.secret, started.token)
                rotation.outcome = "succeeded" if has_passed else "failed"
                return
            if end_attempt(started.secret, started.token, clock.now(), has_passed=has_passed):
                rotation.outcome = "succeeded"

    def _refuse_retry(self, rotation: Rotation, started: StartedRotation) -> str | None:
        secret = started.secret
        if rotation.succeeded:
            return "it has succeeded"
        if rotation.is_test:
            return "it only tried the function"
        if rotating_world() is self:
            return "a rotation function is running"
        if self.store.named(secret.account_id, secret.region, secret.name) is not secret:
            return "the secret was deleted"
        return may_retry(secret, started.token)
