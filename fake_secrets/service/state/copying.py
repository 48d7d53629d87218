"""Copying to a replica in another account: what is copied with which keys, and what holds it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fake_secrets.service.state.model import ReplicationStatus, StoredSecret

__all__ = ["Copying", "Hold"]


@dataclass(frozen=True, slots=True)
class Copying:
    """What a call tries to copy to another account.

    Args:
        replica: the replica.
        role_arn: the role that uses the keys; None if the caller does.
        decrypted: the keys that have encrypted the values that are copied; None is the default key.
    """

    replica: StoredSecret
    role_arn: str | None
    decrypted: tuple[str | None, ...]


class Hold(Protocol):
    """Holds a replica in another account back."""

    @property
    def shown(self) -> tuple[ReplicationStatus, str | None]:
        """The status that both sides show, and the message."""

    def count(self) -> None:
        """Count a replication that was held back."""
