"""A secret's life: CreateSecret, UpdateSecret, DescribeSecret, DeleteSecret, RestoreSecret."""

from __future__ import annotations

from typing import Any

from fake_secrets import clock
from fake_secrets.errors import ServiceError
from fake_secrets.service import stages
from fake_secrets.service.arns import secret_arn
from fake_secrets.service.model import Request, RotationState, Secret
from fake_secrets.service.store import Store, check_name, check_secret_id
from fake_secrets.service.tags import merge_tags
from fake_secrets.service.values import plan_value, token_in_use, token_of, value_of

__all__ = [
    "create_secret",
    "delete_secret",
    "describe",
    "describe_secret",
    "restore_secret",
    "update_secret",
]

DEFAULT_RECOVERY_WINDOW = 30
_RECOVERY_WINDOWS = range(7, 31)


def create_secret(store: Store, request: Request) -> dict[str, Any]:
    """Create a secret, with a first version where a value is given.

    Args:     Name, ClientRequestToken, SecretString or SecretBinary, Description, KmsKeyId, Tags.
    Returns:  ARN, Name; VersionId only if a value was given [A].
    Raises (in the order checked):
        ValidationException (400): M10 [A].
        InvalidRequestException (400): no token, M9 [A].
        InvalidParameterException (400): both values, M11 [D].
        InvalidRequestException (400): the name is scheduled for deletion, M6 [A].
        ResourceExistsException (400): the name exists: M8 if the token is one of its versions
            with another value, else M7 [A]. Same token and value answer as the first time [A].
        InvalidParameterException (400): as `tags.merge_tags` says.
    Source:   CreateSecret; api-facts 5, 7.
    """
    members = request.members
    name = members["Name"]
    check_name(name)
    token = token_of(request)
    value = value_of(request)
    existing = store.named(request.account_id, request.region, name)
    if existing is not None:
        return _repeat_creation(existing, token, value)
    tags = merge_tags(None, members.get("Tags") or [])
    suffix = store.ids.arn_suffix()
    secret = Secret(
        arn=secret_arn(request.region, request.account_id, name, suffix, request.partition),
        name=name,
        region=request.region,
        account_id=request.account_id,
        created=request.now,
        changed=request.now,
        description=members.get("Description"),
        kms_key_id=members.get("KmsKeyId") or None,
        tags=tags,
    )
    response = {"ARN": secret.arn, "Name": name}
    if value is not None:
        plan_value(secret, token, value, None).store(secret, request.now)
        response["VersionId"] = token
    store.add(secret)
    return response


def update_secret(store: Store, request: Request) -> dict[str, Any]:
    """Change a secret's description or key, or give it a new current value.

    Args:     SecretId, ClientRequestToken, SecretString or SecretBinary, Description ("" clears
              it), KmsKeyId ("" goes back to the default key).
    Returns:  ARN, Name; VersionId only if a value was sent [A].
    Raises (in the order checked):
        ValidationException (M10), InvalidRequestException (M9), InvalidParameterException (M11),
        ResourceNotFoundException (M1), InvalidRequestException (M5).
        ResourceExistsException (400): the token is in use for another value, M8 [A].
        LimitExceededException (400): more than 20 labels [B].
    Source:   UpdateSecret; api-facts 5, 7. Same token and value succeed and change nothing
              [A], whatever the model's text says. LastChangedDate moves by a call without
              any member, too [D].
    """
    members = request.members
    check_secret_id(members["SecretId"])
    token = token_of(request)
    value = value_of(request)
    secret = store.get_live(request)
    planned = None if value is None else plan_value(secret, token, value, None)
    has_metadata = "Description" in members or "KmsKeyId" in members
    if members.get("Description") is not None:
        secret.description = members["Description"]
    if members.get("KmsKeyId") is not None:
        secret.kms_key_id = members["KmsKeyId"] or None
    if planned is None or has_metadata:
        secret.changed = request.now
    response = {"ARN": secret.arn, "Name": secret.name}
    if planned is not None:
        planned.store(secret, request.now)
        response["VersionId"] = token
    return response


def describe_secret(store: Store, request: Request) -> dict[str, Any]:
    """Describe a secret, without its value.

    Args:     SecretId.
    Returns:  ARN, Name, LastChangedDate, CreatedDate, and those of Description, KmsKeyId,
              RotationEnabled, RotationLambdaARN, RotationRules, LastRotatedDate,
              LastAccessedDate, DeletedDate, NextRotationDate, Tags, VersionIdsToStages that
              have content; members without content are absent, never null [A].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1).
    Source:   DescribeSecret; api-facts 3, 5. DeletedDate is the time of the DeleteSecret
              call [A]. While scheduled for deletion the rotation members stay [D].
    """
    return describe(store.get(request))


def describe(secret: Secret) -> dict[str, Any]:
    """Return the members of a secret that have content, as DescribeSecret orders them [A]."""
    described: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        # "" and None are both nothing to AWS.
        "Description": secret.description or None,
        "KmsKeyId": secret.kms_key_id,
        **(_describe_rotation(secret.rotation) if secret.rotation else {}),
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "DeletedDate": secret.deleted,
        "NextRotationDate": secret.rotation.next_rotation if secret.rotation else None,
        "Tags": None if secret.tags is None else [dict(tag) for tag in secret.tags],
        "VersionIdsToStages": stages.by_version(secret.labels) or None,
        "CreatedDate": secret.created,
    }
    return {name: value for name, value in described.items() if value is not None}


def delete_secret(store: Store, request: Request) -> dict[str, Any]:
    """Schedule a secret for deletion after a recovery window, or delete it at once.

    Args:     SecretId, RecoveryWindowInDays (7 to 30, default 30), ForceDeleteWithoutRecovery.
    Returns:  ARN, Name, DeletionDate (the end of the window; now, if forced).
    Raises (in the order checked):
        InvalidParameterException (400): M13, the window's range [C]; M14, window and force [C-].
        ValidationException (400): M10.
        ResourceNotFoundException (400): M1, unless forced: deleting by force what never
            existed succeeds [A].
        InvalidRequestException (400): M5, scheduled already and not forced [D].
    Source:   DeleteSecret; api-facts 3, 4.1, 5. A forced deletion takes effect at once [D].
              What never existed answers with an ARN of a random suffix [D].
    """
    window = request.members.get("RecoveryWindowInDays")
    is_forced = bool(request.members.get("ForceDeleteWithoutRecovery"))
    _check_window(window, is_forced=is_forced)
    if is_forced:
        return _delete_now(store, request)
    secret = store.get_live(request)
    days = DEFAULT_RECOVERY_WINDOW if window is None else window
    secret.deleted = secret.changed = request.now
    store.schedule_deletion(secret, request.now + days * clock.SECONDS_PER_DAY)
    return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": secret.deletion_date}


def restore_secret(store: Store, request: Request) -> dict[str, Any]:
    """Cancel a scheduled deletion.

    Args:     SecretId.
    Returns:  ARN, Name.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1).
    Source:   RestoreSecret; api-facts 3, 5. A secret that isn't scheduled answers the same
              and doesn't change [D].
    """
    secret = store.get(request)
    if secret.deleted is not None:
        secret.deleted = secret.deletion_date = None
        secret.changed = request.now
    return {"ARN": secret.arn, "Name": secret.name}


def _repeat_creation(existing: Secret, token: str, value: str | bytes | None) -> dict[str, Any]:
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


def _describe_rotation(rotation: RotationState) -> dict[str, Any]:
    return {
        "RotationEnabled": rotation.enabled,
        "RotationLambdaARN": rotation.lambda_arn,
        "RotationRules": None if rotation.rules is None else dict(rotation.rules),
        "LastRotatedDate": rotation.last_rotated,
    }


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


def _delete_now(store: Store, request: Request) -> dict[str, Any]:
    secret_id = request.members["SecretId"]
    secret = store.find(request, secret_id)
    if secret is not None:
        store.remove(secret)
        return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": request.now}
    arn = secret_id
    if not arn.startswith("arn:"):
        suffix = store.ids.arn_suffix()
        arn = secret_arn(request.region, request.account_id, secret_id, suffix, request.partition)
    return {"ARN": arn, "Name": secret_id, "DeletionDate": request.now}
