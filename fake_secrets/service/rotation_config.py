"""The configuration of rotation, and how a rotation opens and ends: RotateSecret, CancelRotateSecret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.errors import ServiceError, UnsupportedOperationError
from fake_secrets.service import stages
from fake_secrets.service.arns import LAMBDA_ARN
from fake_secrets.service.model import AWSCURRENT, AWSPENDING, Request, RotationState, Secret
from fake_secrets.service.replication import follow
from fake_secrets.service.schedule import check_rules, count_from
from fake_secrets.service.store import StartedRotation, Store, check_secret_id
from fake_secrets.service.values import token_of
from fake_secrets.service.versions import room_for_version

__all__ = ["begin_attempt", "cancel_rotate_secret", "end_attempt", "end_test", "may_retry", "rotate_secret"]


def rotate_secret(store: Store, request: Request) -> dict[str, Any]:
    """Configure a secret's rotation and start one, or try its function.

    The AWSPENDING version exists when this returns, empty, or with the current value where
    RotateImmediately is False; and `store.started_rotation` says what is to be run.

    Args:     SecretId, ClientRequestToken, RotationLambdaARN, RotationRules
              (AutomaticallyAfterDays, 1 to 1000, or ScheduleExpression; Duration),
              ExternalSecretRotationMetadata, ExternalSecretRotationRoleArn; what is omitted keeps
              its stored value [A]. RotateImmediately (default true).
    Returns:  ARN, Name, VersionId (the token; absent where nothing is rotated).
    Raises (in the order checked; the order after M5 is unknown on AWS [D]):
        ValidationException (400): M10.
        InvalidParameterException (400): no token, M9 [A].
        AccessDeniedException (400). ResourceNotFoundException (400): M1.
        InvalidRequestException (400): M5. InvalidParameterException (400): M33 [D].
        InvalidParameterException (400): rules that `schedule.check_rules` refuses, M18 to M24 [C].
        UnsupportedOperationError: a rotation that AWS or a partner does without a function,
            unless RotateImmediately is False, which only sets its rules [narrower than C:
            api-facts 4.3].
        InvalidRequestException (400): no function given or stored, M15 [A].
        InvalidParameterException (400): not the ARN of a Lambda function in the secret's region,
            M25 [C].
        AccessDeniedException (400): the function can't be invoked, M16 [A].
        InvalidRequestException (400): AWSPENDING is on a version that isn't current, M17 [C].
        LimitExceededException (400): too many labels, or versions [B; the service model doesn't
            list it for RotateSecret, D].
    Source:   RotateSecret; api-facts 10, rotation-facts 1.1. A refused call changes nothing
              [A]. A token whose rotation runs, or whose version exists, answers again and
              starts nothing [D]. RotateImmediately=False, rotation-facts 1.4: only testSecret is
              run, on a version of its own that has the current value [A, B] and goes
              afterwards [B]; an open rotation refuses it, too [D].
    """
    check_secret_id(request.members["SecretId"])
    token = token_of(request, "InvalidParameterException")
    secret = store.get_primary(request)
    rules = request.members.get("RotationRules") or None
    stored = secret.rotation
    arn = request.members.get("RotationLambdaARN") or (stored.lambda_arn if stored else None)
    check_rules(rules or {})
    if arn is None and (secret.owning_service or secret.type):
        return _configure_managed(secret, request, rules)
    arn = _check_function(store, request, arn)
    response = {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
    if stored is not None and stored.open_token == token == stored.running_token:
        return response
    if stages.is_rotation_open(secret.labels):
        raise ServiceError(
            "InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."
        )
    if token in secret.versions:
        return response
    is_test = request.members.get("RotateImmediately") is False
    _open(store, request, secret, token, _configured(secret, request, arn, rules))
    if is_test:
        current = secret.versions.get(secret.labels.get(AWSCURRENT, ""))
        secret.versions[token].value = None if current is None else current.value
    store.started_rotation = StartedRotation(secret, token, arn, is_test)
    return response


def cancel_rotate_secret(store: Store, request: Request) -> dict[str, Any]:
    """Turn rotation off, leaving labels, function and rules as they are.

    Args:     SecretId.
    Returns:  ARN, Name; VersionId of the version in flight, if a rotation was open [B].
    Raises (in the order checked):
        ValidationException (M10), AccessDeniedException, ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33) [D].
    Source:   CancelRotateSecret; api-facts 5, rotation-facts 1.5 [B, A-]. LastRotatedDate and
              NextRotationDate go. A secret that never had rotation answers the same and
              doesn't change [D].
    """
    secret = store.get_primary(request)
    response = {"ARN": secret.arn, "Name": secret.name}
    rotation = secret.rotation
    if rotation is None:
        return response
    pending = secret.labels.get(AWSPENDING)
    if pending is not None and pending == rotation.open_token and stages.is_rotation_open(secret.labels):
        response["VersionId"] = rotation.open_token
    rotation.enabled = False
    rotation.last_rotated = rotation.next_rotation = rotation.open_token = None
    secret.changed = request.now
    return response


def begin_attempt(secret: Secret, token: str) -> bool:
    """Note that the rotation function of a secret runs from now on, for the version of a token.

    Returns:
        False where it runs already.
    """
    rotation = secret.rotation
    if rotation is not None and rotation.running_token == token:
        return False
    if rotation is not None:
        rotation.running_token = token
    return True


def end_attempt(secret: Secret, token: str, now: float, *, has_passed: bool) -> bool:
    """Note that the rotation function has ended, and date the rotation if it is complete.

    Args:
        secret: the secret.
        token: the rotation's version.
        now: epoch seconds.
        has_passed: whether all four steps passed.

    Returns:
        True if the steps passed, the version is current, and AWSPENDING is on it or nowhere;
        LastRotatedDate and NextRotationDate are then set, unless rotation was cancelled.

    Source: rotation-facts 1.3 [B, C]; LastChangedDate is the finishing call's own [A-].
    """
    rotation = secret.rotation
    if rotation is not None and rotation.running_token == token:
        rotation.running_token = None
    pending = secret.labels.get(AWSPENDING)
    if not has_passed or secret.labels.get(AWSCURRENT) != token or pending not in {None, token}:
        return False
    if rotation is not None and rotation.open_token == token:
        rotation.open_token = None
        rotation.last_rotated = now
        count_from(rotation, now)
    return True


def end_test(secret: Secret, token: str) -> None:
    """Take the version away that a rotation function was tried on [B: rotation-facts 1.4]."""
    rotation = secret.rotation
    if rotation is not None and rotation.running_token == token:
        rotation.running_token = rotation.open_token = None
    if token in secret.versions and secret.labels.get(AWSCURRENT) != token:
        secret.labels = {label: holder for label, holder in secret.labels.items() if holder != token}
        secret.remove_versions([token])
    follow(secret)


def may_retry(secret: Secret, token: str) -> str | None:
    """Return why a rotation can't be attempted again, or None where it can.

    Args:
        secret: the secret.
        token: the rotation's version.

    Source: rotation-facts 1.2, 1.5: it is open while AWSPENDING is on its version and rotation
        is on [B].
    """
    if secret.deleted is not None:
        return "the secret is marked for deletion"
    if secret.rotation is None or not secret.rotation.enabled:
        return "rotation was cancelled"
    if secret.rotation.running_token == token:
        return "it is running"
    if secret.labels.get(AWSPENDING) != token:
        return "AWSPENDING isn't on its version any more"
    if not stages.is_rotation_open(secret.labels):
        return "its version is current already"
    return None


def _open(store: Store, request: Request, secret: Secret, token: str, rotation: RotationState) -> None:
    """Give a secret its empty AWSPENDING version, once nothing can be refused any more."""
    quotas = store.quotas
    labels = stages.open_rotation(secret.labels, token, quota=quotas.labels)
    outdated = room_for_version(secret, labels, quotas.versions, request.now)
    rotation.open_token = token
    secret.rotation = rotation
    secret.add_version(token, None, request.now)
    secret.labels = labels
    secret.remove_versions(outdated)
    secret.changed = request.now


def _configured(
    secret: Secret, request: Request, arn: str | None, rules: Mapping[str, Any] | None
) -> RotationState:
    """Return what a secret's rotation is like afterwards: on, and as the request says."""
    stored = secret.rotation or RotationState(arn)
    kept = stored.rules if rules is None else dict(rules)
    members = request.members
    configured = RotationState(
        lambda_arn=arn,
        rules=kept,
        last_rotated=stored.last_rotated,
        external_metadata=members.get("ExternalSecretRotationMetadata", stored.external_metadata),
        external_role_arn=members.get("ExternalSecretRotationRoleArn", stored.external_role_arn),
    )
    count_from(configured, request.now)
    return configured


def _configure_managed(secret: Secret, request: Request, rules: Mapping[str, Any] | None) -> dict[str, Any]:
    if request.members.get("RotateImmediately") is not False:
        msg = (
            f"fake_secrets can't rotate {secret.name!r} yet, which AWS or a partner rotates without a Lambda "
            "function. Give it RotationLambdaARN, or RotateImmediately=False to set its rules only."
        )
        raise UnsupportedOperationError(msg)
    secret.rotation = _configured(secret, request, None, rules)
    secret.changed = request.now
    return {"ARN": secret.arn, "Name": secret.name}


def _check_function(store: Store, request: Request, arn: str | None) -> str:
    if arn is None:
        raise ServiceError(
            "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."
        )
    match = LAMBDA_ARN.fullmatch(arn)
    if match is None or match[1] != request.region:
        raise ServiceError(
            "InvalidParameterException",
            "Invalid rotation Lambda ARN. Ensure the ARN matches format "
            f"arn:aws:lambda:{request.region}:{request.account_id}:function:<functionName>.",
        )
    if not store.is_invocable(arn):
        raise ServiceError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
            "grants access to the principal secretsmanager.amazonaws.com.",
        )
    return arn
