"""How much a secret may have, and how many of them there may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fake_secrets.service.state.settings import Settings

__all__ = ["Quotas"]

__tracebackhide__ = True  # a misuse is told where it is


@dataclass(slots=True)
class Quotas(Settings):
    """The quotas of every account and region of a world; set one lower to meet it in a test.

    What exceeds a quota from the moment that it is set is refused; what is there stays.

    Args:
        secrets: secrets of one account and region, those scheduled for deletion included.
        versions: versions of one secret. Deprecated ones that are older than 24 hours make room.
        labels: staging labels over all versions of one secret.
        tags: tags of one secret.
        value_bytes: size of a SecretString in UTF-8, or of a SecretBinary.
        policy_characters: length of a resource policy.

    Raises:
        AttributeError: there is no quota of that name.
        ValueError: a quota is set to what isn't a whole number from 1.

    Source: api-facts 14 [B]. The service model's own bounds hold besides: a quota of more than
        65,536 bytes or 20,480 characters changes nothing.
    """

    _KIND: ClassVar[str] = "quota"

    secrets: int = 500_000
    versions: int = 100
    labels: int = 20
    tags: int = 50
    value_bytes: int = 65_536
    policy_characters: int = 20_480
