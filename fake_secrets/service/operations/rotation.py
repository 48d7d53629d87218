"""The configuration of rotation: RotateSecret, CancelRotateSecret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.arns import LAMBDA_ARN
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.rotation_start import NOT_COMPLETE, open_rotation, reattempt
from fake_secrets.service.operations.values import token_of
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.stages import AWSPENDING
from fake_secrets.service.state.access import refuse_cross_account_replica
from fake_secrets.service.state.index import check_secret_id
from fake_secrets.service.state.model import RotationState, StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["cancel_rotate_secret", "rotate_secret"]


def rotate_secret(store: Store, request: Request) -> dict[str, Any]:
    """Configure a secret's rotation, and start a rotation or a test of its function.

    When this returns, the secret has an AWSPENDING version. It is empty, or has the current value
    if RotateImmediately is False. `store.started_rotation` is the rotation whose function the
    caller must now run.

    Args:     SecretId, ClientRequestToken, RotationLambdaARN, RotationRules
              (AutomaticallyAfterDays, 1 to 1000, or ScheduleExpression; Duration),
              ExternalSecretRotationMetadata, ExternalSecretRotationRoleArn. An omitted member
              keeps its stored value [A]. RotateImmediately (default true).
    Returns:  ARN, Name, VersionId (the token; absent if nothing is rotated).
    Raises (in the order checked; AWS's order after M5 is unknown [D]):
        ValidationException (400): M10.
        InvalidParameterException (400): no token, M9 [A].
        ResourceNotFoundException (400): M1.
        InvalidRequestException (400): M5. InvalidParameterException (400): M33 [D].
        InvalidRequestException (400): the secret is the replica of another account's [D].
        InvalidParameterException (400): the rules are refused, M18 to M24 [C]; see
            `schedule.check_rules`.
        InvalidRequestException (400): no function is given or stored, M15 [A], unless AWS or a
            partner rotates the secret, as its OwningService or Type shows.
        InvalidParameterException (400): the function isn't the ARN of a Lambda function in the
            secret's region, M25 [C].
        AccessDeniedException (400): the function can't be invoked, M16 [A].
        InvalidRequestException (400): AWSPENDING is on a version that isn't current, M17 [C].
            If a rotation of this service put it there, that rotation is attempted again, as the
            message says [D].
        LimitExceededException (400): too many labels or versions [B; the service model doesn't
            list it for RotateSecret, D].
    Source:   RotateSecret; api-facts 10, rotation-facts 1.1. A refused call changes nothing
              [A]. A call starts nothing and gets the same response again if the rotation of its
              token is under way, whatever else it asks for [D]. If the version of its token
              exists and belongs to no open rotation, the call starts nothing either, but it
              configures rotation and turns it on [D]; the schedule counts from it, unless it
              changes nothing. RotateImmediately=False, rotation-facts 1.4: the function only runs
              testSecret, on a version of its own with the current value [A, B], which is
              removed afterwards [B]. An open rotation refuses this call too [D]. Without a
              function there is nothing to test, so only the configuration is stored [D].
    """
    check_secret_id(request.members["SecretId"])
    token = token_of(request, "InvalidParameterException")
    secret = store.get_primary(request)
    refuse_cross_account_replica(secret)
    rules = request.members.get("RotationRules") or None
    stored = secret.rotation
    arn = request.members.get("RotationLambdaARN") or (stored.lambda_arn if stored else None)
    if rules:
        # Imported late: few tests need schedules, and they are slow to import.
        from fake_secrets.service.rules.schedule import check_rules  # noqa: PLC0415

        check_rules(rules)
    is_managed = arn is None and secret.is_managed
    if not is_managed:
        arn = _check_function(store, request, arn)
    response = {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
    if stored is not None and stored.open_token == token and not stored.was_tried:
        return response
    if stages.is_rotation_open(secret.labels):
        store.started_rotation = reattempt(secret)
        raise ServiceError("InvalidRequestException", NOT_COMPLETE)
    configured = _configured(secret, request, arn, rules)
    if token in secret.versions:
        if stored is None or _settings(configured) != _settings(stored):
            store.begin_write(request.now, secret)
            secret.rotation, secret.changed = configured, request.now
        return response
    is_test = request.members.get("RotateImmediately") is False
    if is_managed and is_test:
        store.begin_write(request.now, secret)
        secret.rotation, secret.changed = configured, request.now
        return {"ARN": secret.arn, "Name": secret.name}
    store.started_rotation = open_rotation(store, secret, configured, token, request.now, is_test=is_test)
    return response


def cancel_rotate_secret(store: Store, request: Request) -> dict[str, Any]:
    """Turn rotation off. Labels, function and rules stay as they are.

    Args:     SecretId.
    Returns:  ARN, Name; VersionId of the open rotation's version, if a rotation was open [B].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33) [D].
    Source:   CancelRotateSecret; api-facts 5, rotation-facts 1.5 [B, A-]. LastRotatedDate and
              NextRotationDate are removed. For a secret that never had rotation, the response is
              the same and nothing changes [D].
    """
    secret = store.get_primary(request)
    response = {"ARN": secret.arn, "Name": secret.name}
    rotation = secret.rotation
    if rotation is None:
        return response
    pending = secret.labels.get(AWSPENDING)
    if pending is not None and pending == rotation.open_token and stages.is_rotation_open(secret.labels):
        response["VersionId"] = rotation.open_token
    store.begin_write(request.now, secret)
    rotation.enabled = False
    rotation.last_rotated = rotation.next_rotation = rotation.window = None
    rotation.close()
    secret.changed = request.now
    return response


def _configured(
    secret: StoredSecret, request: Request, arn: str | None, rules: Mapping[str, Any] | None
) -> RotationState:
    """Return the rotation that a request configures: enabled, with stored values for omitted members."""
    stored = secret.rotation or RotationState(arn)
    kept = stored.rules if rules is None else dict(rules)
    members = request.members
    configured = RotationState(
        lambda_arn=arn,
        rules=kept,
        last_rotated=stored.last_rotated,
        abandoned=stored.abandoned,
        external_metadata=members.get("ExternalSecretRotationMetadata", stored.external_metadata),
        external_role_arn=members.get("ExternalSecretRotationRoleArn", stored.external_role_arn),
    )
    configured.count_from(request.now)
    return configured


def _settings(rotation: RotationState) -> tuple[Any, ...]:
    """Return what requests configure of a rotation."""
    return (
        rotation.enabled,
        rotation.lambda_arn,
        rotation.rules,
        rotation.external_metadata,
        rotation.external_role_arn,
    )


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
    if request.authority is not None:
        request.authority.check_function(request, arn)
    return arn
