"""Replication: replicas in other regions that follow their primary, and their promotion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fake_secrets.arns import SUFFIX_LENGTH, secret_arn
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.cross_account import stop_across_accounts
from fake_secrets.service.operations.following import copy_versions, follow_across_accounts
from fake_secrets.service.state.access import refuse_cross_account_replica
from fake_secrets.service.state.key_names import DEFAULT_KEY_ALIAS, check_key
from fake_secrets.service.state.model import Replica, StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = [
    "check_regions",
    "describe_replicas",
    "follow",
    "remove_regions_from_replication",
    "replicate",
    "replicate_secret_to_regions",
    "stop_replication_to_replica",
]

_IN_PROGRESS = "InProgress"
_IN_SYNC = "InSync"
_FAILED = "Failed"


def replicate_secret_to_regions(store: Store, request: Request) -> dict[str, Any]:
    """Replicate a secret to other regions.

    Args:     SecretId, AddReplicaRegions (Region, KmsKeyId), ForceOverwriteReplicaSecret.
    Returns:  ARN, ReplicationStatus (InProgress for the added regions).
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidRequestException (400): the secret is the replica of another account's [D].
        InvalidParameterException (400): see `check_regions`.
    Source:   ReplicateSecretToRegions; api-facts 5, 8. Replication is done when the call
              returns: the next DescribeSecret shows InSync or Failed [D; on AWS seconds
              later, C]. A region whose key can't be used is Failed [C].
    """
    secret = store.get_primary(request)
    refuse_cross_account_replica(secret)
    added = request.members["AddReplicaRegions"]
    check_regions(store, request, added)
    store.begin_write(request.now, secret)
    statuses = replicate(store, request, secret, added)
    secret.changed = request.now
    return {"ARN": secret.arn, "ReplicationStatus": statuses}


def remove_regions_from_replication(store: Store, request: Request) -> dict[str, Any]:
    """Delete a secret's replicas in some regions.

    Args:     SecretId, RemoveReplicaRegions.
    Returns:  ARN, ReplicationStatus (of the remaining regions; empty if there are none [A]).
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
    Source:   RemoveRegionsFromReplication; api-facts 5, 8. Replicas are removed at once [D]. A
              region without a replica is no error [D].
    """
    secret = store.get_primary(request)
    store.begin_write(request.now, secret)
    for region in request.members["RemoveReplicaRegions"]:
        replica = secret.replicas.get(region)
        _forget_replica(secret, region)
        if replica is not None and replica.secret is not None:
            store.remove(replica.secret)
    secret.changed = request.now
    return {"ARN": secret.arn, "ReplicationStatus": describe_replicas(secret)}


def stop_replication_to_replica(store: Store, request: Request) -> dict[str, Any]:
    """Promote a replica, in another region or of another account's secret, to a secret of its own.

    Args:     SecretId, in the replica's region and account.
    Returns:  ARN.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5).
        InvalidRequestException (400): the secret isn't a replica [D].
    Source:   StopReplicationToReplica; api-facts 5. The secret keeps its ARN, versions and tags,
              and its former primary forgets the region [D]. The primary of another account shows it as
              Detached until it disassociates it, too [B: api-2026 2, 5].
    """
    secret = store.get_live(request)
    if secret.cross_account_primary is not None:
        stop_across_accounts(store, request, secret)
        return {"ARN": secret.arn}
    primary = secret.primary
    if primary is None:
        raise ServiceError("InvalidRequestException", "The secret isn't a replica.")
    store.begin_write(request.now, primary)
    _forget_replica(primary, secret.region)
    secret.primary = None
    secret.changed = request.now
    return {"ARN": secret.arn}


def check_regions(store: Store, request: Request, added: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to replicate to anything but another region of the same partition.

    Args:
        store: the store, which knows the regions.
        request: the call. Its region is the primary's.
        added: AddReplicaRegions as sent.

    Raises:
        InvalidParameterException (400): M34 [C]. A region that is missing or given twice is
            refused in the same way [D].
    """
    regions = [entry.get("Region", "") for entry in added]
    is_right = len(set(regions)) == len(regions) and all(
        region != request.region and store.is_region(region, request.partition) for region in regions
    )
    if not is_right:
        raise ServiceError("InvalidParameterException", "Invalid replica region.")


def replicate(
    store: Store, request: Request, primary: StoredSecret, added: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Create a secret's replicas in regions that `check_regions` has accepted.

    Args:
        store: the store, which gets the replicas.
        request: the call. If ForceOverwriteReplicaSecret is true, a replica may overwrite another
            secret with the same name.
        primary: the secret.
        added: AddReplicaRegions as sent.

    Returns:
        ReplicationStatus as the response shows it. The added regions are InProgress and have no
        StatusMessage [B: api-facts 8].
    """
    is_forced = bool(request.members.get("ForceOverwriteReplicaSecret"))
    for entry in added:
        region, key_id = entry["Region"], entry.get("KmsKeyId") or None
        replica = _replica(store, primary, region, key_id, request, is_forced=is_forced)
        primary.replicas = {**primary.replicas, region: replica}
    store.concerned = primary
    statuses = describe_replicas(primary)
    regions = {entry["Region"] for entry in added}
    for status in statuses:
        if status["Region"] in regions:
            status["Status"] = _IN_PROGRESS
            status.pop("StatusMessage", None)
    return statuses


def describe_replicas(primary: StoredSecret) -> list[dict[str, Any]]:
    """Return ReplicationStatus: an entry for each region, in the order in which they were added.

    Source: api-facts 8: the default key is shown by its alias [B]; StatusMessage once InSync [A].
    """
    return [
        {
            "Region": replica.region,
            "KmsKeyId": replica.kms_key_id or DEFAULT_KEY_ALIAS,
            "Status": replica.status,
            **({} if replica.message is None else {"StatusMessage": replica.message}),
            **_last_accessed(replica),
        }
        for replica in primary.replicas.values()
    ]


def follow(store: Store, primary: StoredSecret, request: Request | None = None) -> None:
    """Copy a secret's values, labels, tags and policy to its replicas; see `follow_across_accounts`, too.

    Args:
        store: the store.
        primary: the secret.
        request: the call that has changed it, if one has.

    Source: api-facts 8 [A, B]: a replica has its primary's LastChangedDate and a LastAccessedDate
        of its own. If the primary's last tag was removed, the replica shows no tags at all.
    """
    for replica in primary.replicas.values():
        if replica.secret is not None:
            _copy(primary, replica.secret)
    if primary.cross_account_replica is not None:
        follow_across_accounts(store, primary, request)


def _replica(
    store: Store, primary: StoredSecret, region: str, key_id: str | None, request: Request, *, is_forced: bool
) -> Replica:
    existing = store.named(primary.account_id, region, primary.name)
    known = existing if existing is not None and existing.primary is primary else None
    key_id = key_id or (known.kms_key_id if known else None)
    try:
        check_key(key_id, region)
        store.keys.check_decryption(request, primary, primary.kms_key_id)
        store.keys.check_replication(replace(request, region=region), primary, key_id)
    except ServiceError as refused:
        return Replica(region, key_id, _FAILED, f"Replication failed: {refused.message}", known)
    if existing is not None and known is None:
        reason = _why_kept(existing, region, is_forced=is_forced)
        if reason is not None:
            return Replica(region, key_id, _FAILED, reason, known)
        store.remove(existing)
    if known is not None:
        _encrypt(known, key_id)
        return Replica(region, key_id, _IN_SYNC, "Replication succeeded", known)
    suffix = primary.arn[-SUFFIX_LENGTH:].removeprefix("-")
    secret = StoredSecret(
        arn=secret_arn(region, primary.account_id, primary.name, suffix, request.partition),
        name=primary.name,
        region=region,
        account_id=primary.account_id,
        created=request.now,
        changed=primary.changed,
        kms_key_id=key_id,
        primary=primary,
    )
    _copy(primary, secret)
    store.add(secret)
    return Replica(region, key_id, _IN_SYNC, "Replication succeeded", secret)


def _why_kept(existing: StoredSecret, region: str, *, is_forced: bool) -> str | None:
    """Return the StatusMessage if a replica can't overwrite a secret; None if it can.

    Source: M37b [C]; the service model's text for a name that is taken [B].
    """
    if existing.primary is not None:
        # Even force doesn't overwrite another primary's replica [C: M37b].
        name = existing.name
        return f"Replication failed: Secret name {name} is currently replicated to {region} with a different arn"
    # Even force doesn't overwrite a secret that has replicas, or is one of another account: they would lose each
    # other [D].
    is_linked = existing.cross_account_replica is not None or existing.cross_account_primary is not None
    can_be_overwritten = is_forced and not existing.replicas and not is_linked
    return None if can_be_overwritten else "Secret with this name already exists in this region"


def _encrypt(replica: StoredSecret, key_id: str | None) -> None:
    replica.kms_key_id = key_id
    for version in replica.versions.values():
        version.kms_key_id = key_id


def _last_accessed(replica: Replica) -> dict[str, Any]:
    secret = replica.secret
    return {} if secret is None or secret.accessed is None else {"LastAccessedDate": secret.accessed}


def _forget_replica(primary: StoredSecret, region: str) -> None:
    primary.replicas = {name: replica for name, replica in primary.replicas.items() if name != region}


def _copy(primary: StoredSecret, copy: StoredSecret) -> None:
    copy.description, copy.type, copy.policy = primary.description, primary.type, primary.policy
    copy.owning_service = primary.owning_service
    copy.tags = [dict(tag) for tag in primary.tags] if primary.tags else None
    copy.changed = primary.changed
    copy_versions(primary, copy, primary.versions)
    copy.removed = primary.removed
