"""What keeps a store beyond the process, as the store and the world know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fake_secrets.service.state.model import StoredSecret

if TYPE_CHECKING:
    from fake_secrets.errors import ServiceError

__all__ = ["Keeper"]


class Keeper(Protocol):
    """Keeps the store of a world. Whoever calls it holds the world's lock."""

    def begin(self) -> ServiceError | None:
        """Keep the store that the world has now, instead of an earlier one, and write everything in it.

        Returns:
            As `write` does.
        """
        ...

    def note(self, secret: StoredSecret) -> None:
        """Take note that a secret, its replicas or its primary have changed, or are about to.

        The secret may have been added or removed, too.
        """
        ...

    def write(self) -> ServiceError | None:
        """Write what has changed and isn't written yet: all of it or nothing.

        Returns:
            AWS's error for a call that can't be answered because this failed; None if it didn't fail.
        """
        ...

    def leave(self) -> None:
        """Write nothing more, because this is the child of a fork."""
        ...
