"""Pictures as text: no line is wider than 80 columns, whatever the timeline holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fake_secrets.observe.moments import Moment
from fake_secrets.observe.pictures.sheet import SIGNS, Cell, Sheet
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

    If the versions need more than one table, each has the rows in which its versions existed.
    """
    versions = sheet.versions
    head = wrap(sheet.title, _WIDTH)
    for version in versions:
        head += wrap(f"v{version + 1} = {sheet.version_ids[version]}", _WIDTH)
    blocks = ["\n".join(block) for block in _blocks(sheet, versions)]
    legend = "\n".join(f"{sign}  {SIGNS[sign]}" for sign in sheet.signs())
    return "\n\n".join(["\n".join(head), *blocks, *([legend] if legend else [])])


def _blocks(sheet: Sheet, versions: Sequence[int]) -> Iterator[list[str]]:
    numbers: _Column = [[""], *([str(number)] for number, _ in sheet.rows())]
    calls = [["call"], *(_call(moment, _WIDTH) for moment in sheet.moments)]
    columns = {version: _labels(sheet, version, _WIDTH) for version in versions}
    if _total([numbers, calls, *columns.values()]) <= _WIDTH:
        yield _table([numbers, calls, *columns.values()])
        return
    calls = [["call"], *(_call(moment, _CALL_WIDTH) for moment in sheet.moments)]
    columns = {version: _labels(sheet, version, _LABELS_WIDTH) for version in versions}
    yield from _several(sheet, [numbers, calls], columns)


def _several(sheet: Sheet, fixed: list[_Column], columns: dict[int, _Column]) -> Iterator[list[str]]:
    """Yield as many tables as the columns of versions need."""
    groups: list[list[int]] = [[]]
    for version in columns:
        if groups[-1] and _total([*fixed, *(columns[one] for one in [*groups[-1], version])]) > _WIDTH:
            groups.append([])
        groups[-1].append(version)
    shown = [_rows_of(sheet, group) for group in groups]
    # A row in which no version existed, too, is shown once.
    shown[0] = sorted({*shown[0], *range(len(sheet.moments))} - set().union(*shown[1:]) | set(shown[0]))
    for group, rows in zip(groups, shown, strict=True):
        chosen = [0, *(row + 1 for row in rows)]
        yield _table([[column[row] for row in chosen] for column in [*fixed, *(columns[one] for one in group)]])


def _rows_of(sheet: Sheet, versions: Sequence[int]) -> list[int]:
    """Return the indexes of the rows in which one of these versions existed, and of the row that removed it."""
    cells = [sheet.cells(version) for version in versions]
    states = [[cell.state for cell in row] for row in zip(*cells, strict=True)]
    before = [[None], *states]
    return [
        row
        for row, of_row in enumerate(states)
        if any(state not in {None, "removed"} for state in of_row)
        or any(state not in {None, "removed"} for state in before[row])
    ]


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
    return [[f"v{version + 1}"], *(_cell(cell, width) for cell in sheet.cells(version))]


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
