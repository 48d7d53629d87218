"""The resource policies of a secret: the customer's, and the one that Secrets Manager attaches to a replica."""

from __future__ import annotations

import json

from fake_secrets.arns import account_of, partition_of, root_arn
from fake_secrets.service.state.model import StoredSecret

__all__ = ["CROSS_ACCOUNT", "DEFAULT", "policies_of"]

DEFAULT = "default"
CROSS_ACCOUNT = "cross-account-replication"


def policies_of(secret: StoredSecret) -> dict[str, str]:
    """Return the policies that are attached to a secret, by name, in the order of ListResourcePolicies.

    Source: api-2026 3.3, X20 [B]. The text of the system policy isn't known: here it lets the primary's account
        replicate to the replica [D: X24].
    """
    policies = {} if secret.policy is None else {DEFAULT: secret.policy}
    link = secret.cross_account_primary
    if link is not None:
        policies[CROSS_ACCOUNT] = _letting(account_of(link.arn), partition_of(secret.region))
    return policies


def _letting(account_id: str, partition: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": root_arn(account_id, partition)},
        "Action": "secretsmanager:AcceptCrossAccountReplication",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
