"""What keeps a store beyond the process, as the store and the world know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fake_secrets.service.state.model import StoredSecret

if TYPE_CHECKING:
    from fake_secrets.errors import ServiceError
    from fake_secrets.service.state.store import Store

__all__ = ["Keeper"]


class Keeper(Protocol):
    """Keeps a store. Whoever calls it holds the world's lock."""

    def begin(self, store: Store) -> ServiceError | None:
        """Keep a store from now on, and write everything in it.

        Returns:
            As `write` does.
        """
        ...

    def note(self, secret: StoredSecret) -> None:
        """Take note that a secret, its replicas or its primary are about to change, or may have changed.

        It may have been added or removed, too.
        """
        ...

    def write(self) -> ServiceError | None:
        """Write what has changed and isn't written yet: all of it or nothing.

        Returns:
            AWS's error for a call that can't be answered because this failed; None if it didn't.
        """
        ...

    def end(self) -> None:
        """Write nothing more."""
        ...
