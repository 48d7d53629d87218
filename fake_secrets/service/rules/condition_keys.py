"""The condition keys of policies: what is known about a request, its caller and its secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fake_secrets import clock
from fake_secrets.iam.evaluation import Caller

__all__ = [
    "ENCRYPTION_CONTEXT",
    "MEMBERS",
    "PREFIX",
    "Value",
    "keys_of_circumstances",
    "keys_of_key_use",
    "keys_of_members",
    "keys_of_secret",
    "keys_of_tags",
]

Value = str | list[str]

PREFIX = "secretsmanager:"
# The request members of each operation that have a condition key of the same name [B: Service Authorization
# Reference].
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "CreateSecret": ("Name", "Description", "KmsKeyId", "Type", "ForceOverwriteReplicaSecret"),
    "DeleteSecret": ("RecoveryWindowInDays", "ForceDeleteWithoutRecovery"),
    "GetSecretValue": ("VersionId", "VersionStage"),
    # PolicyName came in 2026 [B: api-2026 X28].
    "DeleteResourcePolicy": ("PolicyName",),
    "PutResourcePolicy": ("BlockPublicPolicy", "PolicyName"),
    "ReplicateSecretToRegions": ("ForceOverwriteReplicaSecret",),
    "RotateSecret": ("RotationLambdaARN", "RotateImmediately", "ExternalSecretRotationRoleArn"),
    "UpdateSecret": ("Description", "KmsKeyId", "Type"),
    "UpdateSecretVersionStage": ("VersionStage",),
}
ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
_TAGGING = frozenset({"CreateSecret", "TagResource", "UntagResource"})
_REPLICATING = frozenset({"CreateSecret", "ReplicateSecretToRegions"})


def keys_of_circumstances(
    *, caller: Caller, region: str, now: float, tags: Mapping[str, str] | None = None
) -> dict[str, Value]:
    """Return the condition keys that every request has, whatever it asks: lower-case key to value.

    Args:
        caller: who makes the call.
        region: the region that the client calls.
        now: the time of the call, epoch seconds.
        tags: the caller's tags; None if it has none.

    Source: IAM's global condition keys [B]; iam-facts 5. For a role's session, aws:PrincipalArn is the role's ARN.
    """
    return {
        "aws:currenttime": clock.iso(now),
        "aws:epochtime": str(int(now)),
        "aws:principalarn": caller.role or caller.arn,
        "aws:principalaccount": caller.account_id,
        "aws:principalisawsservice": "false",
        "aws:requestedregion": region,
        "aws:resourceaccount": caller.account_id,
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        **_of_principal(caller, now),
        **{f"aws:principaltag/{key.lower()}": value for key, value in (tags or {}).items()},
    }


def keys_of_secret(
    arn: str,
    *,
    account_id: str,
    primary_region: str | None,
    kind: str | None,
    lambda_arn: str | None,
    tags: Iterable[Mapping[str, str]],
) -> dict[str, Value]:
    """Return the condition keys of a secret: lower-case key to value.

    Args:
        arn: the secret's ARN.
        account_id: the account that owns the secret.
        primary_region: of a secret that is replicated, the region of the primary.
        kind: the secret's Type, if it has one.
        lambda_arn: the ARN of the rotation function, if the secret has one.
        tags: the secret's tags, as DescribeSecret shows them.

    Source: condition keys of Secrets Manager [B]; iam-facts 5.
    """
    keys: dict[str, Value] = {"aws:resourceaccount": account_id, f"{PREFIX}secretid": arn}
    if primary_region:
        keys[f"{PREFIX}secretprimaryregion"] = primary_region
    if kind:
        keys[f"{PREFIX}resource/type"] = kind
    if lambda_arn:
        keys[f"{PREFIX}resource/allowrotationlambdaarn"] = lambda_arn
    for tag in tags:
        for prefix in ("aws:resourcetag/", f"{PREFIX}resourcetag/"):
            keys[prefix + tag.get("Key", "").lower()] = tag.get("Value", "")
    return keys


def keys_of_members(
    operation: str, members: Mapping[str, Any], kms_key_arn: str | None = None
) -> dict[str, Value]:
    """Return the condition keys that the members of a request supply: lower-case key to value or values.

    A member that wasn't sent has no key, and no default [B: iam C16].

    Args:
        operation: the operation.
        members: the members of the request.
        kms_key_arn: the ARN of the key that KmsKeyId names, if that is known.
    """
    keys: dict[str, Value] = {
        PREFIX + name.lower(): _text(members[name]) for name in MEMBERS.get(operation, ()) if name in members
    }
    if kms_key_arn and "KmsKeyId" in members:
        keys[f"{PREFIX}kmskeyarn"] = kms_key_arn
    if operation == "RotateSecret" and members.get("RotationRules"):
        keys[f"{PREFIX}modifyrotationrules"] = "true"
    if operation in _REPLICATING and members.get("AddReplicaRegions"):
        keys[f"{PREFIX}addreplicaregions"] = [entry.get("Region", "") for entry in members["AddReplicaRegions"]]
    return keys | keys_of_tags(members) if operation in _TAGGING else keys


def keys_of_tags(members: Mapping[str, Any]) -> dict[str, Value]:
    """Return the condition keys of the tags, or the tag keys, that a request sends."""
    tags: Sequence[Mapping[str, str]] = members.get("Tags") or ()
    keys: dict[str, Value] = {f"aws:requesttag/{tag.get('Key', '').lower()}": tag.get("Value", "") for tag in tags}
    tag_keys = [*(tag.get("Key", "") for tag in tags), *members.get("TagKeys", ())]
    if tag_keys:
        keys["aws:tagkeys"] = tag_keys
    return keys


def keys_of_key_use(
    secret_arn: str,
    version_id: str | None,
    *,
    region: str,
    caller_account: str,
    key_account: str,
    aliases: Sequence[str] = (),
) -> dict[str, Value]:
    """Return the condition keys of what Secrets Manager does with a KMS key: lower-case key to value or values.

    Args:
        secret_arn: the ARN of the secret whose value is encrypted or decrypted.
        version_id: the id of its version, if there is one yet.
        region: the region of the call.
        caller_account: the account of the caller.
        key_account: the account of the key.
        aliases: the aliases of the key, as far as they are known.

    Source: iam-facts 5 [B]: kms:ViaService, and an encryption context of SecretARN and SecretVersionId.
    """
    encrypted = {"SecretARN": secret_arn, **({} if version_id is None else {"SecretVersionId": version_id})}
    service = "secretsmanager.amazonaws.com"
    return {
        "aws:resourceaccount": key_account,
        "aws:viaawsservice": "true",
        "aws:calledvia": [service],
        "aws:calledviafirst": service,
        "aws:calledvialast": service,
        "kms:calleraccount": caller_account,
        "kms:encryptioncontextkeys": list(encrypted),
        **({"kms:resourcealiases": list(aliases)} if aliases else {}),
        "kms:viaservice": f"secretsmanager.{region}.amazonaws.com",
        **{f"{ENCRYPTION_CONTEXT}{name.lower()}": value for name, value in encrypted.items()},
    }


def _of_principal(caller: Caller, now: float) -> dict[str, Value]:
    *_, resource = caller.arn.split(":", 5)
    kind, _, name = resource.partition("/")
    if kind == "user":
        return {"aws:principaltype": "User", "aws:username": name.rpartition("/")[2]}
    if kind == "root":
        return {"aws:principaltype": "Account"}
    kind = "FederatedUser" if kind == "federated-user" else "AssumedRole"
    return {"aws:principaltype": kind, "aws:tokenissuetime": clock.iso(now)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
