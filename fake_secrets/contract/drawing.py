"""Draws the picture of a scenario as text: the calls, the staging labels, and what the service accepts."""

from __future__ import annotations

from collections.abc import Iterator

from fake_secrets.contract.picture_parts import STRANGERS, Picture
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING

__all__ = ["draw"]

_HEAD = ("call", "outcome", AWSCURRENT, AWSPENDING, "accepted by the service")
# The calls at the end matter most.
_LONGEST = 40


def draw(picture: Picture) -> tuple[str, ...]:
    """Return the lines of a table with a row for each call."""
    rows = list(_rows(picture))
    shown = rows if len(rows) <= _LONGEST else [("(earlier calls aren't shown)",), *rows[-_LONGEST:]]
    has_service = any(len(row) == len(_HEAD) and row[-1] for row in shown)
    width = len(_HEAD) if has_service else len(_HEAD) - 1
    table = [_HEAD[:width], *(row[:width] for row in shown)]
    widths = [max(len(row[column]) for row in table if len(row) > 1) for column in range(width)]
    return tuple(_line(row, widths) for row in table)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    if len(row) == 1:
        return row[0]
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _rows(picture: Picture) -> Iterator[tuple[str, ...]]:
    places = iter(range(len(picture.columns)))
    alike = _alike(picture)
    for run in picture.runs:
        yield (run.heading,)
        for column in run.columns:
            outcome = column.outcome if column.mark is None else f"{column.outcome} ({column.mark})"
            at = next(places)
            labels = (_role(picture, label, at) for label in (AWSCURRENT, AWSPENDING))
            name = column.title if column.name in alike else column.name
            yield f"  {column.number} {name}", outcome, *labels, _accepted(picture, at)
        if run.has_failed:
            yield (f"  {run.end}",)


def _alike(picture: Picture) -> frozenset[str]:
    """Return the names of calls that differ in the versions they are about. Elsewhere, these only take room."""
    about: dict[str, set[tuple[str, ...]]] = {}
    for column in picture.columns:
        about.setdefault(column.name, set()).add(column.about)
    return frozenset(name for name, several in about.items() if len(several) > 1)


def _role(picture: Picture, label: str, at: int) -> str:
    role = next(row.cells[at] for row in picture.labels if row.name == label)
    if not role:
        return "" if role is None else "-"
    fate = next(row.cells[at] for row in picture.versions if row.name == role)
    return f"{role} (empty)" if fate == "empty" else role


def _accepted(picture: Picture, at: int) -> str:
    told = {row.name: row.cells[at] for row in picture.accepts}
    roles = [name for name, cell in told.items() if cell == "yes"]
    strangers = told.get(STRANGERS)
    if strangers not in {None, "", "0"}:
        roles.append(f"{strangers} {STRANGERS}")
    return ", ".join(roles) or ("nothing" if any(told.values()) else "")
