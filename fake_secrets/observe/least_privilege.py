"""The least policy for the calls of a world, as `fake_secrets.permissions` gives it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fake_secrets.iam.callers import needs_of_caller
from fake_secrets.iam.least_policy import Home, document_for
from fake_secrets.observe.ledger import Entry
from fake_secrets.observe.needs import needs_of

__all__ = ["least_policy_of"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def least_policy_of(
    entries: Sequence[Entry],
    home: Home,
    pinned: Collection[str] = (),
    *,
    region: str | None = None,
    account: str | None = None,
    principal: str | None = None,
    function: str | None = None,
) -> dict[str, Any]:
    """Return the least policy for the calls of one caller.

    Args:
        entries: the ledger's entries.
        home: the account and the region of the world.
        pinned: the ARNs of secrets whose suffixes a test has chosen.
        region: the region in which the policy is used, instead of the world's.
        account: the account in which it is used, twelve digits, instead of the world's.
        principal: the caller's ARN.
        function: the name or the ARN of a rotation function.

    Returns:
        The document. Without any call, it has no statement.

    Raises:
        ValueError: as `needs_of_caller` does, or if `region` or `account` isn't one.
    """
    return document_for(
        needs_of_caller(needs_of(entries, home, pinned), principal, function), region=region, account=account
    )
