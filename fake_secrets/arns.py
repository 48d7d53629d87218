"""The ARNs of secrets, Lambda functions and principals."""

from __future__ import annotations

import re

__all__ = [
    "ANY_SUFFIX",
    "LAMBDA_ARN",
    "PRINCIPAL_ARN",
    "ROLE_ARN",
    "SECRET_ARN",
    "SUFFIX",
    "SUFFIX_LENGTH",
    "account_of",
    "lambda_arn",
    "partition_of",
    "region_of",
    "role_of_session",
    "root_arn",
    "secret_arn",
    "session_arn",
]

# Groups: region, account, and the name with or without its random suffix.
SECRET_ARN = re.compile(r"arn:[^:]+:secretsmanager:([^:]*):([^:]*):secret:(.+)", re.ASCII)
# Groups: region, name.
LAMBDA_ARN = re.compile(
    r"arn:[^:]+:lambda:([^:]+):\d{12}:function:([A-Za-z0-9\-_]+)(?::[A-Za-z0-9\-_$]+)?", re.ASCII
)
# In IAM: the root, users and roles. In STS: sessions of roles and federated users.
PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)/[\w+=,.@/-]+)"
    r"|sts::\d{12}:(?:assumed-role/[\w+=,.@-]+|federated-user)/[\w+=,.@-]+)",
    re.ASCII,
)
# Groups: partition, account, and the role's name without its path.
ROLE_ARN = re.compile(r"arn:([^:]+):iam::(\d{12}):role/(?:.*/)?([^/]+)", re.ASCII)
# Groups: partition, account, and the role's name, which has no path here.
_ROLE_SESSION_ARN = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/[^/]+", re.ASCII)
# The end of a complete secret ARN: a hyphen and six random characters [A: api-facts 2].
SUFFIX = re.compile(r"-[A-Za-z0-9]{6}", re.ASCII)
SUFFIX_LENGTH = 7
# In a policy, it stands for any such end.
ANY_SUFFIX = "-??????"

# Region prefix to partition. All other regions are in the partition `aws`.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}

_REGION_FIELD = 3
_ACCOUNT_FIELD = 4


def secret_arn(region: str, account_id: str, name: str, suffix: str, partition: str | None = None) -> str:
    """Return the ARN of a secret.

    Args:
        region: the secret's region.
        account_id: the account that owns it.
        name: the secret's name.
        suffix: the six random characters.
        partition: the region's partition, if the caller knows it.
    """
    partition = partition or partition_of(region)
    return f"arn:{partition}:secretsmanager:{region}:{account_id}:secret:{name}-{suffix}"


def lambda_arn(region: str, account_id: str, name: str) -> str:
    """Return the ARN of a Lambda function."""
    return f"arn:{partition_of(region)}:lambda:{region}:{account_id}:function:{name}"


def session_arn(role: str, session_name: str) -> str:
    """Return the ARN of a session of a role. It doesn't have the role's path."""
    _, partition, _, _, account_id, resource = role.split(":", 5)
    return f"arn:{partition}:sts::{account_id}:assumed-role/{resource.rpartition('/')[2]}/{session_name}"


def root_arn(account_id: str, partition: str) -> str:
    """Return the principal ARN of an account's root."""
    return f"arn:{partition}:iam::{account_id}:root"


def role_of_session(arn: str) -> str | None:
    """Return the ARN of a session's role, without its path; None if `arn` isn't the ARN of a role's session."""
    session = _ROLE_SESSION_ARN.fullmatch(arn)
    return None if session is None else f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def partition_of(region: str) -> str:
    """Return the partition of a region, such as ``aws`` for ``us-east-1``."""
    return next((partition for prefix, partition in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def account_of(arn: str) -> str:
    """Return the account in an ARN, or an empty string if there is none or `arn` isn't an ARN."""
    fields = arn.split(":")
    return fields[_ACCOUNT_FIELD] if fields[0] == "arn" and len(fields) > _ACCOUNT_FIELD else ""


def region_of(arn: str) -> str | None:
    """Return the region in an ARN, or None if `arn` isn't an ARN."""
    fields = arn.split(":")
    return fields[_REGION_FIELD] if fields[0] == "arn" and len(fields) > _REGION_FIELD else None
