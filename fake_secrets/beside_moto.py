"""What moto holds while its mock is active. Nothing of moto is imported or created."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = [
    "ACCESS_KEY_ID",
    "active_mocks",
    "backends",
    "is_active",
    "is_loaded",
    "name_of_secret",
    "values_of_secret",
]

# What moto sets the environment variable AWS_ACCESS_KEY_ID to.
ACCESS_KEY_ID = "FOOBARKEY"


def is_loaded() -> bool:
    """Return whether anybody has imported moto's mocks."""
    return "moto.core.models" in sys.modules


def is_active() -> bool:
    """Return whether a mock of moto is active."""
    stubber = getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
    return bool(getattr(stubber, "enabled", False))


def active_mocks() -> int:
    """Return how many mocks of moto are active."""
    mock = getattr(sys.modules.get("moto.core.models"), "MockAWS", None)
    count = getattr(mock, "_nested_count", 0)
    return count if isinstance(count, int) else 0


def backends(module: str, name: str) -> Iterator[Any]:
    """Yield moto's backends of a service, of all accounts and partitions."""
    for of_account in list(getattr(sys.modules.get(module), name, {}).values()):
        yield from list(of_account.values())


def name_of_secret(secret_id: str) -> str | None:
    """Return the name of the secret that moto's Secrets Manager has under a name or an ARN, or None.

    It is looked for in all accounts and regions, if moto is active. The ARN may lack its suffix.
    """
    if not is_active():
        return None
    for backend in backends("moto.secretsmanager.models", "secretsmanager_backends"):
        # Not `get`, which moto defines anew.
        for secret in list(dict.values(getattr(backend, "secrets", {}))):
            name, arn = str(getattr(secret, "name", "")), str(getattr(secret, "arn", ""))
            if secret_id in {name, arn, arn.rpartition("-")[0]}:
                return name
    return None


def values_of_secret(account_id: str, region: str, name: str) -> dict[str, object] | None:
    """Return the texts of a secret in moto's Secrets Manager by label, or None if moto has no such secret.

    Args:
        account_id: the secret's account.
        region: its region.
        name: its name.
    """
    for backend in backends("moto.secretsmanager.models", "secretsmanager_backends"):
        if (getattr(backend, "account_id", None), getattr(backend, "region_name", None)) != (account_id, region):
            continue
        # Not `get`, which moto defines anew.
        for secret in list(dict.values(getattr(backend, "secrets", {}))):
            if getattr(secret, "name", None) == name:
                versions = list(getattr(secret, "versions", {}).values())
                return {
                    label: version.get("secret_string")
                    for version in versions
                    for label in version.get("version_stages", ())
                }
    return None
