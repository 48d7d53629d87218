"""A secret's life: CreateSecret, UpdateSecret, DeleteSecret, RestoreSecret."""

from __future__ import annotations

from typing import Any

from fake_secrets import clock
from fake_secrets.arns import secret_arn
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations import cross_account, replication
from fake_secrets.service.operations.tags import merge_tags
from fake_secrets.service.operations.values import plan_value, token_in_use, token_of, value_of
from fake_secrets.service.state.access import refuse_cross_account_replica, refuse_managed, refuse_replica
from fake_secrets.service.state.events import version_events
from fake_secrets.service.state.index import check_name, check_secret_id
from fake_secrets.service.state.key_names import check_key
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["create_secret", "delete_secret", "restore_secret", "update_secret"]

_METADATA = frozenset({"Description", "KmsKeyId", "Type"})

DEFAULT_RECOVERY_WINDOW = 30
_RECOVERY_WINDOWS = range(7, 31)


def create_secret(store: Store, request: Request) -> dict[str, Any]:
    """Create a secret, with a first version if a value is given.

    Args:     Name, ClientRequestToken, SecretString or SecretBinary, Description, KmsKeyId, Tags,
              Type, AddReplicaRegions, ForceOverwriteReplicaSecret (ignored without them),
              CrossAccountPrimaryARN.
    Returns:  ARN, Name; VersionId only if a value was given [A]; ReplicationStatus only if
              AddReplicaRegions was given [B].
    Raises (in the order checked):
        ValidationException (400): M10 [A].
        InvalidRequestException (400): no token, M9 [A].
        InvalidParameterException (400): both values, M11 [C]. ValidationException (M44).
        InvalidParameterException (400): see `cross_account.check_creation`.
        InvalidRequestException (400): the name is scheduled for deletion, M6 [A].
        ResourceExistsException (400): the name exists. M8 if the token is the id of one of its
            versions and the value differs, else M7 [A]. A call with the same token and value
            gets the same response as the first one [A].
        LimitExceededException (400): the account has as many secrets in this region as the
            quota allows [B; text D].
        InvalidParameterException (400): see `tags.merge_tags` and `replication.check_regions`.
        InvalidParameterException (M52, M49), AccessDeniedException (M41): see `check_key`.
        AccessDeniedException (M41), EncryptionFailure: see `Keys.check_encryption`.
    Source:   CreateSecret; api-facts 5, 7.
    """
    members = request.members
    name = members["Name"]
    check_name(name)
    token = token_of(request)
    value = value_of(store, request)
    primary = cross_account.check_creation(request)
    existing = store.named(request.account_id, request.region, name)
    if existing is not None:
        return _repeat_creation(existing, token, value)
    if store.count(request.account_id, request.region) >= store.quotas.secrets:
        raise ServiceError("LimitExceededException", "You exceeded the maximum number of secrets.")
    tags = merge_tags(None, members.get("Tags") or [], store.quotas.tags)
    added = members.get("AddReplicaRegions") or []
    replication.check_regions(store, request, added)
    check_key(members.get("KmsKeyId") or None, request.region)
    secret = _new_secret(store, request, tags)
    secret.across_accounts = primary
    response: dict[str, Any] = {"ARN": secret.arn, "Name": name}
    if value is not None:
        store.keys.check_encryption(request, secret, secret.kms_key_id, token)
        plan_value(store, secret, token, value, now=request.now).keep(store, secret, request.now)
        response["VersionId"] = token
    store.begin_write(request.now)
    store.add(secret)
    if added:
        response["ReplicationStatus"] = replication.replicate(store, request, secret, added)
    return response


def update_secret(store: Store, request: Request) -> dict[str, Any]:
    """Change a secret's description, key or type, or give it a new current value.

    Args:     SecretId, ClientRequestToken, SecretString or SecretBinary, Description ("" clears
              it), KmsKeyId ("" restores the default key), Type.
    Returns:  ARN, Name; VersionId only if a value was sent [A].
    Raises (in the order checked):
        ValidationException (M10), InvalidRequestException (M9), InvalidParameterException (M11),
        ValidationException (M44), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33), InvalidRequestException (M50).
        InvalidRequestException (400): a value for the replica of another account's secret [D].
        InvalidParameterException (400): the default key for such a replica [rule B, code D].
        InvalidParameterException (M52, M49), AccessDeniedException (M41): the key changes and
            the new one is wrong; see `check_key`.
        InvalidRequestException (M40), AccessDeniedException (M41), DecryptionFailure,
            EncryptionFailure: the key changes and the old or the new key can't be used, or a
            value is given and its key can't be used; see `Keys`. Without a value, a new key
            that is denied is accepted, and nothing is encrypted again [B].
        The errors of `plan_value`.
    Source:   UpdateSecret; api-facts 5, 7. A call with the same token and value succeeds and
              changes nothing [A], although the service model's text says otherwise. A call
              without any member to change moves LastChangedDate too [D]. A new key encrypts the
              versions of AWSCURRENT, AWSPENDING and AWSPREVIOUS again [B].
    """
    members = request.members
    check_secret_id(members["SecretId"])
    token = token_of(request)
    value = value_of(store, request)
    secret = store.get_primary(request)
    refuse_managed(secret)
    new_key = members["KmsKeyId"] or None if "KmsKeyId" in members else secret.kms_key_id
    if secret.cross_account_primary is not None:
        _check_update_of_replica(secret, value, new_key)
    changes_key = new_key != secret.kms_key_id
    reencrypted: list[StoredVersion] = []
    if changes_key:
        check_key(new_key, secret.region)
        reencrypted = store.keys.to_reencrypt(request, secret, new_key)
    planned = None
    if value is not None:
        store.keys.check_encryption(request, secret, new_key, token)
        planned = plan_value(store, secret, token, value, now=request.now)
    changes_metadata = planned is None or not _METADATA.isdisjoint(members)
    if changes_metadata or (planned is not None and planned.labels is not None):
        changed = [*reencrypted, *(planned.replaced(secret) if planned else ())]
        store.begin_write(request.now, secret, changed)
    secret.kms_key_id = new_key
    for version in reencrypted:
        version.kms_key_id = new_key
    secret.description = members.get("Description", secret.description)
    secret.type = members.get("Type", secret.type)
    if changes_metadata:
        secret.changed = request.now
    response = {"ARN": secret.arn, "Name": secret.name}
    if planned is not None:
        planned.keep(store, secret, request.now)
        response["VersionId"] = token
    return response


def delete_secret(store: Store, request: Request) -> dict[str, Any]:
    """Schedule a secret for deletion after a recovery window, or delete it at once.

    Args:     SecretId, RecoveryWindowInDays (7 to 30, default 30), ForceDeleteWithoutRecovery.
    Returns:  ARN, Name, DeletionDate (the end of the window, but at most the latest date that a client
              can show; now if forced).
    Raises (in the order checked):
        InvalidParameterException (400): the window is out of range, M13 [C]; both window and
            force are given, M14 [C-].
        ValidationException (400): M10.
        ResourceNotFoundException (400): M1, unless forced. A forced deletion of a secret that
            never existed succeeds [A].
        InvalidRequestException (400): the secret is already scheduled for deletion and the call
            isn't forced, M5 [D].
        InvalidParameterException (400): a replica, M33 [C]; a primary that has replicas, M35 [C].
            AWS's order of the regions is unknown; here it is the order in which they were added.
        InvalidRequestException (400): a primary or a replica of another account's secret that hasn't
            parted from it on its own side, forced or not [rule B: api-2026 5; code D].
        InvalidRequestException (400): M50 [D].
    Source:   DeleteSecret; api-facts 3, 4.1, 5. A forced deletion takes effect at once [D].
              For a secret that never existed, the response has an ARN with a random suffix [D].
    """
    window = request.members.get("RecoveryWindowInDays")
    is_forced = bool(request.members.get("ForceDeleteWithoutRecovery"))
    _check_window(window, is_forced=is_forced)
    if is_forced:
        return _delete_now(store, request)
    secret = store.get_live(request)
    _check_deletion(secret)
    days = DEFAULT_RECOVERY_WINDOW if window is None else window
    store.begin_write(request.now, secret)
    secret.deleted = secret.changed = request.now
    store.events.add(version_events("StartSecretVersionDelete", secret, request.now))
    due = request.now + days * clock.SECONDS_PER_DAY
    store.schedule_deletion(secret, due)
    return _deleted(store, secret.arn, secret.name, min(due, clock.LATEST))


def restore_secret(store: Store, request: Request) -> dict[str, Any]:
    """Cancel a scheduled deletion.

    Args:     SecretId.
    Returns:  ARN, Name.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidParameterException (M33) [D].
    Source:   RestoreSecret; api-facts 3, 5. For a secret that isn't scheduled for deletion, the
              response is the same and nothing changes [D]. Rotations that fell due while the
              secret was scheduled for deletion are skipped [D].
    """
    secret = store.get(request)
    refuse_replica(secret)
    if secret.deleted is not None:
        store.begin_write(request.now, secret)
        secret.deleted = secret.deletion_date = None
        secret.changed = request.now
        store.events.add(version_events("CancelSecretVersionDelete", secret, request.now))
        if secret.rotation is not None:
            secret.rotation.skip_missed(request.now)
    return {"ARN": secret.arn, "Name": secret.name}


def _new_secret(store: Store, request: Request, tags: list[dict[str, str]] | None) -> StoredSecret:
    members, name = request.members, request.members["Name"]
    suffix = request.suffix or store.ids.arn_suffix()
    return StoredSecret(
        arn=secret_arn(request.region, request.account_id, name, suffix, request.partition),
        name=name,
        region=request.region,
        account_id=request.account_id,
        created=request.now,
        changed=request.now,
        description=members.get("Description"),
        kms_key_id=members.get("KmsKeyId") or None,
        tags=tags,
        type=members.get("Type"),
    )


def _check_update_of_replica(replica: StoredSecret, value: str | bytes | None, new_key: str | None) -> None:
    if value is not None:
        refuse_cross_account_replica(replica)
    cross_account.check_replica_key(new_key)


def _repeat_creation(existing: StoredSecret, token: str, value: str | bytes | None) -> dict[str, Any]:
    if existing.deleted is not None:
        raise ServiceError(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )
    version = existing.versions.get(token)
    if value is None or version is None:
        raise ServiceError(
            "ResourceExistsException", f"The operation failed because the secret {existing.name} already exists."
        )
    if version.value != value:
        raise token_in_use(existing, token)
    return {"ARN": existing.arn, "Name": existing.name, "VersionId": token}


def _check_window(window: int | None, *, is_forced: bool) -> None:
    if window is None:
        return
    if window not in _RECOVERY_WINDOWS:
        raise ServiceError(
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )
    if is_forced:
        raise ServiceError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )


def _check_deletion(secret: StoredSecret) -> None:
    refuse_replica(secret)
    if secret.replicas:
        regions = ", ".join(secret.replicas)
        raise ServiceError(
            "InvalidParameterException",
            f"You can't delete secret {secret.arn} that still has replica regions [{regions}].",
        )
    refuse_cross_account_replica(secret)
    entry = secret.cross_account_replica
    if entry is not None:
        raise ServiceError(
            "InvalidRequestException",
            f"You can't delete secret {secret.arn} that still has the cross-account replica {entry.arn}.",
        )
    refuse_managed(secret)


def _delete_now(store: Store, request: Request) -> dict[str, Any]:
    secret_id = request.members["SecretId"]
    secret = store.find(request, secret_id)
    if secret is not None:
        _check_deletion(secret)
        if secret.deleted is None:
            store.events.add(version_events("StartSecretVersionDelete", secret, request.now))
        store.begin_write(request.now)
        store.events.add(version_events("EndSecretVersionDelete", secret, request.now))
        store.remove(secret)
        return _deleted(store, secret.arn, secret.name, request.now)
    arn = secret_id
    if not arn.startswith("arn:"):
        suffix = store.ids.arn_suffix()
        arn = secret_arn(request.region, request.account_id, secret_id, suffix, request.partition)
    return _deleted(store, arn, secret_id, request.now)


def _deleted(store: Store, arn: str, name: str, date: float) -> dict[str, Any]:
    store.told = {"ARN": arn, "DeletionDate": date}
    return {"ARN": arn, "Name": name, "DeletionDate": date}
