"""The contents of a world: plants the seeds at the first use, and finds secrets for the handle."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.observe.ledger import SEEDED, Ledger
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.seeds import Seed, check_free, plant
from fake_secrets.service.state.store import Store
from fake_secrets.world import lookup
from fake_secrets.world.misses import Place, explain

if TYPE_CHECKING:
    from fake_secrets.observe.recording import Planted

__all__ = ["Contents"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Contents:
    """The secrets of one world, for the handle.

    Args:
        here: the world's account and region, in which names are looked up.
        seeds: the secrets that the world starts with.
        lock: guards the store.
    """

    def __init__(self, here: Place, seeds: Sequence[Seed], lock: threading.RLock) -> None:
        self._here = here
        self.seeds = seeds
        self._lock = lock

    def reset(self, store: Store, ledger: Ledger) -> None:
        """Start over with another store, which doesn't have the seeds yet, and its ledger."""
        self._store = store
        self._ledger = ledger
        self._unplanted = list(reversed(self.seeds))
        self.planted: dict[str, Planted] = {}

    def leave_seeds(self) -> None:
        """Don't plant the seeds until the next reset."""
        self._unplanted = []

    def ready_store(self) -> Store:
        """Return the store, with the seeds planted. The caller holds the lock."""
        if self._unplanted:
            self._plant_rest()
        return self._store

    def _plant_rest(self) -> None:
        """Plant the seeds that aren't planted yet: an interrupt may have come between two of them."""
        store, now = self._store, clock.now()
        while self._unplanted:
            seed = self._unplanted[-1]
            planted = store.named(self._here[0], seed.region, seed.name)
            if planted is None:
                planted = plant(store, seed, self._here[0], now)
            store.follow_up(planted, now)
            if not self._ledger.about(planted):
                self._ledger.record_change(planted, "seed")
            self._unplanted.pop()

    def plant(self, seed: Seed) -> StoredSecret:
        """Put a secret into the world without a call.

        Raises:
            SecretExistsError: if the name is taken.
        """
        with self._lock:
            store = self._settled_store()
            secret = self._planted(store, seed)
            if store.keeper is not None:
                store.keeper.write()
            return secret

    def plant_all(self, seeds: Sequence[Seed]) -> None:
        """Put several secrets into the world without a call: all of them or none.

        Raises:
            SecretExistsError: if a name is taken.
        """
        with self._lock:
            store = self._settled_store()
            for seed in seeds:
                check_free(store, seed, self._here[0])
            for seed in seeds:
                self._planted(store, seed)
            if store.keeper is not None:
                store.keeper.write()

    def _planted(self, store: Store, seed: Seed) -> StoredSecret:
        secret = plant(store, seed, self._here[0], clock.now())
        self._ledger.record_change(secret, "seed")
        return secret

    def secret(self, secret_id: Any) -> StoredSecret:
        """Return the secret that has a name, an ARN or a partial ARN.

        Raises:
            UnknownSecretError: if there is no such secret.
            TypeError: if `secret_id` isn't a str.
        """
        with self._lock:
            store = self._settled_store()
            secret = lookup.find(store, self._here, secret_id)
            if secret is None:
                raise lookup.unknown(store, self._ledger, self._here, secret_id)
            return secret

    def has(self, secret_id: Any, there: Place | None = None) -> bool:
        """Return whether there is a secret with a name, an ARN or a partial ARN.

        Args:
            secret_id: the name or ARN.
            there: the account and region in which names are looked up; by default the world's.

        Raises:
            TypeError: if `secret_id` isn't a str.
        """
        with self._lock:
            return lookup.find(self._settled_store(), there or self._here, secret_id) is not None

    def secret_at(self, place: Place, secret_id: Any) -> StoredSecret | None:
        """Return the secret that a call from an account and region means by a SecretId, or None."""
        if not isinstance(secret_id, str):
            return None
        with self._lock:
            return lookup.find(self.ready_store(), place, secret_id)

    def was_there(self, secret: StoredSecret, ledger: Ledger, count: int) -> bool:
        """Return whether a secret is a seed, or was there when a ledger had a number of entries.

        Of an earlier ledger, from before a reset, it is False.
        """
        if ledger is not self._ledger:
            return False
        for number, entry in enumerate(ledger.entries(), ledger.dropped):
            if entry.secret is secret:
                # Seeds may be planted late.
                return number < count or (entry.outcome == SEEDED and self._is_seed(secret))
        return True

    def arns(self) -> list[str]:
        """Return the ARNs of all secrets, in every account and region, in the order of creation."""
        with self._lock:
            return [secret.arn for secret in self._settled_store()]

    def names(self) -> list[str]:
        """Return the names of all secrets, in every account and region. This doesn't plant the seeds."""
        with self._lock:
            secrets: Iterable[StoredSecret | Seed] = self.seeds if self._unplanted else self._store
            return [secret.name for secret in secrets]

    def names_here(self) -> list[str]:
        """Return the names of the secrets in the world's own account and region. This doesn't plant the seeds."""
        account_id, region = self._here
        with self._lock:
            if self._unplanted:
                return [seed.name for seed in self.seeds if seed.region == region]
            return list(self._store.of(account_id, region))

    def may_have(self, secret_id: str) -> bool:
        """Return whether a secret has this name or full ARN, in any account and region.

        Until the seeds are planted, they have no ARN. This doesn't plant them.
        """
        with self._lock:
            if self._unplanted:
                return secret_id in self.names()
            return bool(lookup.places_of(self._store, secret_id))

    def places_of(self, secret_id: str) -> list[Place]:
        """Return the account and region of each secret with this name, ARN or partial ARN, in any order."""
        with self._lock:
            return lookup.places_of(self.ready_store(), secret_id)

    def why_missed(self, secret_id: str, there: Place) -> str:
        """Return why a caller doesn't find a secret in an account and region, or an empty string."""
        with self._lock:
            return explain(self.ready_store(), self._ledger, there, secret_id)

    def _is_seed(self, secret: StoredSecret) -> bool:
        named = secret.account_id, secret.region, secret.name
        return any((self._here[0], seed.region, seed.name) == named for seed in self.seeds)

    def _settled_store(self) -> Store:
        store = self.ready_store()
        store.settle(clock.now())
        return store
