"""The secrets of one account and region: by name, and in the orders in which they are listed."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fake_secrets.service.state.model import StoredSecret

__all__ = ["CREATED", "POSITIONS", "Position", "Shelf"]

# What a secret's place in an order is told by: JSON values.
Position = list[Any]

CREATED = "created-date"

# What each SortBy compares; the serial number decides between equals. Never read counts as first.
POSITIONS: Mapping[str, Callable[[StoredSecret], Position]] = {
    CREATED: lambda secret: [secret.serial],
    "last-accessed-date": lambda secret: [secret.accessed or 0.0, secret.serial],
    "last-changed-date": lambda secret: [secret.changed, secret.serial],
    "name": lambda secret: [secret.name],
}


class Shelf:
    """Secrets of one account and region.

    The order of creation is always at hand. Any other is made when it is asked for, and kept until
    something changes.
    """

    __slots__ = ("_gone", "_in_order", "_sorted", "by_name")

    def __init__(self) -> None:
        self.by_name: dict[str, StoredSecret] = {}
        # Ascending by serial; those that were removed since stay until they are half of it.
        self._in_order: list[StoredSecret] = []
        self._gone = 0
        self._sorted: dict[str, tuple[int, list[StoredSecret]]] = {}

    def add(self, secret: StoredSecret) -> None:
        """Put a secret under a name that is free; its serial is the highest."""
        self.by_name[secret.name] = secret
        self._in_order.append(secret)

    def remove(self, secret: StoredSecret) -> None:
        """Take a secret away."""
        del self.by_name[secret.name]
        self._gone += 1
        if self._gone * 2 > len(self._in_order):
            self._in_order = list(self.by_name.values())
            self._gone = 0

    def after(
        self, position: Position | None, order: str, revision: int, *, is_descending: bool = False
    ) -> Iterator[StoredSecret]:
        """Return the secrets that follow a position.

        Args:
            position: of the last secret that was seen; None begins at the start.
            order: SortBy.
            revision: how often something has changed.
            is_descending: whether positions descend.

        Raises:
            TypeError: the position isn't one of that order.
        """
        secrets, key = self._ordered(order, revision), POSITIONS[order]
        if is_descending:
            end = len(secrets) if position is None else bisect.bisect_left(secrets, position, key=key)
            indices = range(end - 1, -1, -1)
        else:
            start = 0 if position is None else bisect.bisect_right(secrets, position, key=key)
            indices = range(start, len(secrets))
        found = (secrets[index] for index in indices)
        return (secret for secret in found if self.by_name.get(secret.name) is secret)

    def _ordered(self, order: str, revision: int) -> list[StoredSecret]:
        if order == CREATED:
            return self._in_order
        sorted_at, secrets = self._sorted.get(order, (-1, []))
        if sorted_at != revision:
            secrets = sorted(self.by_name.values(), key=POSITIONS[order])
            self._sorted[order] = revision, secrets
        return secrets
