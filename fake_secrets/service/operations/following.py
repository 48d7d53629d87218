"""How replicas follow their primary: in other regions, and in another account with the keys of both sides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from fake_secrets import clock
from fake_secrets.arns import partition_of, root_arn
from fake_secrets.errors import ServiceError
from fake_secrets.service.state.copying import Copying, copying_request
from fake_secrets.service.state.model import (
    CrossAccountPrimary,
    CrossAccountReplica,
    ReplicationStatus,
    StoredSecret,
    StoredVersion,
)
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = [
    "check_keys_beforehand",
    "copy_versions",
    "follow_across_accounts",
    "resume_across_accounts",
]

# The operations that change values or labels whatever their members are, and the one that asks for a replication.
_COPYING = frozenset(
    {
        "AssociateCrossAccountReplica",
        "CancelRotateSecret",
        "PutSecretValue",
        "RotateSecret",
        "UpdateSecretVersionStage",
    }
)


def copy_versions(primary: StoredSecret, replica: StoredSecret, added: Collection[str]) -> None:
    """Give a replica the versions and the labels of its primary.

    Args:
        primary: the primary.
        replica: the replica, which encrypts the values with its own key.
        added: the ids of the versions that it gets if it lacks them.
    """
    for version in primary.versions.values():
        known = replica.versions.get(version.id)
        if known is not None:
            known.value = version.value
        elif version.id in added:
            replica.versions[version.id] = StoredVersion(
                version.id, version.value, version.created, version.serial, kms_key_id=replica.kms_key_id
            )
    # A replica's labels make no events.
    replica.labels = replica.announced = primary.labels
    replica.remove_versions(replica.versions.keys() - primary.versions.keys())
    replica.version_count = primary.version_count
    replica.empty = primary.empty.intersection(replica.versions)


def check_keys_beforehand(
    store: Store, request: Request, primary: StoredSecret, replica: StoredSecret, role_arn: str | None
) -> None:
    """Refuse an association whose keys can't be used, as AWS's dry run does.

    Raises:
        AccessDeniedException (400): a key is denied, M41 [B: api-2026 3.1; code D].
        InvalidRequestException (400): a key is disabled [D].
    """
    try:
        _check_keys(store, request, primary, replica, _with_value(primary), role_arn=role_arn)
    except ServiceError as refused:
        if refused.code == "AccessDeniedException":
            raise
        raise ServiceError("InvalidRequestException", refused.message) from None


def follow_across_accounts(store: Store, primary: StoredSecret, request: Request | None = None) -> None:
    """Copy a secret's values and labels to its replica in another account, if they have changed.

    Args:
        store: the store.
        primary: a secret that has a replica in another account, or had one.
        request: the call that has changed it. Its caller, or the ReplicationRoleARN, uses the keys. None if
            Secrets Manager itself has changed it: no policy binds that.

    Source: api-2026 1, X6, X10 [B]. If a key can't be used, the status is Failed, and the replica keeps its value.
        Keys are needed for values, not for labels [D]. Other changes than of values and labels copy nothing, even
        after a replication that has failed [D].
    """
    entry = primary.cross_account_replica
    if entry is None or entry.secret is None or (request is not None and not _may_copy(request)):
        return
    replica, now = entry.secret, clock.now() if request is None else request.now
    if entry.status == "InSync" and _picture(primary) == _picture(replica):
        return
    request = request or _own_request(primary)
    hold = store.hold_on(primary)
    if hold is not None:
        hold.count()
        _settle(primary, entry, replica, *hold.shown)
    elif (failure := _failure(store, request, primary, replica, entry.role_arn)) is not None:
        _settle(primary, entry, replica, "Failed", failure)
    else:
        _copy(primary, entry, replica, now)


def resume_across_accounts(store: Store) -> None:
    """Give replicas in other accounts that were held back, and are no more, what they have missed."""
    for primary in list(store):
        entry = primary.cross_account_replica
        if entry is None or entry.secret is None or entry.status != "InProgress":
            continue
        replica, hold, now = entry.secret, store.hold_on(primary), clock.now()
        with store.all_or_nothing(primary):
            if hold is None:
                _copy(primary, entry, replica, now)
            else:
                _settle(primary, entry, replica, *hold.shown)
        for side in (primary, replica):
            store.follow_up(side, now)


def _may_copy(request: Request) -> bool:
    """Return whether a call may have changed values or labels, or asks for a replication."""
    return request.operation in _COPYING or (request.operation == "UpdateSecret" and _has_value(request))


def _has_value(request: Request) -> bool:
    return request.members.get("SecretString") is not None or request.members.get("SecretBinary") is not None


def _own_request(primary: StoredSecret) -> Request:
    """Return a request of Secrets Manager's own."""
    partition = partition_of(primary.region)
    root = root_arn(primary.account_id, partition)
    return Request("", {}, primary.region, partition, primary.account_id, root, clock.now())


def _failure(
    store: Store, request: Request, primary: StoredSecret, replica: StoredSecret, role_arn: str | None
) -> str | None:
    """Return why a replication fails; None if nothing keeps it from succeeding, as if only labels move."""
    known = {version.id for version in replica.versions.values() if version.value is not None}
    lacking = [version for version in _with_value(primary) if version.id not in known]
    if not lacking:
        return None
    try:
        _check_keys(store, request, primary, replica, lacking, role_arn=role_arn)
    except ServiceError as refused:
        return f"Replication failed: {refused.message}"
    return None


def _check_keys(
    store: Store,
    request: Request,
    primary: StoredSecret,
    replica: StoredSecret,
    copied: Sequence[StoredVersion],
    *,
    role_arn: str | None,
) -> None:
    # A primary without a value is asked for its key, too.
    versions: list[tuple[str | None, str | None]] = [(version.kms_key_id, version.id) for version in copied]
    versions = versions or [(primary.kms_key_id, None)]
    decrypted = tuple(dict.fromkeys(key_id for key_id, _ in versions))
    store.copying = Copying(replica, role_arn, decrypted)
    request = copying_request(request, role_arn)
    for key_id, version_id in versions:
        store.keys.check_decryption(request, primary, key_id, version_id)
    store.keys.check_copying(request, replica, replica.kms_key_id)


def _with_value(primary: StoredSecret) -> list[StoredVersion]:
    """Return the versions that have labels and a value: what a replica is to have."""
    labelled = (primary.versions[version_id] for version_id in dict.fromkeys(primary.labels.values()))
    return [version for version in labelled if version.value is not None]


def _copy(primary: StoredSecret, entry: CrossAccountReplica, replica: StoredSecret, now: float) -> None:
    copy_versions(primary, replica, frozenset(primary.labels.values()))
    replica.changed = now
    _settle(primary, entry, replica, "InSync", None)


def _settle(
    primary: StoredSecret,
    entry: CrossAccountReplica,
    replica: StoredSecret,
    status: ReplicationStatus,
    message: str | None,
) -> None:
    """Show on both sides how a replication has ended."""
    primary.across_accounts = replace(entry, status=status, message=message)
    replica.across_accounts = CrossAccountPrimary(primary.arn, status, message, primary)


def _picture(secret: StoredSecret) -> tuple[Any, ...]:
    """Return what a replica has of its primary: the labels, and the values that have labels."""
    versions = (secret.versions[version_id] for version_id in set(secret.labels.values()))
    return dict(secret.labels), {version.id: version.value for version in versions}
