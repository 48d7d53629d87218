"""An API with keys, two at most: a double that the client of a vendor's API is given."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

from fake_secrets.contract.services.arguments import check_limit, check_text
from fake_secrets.contract.services.base import LoginRefusedError, ServiceDouble, StatementRefusedError
from fake_secrets.contract.values import leaves

__all__ = ["ApiKeys"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class ApiKeys(ServiceDouble):
    """An API with keys, of which only a few may exist at the same time.

    A key works from the moment that it is made until it is revoked. Only the answer to `create` shows it. Later
    it is known by its id.

    Args:
        first: the key that exists at the start.
        first_id: its id.
        limit: how many keys may exist; None for any number.
        replaces: the names that the double itself replaces while it is in use.
        errors: the exceptions of an outage; by default ``(ConnectionError,)``.

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if a text is empty, or `limit` is below 1.
    """

    def __init__(
        self,
        first: str = "old",
        *,
        first_id: str = "key-1",
        limit: int | None = 2,
        replaces: str | Sequence[str] = (),
        errors: Any = None,
    ) -> None:
        check_text("first", first)
        check_text("first_id", first_id)
        if limit is not None:
            check_limit(limit)
        super().__init__(replaces=replaces, errors=errors)
        self._limit = limit
        self._keys = {first_id: first}
        self._created = {first_id: time.time()}
        self._made = 1
        self._answers: dict[str, dict[str, str]] = {}

    def authenticate(self, key: str) -> str:
        """Return the id of a key that works, as the answer to any call with it would.

        Raises:
            LoginRefusedError: if the key doesn't work.
        """
        for key_id, known in self._keys.items():
            if known == key:
                return key_id
        msg = "401 Unauthorized: the key doesn't work"
        raise LoginRefusedError(msg)

    def create(self, key: str, *, idempotency_key: str | None = None) -> dict[str, str]:
        """Make a key.

        Args:
            key: a key that works, as authorization.
            idempotency_key: a text by which a repeated request is known: it gets the first one's answer.

        Returns:
            id: the id of the new key. key: the key itself.

        Raises:
            LoginRefusedError: if `key` doesn't work.
            StatementRefusedError: if there are as many keys as there may be.
        """
        self.authenticate(key)
        if idempotency_key is not None and idempotency_key in self._answers:
            return dict(self._answers[idempotency_key])
        if self._limit is not None and len(self._keys) >= self._limit:
            msg = f"409 Conflict: there are {len(self._keys)} keys already"
            raise StatementRefusedError(msg)
        self._made += 1
        answer = {"id": f"key-{self._made}", "key": secrets.token_urlsafe(24)}
        self._keys[answer["id"]] = answer["key"]
        self._created[answer["id"]] = time.time()
        if idempotency_key is not None:
            self._answers[idempotency_key] = answer
        return dict(answer)

    def ids(self, key: str) -> list[str]:
        """Return the ids of all keys, the oldest first.

        Args:
            key: a key that works, as authorization.

        Raises:
            LoginRefusedError: if `key` doesn't work.
        """
        self.authenticate(key)
        return list(self._keys)

    def created(self, key: str) -> dict[str, float]:
        """Return when each key was made, in epoch seconds, by its id, the oldest first.

        By that, a function tells a key that an earlier try has left from one that is just being stored.

        Args:
            key: a key that works, as authorization.

        Raises:
            LoginRefusedError: if `key` doesn't work.
        """
        self.authenticate(key)
        return {key_id: self._created[key_id] for key_id in self._keys}

    def revoke(self, key: str, key_id: str) -> None:
        """Revoke a key.

        Args:
            key: a key that works, as authorization.
            key_id: the id of the key that is revoked.

        Raises:
            LoginRefusedError: if `key` doesn't work.
            StatementRefusedError: if there is no such key.
        """
        self.authenticate(key)
        if key_id not in self._keys:
            msg = f"404 Not Found: there is no key {key_id!r}"
            raise StatementRefusedError(msg)
        del self._keys[key_id]

    def accepts(self, value: Any) -> bool:
        """Return whether one of the texts in a value is a key that works."""
        return not set(self._keys.values()).isdisjoint(leaves(value))

    def accepted(self) -> list[Any]:
        """Return the keys that work."""
        return list(self._keys.values())

    def drop(self, value: Any) -> None:
        """Revoke the key in a value."""
        texts = set(leaves(value))
        self._keys = {key_id: key for key_id, key in self._keys.items() if key not in texts}
