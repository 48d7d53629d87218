"""The quotas of Secrets Manager, which a test can lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.state.settings import Settings

__all__ = ["Quotas"]

__tracebackhide__ = True  # the traceback of a misuse ends at the test


@dataclass(slots=True)
class Quotas(Settings):
    """The quotas of Secrets Manager, for every account and region. Lower one to reach it in a test.

    A new quota applies to later calls: they are refused if they would exceed it. Existing secrets,
    versions, labels and tags stay.

    Args:
        secrets: the number of secrets in one account and region, including those scheduled for deletion.
        versions: the number of versions of one secret. To make room, the service removes deprecated
            versions that are older than 24 hours.
        labels: the number of staging labels of one secret, over all its versions.
        tags: the number of tags of one secret.
        value_bytes: the size of a SecretString in UTF-8, or of a SecretBinary, in bytes.
        policy_characters: the length of a resource policy, in characters.

    Raises:
        AttributeError: if there is no quota with that name.
        ValueError: if the new quota isn't a whole number of at least 1.

    Source: api-facts 14 [B]. The bounds of the service model apply as well, so more than 65,536 bytes
        or 20,480 characters are never allowed.
    """

    _KIND: ClassVar[str] = "quota"

    secrets: int = 500_000
    versions: int = 100
    labels: int = 20
    tags: int = 50
    value_bytes: int = 65_536
    policy_characters: int = 20_480
