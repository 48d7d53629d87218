"""The call that both helpers make for a secret value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.local_endpoints.cache import Key
from fake_secrets.local_endpoints.upstream import Upstream

__all__ = ["get_secret_value"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def get_secret_value(
    upstream: Upstream, key: Key, *, role_arn: str | None = None, patience: float | None = None
) -> Mapping[str, Any]:
    """Return the members of GetSecretValue's response.

    Args:
        upstream: Secrets Manager.
        key: what is asked for.
        role_arn: the role that reads; None for the helper's own credentials.
        patience: as for `Upstream.call`.

    Raises:
        CallFailedError: if the call has failed.
    """
    members = {"SecretId": key.secret_id, "VersionId": key.version_id, "VersionStage": key.version_stage}
    given = {name: value for name, value in members.items() if value is not None}
    return upstream.call("GetSecretValue", given, role_arn=role_arn, patience=patience)
