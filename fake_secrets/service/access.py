"""What may not be touched: other accounts' secrets, replicas, and what AWS itself manages."""

from __future__ import annotations

from fake_secrets.errors import ServiceError
from fake_secrets.service.arns import account_of
from fake_secrets.service.model import Request, Secret

__all__ = ["check_access", "is_foreign", "refuse_managed", "refuse_replica"]

_PREFIX = "secretsmanager:"


def is_foreign(request: Request, secret_id: str) -> bool:
    """Say whether a SecretId is an ARN of another account than the caller's."""
    return secret_id.startswith("arn:") and account_of(secret_id) != request.account_id


def check_access(request: Request, secret: Secret | None, secret_id: str) -> None:
    """Refuse a caller of another account whom the secret's resource policy doesn't allow.

    What the caller's own account permits isn't looked at: its identity-based policies are taken
    to allow everything.

    Args:
        request: says who calls, and what for.
        secret: the secret, or None where there is none.
        secret_id: SecretId as sent.

    Raises:
        UnsupportedOperationError: the policy asks for what can't be known here of a caller.
        AccessDeniedException (400): M42, in the words that IAM has for resource-based policies
            [code C, text D]; authorization comes before existence [C].

    Source: api-facts 13 [A]; IAM's rules for access across accounts [B].
    """
    resource = secret_id if secret is None else secret.arn
    decision = "none"

    action = _PREFIX + request.operation
    if secret is not None and secret.policy is not None:
        # Few tests need them, and they are slow to import.
        from fake_secrets.service import policy_grammar  # noqa: PLC0415
        from fake_secrets.service.condition_keys import check_conditions, condition_keys  # noqa: PLC0415

        policy = policy_grammar.parse(secret.policy)
        check_conditions(policy, secret.name)
        keys = condition_keys(request, secret)
        decision = policy_grammar.decide(
            policy, principal=request.principal, action=action, resource=resource, context=keys
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


def refuse_replica(secret: Secret) -> None:
    """Refuse to change a replica.

    Raises:
        InvalidParameterException (400): M33 [C for PutResourcePolicy, else D].
    """
    if secret.primary is not None:
        raise ServiceError(
            "InvalidParameterException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
        )


def refuse_managed(secret: Secret) -> None:
    """Refuse to change a secret that another service of AWS manages.

    Raises:
        InvalidRequestException (400): M50 [B; C for tags and updates, else D]. AWS's text goes
            on to name the service.
    """
    if secret.owning_service is not None:
        raise ServiceError(
            "InvalidRequestException",
            "This secret is managed by an AWS service, and you must use that service to update it.",
        )
