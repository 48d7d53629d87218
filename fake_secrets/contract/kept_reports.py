"""Keeps the reports that tests make by themselves, for a plugin that shows them at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport

__all__ = ["begin", "keep", "take"]

# None as long as nobody wants them.
_kept: list[ContractReport] | None = None


def begin() -> None:
    """Keep reports from now on."""
    global _kept  # noqa: PLW0603 -- there is one for the process, like its tests
    _kept = []


def keep(report: ContractReport) -> None:
    """Keep a report, if somebody wants it."""
    if _kept is not None:
        _kept.append(report)


def take() -> list[ContractReport]:
    """Return the reports that have been kept, and keep none any longer."""
    global _kept
    found, _kept = _kept or [], None
    return found
