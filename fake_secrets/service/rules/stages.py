"""All rules of staging labels, as pure functions.

A label map has the version id of each staging label: ``{"AWSCURRENT": version_id, ...}``. It can't
break the rule that a label is on at most one version (api-facts I1). Each function takes a map and
returns a new one, or raises `ServiceError`. No function changes its arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fake_secrets.errors import ServiceError

__all__ = [
    "AWSCURRENT",
    "AWSPENDING",
    "AWSPREVIOUS",
    "LABEL_QUOTA",
    "Labels",
    "attach",
    "by_version",
    "is_rotation_open",
    "labels_of",
    "move",
    "open_rotation",
]

Labels = Mapping[str, str]

AWSCURRENT = "AWSCURRENT"
AWSPENDING = "AWSPENDING"
AWSPREVIOUS = "AWSPREVIOUS"

LABEL_QUOTA = 20


def labels_of(labels: Labels, version_id: str) -> list[str]:
    """Return the labels of one version. A version without labels is deprecated."""
    return [label for label, holder in labels.items() if holder == version_id]


def by_version(labels: Labels) -> dict[str, list[str]]:
    """Return the labels of each version that has any: version id to labels."""
    versions: dict[str, list[str]] = {}
    for label, version_id in labels.items():
        versions.setdefault(version_id, []).append(label)
    return versions


def is_rotation_open(labels: Labels) -> bool:
    """Return whether a rotation is incomplete: AWSPENDING is on a version that isn't current [B]."""
    pending = labels.get(AWSPENDING)
    return pending is not None and pending != labels.get(AWSCURRENT)


def open_rotation(labels: Labels, version_id: str, *, quota: int = LABEL_QUOTA) -> dict[str, str]:
    """Move AWSPENDING to the empty version with which a rotation begins.

    Args:
        labels: the label map before the call.
        version_id: the empty version.
        quota: the number of labels that the secret can have in all.

    Raises:
        LimitExceededException (400): the secret would have more labels than the quota allows.

    Source: RotateSecret; api-facts 10 [A], 6.1 I9 [B].
    """
    return _within_quota(labels, {**labels, AWSPENDING: version_id}, quota)


def attach(
    labels: Labels,
    version_id: str,
    requested: Sequence[str] | None,
    *,
    is_first_version: bool,
    quota: int = LABEL_QUOTA,
) -> dict[str, str]:
    """Attach labels to a version whose value is being stored (PutSecretValue, UpdateSecret).

    Args:
        labels: the label map before the call.
        version_id: the version that gets the value.
        requested: VersionStages as sent; None means AWSCURRENT.
        is_first_version: whether the secret had no version before. The first version gets
            AWSCURRENT in addition to the requested labels.
        quota: the number of labels that the secret can have in all.

    Returns:
        The new map. If AWSCURRENT moves, its old holder gets AWSPREVIOUS, and every other version
        loses AWSPENDING: both the old current version and a version in flight.

    Raises:
        LimitExceededException (400): the secret would have more labels than the quota allows.

    Source: PutSecretValue; api-facts 6.1 I3, I5 [A], I5b [B], I9 [B]; 6.2. A third version
        that got AWSPENDING by hand loses it too (I5c) [D]. If AWSCURRENT moves in the same call, an
        explicitly requested AWSPREVIOUS has no effect [D].
    """
    moves_current = requested is None or is_first_version or AWSCURRENT in requested
    after = dict(labels)
    if moves_current and after.get(AWSPENDING) != version_id:
        after.pop(AWSPENDING, None)
    after.update({stage: version_id for stage in requested or () if stage != AWSCURRENT})
    if moves_current:
        after = _advance_current(after, version_id)
    return _within_quota(labels, after, quota)


def move(
    labels: Labels,
    version_ids: Collection[str],
    label: str,
    remove_from: str | None,
    move_to: str | None,
    *,
    quota: int = LABEL_QUOTA,
) -> dict[str, str]:
    """Move, attach or remove one label by the decision table of UpdateSecretVersionStage.

    Args:
        labels: the label map before the call.
        version_ids: the ids of all versions of the secret.
        label: VersionStage.
        remove_from: RemoveFromVersionId, or None if it wasn't sent.
        move_to: MoveToVersionId, or None if it wasn't sent.
        quota: the number of labels that the secret can have in all.

    Returns:
        The new map. It equals the old one if the label is already on the right version (rows 5, 7).

    Raises (in the order checked):
        InvalidParameterException (400): neither version id is given (row 1) [D].
        ResourceNotFoundException (400): a version id is unknown (rows 10, 11) [D].
        InvalidParameterException (400): `remove_from` doesn't hold the label (rows 3, 9)
            [B, text D]; AWSCURRENT would be removed (row 8) [C]; the label is attached
            elsewhere and `remove_from` is absent (row 4) [A].
        LimitExceededException (400): the secret would have more labels than the quota allows [B].

    Source: UpdateSecretVersionStage; api-facts 6.3. A version that becomes current keeps
        AWSPENDING [A]. The version that loses AWSCURRENT also loses AWSPENDING, as with a put [D].
    """
    if remove_from is None and move_to is None:
        raise ServiceError("InvalidParameterException", "You must provide RemoveFromVersionId or MoveToVersionId.")
    for version_id in (remove_from, move_to):
        if version_id is not None and version_id not in version_ids:
            raise ServiceError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret version."
            )
    holder = labels.get(label)
    if remove_from is not None and remove_from != holder:
        raise ServiceError(
            "InvalidParameterException",
            f"When you move staging label {label}, if you specify RemoveFromVersionId, it must be set "
            f"to the version that currently has the staging label {label}.",
        )
    if move_to is None:
        return _remove(labels, label)
    if holder == move_to:
        return dict(labels)
    if holder is not None and remove_from is None:
        raise ServiceError(
            "InvalidParameterException",
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently "
            f"attached to version {holder}, so you must explicitly reference that version in "
            "RemoveFromVersionId.",
        )
    after = dict(labels)
    if label == AWSCURRENT:
        if after.get(AWSPENDING) == holder:
            after.pop(AWSPENDING, None)
        after = _advance_current(after, move_to)
    else:
        after[label] = move_to
    return _within_quota(labels, after, quota)


def _remove(labels: Labels, label: str) -> dict[str, str]:
    if label == AWSCURRENT:
        raise ServiceError(
            "InvalidParameterException",
            "You can only move staging label AWSCURRENT to a different secret version. "
            "It can't be completely removed.",
        )
    return {other: holder for other, holder in labels.items() if other != label}


def _advance_current(labels: dict[str, str], version_id: str) -> dict[str, str]:
    """Move AWSCURRENT to a version, and AWSPREVIOUS to its old holder (api-facts I3, I4)."""
    holder = labels.get(AWSCURRENT)
    after = {**labels, AWSCURRENT: version_id}
    if holder is not None and holder != version_id:
        after[AWSPREVIOUS] = holder
    return after


def _within_quota(before: Labels, after: dict[str, str], quota: int) -> dict[str, str]:
    """Return the new map, unless it has grown beyond the quota. Existing labels can stay above it."""
    if len(after) > max(quota, len(before)):
        # AWS documents the code [B]. No source has its text.
        raise ServiceError(
            "LimitExceededException", "You exceeded the maximum number of staging labels for a secret."
        )
    return after
