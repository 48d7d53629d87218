"""The permissions that AWS documents for the role of a rotation function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_secrets.service.rules.checks import action_of
from fake_secrets.service.rules.key_uses import ENCRYPTING

__all__ = ["documented_policy"]

_ON_THE_SECRET = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")


def documented_policy(
    secret_arn: str, other_arns: Sequence[str] = (), key_arn: str | None = None
) -> dict[str, Any]:
    """Return the identity policy that AWS documents for the role of a rotation function.

    Args:
        secret_arn: the ARN of the secret that is rotated.
        other_arns: the ARNs of secrets that the function reads, such as that of the administrator.
        key_arn: the ARN of the customer's KMS key that encrypts the secret; None if there is none.

    Source: rotation-facts 4.3 [B]. The permissions for a VPC are left out, because nothing asks for them here.
    """
    statements = [
        _allowed([action_of(one) for one in _ON_THE_SECRET], secret_arn),
        _allowed([action_of("GetRandomPassword")], "*"),
    ]
    if other_arns:
        statements.append(_allowed([action_of("GetSecretValue")], sorted(other_arns)))
    if key_arn is not None:
        statements.append(_allowed(sorted(ENCRYPTING), key_arn))
    return {"Version": "2012-10-17", "Statement": statements}


def _allowed(actions: list[str], resources: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
