"""Lambda functions that exist outside fake_secrets, so that it can't run them: those of moto's Lambda."""

from __future__ import annotations

import sys
from typing import Any

from fake_secrets.arns import account_of, region_of
from fake_secrets.beside_moto import is_active

__all__ = ["is_in_moto", "name_of", "qualifier_of"]

# Of the implementation that runs functions in containers, and of the one that doesn't run them.
_BACKENDS = (
    ("moto.awslambda.models", "lambda_backends"),
    ("moto.awslambda_simple.models", "lambda_simple_backends"),
)
_NAME, _QUALIFIER = 6, 7


def name_of(arn: str) -> str:
    """Return a Lambda function's name, without a qualifier."""
    return arn.split(":")[_NAME]


def qualifier_of(arn: str) -> str | None:
    """Return the version or the alias in a Lambda function's ARN, or None."""
    parts = arn.split(":")
    return parts[_QUALIFIER] if len(parts) > _QUALIFIER else None


def is_in_moto(arn: str) -> bool:
    """Return whether moto is active and its Lambda has the function, version or alias of an ARN."""
    return is_active() and any(_has(module, name, arn) for module, name in _BACKENDS)


def _has(module: str, name: str, arn: str) -> bool:
    # `get`, unlike a subscript, makes moto create nothing.
    of_account: Any = getattr(sys.modules.get(module), name, {}).get(account_of(arn), {})
    backend: Any = of_account.get(region_of(arn))
    if backend is None:
        return False
    try:
        return backend.get_function(name_of(arn), qualifier_of(arn)) is not None
    except Exception:  # noqa: BLE001 -- moto's error for an unknown function, whose class depends on its version
        return False
