"""The condition keys of policies: what is known about a request, its caller and its secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.iam.grammar import Policy

__all__ = ["Value", "check_conditions", "keys_of_request", "keys_of_secret"]

Value = str | list[str]

_PREFIX = "secretsmanager:"
# Groups: the ARN's beginning, account, role.
_SESSION = re.compile(r"(arn:[^:]+):sts::(\d{12}):assumed-role/([^/]+)/.*", re.ASCII)

# Request members that have a condition key of the same name [B: Service Authorization Reference].
_MEMBERS = (
    "Name",
    "Description",
    "KmsKeyId",
    "VersionId",
    "VersionStage",
    "RecoveryWindowInDays",
    "ForceDeleteWithoutRecovery",
    "ForceOverwriteReplicaSecret",
    "BlockPublicPolicy",
    "RotationLambdaARN",
    "RotateImmediately",
    "Type",
)
# Keys whose values are known: of a request, its caller or its secret.
_KNOWN = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:tagkeys",
        "aws:username",
        "aws:viaawsservice",
        *(_PREFIX + member.lower() for member in _MEMBERS),
        "secretsmanager:addreplicaregions",
        "secretsmanager:resource/allowrotationlambdaarn",
        "secretsmanager:resource/type",
        "secretsmanager:secretid",
        "secretsmanager:secretprimaryregion",
    }
)
# Keys that AWS knows, and that no request from a test has.
_ABSENT = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "ec2:sourceinstancearn",
    }
)
# After each of these prefixes comes a tag's key.
_TAG_KEYS = ("aws:resourcetag/", "secretsmanager:resourcetag/", "aws:requesttag/", "aws:principaltag/")


def check_conditions(policy: Policy, name: str) -> None:
    """Refuse a policy with a condition key whose value isn't known here.

    Args:
        policy: the resource policy.
        name: the name of its secret.

    Raises:
        UnsupportedOperationError: if a condition has an unknown key, such as aws:SourceIp.
    """
    keys = {condition.key for statement in policy.statements for condition in statement.conditions}
    unknown = sorted(key for key in keys - _KNOWN - _ABSENT if not key.startswith(_TAG_KEYS))
    if unknown:
        known = "".join(f"\n- {key}" for key in sorted(_KNOWN))
        msg = (
            f"the resource policy of secret {name!r} has a condition on {', '.join(unknown)}, which fake_secrets "
            f"doesn't know. It knows aws:ResourceTag/..., aws:RequestTag/... and:{known}"
        )
        raise UnsupportedOperationError(msg)


def keys_of_request(
    members: Mapping[str, Any], *, principal: str, account_id: str, region: str, now: float
) -> dict[str, Value]:
    """Return the condition keys of a request: lower-case key to value or values.

    Args:
        members: the request's members.
        principal: the caller's ARN.
        account_id: the caller's account.
        region: the region that the client calls.
        now: the time of the call, epoch seconds.

    Source: IAM's global condition keys, and those of Secrets Manager [B]. For a role's session,
        aws:PrincipalArn is the role's ARN. It has no path here, because a session's ARN
        doesn't contain the path.
    """
    return {
        "aws:currenttime": clock.iso(now),
        "aws:epochtime": str(int(now)),
        "aws:principalarn": _SESSION.sub(r"\1:iam::\2:role/\3", principal),
        "aws:principalaccount": account_id,
        "aws:principalisawsservice": "false",
        "aws:requestedregion": region,
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        **_of_principal(principal),
        **_of_members(members),
    }


def keys_of_secret(
    arn: str,
    *,
    account_id: str,
    primary_region: str,
    kind: str | None,
    lambda_arn: str | None,
    tags: Iterable[Mapping[str, str]],
) -> dict[str, Value]:
    """Return the condition keys of a secret: lower-case key to value.

    Args:
        arn: the secret's ARN.
        account_id: the account that owns the secret.
        primary_region: the secret's region, or for a replica, its primary's region.
        kind: the secret's Type, if it has one.
        lambda_arn: the ARN of the rotation function, if the secret has one.
        tags: the secret's tags, as DescribeSecret shows them.

    Source: condition keys of Secrets Manager [B].
    """
    keys: dict[str, Value] = {
        "aws:resourceaccount": account_id,
        f"{_PREFIX}secretid": arn,
        f"{_PREFIX}secretprimaryregion": primary_region,
    }
    if kind:
        keys[f"{_PREFIX}resource/type"] = kind
    if lambda_arn:
        keys[f"{_PREFIX}resource/allowrotationlambdaarn"] = lambda_arn
    for tag in tags:
        for prefix in ("aws:resourcetag/", f"{_PREFIX}resourcetag/"):
            keys[prefix + tag.get("Key", "").lower()] = tag.get("Value", "")
    return keys


def _of_principal(arn: str) -> dict[str, Value]:
    *_, resource = arn.split(":", 5)
    kind, _, name = resource.partition("/")
    if kind == "user":
        return {"aws:principaltype": "User", "aws:username": name.rpartition("/")[2]}
    return {"aws:principaltype": {"root": "Account", "federated-user": "FederatedUser"}.get(kind, "AssumedRole")}


def _of_members(members: Mapping[str, Any]) -> dict[str, Value]:
    keys: dict[str, Value] = {_PREFIX + name.lower(): _text(members[name]) for name in _MEMBERS if name in members}
    tags: Sequence[Mapping[str, str]] = members.get("Tags") or ()
    keys |= {f"aws:requesttag/{tag.get('Key', '').lower()}": tag.get("Value", "") for tag in tags}
    tag_keys = [*(tag.get("Key", "") for tag in tags), *members.get("TagKeys", ())]
    if tag_keys:
        keys["aws:tagkeys"] = tag_keys
    if "AddReplicaRegions" in members:
        keys[f"{_PREFIX}addreplicaregions"] = [entry.get("Region", "") for entry in members["AddReplicaRegions"]]
    return keys


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
