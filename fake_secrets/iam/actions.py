"""The actions of Secrets Manager, and what a misspelt one was meant to be."""

from __future__ import annotations

from fake_secrets.iam.patterns import is_like
from fake_secrets.suggestions import similar

__all__ = ["ACTIONS", "meant_by"]

_SERVICE = "secretsmanager"
# How similar a misspelt action is at least. GetSecretValue resembles PutSecretValue by 0.86.
_CUTOFF = 0.87

# Each is called like its operation [B: Service Authorization Reference].
ACTIONS = (
    "AssociateCrossAccountReplica",
    "BatchGetSecretValue",
    "CancelRotateSecret",
    "CreateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "DescribeSecret",
    "DisassociateCrossAccountReplica",
    "GetRandomPassword",
    "GetResourcePolicy",
    "GetSecretValue",
    "ListResourcePolicies",
    "ListSecretVersionIds",
    "ListSecrets",
    "PutResourcePolicy",
    "PutSecretValue",
    "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions",
    "RestoreSecret",
    "RotateSecret",
    "StopReplicationToReplica",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "ValidateResourcePolicy",
)
_BY_LOWER = {action.lower(): action for action in ACTIONS}


def meant_by(action: str) -> str | None:
    """Return the action of Secrets Manager that a misspelt one was meant to be.

    Args:
        action: the action in a policy, such as ``secretsmanager:GetSecretValues``. It may have wildcards.

    Returns:
        The action, or None if the given one is that of another service, if there is such an action, or if it
        resembles none: it may be newer than this list.
    """
    service, _, name = action.lower().partition(":")
    if service != _SERVICE or any(is_like(known, name) for known in _BY_LOWER):
        return None
    found = similar(name.replace("*", "").replace("?", ""), _BY_LOWER, 1, _CUTOFF)
    return f"{_SERVICE}:{_BY_LOWER[found[0]]}" if found else None
