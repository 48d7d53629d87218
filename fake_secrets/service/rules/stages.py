"""All rules of staging labels, as pure functions.

A label map gives the version that each staging label is on: ``{"AWSCURRENT": version_id, ...}``.
"At most one version per label" (api-facts I1) holds by construction. Each function takes a label
map and returns a new one, or raises `ServiceError`. No function changes the map that it was given.
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
    """Return the labels of one version; an empty list means that it is deprecated."""
    found = []
    # Not a comprehension: before Python 3.12 each makes a function of its own.
    for label, holder in labels.items():
        if holder == version_id:
            found.append(label)
    return found


def by_version(labels: Labels) -> dict[str, list[str]]:
    """Return the map the other way round: version id to labels. No list is empty."""
    versions: dict[str, list[str]] = {}
    for label, version_id in labels.items():
        versions.setdefault(version_id, []).append(label)
    return versions


def is_rotation_open(labels: Labels) -> bool:
    """Return whether a rotation is incomplete: AWSPENDING is on a version that isn't current [B]."""
    pending = labels.get(AWSPENDING)
    return pending is not None and pending != labels.get(AWSCURRENT)


def open_rotation(labels: Labels, version_id: str, *, quota: int = LABEL_QUOTA) -> dict[str, str]:
    """Put AWSPENDING on the empty version that a rotation begins with, wherever the label was before.

    Args:
        labels: the label map before the call.
        version_id: the empty version.
        quota: how many labels the secret may have in all.

    Raises:
        LimitExceededException (400): the secret would have more labels than the quota.

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
        is_first_version: whether the secret had no version before the call. A first version gets
            AWSCURRENT in addition to the requested labels.
        quota: how many labels the secret may have in all.

    Returns:
        The new map. If AWSCURRENT moves, its old holder gets AWSPREVIOUS, and AWSPENDING is
        removed from every other version: from the old current version and from the version of
        an open rotation.

    Raises:
        LimitExceededException (400): the secret would have more labels than the quota.

    Source: PutSecretValue; api-facts 6.1 I3, I5 [A], I5b [B], I9 [B]; 6.2. AWSPENDING is also
        removed from a third version that it was put on by hand (I5c) [D]. If AWSCURRENT moves,
        AWSPREVIOUS goes to its old holder, even if the same call requests AWSPREVIOUS [D].
    """
    moves_current = requested is None or is_first_version or AWSCURRENT in requested
    after = dict(labels)
    if moves_current and after.get(AWSPENDING) != version_id:
        after.pop(AWSPENDING, None)
    after.update({stage: version_id for stage in requested or () if stage != AWSCURRENT})
    if moves_current:
        _advance_current(after, version_id)
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
        version_ids: every version of the secret.
        label: VersionStage.
        remove_from: RemoveFromVersionId, or None if it wasn't sent.
        move_to: MoveToVersionId, or None if it wasn't sent.
        quota: how many labels the secret may have in all.

    Returns:
        The new map. It equals the old one if the label is already where it should be (rows 5, 7).

    Raises (in the order checked):
        InvalidParameterException (400): neither version id is given (row 1) [D].
        ResourceNotFoundException (400): a version id is unknown (rows 10, 11) [D].
        InvalidParameterException (400): `remove_from` doesn't hold the label (rows 3, 9) [B; the
            text is a guess, D]; AWSCURRENT would be removed (row 8, M30) [C]; another version holds
            the label and `remove_from` is absent (row 4, M29) [A].
        LimitExceededException (400): the secret would have more labels than the quota [B].

    Source: UpdateSecretVersionStage; api-facts 6.3. AWSPENDING stays on a version that
        becomes current [A]. It is removed from the version that AWSCURRENT leaves, as it is
        when a value is put [D].
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
        _advance_current(after, move_to)
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


def _advance_current(after: dict[str, str], version_id: str) -> None:
    """Put AWSCURRENT on a version, and AWSPREVIOUS on the version that it leaves (api-facts I3, I4).

    Args:
        after: the map, which is changed: the caller has just made it.
        version_id: the version.
    """
    holder = after.get(AWSCURRENT)
    after[AWSCURRENT] = version_id
    if holder is not None and holder != version_id:
        after[AWSPREVIOUS] = holder


def _within_quota(before: Labels, after: dict[str, str], quota: int) -> dict[str, str]:
    """Return the new map, but refuse one that has grown beyond the quota.

    A map that was over the quota before may stay as large as it was.
    """
    if len(after) > quota and len(after) > len(before):
        # No source records AWS's text; the code is documented [B].
        raise ServiceError(
            "LimitExceededException", "You exceeded the maximum number of staging labels for a secret."
        )
    return after
