"""The permissions that AWS documents for the role of a rotation function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_secrets.service.rules.checks import action_of

__all__ = ["DOCUMENTED", "documented_policy"]

_SECRET = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
_PASSWORD = "GetRandomPassword"  # noqa: S105 -- an operation
# The operations, all of them with the rotated secret but the last, which has no resource.
DOCUMENTED = (*_SECRET, _PASSWORD)


def documented_policy(secret_arn: str, other_arns: Sequence[str] = ()) -> dict[str, Any]:
    """Return the identity policy that AWS documents for the role of a rotation function.

    Args:
        secret_arn: the ARN of the secret that is rotated.
        other_arns: the ARNs of secrets that the function reads, such as that of the administrator.

    Source: rotation-facts 4.3 [B]. The permissions for a VPC are left out, because nothing asks for them here.
    """
    statements = [
        _allowed([action_of(one) for one in _SECRET], secret_arn),
        _allowed([action_of(_PASSWORD)], "*"),
    ]
    if other_arns:
        statements.append(_allowed([action_of("GetSecretValue")], sorted(other_arns)))
    return {"Version": "2012-10-17", "Statement": statements}


def _allowed(actions: list[str], resources: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
