"""The condition keys that policies can ask for: what is known of a request, its caller and its secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.service.model import Request, Secret
from fake_secrets.service.policy_grammar import Policy

__all__ = ["check_conditions", "condition_keys"]

Value = str | list[str]

_PREFIX = "secretsmanager:"
# Groups: the ARN's beginning, account, role.
_SESSION = re.compile(r"(arn:[^:]+):sts::(\d{12}):assumed-role/([^/]+)/.*", re.ASCII)

# Members of requests that condition keys are named after [B: Service Authorization Reference].
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
# What every request tells, and what no request from a test has: those are absent.
_TOLD = frozenset(
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
# Of these the rest of the key is a tag's.
_TAG_KEYS = ("aws:resourcetag/", "secretsmanager:resourcetag/", "aws:requesttag/", "aws:principaltag/")


def check_conditions(policy: Policy, name: str) -> None:
    """Refuse a policy whose conditions ask for what can't be known here.

    Args:
        policy: the resource policy.
        name: the name of its secret.

    Raises:
        UnsupportedOperationError: a condition key is none of the known ones, such as aws:SourceIp.
    """
    keys = {condition.key for statement in policy.statements for condition in statement.conditions}
    unknown = sorted(key for key in keys - _TOLD - _ABSENT if not key.startswith(_TAG_KEYS))
    if unknown:
        known = "".join(f"\n- {key}" for key in sorted(_TOLD))
        msg = (
            f"the resource policy of secret {name!r} asks for {', '.join(unknown)}, which fake_secrets can't "
            f"tell of a caller. It knows aws:ResourceTag/..., aws:RequestTag/... and:{known}"
        )
        raise UnsupportedOperationError(msg)


def condition_keys(request: Request, secret: Secret | None) -> Mapping[str, Value]:
    """Return the condition keys of a request, lower-case key to value or values.

    Args:
        request: says who calls, and what for.
        secret: the secret that it is about, if any.

    Source: IAM's global condition keys, and those of Secrets Manager [B]. A role's session has
        the role's ARN as aws:PrincipalArn, here without a path, which the session doesn't tell.
    """
    keys: dict[str, Value] = {
        "aws:currenttime": clock.utc(request.now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(request.now)),
        "aws:principalarn": _SESSION.sub(r"\1:iam::\2:role/\3", request.principal),
        "aws:principalaccount": request.account_id,
        "aws:principalisawsservice": "false",
        "aws:requestedregion": request.region,
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        **_of_principal(request.principal),
        **_of_members(request.members),
    }
    return keys if secret is None else {**keys, **dict(_of_secret(secret))}


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


def _of_secret(secret: Secret) -> Iterator[tuple[str, Value]]:
    yield "aws:resourceaccount", secret.account_id
    yield f"{_PREFIX}secretid", secret.arn
    yield f"{_PREFIX}secretprimaryregion", (secret.primary or secret).region
    if secret.type:
        yield f"{_PREFIX}resource/type", secret.type
    if secret.rotation is not None and secret.rotation.lambda_arn:
        yield f"{_PREFIX}resource/allowrotationlambdaarn", secret.rotation.lambda_arn
    for tag in secret.tags or ():
        for prefix in ("aws:resourcetag/", f"{_PREFIX}resourcetag/"):
            yield prefix + tag.get("Key", "").lower(), tag.get("Value", "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
