"""What each call asks: the actions that the caller must be allowed, on which resource, with which keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.arns import account_of
from fake_secrets.iam.evaluation import Check
from fake_secrets.service.rules.condition_keys import Value, keys_of_members, keys_of_tags

__all__ = [
    "WITHOUT_RESOURCE",
    "action_of",
    "check_of_passing",
    "check_of_replica",
    "checks_of",
    "checks_of_creation",
]

# The actions that Secrets Manager checks on `*`, never on a secret [B: iam S6].
WITHOUT_RESOURCE = frozenset({"BatchGetSecretValue", "GetRandomPassword", "ListSecrets"})

# The actions on a replica in another account that these operations ask beside their own.
_OF_REPLICA = {
    "AssociateCrossAccountReplica": "AcceptCrossAccountReplication",
    "StopReplicationToReplica": "DeleteResourcePolicy",
}

_ALL = "*"
_SERVICE = "secretsmanager.amazonaws.com"


def action_of(operation: str) -> str:
    """Return the IAM action of an operation."""
    return f"secretsmanager:{operation}"


def checks_of(
    operation: str,
    members: Mapping[str, Any],
    secret: Mapping[str, Value],
    resource: str,
    kms_key_arn: str | None = None,
) -> list[Check]:
    """Return what a call asks before anything else: each check must be allowed.

    What a call meets only on its way, such as each secret of a batch, isn't among them.

    Args:
        operation: any operation but CreateSecret.
        members: the members of the request.
        secret: the keys of the secret that the call names; empty if there is none.
        resource: the ARN of that secret, or ``*`` if the call names none.
        kms_key_arn: the ARN of the key in the request, if there is one.

    Source: iam-facts 5 [B; D where it says so].
    """
    action = action_of(operation)
    if operation in WITHOUT_RESOURCE:
        checks = [Check(action, _ALL, {})]
        if operation == "BatchGetSecretValue" and members.get("Filters"):
            checks.append(Check(action_of("ListSecrets"), _ALL, {}))
        return checks
    keys = {**secret, **keys_of_members(operation, members, kms_key_arn)}
    checks = [Check(action, resource, keys)]
    if operation == "ValidateResourcePolicy":
        checks.append(Check(action_of("PutResourcePolicy"), resource, secret))
    if operation == "AssociateCrossAccountReplica":
        checks.append(Check(action_of("GetSecretValue"), resource, secret))
    return checks


def check_of_passing(role_arn: str) -> Check:
    """Return what a call asks about a role that Secrets Manager is to assume [B: api-2026 3.1]."""
    return Check(
        "iam:PassRole", role_arn, {"aws:resourceaccount": account_of(role_arn), "iam:passedtoservice": _SERVICE}
    )


def check_of_replica(operation: str, resource: str, secret: Mapping[str, Value]) -> Check:
    """Return what an operation asks about a replica in another account, beside the action of its own name.

    Args:
        operation: AssociateCrossAccountReplica or StopReplicationToReplica.
        resource: the ARN of the replica.
        secret: its keys.

    Source: api-2026 3.1, 5 [B].
    """
    return Check(action_of(_OF_REPLICA[operation]), resource, secret)


def checks_of_creation(members: Mapping[str, Any], arn: str, kms_key_arn: str | None = None) -> list[Check]:
    """Return what CreateSecret asks.

    Args:
        members: the members of the request.
        arn: the ARN that the secret is going to have, with its suffix [C: iam-facts 5].
        kms_key_arn: the ARN of the key in the request, if there is one.
    """
    checks = [Check(action_of("CreateSecret"), arn, keys_of_members("CreateSecret", members, kms_key_arn))]
    if members.get("Tags"):
        checks.append(Check(action_of("TagResource"), arn, keys_of_tags(members)))
    if members.get("CrossAccountPrimaryARN"):
        # Secrets Manager attaches the policy of a replica [B: api-2026 5].
        checks.append(Check(action_of("PutResourcePolicy"), arn, {}))
    if members.get("AddReplicaRegions"):
        keys = keys_of_members("ReplicateSecretToRegions", members)
        checks.append(Check(action_of("ReplicateSecretToRegions"), arn, keys))
    return checks
