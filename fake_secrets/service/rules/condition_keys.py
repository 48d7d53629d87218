"""The condition keys of policies: what is known about a request, its caller and its secret."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.evaluation import Caller
from fake_secrets.iam.policy import Policy
from fake_secrets.suggestions import nearest

__all__ = [
    "Value",
    "about_unknown",
    "check_conditions",
    "is_known",
    "keys_of_circumstances",
    "keys_of_key_use",
    "keys_of_members",
    "keys_of_secret",
    "keys_of_tags",
]

Value = str | list[str]

_PREFIX = "secretsmanager:"
_NO_TAGS: Mapping[str, str] = MappingProxyType({})
# The request members of each operation that have a condition key of the same name [B: Service Authorization
# Reference].
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "CreateSecret": ("Name", "Description", "KmsKeyId", "Type", "ForceOverwriteReplicaSecret"),
    "DeleteSecret": ("RecoveryWindowInDays", "ForceDeleteWithoutRecovery"),
    "GetSecretValue": ("VersionId", "VersionStage"),
    "PutResourcePolicy": ("BlockPublicPolicy",),
    "ReplicateSecretToRegions": ("ForceOverwriteReplicaSecret",),
    "RotateSecret": ("RotationLambdaARN", "RotateImmediately", "ExternalSecretRotationRoleArn"),
    "UpdateSecret": ("Description", "KmsKeyId", "Type"),
    "UpdateSecretVersionStage": ("VersionStage",),
}
_TAGGING = frozenset({"CreateSecret", "TagResource", "UntagResource"})
_REPLICATING = frozenset({"CreateSecret", "ReplicateSecretToRegions"})
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
        "aws:tokenissuetime",
        "aws:username",
        "aws:viaawsservice",
        "kms:calleraccount",
        "kms:encryptioncontextkeys",
        "kms:resourcealiases",
        "kms:viaservice",
        *(_PREFIX + member.lower() for members in _MEMBERS.values() for member in members),
        "secretsmanager:addreplicaregions",
        "secretsmanager:kmskeyarn",
        "secretsmanager:modifyrotationrules",
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
# Keys that AWS knows, and whose values a test has to give.
_OF_THE_REAL_WORLD = frozenset(
    {
        "aws:federatedprovider",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:referer",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:useragent",
        "aws:userid",
    }
)
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
# After each of these prefixes comes a tag's key.
_TAG_KEYS = ("aws:resourcetag/", "secretsmanager:resourcetag/", "aws:requesttag/", "aws:principaltag/")
_KNOWN_PREFIXES = (*_TAG_KEYS, _ENCRYPTION_CONTEXT)


def check_conditions(policies: Iterable[Policy], action: str, given: Mapping[str, Value]) -> None:
    """Refuse policies with a condition key whose value isn't known, if a statement about an action has it.

    Args:
        policies: the policies.
        action: the action.
        given: the condition keys whose values the test has given, in lower case.

    Raises:
        UnsupportedOperationError: if a condition has an unknown key, such as aws:SourceIp.
    """
    for policy in policies:
        unknown = sorted(key for key in policy.condition_keys if not (is_known(key) or key in given))
        if unknown and any(_depends(rule, action, unknown) for rule in policy.rules):
            raise UnsupportedOperationError(about_unknown(policy, unknown))


def is_known(key: str) -> bool:
    """Return whether a condition key, in lower case, is known: its value, or that no request of a test has it."""
    return key in _KNOWN or key in _ABSENT or key.startswith(_KNOWN_PREFIXES)


def about_unknown(policy: Policy, keys: Sequence[str]) -> str:
    """Return the message about condition keys of a policy whose values aren't known."""
    name = policy.name or "the resource policy"
    said = f"{name} has a condition on {', '.join(keys)}, which fake_secrets doesn't know."
    if keys[0] in {prefix.rstrip("/:") for prefix in _KNOWN_PREFIXES}:
        return f"{said} Such a key ends in a name: {keys[0]}/team."
    meant = nearest(keys[0], sorted(_KNOWN | _ABSENT))
    if meant and keys[0] not in _OF_THE_REAL_WORLD:
        return f"{said} Did you mean {meant[0]}?"
    return (
        f"{said} Its value isn't in a request of a test, so give it: "
        f"`with fake_secrets.permissions(None, principal=..., context={{{keys[0]!r}: ...}}):` keeps what was said "
        "of the caller's policies. Leave principal= out for the caller of the test's own clients."
    )


def _depends(rule: Rule, action: str, keys: Collection[str]) -> bool:
    is_meant = any(condition.key in keys for condition in rule.statement.conditions)
    return is_meant and rule.covers_action(action.lower())


def keys_of_circumstances(
    *, caller: Caller, region: str, now: float, tags: Mapping[str, str] = _NO_TAGS
) -> dict[str, Value]:
    """Return the condition keys that every request has, whatever it asks: lower-case key to value.

    Args:
        caller: who makes the call.
        region: the region that the client calls.
        now: the time of the call, epoch seconds.
        tags: the caller's tags.

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
        **{f"aws:principaltag/{key.lower()}": value for key, value in tags.items()},
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
    keys: dict[str, Value] = {"aws:resourceaccount": account_id, f"{_PREFIX}secretid": arn}
    if primary_region:
        keys[f"{_PREFIX}secretprimaryregion"] = primary_region
    if kind:
        keys[f"{_PREFIX}resource/type"] = kind
    if lambda_arn:
        keys[f"{_PREFIX}resource/allowrotationlambdaarn"] = lambda_arn
    for tag in tags:
        for prefix in ("aws:resourcetag/", f"{_PREFIX}resourcetag/"):
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
        _PREFIX + name.lower(): _text(members[name]) for name in _MEMBERS.get(operation, ()) if name in members
    }
    if kms_key_arn and "KmsKeyId" in members:
        keys[f"{_PREFIX}kmskeyarn"] = kms_key_arn
    if operation == "RotateSecret" and members.get("RotationRules"):
        keys[f"{_PREFIX}modifyrotationrules"] = "true"
    if operation in _REPLICATING and members.get("AddReplicaRegions"):
        keys[f"{_PREFIX}addreplicaregions"] = [entry.get("Region", "") for entry in members["AddReplicaRegions"]]
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
        **{f"{_ENCRYPTION_CONTEXT}{name.lower()}": value for name, value in encrypted.items()},
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
