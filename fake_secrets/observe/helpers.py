"""The local helpers of AWS, by whose User-Agent their calls are known."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["helper_of", "product_of"]

# What the User-Agent of the agent contains [B code: local-endpoints-facts 1.5]. That of the extension is ours [D].
_PRODUCTS: Mapping[str, str] = {
    "agent": "aws-secrets-manager-agent",
    "extension": "aws-parameters-and-secrets-lambda-extension",
}


def product_of(helper: str) -> str:
    """Return the User-Agent of a helper's calls."""
    return f"{_PRODUCTS[helper]}/2"


def helper_of(user_agent: str | None) -> str | None:
    """Return the helper that made a call with a User-Agent; None if none did."""
    sent = user_agent or ""
    return next((helper for helper, product in _PRODUCTS.items() if product in sent), None)
