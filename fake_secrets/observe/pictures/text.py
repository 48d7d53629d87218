"""Pictures as text: no line is wider than 80 columns, whatever the timeline holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from fake_secrets.observe.moments import Moment
from fake_secrets.observe.pictures.sheet import ABSENT, SIGNS, Cell, Sheet
from fake_secrets.observe.words import width_of, wrap

__all__ = ["text_of"]

_WIDTH = 80

_GAP = "  "
_INDENT = "  "
# What fits into a column if the table is too wide: a step and the longest operation, and the two usual labels.
_CALL_WIDTH = 40
_LABELS_WIDTH = 22

# A column has a list of lines for each row, the header among them.
_Column = list[list[str]]


def text_of(sheet: Sheet) -> str:
    """Return a timeline as text: a title, the ids of the versions, a table and a legend.

    If the versions need more than one table, each has the rows in which its versions had labels or changed.
    """
    head = wrap(sheet.title, _WIDTH)
    for version in sheet.columns:
        head += wrap(f"v{version + 1} = {sheet.version_ids[version]}", _WIDTH)
    blocks = ["\n".join(block) for block in _blocks(sheet)]
    legend = "\n".join(f"{sign}  {SIGNS[sign]}" for sign in sheet.signs())
    return "\n\n".join(["\n".join(head), *blocks, *([legend] if legend else [])])


def _blocks(sheet: Sheet) -> Iterator[list[str]]:
    numbers: _Column = [[""], *([str(number)] for number, _ in sheet.rows())]
    for call_width, labels_width in ((_WIDTH, _WIDTH), (_CALL_WIDTH, _LABELS_WIDTH)):
        calls = [["call"], *(_call(moment, call_width) for moment in sheet.moments)]
        columns = {version: _labels(sheet, version, labels_width) for version in sheet.columns}
        if _total([numbers, calls, *columns.values()]) <= _WIDTH:
            yield _table([numbers, calls, *columns.values()])
            return
    yield from _several(sheet, [numbers, calls], columns)


def _several(sheet: Sheet, fixed: list[_Column], columns: Mapping[int, _Column]) -> Iterator[list[str]]:
    """Yield as many tables as the columns of versions need."""
    groups = _groups(columns, _WIDTH - _total(fixed))
    shown = [_rows_of(sheet, group) for group in groups]
    # A row in which no version had a label is shown, too.
    shown[0] |= set(range(len(sheet.moments))).difference(*shown)
    for group, rows in zip(groups, shown, strict=True):
        chosen = [0, *(row + 1 for row in sorted(rows))]
        yield _table([[column[row] for row in chosen] for column in [*fixed, *(columns[one] for one in group)]])


def _groups(columns: Mapping[int, _Column], room: int) -> list[list[int]]:
    """Return which versions are beside each other."""
    groups: list[list[int]] = []
    left = 0
    for version, column in columns.items():
        width = _column_width(column) + len(_GAP)
        if width > left or not groups:
            groups.append([])
            left = room
        groups[-1].append(version)
        left -= width
    return groups


def _rows_of(sheet: Sheet, versions: Sequence[int]) -> set[int]:
    """Return the indexes of the rows in which one of these versions had a label or changed."""
    rows = list(zip(*(sheet.columns[version] for version in versions), strict=True))
    return {
        at
        for at, (before, row) in enumerate(itertools.pairwise([(ABSENT,) * len(versions), *rows]))
        if any(cell.labels for cell in row) or row != before
    }


def _call(moment: Moment, width: int) -> list[str]:
    """Return the lines that tell of a call, with what came of it."""
    call = moment.operation if moment.step is None else f"{moment.step}: {moment.operation}"
    if moment.attempt > 1:
        call = f"{call}, attempt {moment.attempt}"
    lines = [call]
    if moment.failure is not None:
        joined = f"{call} -> {moment.failure}"
        lines = [joined] if width == _WIDTH else [call, f"{_INDENT}-> {moment.failure}"]
    if moment.fault is not None:
        lines.append(f"! planned: {moment.fault}")
    lines += [f"* {event}" for event in moment.events]
    return [part for line in lines for part in wrap(line, width, _INDENT)]


def _labels(sheet: Sheet, version: int, width: int) -> _Column:
    column = sheet.columns[version]
    lines = {cell: _cell(cell, width) for cell in set(column)}
    return [[f"v{version + 1}"], *(lines[cell] for cell in column)]


def _cell(cell: Cell, width: int) -> list[str]:
    labels = [f'"{label}"' if label in SIGNS or " " in label else label for label in cell.labels]
    parts = [*labels, *([cell.sign] if cell.sign else [])]
    return wrap(" ".join(parts), width)


def _total(columns: Sequence[_Column]) -> int:
    return sum(map(_column_width, columns)) + len(_GAP) * (len(columns) - 1)


def _column_width(column: _Column) -> int:
    return max(width_of(line) for lines in column for line in lines)


def _table(columns: Sequence[_Column]) -> list[str]:
    widths = list(map(_column_width, columns))
    table = []
    for row in zip(*columns, strict=True):
        for line in range(max(map(len, row))):
            parts = [lines[line] if line < len(lines) else "" for lines in row]
            table.append(_GAP.join(map(_pad, parts, widths)).rstrip())
    return table


def _pad(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))
