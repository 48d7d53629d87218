"""What a world has recorded from its start, or its reset, to its end: all that tells what its calls needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from fake_secrets.iam.grants import Grants
from fake_secrets.observe.ledger import Ledger
from fake_secrets.service.state.keys import Keys
from fake_secrets.slotted import slotted

__all__ = ["Planted", "Recording"]


class Planted(NamedTuple):
    """What a test has said of a secret that it has added without a call.

    Args:
        is_pinned: whether the test has chosen the suffix of the secret's ARN.
        kms_key_id: the key, as the test gives it; None for the default key.
    """

    is_pinned: bool
    kms_key_id: str | None


@slotted
class Recording:
    """What a world has recorded.

    Args:
        ledger: the calls.
        keys: the KMS keys.
        account_id: the world's account.
        region: the world's region.
        grants: what callers were given.
        planted: what the test has said of secrets, by ARN, if it has said anything.
        function_name: what rotation functions are called, if not by their own names.
    """

    ledger: Ledger
    keys: Keys
    account_id: str
    region: str
    grants: Grants
    planted: Mapping[str, Planted] = field(default_factory=dict)
    function_name: str | None = None
