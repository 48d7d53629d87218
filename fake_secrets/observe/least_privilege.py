"""The least policy for the calls of a world, as `fake_secrets.permissions` gives it."""

from __future__ import annotations

import re
from typing import Any

from fake_secrets.iam.callers import needs_of_caller
from fake_secrets.iam.least_policy import document_for
from fake_secrets.observe.needs import needs_of
from fake_secrets.observe.recording import Recording

__all__ = ["check_real_region", "least_policy_of"]

# Every region of AWS ends in a number. A world takes any name for its region; a policy for production doesn't.
_REGION = re.compile(r"[a-z]+(?:-[a-z]+)+-[0-9]+")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def least_policy_of(
    recording: Recording,
    *,
    region: str | None = None,
    account: str | None = None,
    principal: str | None = None,
    function: str | None = None,
) -> dict[str, Any]:
    """Return the least policy for the calls of one caller.

    Args:
        recording: what the world has recorded.
        region: the region in which the policy is used, instead of the world's.
        account: the account in which it is used, twelve digits, instead of the world's.
        principal: the caller's ARN.
        function: the name or the ARN of a rotation function.

    Returns:
        The document. Without any call, it has no statement.

    Raises:
        ValueError: as `needs_of_caller` does, or if `region` or `account` isn't one.
        TypeError: if `principal` or `function` isn't a str.
    """
    if region is not None:
        check_real_region(region)
    if account is not None and not (isinstance(account, str) and _ACCOUNT_ID.fullmatch(account)):
        msg = f"account={account!r} isn't a string of twelve digits"
        raise ValueError(msg)
    needs = needs_of_caller(needs_of(recording), principal, function)
    return document_for(needs, region=region, account=account)


def check_real_region(region: object) -> None:
    """Check that a value has the form of the name of a region of AWS.

    Raises:
        ValueError: if it doesn't. The first argument may have been meant to be a caller.
    """
    if isinstance(region, str) and _REGION.fullmatch(region):
        return
    msg = f"region={region!r} isn't a region, such as 'us-east-1'. Name a caller with principal= or function=."
    raise ValueError(msg)
