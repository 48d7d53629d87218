"""What Secrets Manager does with a customer's KMS key, which the caller must be allowed."""

from __future__ import annotations

__all__ = ["COPYING", "DECRYPTING", "ENCRYPTING", "REENCRYPTING", "REPLICATING"]

# Source: rotation-facts 4.2 [B].
DECRYPTING = ("kms:Decrypt",)
ENCRYPTING = ("kms:GenerateDataKey", "kms:Decrypt")
# Beside those for a new key, to give it the values that another key has encrypted.
REENCRYPTING = ("kms:Encrypt",)
# The key of a replica in another account [B: api-2026 X10].
COPYING = ("kms:Encrypt",)
# The key of a replica, in its region.
REPLICATING = ("kms:GenerateDataKey", "kms:Encrypt")
