"""Managed rotation: what AWS, or a partner, does for a secret that has no rotation function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.ids import Ids
from fake_secrets.observe.view import readable
from fake_secrets.options import refuse_awaitable
from fake_secrets.service.operations.passwords import random_password
from fake_secrets.service.state.seeds import SeedValue, stored_value

__all__ = ["ManagedRotation", "NewValue"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# From the current value, as a test reads it, to the next one.
NewValue = Callable[[Any], SeedValue]

# No database takes these in a password.
_PASSWORD = {"ExcludeCharacters": "/@\"' "}


class ManagedRotation:
    """Rotates one secret, in one step.

    Args:
        name: the secret's name.
        current: its current value.
        new_value: makes the new value; by default only the password of a JSON object changes.
        keep: stores the new value and makes it current.
        ids: the source of chance.
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
        """Return None: it takes the time that it takes."""
        return None

    def invoke(self, *_: object) -> None:
        """Make the new value and keep it.

        Raises:
            UnsupportedOperationError: nobody says what the new value is, and there is no password in
                the current one.
            TypeError: the new value is neither str, bytes nor a mapping.
            SeedError: it is empty, or larger than AWS takes.
            RotationFailedError: AWS would refuse to move AWSCURRENT.
            BaseException: whatever makes the new value raises.
        """
        new_value = self._new_value(self._current)
        refuse_awaitable(new_value, "what makes the new value")
        value = stored_value(self._name, new_value)
        if value is None:
            msg = f"the new value of secret {self._name!r} is None: it is a str, bytes or a dict"
            raise TypeError(msg)
        self._keep(value)

    def _with_new_password(self, current: Any) -> dict[str, Any]:
        if not isinstance(current, dict) or "password" not in current:
            msg = (
                f"secret {self._name!r} is rotated by AWS or a partner, and its value isn't a JSON object with a "
                "password: say what the new value is with fake_secrets.managed_rotation(secret_id, new_value)."
            )
            raise UnsupportedOperationError(msg)
        return {**current, "password": random_password(self._ids, _PASSWORD)}
