"""Refusals: secrets of other accounts, replicas, and secrets that an AWS service manages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fake_secrets.arns import account_of
from fake_secrets.errors import ServiceError
from fake_secrets.service.state.model import Request, StoredSecret

if TYPE_CHECKING:
    from fake_secrets.iam.grammar import Decision

__all__ = ["check_access", "is_foreign", "policy_context", "refuse_managed", "refuse_replica"]

_PREFIX = "secretsmanager:"


def is_foreign(request: Request, secret_id: str) -> bool:
    """Return whether a SecretId is the ARN of a secret outside the caller's account."""
    return secret_id.startswith("arn:") and account_of(secret_id) != request.account_id


def check_access(request: Request, secret: StoredSecret | None, secret_id: str) -> None:
    """Refuse a caller from another account unless the secret's resource policy allows the call.

    Only the resource policy is evaluated. A malformed one, which only a test can have planted, allows
    nothing. The caller's identity-based policies are assumed to allow everything.

    Args:
        request: the call, with its caller and operation.
        secret: the secret, or None if it doesn't exist.
        secret_id: SecretId as sent.

    Raises:
        UnsupportedOperationError: a condition of the policy uses a key that isn't known here.
        AccessDeniedException (400): M42, in the words that IAM uses for resource-based policies
            [code C, text D]. AWS checks authorization before existence [C].

    Source: api-facts 13 [A]; IAM's rules for access across accounts [B].
    """
    resource = secret_id if secret is None else secret.arn
    action = _PREFIX + request.operation
    decision = (
        "none" if secret is None or secret.policy is None else _decide(secret, secret.policy, action, request)
    )
    if decision != "allow":
        reason = (
            "with an explicit deny in a resource-based policy"
            if decision == "deny"
            else f"because no resource-based policy allows the {action} action"
        )
        raise ServiceError(
            "AccessDeniedException",
            f"User: {request.principal} is not authorized to perform: {action} on resource: {resource} {reason}",
        )


def _decide(secret: StoredSecret, text: str, action: str, request: Request) -> Decision:
    # Imported late: few tests need policies, and they are slow to import.
    from fake_secrets.iam import grammar  # noqa: PLC0415
    from fake_secrets.service.rules.condition_keys import check_conditions  # noqa: PLC0415

    try:
        policy = grammar.parse(text)
    except ServiceError:
        # Only a test can have put a malformed policy there.
        return "none"
    check_conditions(policy, secret.name)
    return grammar.decide(
        policy,
        principal=request.principal,
        action=action,
        resource=secret.arn,
        context=policy_context(request, secret),
    )


def policy_context(request: Request, secret: StoredSecret | None) -> Mapping[str, str | list[str]]:
    """Return the condition keys of a call: lower-case key to value or values.

    Args:
        request: the call, with its caller and operation.
        secret: the secret that the call is about, if any.
    """
    # Imported late: few tests need policies, and they are slow to import.
    from fake_secrets.service.rules.condition_keys import keys_of_request, keys_of_secret  # noqa: PLC0415

    of_request = keys_of_request(
        request.members,
        principal=request.principal,
        account_id=request.account_id,
        region=request.region,
        now=request.now,
    )
    if secret is None:
        return of_request
    of_secret = keys_of_secret(
        secret.arn,
        account_id=secret.account_id,
        primary_region=(secret.primary or secret).region,
        kind=secret.type,
        lambda_arn=None if secret.rotation is None else secret.rotation.lambda_arn,
        tags=secret.tags or (),
    )
    return {**of_request, **of_secret}


def refuse_replica(secret: StoredSecret) -> None:
    """Refuse to change a replica.

    Raises:
        InvalidParameterException (400): M33 [C for PutResourcePolicy, else D].
    """
    if secret.primary is not None:
        raise ServiceError(
            "InvalidParameterException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
        )


def refuse_managed(secret: StoredSecret) -> None:
    """Refuse to change a secret that another AWS service manages.

    Raises:
        InvalidRequestException (400): M50 [B; C for tags and updates, else D]. AWS's text also
            names the service.
    """
    if secret.owning_service is not None:
        raise ServiceError(
            "InvalidRequestException",
            "This secret is managed by an AWS service, and you must use that service to update it.",
        )
