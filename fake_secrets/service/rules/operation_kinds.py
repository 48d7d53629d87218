"""What operations do, for all who look at calls from outside: which of them read, and which store a value."""

from __future__ import annotations

__all__ = ["READS", "STORING", "STORING_ANEW", "VALUES"]

# The names of operations that change nothing begin like this.
READS = ("BatchGet", "Describe", "Get", "List", "Validate")
# The members of a request that hold a value.
VALUES = frozenset({"SecretBinary", "SecretString"})
# The operations that may store a value in a secret that exists, and the one that makes a secret.
STORING = frozenset({"PutSecretValue", "UpdateSecret"})
STORING_ANEW = STORING | {"CreateSecret"}
