"""Versions and their staging labels: ListSecretVersionIds, UpdateSecretVersionStage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations import paging
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.state.access import refuse_cross_account_replica, refuse_managed
from fake_secrets.service.state.key_names import is_default_key
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = [
    "list_secret_version_ids",
    "refuse_deleted",
    "room_for_version",
    "update_secret_version_stage",
    "version_to_read",
]

_DEFAULT_KEY = "DefaultEncryptionKey"


def list_secret_version_ids(store: Store, request: Request) -> dict[str, Any]:
    """List a secret's versions that have a value, in the order of their creation.

    Args:     SecretId, IncludeDeprecated, MaxResults (default 100), NextToken.
    Returns:  ARN, Name, Versions (VersionId, CreatedDate, KmsKeyIds; VersionStages unless
              deprecated; LastAccessedDate once read), NextToken if more follow.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1).
        InvalidNextTokenException (400): the token belongs to another request [code B, text D].
    Source:   ListSecretVersionIds; api-facts 5 [A]. The versions of a secret scheduled for
              deletion are listed [B]. The empty version of an open rotation isn't listed until
              it is filled, but DescribeSecret shows it [B: api-2026 X40, X41]. The order in
              which AWS lists versions is unknown [D].
    """
    secret = store.get(request)
    include_deprecated = bool(request.members.get("IncludeDeprecated"))
    held = set(secret.labels.values())

    def after(position: list[Any] | None) -> list[StoredVersion]:
        last = [-1] if position is None else position
        return [
            version
            for version in secret.versions.values()
            if version.value is not None and (include_deprecated or version.id in held) and [version.serial] > last
        ]

    page, next_token = paging.paginate(
        after, request, key=lambda version: [version.serial], scope=(secret.arn, include_deprecated)
    )
    following = {} if next_token is None else {"NextToken": next_token}
    entries = [_entry(secret, version) for version in page]
    return {"Versions": entries, **following, "ARN": secret.arn, "Name": secret.name}


def update_secret_version_stage(store: Store, request: Request) -> dict[str, Any]:
    """Move a staging label to a version, attach it, or remove it.

    Args:     SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId.
    Returns:  ARN, Name.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33) [D], InvalidRequestException
        (M50) [D], InvalidRequestException (400): the replica of another account's secret [D].
        InvalidRequestException (400): one of the two versions was deleted, M53 [D]; see
            `refuse_deleted`.
        The errors of `stages.move`.
    Source:   UpdateSecretVersionStage; api-facts 6.3. LastChangedDate moves [A-], unless no
              label does [D].
    """
    secret = store.get_primary(request)
    refuse_managed(secret)
    refuse_cross_account_replica(secret)
    members = request.members
    remove_from, move_to = members.get("RemoveFromVersionId"), members.get("MoveToVersionId")
    for version_id in (remove_from, move_to):
        if version_id is not None and version_id not in secret.versions:
            refuse_deleted(secret, version_id)
    labels = stages.move(
        secret.labels,
        secret.versions,
        members["VersionStage"],
        remove_from,
        move_to,
        quota=store.quotas.labels,
    )
    if labels != secret.labels:
        if secret.rotation is None and not secret.replicas and secret.across_accounts is None:
            store.writes.append((request.now, secret, secret.labels, secret.changed))
        else:
            store.begin_write(request.now, secret)
        secret.labels = labels
        secret.changed = request.now
    return {"ARN": secret.arn, "Name": secret.name}


def refuse_deleted(secret: StoredSecret, version_id: str) -> None:
    """Refuse a version that the secret doesn't have any more. An id that it never had passes.

    Args:
        secret: the secret.
        version_id: the id of a version that isn't among the secret's versions.

    Raises:
        InvalidRequestException (400): the version was removed to make room for a newer one,
            M53 [C], or because it only served the test of a rotation function [D].

    Source: recorded for GetSecretValue. How long AWS remembers a version is unknown; here it is
        until 1,000 more are removed [D].
    """
    if any(version.id == version_id for version in secret.removed.values()):
        raise ServiceError(
            "InvalidRequestException",
            f"You can't perform this operation on secret version {version_id} because it was deleted.",
        )


def version_to_read(secret: StoredSecret, request: Request) -> StoredVersion:
    """Return the version that a request reads by VersionId or VersionStage: by default, that with AWSCURRENT.

    Raises (in the order checked):
        InvalidRequestException (400): the version was deleted, M53; see `refuse_deleted`.
        ResourceNotFoundException (400): M3, or M2.
        InvalidRequestException (400): the version lacks the label, M4.

    Source: see `values.get_secret_value`.
    """
    version_id = request.members.get("VersionId")
    label = request.members.get("VersionStage")
    if version_id is None:
        label = label or AWSCURRENT
        version = secret.versions.get(secret.labels.get(label, ""))
    else:
        version = secret.versions.get(version_id)
        if version is None:
            refuse_deleted(secret, version_id)
        elif label and secret.labels.get(label) != version_id:
            raise ServiceError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            )
    if version is None or version.value is None:
        # The error names an unknown version by its id, even if a label is given too.
        by_label = label and (version is not None or version_id is None)
        what = f"staging label: {label}" if by_label else f"VersionId: {version_id}"
        raise ServiceError(
            "ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {what}"
        )
    return version


def room_for_version(secret: StoredSecret, labels: stages.Labels, quota: int, now: float) -> Sequence[str]:
    """Return the deprecated versions to remove so that one more version fits: the oldest, and no more.

    Args:
        secret: the secret that gets a version.
        labels: the secret's new label map.
        quota: how many versions the secret may have.
        now: epoch seconds.

    Raises:
        LimitExceededException (400): not enough versions are deprecated and older than 24 hours
            [B; text D].

    Source: api-facts 6.5 [B]. The quota is never exceeded [D].
    """
    excess = len(secret.versions) + 1 - quota
    if excess <= 0:
        return ()
    held = set(labels.values())
    removable = [
        version.id
        for version in secret.versions.values()
        if version.id not in held and now - version.created >= clock.SECONDS_PER_DAY
    ]
    if excess > len(removable):
        raise ServiceError("LimitExceededException", "You exceeded the maximum number of versions for a secret.")
    return removable[:excess]


def _entry(secret: StoredSecret, version: StoredVersion) -> dict[str, Any]:
    entry: dict[str, Any] = {"VersionId": version.id}
    labels = stages.labels_of(secret.labels, version.id)
    if labels:
        entry["VersionStages"] = labels
    if version.accessed is not None:
        entry["LastAccessedDate"] = version.accessed
    entry["CreatedDate"] = version.created
    entry["KmsKeyIds"] = [_DEFAULT_KEY if is_default_key(version.kms_key_id) else version.kms_key_id]
    return entry
