"""The quotas: how many secrets there may be, and how much one secret may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.rules.stages import LABEL_QUOTA
from fake_secrets.service.state.settings import Settings

__all__ = ["VALUE_QUOTA", "Quotas"]

__tracebackhide__ = True  # a traceback should end at the test's own line

VALUE_QUOTA = 65_536


@dataclass(slots=True)
class Quotas(Settings):
    """The quotas of every account and region in a world. Lower one to reach it in a test.

    A quota applies to calls made after you set it. It removes nothing that is already stored.

    Args:
        secrets: secrets in one account and region, including those scheduled for deletion.
        versions: versions of one secret. Deprecated versions older than 24 hours are removed when
            a new version needs their place.
        labels: staging labels on all versions of one secret together.
        tags: tags of one secret.
        value_bytes: size of a SecretString in UTF-8, or of a SecretBinary.
        policy_characters: length of a resource policy.

    Raises:
        AttributeError: if there is no quota with that name.
        ValueError: if a quota is set to anything but a whole number of at least 1.

    Source: api-facts 14 [B]. The service model has bounds of its own, which still hold: raising
        a quota above 65,536 bytes or 20,480 characters has no effect.
    """

    _KIND: ClassVar[str] = "quota"

    secrets: int = 500_000
    versions: int = 100
    labels: int = LABEL_QUOTA
    tags: int = 50
    value_bytes: int = VALUE_QUOTA
    policy_characters: int = 20_480
