"""Managed rotation: AWS or a partner rotates a secret that has no rotation function."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import RotationFailedError, ServiceError, UnsupportedOperationError
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.view import readable
from fake_secrets.options import refuse_awaitable
from fake_secrets.service.operations import rotation_progress as progress
from fake_secrets.service.operations.passwords import random_password
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.seeds import SeedValue, stored_value
from fake_secrets.service.state.store import Store

__all__ = ["ManagedRotation", "ManagedSecrets", "NewValue"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Takes the current value, as a test reads it, and returns the next one.
NewValue = Callable[[Any], SeedValue]

# Many databases don't accept these characters in a password.
_PASSWORD = {"ExcludeCharacters": "/@\"' "}


class ManagedRotation:
    """Rotates one secret in a single step.

    Args:
        name: the secret's name.
        current: the secret's current value.
        new_value: makes the new value. By default only the password of a JSON object changes.
        keep: stores the new value and makes it current.
        ids: the source of randomness.
    """

    def __init__(
        self,
        name: str,
        current: str | bytes | None,
        new_value: NewValue | None,
        keep: Callable[[str | bytes], None],
        ids: Ids,
    ) -> None:
        self._name = name
        self._current = readable(current)
        self._new_value = new_value or self._with_new_password
        self._keep = keep
        self._ids = ids

    def deadline(self, _: float) -> float | None:
        """Return None: a managed rotation never times out."""
        return None

    def invoke(self, *_: object) -> None:
        """Make the new value and store it.

        Raises:
            UnsupportedOperationError: if the test hasn't set `new_value` and the current value has no
                password.
            TypeError: if the new value isn't a str, bytes or mapping.
            SeedError: if the new value is empty or larger than AWS accepts.
            RotationFailedError: if AWS would refuse to move AWSCURRENT.
            BaseException: if `new_value` raises anything; it comes out unchanged.
        """
        new_value = self._new_value(self._current)
        refuse_awaitable(new_value, "the function of managed_rotation")
        value = stored_value(self._name, new_value)
        if value is None:
            msg = f"the new value of secret {self._name!r} is None; managed_rotation needs a str, bytes or a dict"
            raise TypeError(msg)
        self._keep(value)

    def _with_new_password(self, current: Any) -> dict[str, Any]:
        if not isinstance(current, dict) or "password" not in current:
            msg = (
                f"managed secret {self._name!r} can't be rotated: its value isn't a JSON object with a password.\n"
                "Set the function that makes its new value: "
                "fake_secrets.managed_rotation(secret_id, new_value)."
            )
            raise UnsupportedOperationError(msg)
        return {**current, "password": random_password(self._ids, _PASSWORD)}


class ManagedSecrets:
    """The managed secrets of a world: sets how their new values are made, and rotates them.

    Args:
        store: the secrets.
        ledger: records what happens to them.
        ids: makes ids.
        lock: guards all of them.
    """

    def __init__(self, store: Store, ledger: Ledger, ids: Ids, lock: threading.RLock) -> None:
        self._store = store
        self._ledger = ledger
        self._ids = ids
        self._lock = lock
        self._new_values: dict[str, NewValue] = {}

    def manage(self, secret: StoredSecret, new_value: NewValue) -> None:
        """Set the function that makes the new value of a managed secret."""
        with self._lock:
            self._new_values[secret.arn] = new_value

    def rotation_of(self, secret: StoredSecret, token: str) -> ManagedRotation:
        """Return what rotates a managed secret.

        Args:
            secret: the secret.
            token: the new version's id.
        """
        with self._lock:
            current = secret.versions.get(secret.labels.get(AWSCURRENT, ""))
            new_value = self._new_values.get(secret.arn)
        return ManagedRotation(
            secret.name,
            None if current is None else current.value,
            new_value,
            functools.partial(self._keep, secret, token),
            self._ids,
        )

    def _keep(self, secret: StoredSecret, token: str, value: str | bytes) -> None:
        with self._lock:
            now = clock.now()
            try:
                with self._store.all_or_nothing(secret):
                    progress.store_managed_value(self._store, secret, token, value, now)
                    self._store.follow_up(secret, now)
            except ServiceError as error:
                raise RotationFailedError(error.message) from None
            self._ledger.record_change(secret, "managed rotation")
