"""What permissions see of a stored secret: the condition keys that it supplies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fake_secrets.service.rules.condition_keys import Value, keys_of_secret
from fake_secrets.service.state.model import StoredSecret

__all__ = ["keys_of"]


def keys_of(secret: StoredSecret | None, tags: Sequence[Mapping[str, str]] | None = None) -> Mapping[str, Value]:
    """Return the condition keys of a secret: lower-case key to value. There are none without a secret.

    Args:
        secret: the secret, if there is one.
        tags: its tags, if they are going to change.
    """
    if secret is None:
        return {}
    is_replicated = secret.primary is not None or bool(secret.replicas)
    return keys_of_secret(
        secret.arn,
        account_id=secret.account_id,
        # Only a secret in several Regions has this key [B: iam-facts 5].
        primary_region=(secret.primary or secret).region if is_replicated else None,
        kind=secret.type,
        lambda_arn=None if secret.rotation is None else secret.rotation.lambda_arn,
        tags=(secret.tags if tags is None else tags) or (),
    )
