"""Pictures as SVG: a lane for each version, a column for each row of the table, and bars for the labels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from html import escape

from fake_secrets.observe.moments import Moment
from fake_secrets.observe.pictures.sheet import Cell, Sheet
from fake_secrets.observe.words import cut, printable, width_of
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS

__all__ = ["COLUMNS", "drawing_of", "kind_of", "sample"]

# A drawing that is much wider tells nothing.
COLUMNS = 200

_COLUMN = 48
_GUTTER = 44
_BAR = 18
_GAP = 4
# The marks, the number and the step of each column, one below the other.
_MARKS, _NUMBERS, _STEPS, _HEAD = 14, 32, 48, 58
# A lane shows so many labels of a version, and the number of the others.
_BARS = 3
# The widths of a character, of 11 and of 10 pixels, in a font in which all have the same.
_LETTER = 6.7
_MARK = 11

_SHORT = {AWSCURRENT: "CUR", AWSPENDING: "PEN", AWSPREVIOUS: "PREV"}
_KINDS = {AWSCURRENT: "current", AWSPENDING: "pending", AWSPREVIOUS: "previous"}


def kind_of(label: str) -> str:
    """Return the class of a label in HTML: current, pending, previous or own."""
    return _KINDS.get(label, "own")


def drawing_of(sheet: Sheet) -> str:
    """Return a timeline as an element of SVG, in the style of `style`."""
    sheet = sheet.latest(COLUMNS)
    lanes = [(version, _bars_of(column)) for version, column in sheet.columns.items()]
    height = _HEAD + sum(_height(bars) for _, bars in lanes) + _GAP
    width = _GUTTER + _COLUMN * len(sheet.moments) + _GAP
    parts = [*_columns(sheet, height), *_steps(sheet.moments)]
    top = _HEAD
    for version, bars in lanes:
        parts += _lane(f"v{version + 1}", bars, top, width)
        top += _height(bars)
    versions = "1 version as a lane" if len(lanes) == 1 else f"{len(lanes)} versions as lanes"
    described = f"{versions}, {len(sheet.moments)} rows of the table as columns"
    return (
        f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title>{_escaped(sheet.title)}</title><desc>{described}</desc>'
        f"{''.join(parts)}</svg>"
    )


def sample(what: str) -> str:
    """Return a small drawing for a legend.

    Args:
        what: the class of a label; or deprecated, empty or removed; or failure, fault, event or attempt.
    """
    if what in {"failure", "fault", "event", "attempt"}:
        inner = _mark(what, 14, 11, "2")
    elif what in {"deprecated", "removed"}:
        cell = Cell((), "removed" if what == "removed" else "stored")
        inner = "".join(_run(cell, 0, 40, 2))
    else:
        label = next((label for label, kind in _KINDS.items() if kind == what), "LIVE")
        cell = Cell((AWSPENDING,), "empty") if what == "empty" else Cell((label,), "stored")
        inner = "".join(_run(cell, 0, 40, 2))
    return f'<svg class="sample" width="42" height="22" viewBox="0 0 42 22" aria-hidden="true">{inner}</svg>'


# A run is a cell that stays the same: the cell, its first column, and the number of its columns.
_Run = tuple[Cell, int, int]


def _bars_of(cells: Sequence[Cell]) -> list[_Run]:
    runs, start = [], 0
    for cell, same in itertools.groupby(cells):
        length = len(list(same))
        runs.append((cell, start, length))
        start += length
    return runs


def _height(runs: Sequence[_Run]) -> int:
    bars = max([1, *(min(_BARS, len(cell.labels)) for cell, _, _ in runs)])
    return bars * (_BAR + 2) + 2 * _GAP


def _lane(name: str, runs: Sequence[_Run], top: int, width: int) -> Iterator[str]:
    yield f'<path class="rule" d="M0 {top + 0.5}H{width}"/>'
    yield _text(name, 6, top + _GAP + 13, "lane")
    for cell, start, length in runs:
        if cell.state is not None:
            yield from _run(cell, _GUTTER + start * _COLUMN, length * _COLUMN, top + _GAP)


def _run(cell: Cell, left: int, width: int, top: int) -> Iterator[str]:
    if cell.state == "removed":
        yield f'<path class="removed" d="M{left + 14} {top + 3}l12 12m0 -12l-12 12"/>'
        return
    if not cell.labels:
        is_empty = " empty" if cell.state == "empty" else ""
        yield f'<path class="deprecated{is_empty}" d="M{left + 4} {top + 9}h{width - 8}"/>'
    for at, label in enumerate(cell.labels[:_BARS]):
        more = len(cell.labels) - _BARS if at == _BARS - 1 else 0
        yield from _bar(label, left, width, top + at * (_BAR + 2), is_empty=cell.state == "empty", more=more)


def _bar(label: str, left: int, width: int, top: int, *, is_empty: bool, more: int) -> Iterator[str]:
    kind = kind_of(label)
    radius = 9 if kind == "own" else 2
    look = f"bar {kind}{' empty' if is_empty else ''}"
    size = f'width="{width - 4}" height="{_BAR - 2}" rx="{radius}"'
    yield f'<rect class="{look}" x="{left + 2}" y="{top + 1}" {size}/>'
    shown = f"{label} and {more} more" if more else label
    fits = int((width - 10) / _LETTER)
    if width_of(printable(shown)) > fits:
        shown = f"+{more + 1}" if more else _SHORT.get(label, label)
    yield _text(cut(shown, fits), left + 6, top + 13, f"on {kind}{' empty' if is_empty else ''}")


def _columns(sheet: Sheet, height: int) -> Iterator[str]:
    for at, (number, moment) in enumerate(sheet.rows()):
        middle = _GUTTER + at * _COLUMN + _COLUMN // 2
        if moment.is_divider:
            yield f'<path class="divider" d="M{middle - _COLUMN // 2 + 0.5} {_HEAD}V{height}"/>'
        yield _text(str(number), middle, _NUMBERS, "number")
        marks = list(_marks(moment))
        left = middle - _MARK * (len(marks) - 1) / 2
        for place, mark in enumerate(marks):
            yield _mark(mark, left + place * _MARK, _MARKS - 4, str(moment.attempt))


def _marks(moment: Moment) -> Iterator[str]:
    if moment.failure is not None:
        yield "failure"
    if moment.fault is not None:
        yield "fault"
    if moment.attempt > 1:
        yield "attempt"
    if moment.events:
        yield "event"


def _mark(what: str, x: float, y: float, attempt: str) -> str:
    """Return a mark: each kind has a shape of its own, so that nobody needs colours."""
    if what == "failure":
        return f'<path class="mark failure" d="M{x} {y - 6}l6 11h-12z"/>'
    if what == "fault":
        return f'<path class="mark fault" d="M{x} {y - 5.5}l5 5.5l-5 5.5l-5 -5.5z"/>'
    if what == "event":
        return f'<circle class="mark event" cx="{x}" cy="{y}" r="4"/>'
    return _text(attempt, x, y + 4, "number attempt")


def _steps(moments: Sequence[Moment]) -> Iterator[str]:
    start = 0
    for step, same in itertools.groupby(moment.step for moment in moments):
        length = len(list(same))
        if step is not None:
            left, width = _GUTTER + start * _COLUMN, length * _COLUMN
            yield f'<path class="step" d="M{left + 2} {_STEPS + 4.5}h{width - 4}"/>'
            fits = int((width - 4) / _LETTER)
            shown = step if width_of(step) <= fits else step.removesuffix("Secret")
            yield _text(cut(shown, fits), left + 3, _STEPS, "")
        start += length


def _text(text: str, x: float, y: float, look: str) -> str:
    return f'<text class="{look}" x="{x:g}" y="{y:g}">{_escaped(text)}</text>'


def _escaped(text: str) -> str:
    return escape(printable(text))
