"""The table at the end of a check, with a row for each cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport
    from fake_secrets.contract.violation import Violation

__all__ = ["table_of"]

_HEAD = ("cause", "severity", "scenarios", "line")
_COLOURS = {"violation": "\x1b[31m", "note": "\x1b[33m", "allowed": "\x1b[2m"}
_PLAIN = "\x1b[0m"
_SEVERITY = _HEAD.index("severity")


def table_of(report: ContractReport, *, is_coloured: bool) -> str:
    """Return the table; an empty text if there is no cause.

    Args:
        report: the report.
        is_coloured: whether the severities are coloured.
    """
    rows = [_row(one) for one in (*report.violations, *report.notes)]
    if not rows:
        return ""
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    return "\n".join(_lines([_HEAD, *rows], widths, is_coloured=is_coloured))


def _row(one: Violation) -> tuple[str, ...]:
    severity = one.severity if one.allowed is None else "allowed"
    return one.name, severity, str(1 + len(one.others)), one.caller or one.where or "-"


def _lines(rows: list[tuple[str, ...]], widths: list[int], *, is_coloured: bool) -> Iterator[str]:
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        colour = _COLOURS.get(row[_SEVERITY])
        if is_coloured and colour is not None:
            cells[_SEVERITY] = f"{colour}{cells[_SEVERITY]}{_PLAIN}"
        yield "  ".join(cells).rstrip()
