"""How replicas follow their primary: in other regions, and in another account with the keys of both sides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.service.state.checked import copying_request
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
    "start_following",
]

_Outcome = tuple[ReplicationStatus, str | None]


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
    replica.empty = primary.empty & replica.versions.keys() if primary.empty else primary.empty


def check_keys_beforehand(
    store: Store, request: Request, primary: StoredSecret, entry: CrossAccountReplica
) -> None:
    """Refuse an association whose keys can't be used, as AWS's dry run does.

    Raises:
        AccessDeniedException (400): a key is denied, M41 [B: api-2026 3.1; code D].
        InvalidRequestException (400): a key is disabled [D].
    """
    try:
        _check_keys(store, request, primary, entry, _lacking(primary))
    except ServiceError as refused:
        if refused.code == "AccessDeniedException":
            raise
        raise ServiceError("InvalidRequestException", refused.message) from None


def start_following(
    store: Store, primary: StoredSecret, entry: CrossAccountReplica, replica: StoredSecret
) -> None:
    """Let a replica in another account follow a primary from now on, and give it what there is.

    Args:
        store: the store.
        primary: the primary.
        entry: what the primary shows of the replica.
        replica: the replica.
    """
    _settle(primary, entry, store.held_back(primary) or _in_sync(primary, replica))


def follow_across_accounts(store: Store, primary: StoredSecret, request: Request | None = None) -> None:
    """Copy a secret's values and labels to its replica in another account, if they have changed.

    Args:
        store: the store.
        primary: a secret.
        request: the call that has changed it. Its caller, or the ReplicationRoleARN, uses the keys. None if
            Secrets Manager itself has moved labels, which needs no key; a replica that is held back, or to which
            a replication has failed, then waits for the next call.

    Source: api-2026 1, X6, X10 [B]. If a key can't be used, the status is Failed and the replica stays as it is.
    """
    entry = primary.cross_account_replica
    if entry is None or entry.secret is None:
        return
    is_behind = _picture(primary) != _picture(entry.secret)
    if not is_behind and entry.status == "InSync":
        return
    if request is None and entry.status != "InSync":
        return
    outcome = store.held_back(primary) or _failure(store, request, primary, entry)
    _settle(primary, entry, outcome or _in_sync(primary, entry.secret))


def resume_across_accounts(store: Store) -> None:
    """Give replicas in other accounts that were held back, and are no more, what they have missed."""
    for primary in store:
        entry = primary.cross_account_replica
        if entry is None or entry.secret is None or entry.status != "InProgress":
            continue
        if (outcome := store.held_back(primary)) is None:
            store.note_change(primary)
            outcome = _in_sync(primary, entry.secret)
        _settle(primary, entry, outcome)


def _failure(
    store: Store, request: Request | None, primary: StoredSecret, entry: CrossAccountReplica
) -> _Outcome | None:
    """Return what a replication fails with; None if nothing keeps it from succeeding, as if only labels move."""
    lacking = _lacking(primary, entry)
    if request is None or not lacking:
        return None
    try:
        _check_keys(store, request, primary, entry, lacking)
    except ServiceError as refused:
        return "Failed", f"Replication failed: {refused.message}"
    return None


def _check_keys(
    store: Store,
    request: Request,
    primary: StoredSecret,
    entry: CrossAccountReplica,
    copied: Sequence[StoredVersion],
) -> None:
    if entry.secret is None:
        return
    request = copying_request(request, entry.role_arn)
    for version in copied:
        store.keys.check_decryption(request, primary, version.kms_key_id, version.id)
    store.keys.check_copying(request, entry.secret, entry.secret.kms_key_id)


def _lacking(primary: StoredSecret, entry: CrossAccountReplica | None = None) -> list[StoredVersion]:
    """Return the versions with labels and values that a replica lacks; without a replica, all of them."""
    replica = None if entry is None else entry.secret
    known = set() if replica is None else {one.id for one in replica.versions.values() if one.value is not None}
    wanted = (primary.versions[version_id] for version_id in dict.fromkeys(primary.labels.values()))
    return [version for version in wanted if version.value is not None and version.id not in known]


def _in_sync(primary: StoredSecret, replica: StoredSecret) -> _Outcome:
    copy_versions(primary, replica, frozenset(primary.labels.values()))
    replica.changed = primary.changed
    return "InSync", None


def _settle(primary: StoredSecret, entry: CrossAccountReplica, outcome: _Outcome) -> None:
    """Show on both sides how a replication has ended."""
    status, message = outcome
    primary.cross_account_replica = replace(entry, status=status, message=message)
    if entry.secret is not None:
        entry.secret.cross_account_primary = CrossAccountPrimary(primary.arn, status, message, primary)


def _picture(secret: StoredSecret) -> tuple[Any, ...]:
    """Return what a replica has of its primary: the labels, and the values that have labels."""
    versions = (secret.versions[version_id] for version_id in set(secret.labels.values()))
    return dict(secret.labels), {version.id: version.value for version in versions}
