"""What may not be touched: other accounts' secrets, replicas, and what AWS itself manages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fake_secrets.errors import ServiceError
from fake_secrets.service import policy_grammar
from fake_secrets.service.arns import account_of
from fake_secrets.service.model import Request, Secret

__all__ = ["check_access", "condition_keys", "is_foreign", "refuse_managed", "refuse_replica"]

_PREFIX = "secretsmanager:"

# Members of a request that its condition keys are named after.
_MEMBER_KEYS = ("VersionId", "VersionStage")
# Groups: the ARN's beginning, account, role.
_SESSION = re.compile(r"(arn:[^:]+):sts::(\d{12}):assumed-role/([^/]+)/.*", re.ASCII)


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
        AccessDeniedException (400): M42, in the words that IAM has for resource-based policies
            [code C, text D]; authorization comes before existence [C].

    Source: api-facts 13 [A]; IAM's rules for access across accounts [B].
    """
    resource = secret_id if secret is None else secret.arn
    decision = "none"

    if secret is not None and secret.policy is not None:
        decision = policy_grammar.decide(
            policy_grammar.parse(secret.policy),
            principal=request.principal,
            action=_PREFIX + request.operation,
            resource=resource,
            context=condition_keys(request, secret),
        )
    if decision != "allow":
        action = _PREFIX + request.operation
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


def condition_keys(request: Request, secret: Secret | None) -> Mapping[str, str]:
    """Return the condition keys of a request that policies can ask for, lower-case key to value.

    Args:
        request: says who calls, and what for.
        secret: the secret that it is about, if any.

    Source: IAM's global condition keys, and those of Secrets Manager [B]. A role's session has
        the role's ARN as aws:PrincipalArn, here without a path, which the session doesn't tell.
    """
    keys = {
        "aws:principalarn": _SESSION.sub(r"\1:iam::\2:role/\3", request.principal),
        "aws:principalaccount": request.account_id,
        "aws:requestedregion": request.region,
        "aws:securetransport": "true",
    }
    for member in _MEMBER_KEYS:
        if member in request.members:
            keys[_PREFIX + member.lower()] = request.members[member]
    if secret is not None:
        keys[f"{_PREFIX}secretid"] = secret.arn
        for tag in secret.tags or ():
            for prefix in ("aws:resourcetag/", f"{_PREFIX}resourcetag/"):
                keys[prefix + tag.get("Key", "").lower()] = tag.get("Value", "")
    return keys
