"""Copying to a replica in another account: what is copied with which keys, and what holds it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from fake_secrets.arns import account_of, session_arn
from fake_secrets.service.state.model import ReplicationStatus, StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.slotted import slotted

__all__ = ["Copying", "Hold", "copying_request"]

# What Secrets Manager calls the sessions of a ReplicationRoleARN [D].
_SESSION = "SecretsManager"


@slotted
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


def copying_request(request: Request, role_arn: str | None) -> Request:
    """Return a request as whoever uses the keys makes it, if it is replicated to another account.

    Args:
        request: the request that changes the primary.
        role_arn: the ReplicationRoleARN; None if the caller uses the keys [B: api-2026 X10].
    """
    if role_arn is None:
        return request
    return replace(request, principal=session_arn(role_arn, _SESSION), account_id=account_of(role_arn))
