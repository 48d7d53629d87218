"""Refusals: replicas, and secrets that an AWS service manages."""

from __future__ import annotations

from fake_secrets.errors import ServiceError
from fake_secrets.service.state.model import StoredSecret

__all__ = ["refuse_cross_account_replica", "refuse_managed", "refuse_replica"]


def refuse_replica(secret: StoredSecret) -> None:
    """Refuse to change a replica.

    Raises:
        InvalidParameterException (400): M33 [C for PutResourcePolicy, else D].
    """
    if secret.primary is not None:
        raise ServiceError(
            "InvalidParameterException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
        )


def refuse_cross_account_replica(secret: StoredSecret) -> None:
    """Refuse to change what a replica takes from its primary in another account, until the replica is standalone.

    Raises:
        InvalidRequestException (400): the secret is such a replica [D: api-2026 5], a Detached one included [D].
    """
    if secret.cross_account_primary is not None:
        raise ServiceError(
            "InvalidRequestException",
            "You can't perform this operation on a cross-account replica. Call StopReplicationToReplica first.",
        )


def refuse_managed(secret: StoredSecret) -> None:
    """Refuse to change a secret that another AWS service manages.

    Raises:
        InvalidRequestException (400): M50 [B; C for tags and updates, else D]. AWS's text also
            names the service.
    """
    if secret.owning_service is not None:
        raise ServiceError(
            "InvalidRequestException",
            "This secret is managed by an AWS service, and you must use that service to update it.",
        )
