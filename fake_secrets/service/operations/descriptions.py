"""DescribeSecret: everything about a secret but its value."""

from __future__ import annotations

from typing import Any

from fake_secrets.service.operations.cross_account import describe_across_accounts
from fake_secrets.service.operations.replication import describe_replicas
from fake_secrets.service.rules import stages
from fake_secrets.service.state.model import RotationState, StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["describe", "describe_secret", "primary_region_of"]


def describe_secret(store: Store, request: Request) -> dict[str, Any]:
    """Describe a secret, without its value.

    Args:     SecretId.
    Returns:  ARN, Name, LastChangedDate, CreatedDate. If they have content: Type, Description,
              KmsKeyId, RotationEnabled, RotationLambdaARN, RotationRules,
              ExternalSecretRotationMetadata, ExternalSecretRotationRoleArn, LastRotatedDate,
              LastAccessedDate, DeletedDate, NextRotationDate, Tags, VersionIdsToStages,
              OwningService, PrimaryRegion, ReplicationStatus, CrossAccountPrimary,
              CrossAccountReplicas. Members without content are absent, never null [A].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1).
    Source:   DescribeSecret; api-facts 3, 5, 8. DeletedDate is the time of the DeleteSecret
              call [A]. A secret scheduled for deletion keeps its rotation members [D]. A
              primary shows PrimaryRegion and ReplicationStatus while it has regions; a replica
              shows only PrimaryRegion [A]. A replica doesn't show its primary's rotation [D].
    """
    secret = store.get(request)
    described = describe(secret)
    if secret.replicas:
        described["ReplicationStatus"] = describe_replicas(secret)
    return described | describe_across_accounts(secret)


def describe(secret: StoredSecret) -> dict[str, Any]:
    """Return the members of a secret that have content, in the order of DescribeSecret [A].

    Replication isn't included, because ListSecrets doesn't have it.
    """
    described: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "Type": secret.type or None,
        # AWS shows an empty description like none.
        "Description": secret.description or None,
        "KmsKeyId": secret.kms_key_id,
        **(_describe_rotation(secret.rotation) if secret.rotation else {}),
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "DeletedDate": secret.deleted,
        "NextRotationDate": secret.rotation.next_rotation if secret.rotation else None,
        "Tags": None if secret.tags is None else [dict(tag) for tag in secret.tags],
        "VersionIdsToStages": stages.by_version(secret.labels) or None,
        "OwningService": secret.owning_service,
        "CreatedDate": secret.created,
        "PrimaryRegion": primary_region_of(secret),
    }
    return {name: value for name, value in described.items() if value is not None}


def primary_region_of(secret: StoredSecret) -> str | None:
    """Return PrimaryRegion: a replica's is its primary's region [A: api-facts 8].

    A primary with replica regions has its own region, and any other secret has None.
    """
    if secret.primary is not None:
        return secret.primary.region
    return secret.region if secret.replicas else None


def _describe_rotation(rotation: RotationState) -> dict[str, Any]:
    metadata = rotation.external_metadata
    return {
        "RotationEnabled": rotation.enabled,
        "RotationLambdaARN": rotation.lambda_arn,
        "RotationRules": _describe_rules(rotation),
        "ExternalSecretRotationMetadata": metadata
        and [{name: item[name] for name in ("Key", "Value") if name in item} for item in metadata],
        "ExternalSecretRotationRoleArn": rotation.external_role_arn,
        "LastRotatedDate": rotation.last_rotated,
    }


def _describe_rules(rotation: RotationState) -> dict[str, Any] | None:
    if rotation.rules is None:
        return None
    # Imported late: few tests need schedules, and they are slow to import.
    from fake_secrets.service.rules.schedule import describe_rules  # noqa: PLC0415

    return describe_rules(rotation.rules, rotation.counted_from)
