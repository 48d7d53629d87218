"""What happens to an open rotation: its attempts, its end, and its retries."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal

from fake_secrets.service.operations.replication import follow
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.state.events import rotation_event
from fake_secrets.service.state.model import RotationState, StartedRotation, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = [
    "NOT_MOVED",
    "begin_attempt",
    "check_pending",
    "current_has_moved",
    "delivering",
    "end_attempt",
    "end_test",
    "give_up",
    "is_repeated_at_once",
    "is_running",
    "may_retry",
    "pause",
    "remove_test",
    "store_managed_value",
    "was_abandoned",
    "why_unfinished",
]

NOT_MOVED = (
    "AWSCURRENT isn't on the new version, though no step raised; finishSecret has to move it there with "
    "update_secret_version_stage"
)


def begin_attempt(secret: StoredSecret, token: str) -> bool:
    """Record that a secret's rotation function is about to run for the version with id `token`.

    Returns:
        False if an attempt for that version is already running or about to run.
    """
    rotation = secret.rotation
    if rotation is None:
        return True
    if rotation.running_token == token:
        return False
    rotation.running_token = token
    if rotation.open_token == token:
        rotation.retry_at, rotation.was_tried = None, False
    return True


def is_running(started: StartedRotation) -> bool:
    """Return whether an attempt of a rotation is running or about to run."""
    rotation = started.secret.rotation
    return rotation is not None and rotation.running_token == started.token


def pause(secret: StoredSecret, token: str) -> None:
    """Record that a secret's rotation function isn't running at the moment."""
    rotation = secret.rotation
    if rotation is not None and rotation.running_token == token:
        rotation.running_token = None


def give_up(secret: StoredSecret, token: str) -> None:
    """Record that the current attempt has ended, or will never begin."""
    pause(secret, token)
    rotation = secret.rotation
    if rotation is not None and rotation.open_token == token:
        rotation.was_tried = True


@contextlib.contextmanager
def delivering(secret: StoredSecret, token: str) -> Iterator[None]:
    """Take the calls inside a `with` block, which delivers a step by hand, for those of the rotation function."""
    rotation = secret.rotation
    is_idle = rotation is not None and rotation.running_token is None
    if rotation is not None:
        # An attempt that is running may end before the delivery does.
        rotation.delivered += (token,)
    if rotation is not None and is_idle:
        rotation.running_token = token
    try:
        yield
    finally:
        if rotation is not None:
            others = list(rotation.delivered)
            others.remove(token)
            rotation.delivered = tuple(others)
        if rotation is not None and is_idle and rotation.running_token == token:
            rotation.running_token = None


def check_pending(secret: StoredSecret, token: str) -> str | None:
    """Return why Secrets Manager refuses a filled pending version, or None if it accepts it.

    Source: rotation-facts 1.2. The version is refused if another principal filled it without
        RotationToken [B]. This is checked as soon as createSecret has passed [D].
    """
    version, rotation = secret.versions.get(token), secret.rotation
    if version is None or version.stranger is None or rotation is None or rotation.lambda_arn is None:
        return None
    return (
        f"Pending secret version {token} for Secret {secret.arn} was not created by Lambda {rotation.lambda_arn}. "
        "Remove the AWSPENDING staging label and restart rotation"
    )


def store_managed_value(store: Store, secret: StoredSecret, token: str, value: str | bytes, now: float) -> None:
    """Store the new value of a rotation by AWS or a partner, and make it current.

    AWSPENDING stays on the version, as after any rotation [A: rotation-facts 0; for this one D].

    Raises:
        LimitExceededException (400): too many labels.
    """
    version = secret.versions.get(token)
    # The secret may have been deleted or changed while the value was made.
    if version is None or secret.labels.get(AWSPENDING) != token:
        return
    current = secret.labels.get(AWSCURRENT)
    quota = store.quotas.labels
    labels = stages.move(secret.labels, secret.versions, AWSCURRENT, current, token, quota=quota)
    store.begin_write(now, secret, [version])
    version.value, version.kms_key_id = value, secret.kms_key_id
    secret.labels = labels
    secret.changed = now
    follow(store, secret)


def end_attempt(store: Store, secret: StoredSecret, token: str, now: float, failure: str | None) -> bool:
    """Record that an attempt has ended, and set the rotation's dates if it is complete.

    Args:
        store: the store.
        secret: the secret.
        token: the id of the rotation's version.
        now: epoch seconds.
        failure: the message of the failure's event, or None if all steps passed.

    Returns:
        Whether the rotation is complete: the steps passed, the version is current, and AWSPENDING
        is on that version, on no version, or on the version of a rotation that has begun since.
        LastRotatedDate and NextRotationDate are then set, unless rotation was cancelled.

    Source: rotation-facts 1.3 [B, C]. LastChangedDate comes from the call that finishes the
        rotation [A-].
    """
    give_up(secret, token)
    rotation = secret.rotation
    is_open = rotation is not None and rotation.open_token == token
    if not store.holds(secret):
        return False
    if failure is not None:
        store.events.add([rotation_event("Failed", secret, token, now, message=failure)])
        if rotation is not None and is_open:
            _plan_next_attempt(store, secret, rotation, token, now)
        return False
    # If the next rotation has begun since, AWSPENDING is on its version.
    pending = secret.labels.get(AWSPENDING)
    is_in_order = pending in {None, token} or (rotation is not None and pending == rotation.open_token)
    if secret.labels.get(AWSCURRENT) != token or not is_in_order or was_abandoned(secret, token):
        return False
    store.events.add([rotation_event("Succeeded", secret, token, now)])
    if rotation is not None and is_open:
        rotation.close()
    if rotation is not None and rotation.enabled:
        rotation.last_rotated = now
        rotation.count_from(now)
    return True


def end_test(store: Store, secret: StoredSecret, token: str, now: float, failure: str | None) -> None:
    """Record that a test of a rotation function has ended, and remove its version [B: rotation-facts 1.4]."""
    remove_test(store, secret, token)
    what: Literal["Succeeded", "Failed"] = "Succeeded" if failure is None else "Failed"
    if not store.holds(secret):
        return
    store.events.add([rotation_event(what, secret, token, now, is_test=True, message=failure)])


def remove_test(store: Store, secret: StoredSecret, token: str) -> None:
    """Remove the version of a test of a rotation function, whatever has come of the test."""
    pause(secret, token)
    rotation = secret.rotation
    if rotation is not None and rotation.open_token == token:
        rotation.close()
    if token in secret.versions and secret.labels.get(AWSCURRENT) != token:
        secret.labels = {label: holder for label, holder in secret.labels.items() if holder != token}
        secret.remove_versions([token])
    follow(store, secret)


def current_has_moved(store: Store, secret: StoredSecret, version_id: str, now: float, *, was_open: bool) -> None:
    """Record that a value has become current.

    The next rotation is counted from this moment. An open rotation of another version is abandoned.

    Args:
        store: the store, which gets the event of an abandoned rotation.
        secret: the secret.
        version_id: the version with the value.
        now: epoch seconds.
        was_open: whether a rotation was open until now.

    Source: rotation-facts 1.5 [B], 2.2 [A-].
    """
    rotation = secret.rotation
    if rotation is None:
        return
    if rotation.enabled:
        rotation.count_from(now)
    in_flight = rotation.open_token
    if was_open and in_flight is not None and in_flight != version_id:
        store.events.add([rotation_event("Abandoned", secret, in_flight, now)])
        rotation.close()
        rotation.abandoned |= {in_flight}


def was_abandoned(secret: StoredSecret, token: str) -> bool:
    """Return whether a rotation has ended because another value became current.

    A rotation isn't abandoned if AWSPENDING was put back on its version.
    """
    rotation = secret.rotation
    return rotation is not None and token in rotation.abandoned and secret.labels.get(AWSPENDING) != token


def is_repeated_at_once(secret: StoredSecret, token: str, now: float) -> bool:
    """Return whether another attempt follows at once, after one that failed at `now` (epoch seconds)."""
    rotation = secret.rotation
    if rotation is None or rotation.open_token != token or rotation.retry_at is None:
        return False
    return rotation.retry_at <= now


def may_retry(secret: StoredSecret, token: str) -> str | None:
    """Return why a rotation can't be attempted again, or None if it can.

    Args:
        secret: the secret.
        token: the id of the rotation's version.

    Source: rotation-facts 1.2, 1.5: a rotation is open while AWSPENDING is on its version and
        rotation is enabled [B]. AWS attempts the whole rotation again when any step fails [B], also one
        that has moved AWSCURRENT [D].
    """
    if secret.deleted is not None:
        return "the secret is marked for deletion"
    if secret.rotation is None or not secret.rotation.enabled:
        return (
            "rotation was cancelled. If AWSPENDING is on its version, remove it with update_secret_version_stage; "
            "then start another with fake_secrets.rotate(...)"
        )
    if secret.rotation.running_token == token:
        return "it is running"
    pending = secret.labels.get(AWSPENDING)
    is_current = secret.labels.get(AWSCURRENT) == token and secret.rotation.open_token == token
    # A step may have failed after AWSCURRENT and even AWSPENDING were moved.
    if pending == token or (is_current and pending is None):
        return None
    return "AWSPENDING isn't on its version any more; start another with fake_secrets.rotate(...)"


def why_unfinished(secret: StoredSecret, token: str) -> str:
    """Return why a rotation isn't complete although all its steps passed."""
    pending = secret.labels.get(AWSPENDING)
    if secret.labels.get(AWSCURRENT) != token:
        return NOT_MOVED
    if pending is None or pending == token:
        return "the secret isn't rotated any more"
    return (
        f"AWSPENDING is on version {pending}, though AWSCURRENT is on the new version; remove AWSPENDING from it "
        "with update_secret_version_stage"
    )


def _plan_next_attempt(
    store: Store, secret: StoredSecret, rotation: RotationState, token: str, now: float
) -> None:
    """Schedule another attempt of a failed rotation after the delay, if it has attempts left."""
    retries = store.retries
    rotation.failures += 1
    if rotation.failures >= retries.max_attempts or may_retry(secret, token) is not None:
        rotation.failures = 0
        return
    rotation.retry_at = now + retries.delay
