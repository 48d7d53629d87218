"""Pictures as tables of HTML: what a reader of the drawing, or of the page aloud, gets word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from fake_secrets.observe.call_table import Row
from fake_secrets.observe.calls import Call, Calls
from fake_secrets.observe.ledger import SUCCEEDED
from fake_secrets.observe.moments import Moment
from fake_secrets.observe.pictures.drawing import kind_of
from fake_secrets.observe.pictures.sheet import Cell, Sheet
from fake_secrets.observe.words import printable

__all__ = ["calls_table", "escaped", "named", "scrolling", "table_of"]

_WORDS = {"-": "deprecated", "o": "empty", "x": "removed"}


def table_of(sheet: Sheet) -> str:
    """Return a timeline as a table: a row for each call, and a column for each version."""
    columns = sheet.columns.values()
    rows = (
        (_row(number, moment, [column[at] for column in columns]), moment.is_divider)
        for at, (number, moment) in enumerate(sheet.rows())
    )
    return _table(
        f"The calls about {named(sheet.name)}, and the labels of its versions after each of them",
        ["row", "call", "outcome", *(f"v{version + 1}" for version in sheet.columns)],
        rows,
    )


def calls_table(calls: Calls, first: int) -> str:
    """Return calls as a table.

    Args:
        calls: the calls.
        first: the number of the first.
    """
    rows = [
        _call_row(number, call, row)
        for number, (call, row) in enumerate(zip(calls, calls._rows(), strict=True), first)
    ]
    columns = ["number", "call", "outcome", "secret", "time (UTC)", "caller"]
    return _table("The calls in order", columns, ((row, False) for row in rows))


def _table(caption: str, columns: Sequence[str], rows: Iterable[tuple[Sequence[str], bool]]) -> str:
    """Return a table.

    Args:
        caption: the caption, as HTML.
        columns: the headings of the columns.
        rows: the cells of each row, as HTML; the first two are its heading. And whether the row divides others.
    """
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(_html_of(cells, is_divider=is_divider) for cells, is_divider in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"


def scrolling(content: str, label: str) -> str:
    """Return a part of the page that scrolls by itself if it is too wide. The keyboard reaches it.

    Args:
        content: HTML.
        label: the name of the part, for a screen reader, as text.
    """
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escaped(label)}">{content}</div>'


def named(text: str) -> str:
    """Return a name or label as HTML, which stays apart from the text around it whatever its script."""
    return f"<bdi>{escaped(text)}</bdi>"


def escaped(text: str) -> str:
    """Return a text as HTML."""
    return escape(printable(text))


def _call_row(number: int, call: Call, row: Row) -> list[str]:
    failure = None if call.outcome == SUCCEEDED else call.outcome
    return [
        str(number),
        _in_step(call.step, row.call),
        _outcome(failure, call.fault),
        named(row.secret),
        row.time.replace(tzinfo=None).isoformat(" ", "seconds"),
        named(call.principal),
    ]


def _in_step(step: str | None, what: str) -> str:
    return named(what) if step is None else f'<span class="step">{named(step)}:</span> {named(what)}'


def _outcome(failure: str | None, fault: str | None, attempt: int = 1, events: Iterable[str] = ()) -> str:
    notes = []
    if failure is not None:
        notes.append(f'<span class="failed">\N{BLACK UP-POINTING TRIANGLE} {named(failure)}</span>')
    if attempt > 1:
        notes.append(f"attempt {attempt}")
    if fault is not None:
        notes.append(f"\N{WHITE DIAMOND} planned fault: {named(fault)}")
    notes += [f"\N{BLACK CIRCLE} event: {named(event)}" for event in events]
    return " ".join(f'<span class="note">{note}</span>' for note in notes)


def _html_of(cells: Sequence[str], *, is_divider: bool) -> str:
    headings = "".join(f'<th scope="row">{cell}</th>' for cell in cells[:2])
    rest = "".join(f"<td>{cell}</td>" for cell in cells[2:])
    look = ' class="divider"' if is_divider else ""
    return f"<tr{look}>{headings}{rest}</tr>\n"


def _row(number: int, moment: Moment, cells: Sequence[Cell]) -> list[str]:
    return [
        str(number),
        _in_step(moment.step, moment.operation),
        _outcome(moment.failure, moment.fault, moment.attempt, moment.events),
        *(" ".join(_cell(cell)) for cell in cells),
    ]


def _cell(cell: Cell) -> Iterator[str]:
    for label in cell.labels:
        yield f'<span class="label {kind_of(label)}">{named(label)}</span>'
    if cell.sign:
        yield f'<span class="sign">{cell.sign} {_WORDS[cell.sign]}</span>'
