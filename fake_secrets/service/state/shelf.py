"""The secrets of one account and region: by name, and in the orders in which they are listed."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fake_secrets.service.state.model import StoredSecret

__all__ = ["CREATED", "POSITIONS", "Position", "Shelf"]

# JSON values that give a secret's place in an order.
Position = list[Any]

CREATED = "created-date"

# What each SortBy compares. The serial number breaks ties. A secret that was never read comes first.
POSITIONS: Mapping[str, Callable[[StoredSecret], Position]] = {
    CREATED: lambda secret: [secret.serial],
    "last-accessed-date": lambda secret: [secret.accessed or 0.0, secret.serial],
    "last-changed-date": lambda secret: [secret.changed, secret.serial],
    "name": lambda secret: [secret.name],
}


class Shelf:
    """The secrets of one account and region.

    The order of creation is always available. Any other order is made on demand and kept until
    something changes.
    """

    __slots__ = ("_gone", "_in_order", "_sorted", "by_name")

    def __init__(self) -> None:
        self.by_name: dict[str, StoredSecret] = {}
        # Ascending by serial. Removed secrets stay in it until they make up half of it.
        self._in_order: list[StoredSecret] = []
        self._gone = 0
        self._sorted: dict[str, tuple[int, list[StoredSecret]]] = {}

    def add(self, secret: StoredSecret) -> None:
        """Add a secret. Its name must be free, and its serial the highest."""
        # A secret that is only in this list, because of an interrupt, counts as removed.
        self._in_order.append(secret)
        self.by_name[secret.name] = secret

    def remove(self, secret: StoredSecret) -> None:
        """Remove a secret."""
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
            position: the position of the last secret seen, or None to begin at the start.
            order: SortBy.
            revision: the store's revision. When it changes, a sorted order is made again.
            is_descending: whether positions descend.

        Raises:
            TypeError: if the position belongs to another order.
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
