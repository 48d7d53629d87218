"""Keeps the ledgers of worlds that end, if somebody asks for them. A world ends when it is left or reset."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fake_secrets.observe.ledger import Ledger

__all__ = ["Ended", "keep", "note"]


class Ended(NamedTuple):
    """A ledger, with what is needed to read it.

    Args:
        ledger: the ledger.
        account_id: the world's account.
        region: the world's region.
        pinned: the ARNs of secrets whose suffixes the test has chosen.
    """

    ledger: Ledger
    account_id: str
    region: str
    pinned: Collection[str]


_ended: list[Ended] | None = None


def keep(ended: list[Ended] | None) -> list[Ended] | None:
    """Keep the ledgers of worlds that end from now on in a list; with None, keep none. Return the list before."""
    global _ended
    before, _ended = _ended, ended
    return before


def note(ledger: Ledger, account_id: str, region: str, pinned: Collection[str]) -> None:
    """Note that a world ends. One that several entries share can end several times."""
    kept = _ended
    if kept is not None:
        kept.append(Ended(ledger, account_id, region, pinned))
