"""The picture of a scenario as a table of HTML: calls as columns, and what has become of the secret as rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fake_secrets.contract.picture_parts import STRANGERS, Column, Picture, Row, Run
from fake_secrets.observe.pictures.table import escaped, named

__all__ = ["FAILED", "KEPT", "PLANNED", "broken", "picture_table"]

# The signs of an outcome, so that nobody needs colours.
FAILED = "\N{BLACK UP-POINTING TRIANGLE}"
PLANNED = "\N{WHITE DIAMOND}"
BLAMED = "\N{BLACK RIGHT-POINTING POINTER}"
KEPT = "\N{CHECK MARK}"

_NOTHING = "\N{EN DASH}"

# Where a long name may be broken.
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=^AWS)(?=[A-Z])|(?<=[_.:/\\])(?=\w)")

_FATES = {
    "absent": ("none", _NOTHING),
    "empty": ("empty", "empty"),
    "stored": (None, "stored"),
    "unlabelled": ("loose", "no label"),
    "removed": ("none", "\N{MULTIPLICATION X} removed"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A column of the table: a call, or a delivery without one.

    Args:
        run: the run that it belongs to.
        column: the call; None if the delivery has made none.
        at: the place of its cells in the rows of the picture. A delivery without a call has that of the call
            before.
        begins: whether it is the first of its run.
    """

    run: Run
    column: Column | None
    at: int
    begins: bool


def picture_table(picture: Picture, caption: str, where: str | None) -> str:
    """Return a picture as a table.

    Args:
        picture: the picture.
        caption: what it shows, as text.
        where: the line that is to blame, as ``file:line``; None if it is unknown. One call there is marked: the
            one that the scenario disturbs, or else the last.
    """
    return "".join(_Table(picture, where).lines(caption))


class _Table:
    """The table of one picture."""

    def __init__(self, picture: Picture, where: str | None) -> None:
        self._picture = picture
        self._places = list(_places(picture))
        self._blamed = _blamed(picture, where)
        rows = (*picture.labels, *picture.versions, *picture.accepts)
        self._has_start = any(row.start is not None for row in rows)

    def lines(self, caption: str) -> Iterator[str]:
        blamed = "" if self._blamed is None else f". {BLAMED} is the line above"
        yield f'<table class="steps"><caption><span class="stay">{escaped(caption)}{blamed}</span></caption>\n'
        yield "<thead>\n"
        yield f'<tr><th scope="col" rowspan="2" class="name">step and call</th>{self._runs()}</tr>\n'
        yield f"<tr>{self._calls()}</tr>\n</thead>\n<tbody>\n"
        yield self._line("outcome", _outcome)
        yield self._line("line", self._source_line)
        yield "</tbody>\n"
        picture = self._picture
        yield self._group("staging labels: the version of each", picture.labels, _label)
        yield self._group("versions: their values", picture.versions, _version)
        yield self._group("values that the service accepts", picture.accepts, _accepted)
        yield "</table>"

    def _runs(self) -> str:
        cells = ['<th scope="col" rowspan="2">before</th>'] if self._has_start else []
        for run in self._picture.runs:
            ending = ""
            if run.end is not None:
                look, sign = ("ending failed", f"{FAILED} ") if run.has_failed else ("ending", "")
                ending = f'<span class="{look}">{sign}{escaped(run.end)}</span>'
            span = max(1, len(run.columns))
            text = f'<span class="stay">{named(run.heading)}{ending}</span>'
            cells.append(f'<th scope="colgroup" colspan="{span}" class="run begins">{text}</th>')
        return "".join(cells)

    def _calls(self) -> str:
        return "".join(f'<th scope="col"{_begins(place)}>{_call(place.column)}</th>' for place in self._places)

    def _line(self, name: str, content: Callable[[_Place], str]) -> str:
        before = "<td></td>" if self._has_start else ""
        cells = "".join(f"<td{_begins(place)}>{content(place)}</td>" for place in self._places)
        return f'<tr><th scope="row" class="name">{name}</th>{before}{cells}</tr>\n'

    def _source_line(self, place: _Place) -> str:
        if place.column is None or place.column.where is None:
            return ""
        text = f"<bdi>{broken(place.column.where)}</bdi>"
        return f'<span class="blamed">{BLAMED} {text}</span>' if place.at == self._blamed else text

    def _group(self, name: str, rows: Sequence[Row], bar: Callable[[Row, str], str]) -> str:
        telling = [row for row in rows if any(cell not in {None, "", "0"} for cell in (row.start, *row.cells))]
        if not telling:
            return ""
        span = 1 + self._has_start + len(self._places)
        head = (
            f'<tr><th scope="rowgroup" colspan="{span}" class="group"><span class="stay">{name}</span></th></tr>'
        )
        body = "".join(
            f'<tr><th scope="row" class="name"><bdi>{broken(row.name)}</bdi></th>{self._bars(row, bar)}</tr>\n'
            for row in telling
        )
        return f"<tbody>\n{head}\n{body}</tbody>\n"

    def _bars(self, row: Row, bar: Callable[[Row, str], str]) -> str:
        """Return the cells of a row: those beside each other that say the same are one."""
        start = [row.start] if self._has_start else []
        cells = [*start, *(row.cells[place.at] if place.at >= 0 else row.start for place in self._places)]
        shown = []
        for cell, same in itertools.groupby(cells):
            count = len(list(same))
            span = f' colspan="{count}"' if count > 1 else ""
            shown.append(f"<td{span}>{'' if cell is None else bar(row, cell)}</td>")
        return "".join(shown)


def _blamed(picture: Picture, where: str | None) -> int | None:
    """Return the place of the call to blame; None if it isn't in the picture."""
    found = [(at, one) for at, one in enumerate(picture.columns) if where is not None and one.where == where]
    disturbed = [at for at, one in found if one.mark is not None]
    return next(reversed(disturbed or [at for at, _ in found]), None)


def _places(picture: Picture) -> Iterator[_Place]:
    at = -1
    for run in picture.runs:
        if not run.columns:
            yield _Place(run, None, at, begins=True)
        for number, column in enumerate(run.columns):
            at += 1
            yield _Place(run, column, at, begins=number == 0)


def _begins(place: _Place) -> str:
    return ' class="begins"' if place.begins else ""


def _call(column: Column | None) -> str:
    if column is None:
        return '<span class="soft">no call</span>'
    about = f' <span class="soft"><bdi>({escaped(", ".join(column.about))})</bdi></span>' if column.about else ""
    return f'<span class="soft">{column.number}</span> <bdi class="call">{broken(column.name)}</bdi>{about}'


def _outcome(place: _Place) -> str:
    column = place.column
    if column is None:
        return ""
    if column.has_succeeded:
        outcome = f'<span class="soft">{escaped(column.outcome)}</span>'
    else:
        outcome = f'<span class="failed">{FAILED} {broken(column.outcome)}</span>'
    mark = f'<span class="planned">{PLANNED} {escaped(column.mark)}</span>' if column.mark else ""
    return f"{outcome}{mark}"


def broken(text: str) -> str:
    """Return a name as HTML that may be broken between its words."""
    return "<wbr>".join(escaped(part) for part in _SEAM.split(text))


def _label(row: Row, cell: str) -> str:  # noqa: ARG001 -- a bar of a label depends on its version only
    return _bar(_kind_of(cell), cell) if cell else _bar("none", _NOTHING)


def _version(row: Row, cell: str) -> str:
    look, text = _FATES[cell]
    return _bar(look or _kind_of(row.name), text)


def _accepted(row: Row, cell: str) -> str:
    if row.name == STRANGERS:
        return _bar("none", _NOTHING) if cell in {"", "0"} else _bar("bad", f"{FAILED} {cell}")
    if not cell:
        return _bar("none", _NOTHING)
    return _bar(_kind_of(row.name), f"{KEPT} accepted") if cell == "yes" else _bar("none", "refused")


def _kind_of(role: str) -> str:
    if role.startswith("old"):
        return "old"
    return "new" if role.startswith("new") else "hand"


def _bar(look: str, text: str) -> str:
    return f'<span class="bar {look}"><span class="stay">{escaped(text)}</span></span>'
