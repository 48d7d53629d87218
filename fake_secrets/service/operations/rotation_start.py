"""How RotateSecret or the clock opens a rotation, or resumes an open one."""

from __future__ import annotations

from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.replication import follow
from fake_secrets.service.operations.rotation_progress import may_retry
from fake_secrets.service.operations.versions import room_for_version
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.state.events import rotation_event
from fake_secrets.service.state.model import RotationState, StartedRotation, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["NOT_COMPLETE", "open_due_rotation", "open_rotation", "reattempt"]

NOT_COMPLETE = "A previous rotation isn't complete. That rotation will be reattempted."


def open_rotation(
    store: Store, secret: StoredSecret, rotation: RotationState, token: str, now: float, *, is_test: bool = False
) -> StartedRotation:
    """Open a rotation: add a version with AWSPENDING.

    The version is empty, or a copy of the current version if the function is only tested.

    Args:
        store: the store, whose quotas apply.
        secret: the secret.
        rotation: how the secret is rotated from now on.
        token: the new version's id.
        now: epoch seconds.
        is_test: whether the function is only tested.

    Returns:
        The rotation to run.

    Raises:
        LimitExceededException (400): too many labels or versions.

    Source: rotation-facts 1.1 [A], 1.4 [A].
    """
    quotas = store.quotas
    labels = stages.open_rotation(secret.labels, token, quota=quotas.labels)
    outdated = room_for_version(secret, labels, quotas.versions, now)
    current = secret.versions.get(secret.labels.get(AWSCURRENT, "")) if is_test else None
    store.save(secret)
    store.begin_write(now, secret, [secret.versions[version_id] for version_id in outdated])
    rotation.open(token, store.ids.uuid(), is_test=is_test)
    secret.rotation = rotation
    secret.add_version(token, None if current is None else current.value, now)
    secret.labels = labels
    secret.remove_versions(outdated)
    secret.changed = now
    store.events.add([rotation_event("Started", secret, token, now, is_test=is_test)])
    return _started(secret, rotation, is_test=is_test)


def reattempt(secret: StoredSecret) -> StartedRotation | None:
    """Return a secret's open rotation for another attempt, or None if there is none that can be attempted."""
    rotation = secret.rotation
    if rotation is None or rotation.open_token is None or may_retry(secret, rotation.open_token) is not None:
        return None
    return _started(secret, rotation)


def open_due_rotation(store: Store, secret: StoredSecret, now: float) -> StartedRotation | None:
    """Open a secret's due rotation, or resume the open one.

    Args:
        store: the store.
        secret: a secret whose rotation is due.
        now: epoch seconds.

    Returns:
        The rotation to run, or None if the previous one is still running or can't be retried.

    Source: rotation-facts 1.1, 1.2. An incomplete rotation is attempted again with its own token
        [B]. The next window does this too [D].
    """
    rotation = secret.rotation
    assert rotation is not None  # noqa: S101 -- nothing else is due
    is_window = rotation.window is not None and rotation.window <= now
    rotation.retry_at = None
    if is_window:
        rotation.skip_missed(now)
    if rotation.running_token is not None:
        return None
    if not is_window:
        return reattempt(secret)
    token = store.ids.uuid()
    if stages.is_rotation_open(secret.labels):
        return reattempt(secret) or _refused(store, secret, token, now, NOT_COMPLETE)
    try:
        started = open_rotation(store, secret, rotation, token, now)
    except ServiceError as error:
        return _refused(store, secret, token, now, error.message)
    follow(store, secret)
    return started


def _started(secret: StoredSecret, rotation: RotationState, *, is_test: bool = False) -> StartedRotation:
    return StartedRotation(
        secret, str(rotation.open_token), rotation.lambda_arn, str(rotation.rotation_token), is_test
    )


def _refused(store: Store, secret: StoredSecret, token: str, now: float, message: str) -> StartedRotation:
    """Record that a due rotation can't be opened. No call is waiting that could report the error [D]."""
    store.events.add([rotation_event("Failed", secret, token, now, message=message)])
    arn = secret.rotation.lambda_arn if secret.rotation else None
    return StartedRotation(secret, token, arn, "", refusal=message)
