"""The table of calls that `print(fake_secrets.calls)` shows, in 80 columns."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fake_secrets.observe.words import printable

__all__ = ["Row", "table_of"]

_WIDTH = 80
_GAP = "  "
# A secret's name is shortened for the width, but not below this.
_LEAST = 12
# The length of a date and of the space after it.
_DATE = 11
_HEADER = ("", "time", "step", "call", "secret")


@dataclass(frozen=True, slots=True)
class Row:
    """One call.

    Args:
        time: when it was answered.
        step: the rotation step that made it; empty if none did.
        call: the operation and its attempt.
        secret: the secret that it was about.
        notes: what else there is to say, a line each.
    """

    time: datetime.datetime
    step: str
    call: str
    secret: str
    notes: Sequence[str] = ()


def table_of(rows: Sequence[Row], first: int = 0) -> str:
    """Return a table with a line for each call, and with the notes below it.

    Args:
        rows: the calls.
        first: the number of the first.
    """
    if not rows:
        return "no calls"
    # The day is of interest only if there are several.
    is_one_day = len({row.time.date() for row in rows}) == 1
    cells: list[tuple[str, ...]] = [_HEADER]
    for number, row in enumerate(rows, first):
        shown = row.time.replace(tzinfo=None).isoformat(" ", "seconds")
        time = shown[_DATE:] if is_one_day else shown
        cells.append((str(number), time, printable(row.step), row.call, printable(row.secret)))
    if not any(row.step for row in rows):
        cells = [(*line[:2], *line[3:]) for line in cells]
    *widths, last = (max(map(len, column)) for column in zip(*cells, strict=True))
    taken = sum(widths) + len(_GAP) * len(widths)
    room = min(last, max(_LEAST, _WIDTH - taken))
    indent = " " * (taken - widths[-1] - len(_GAP))
    return "\n".join(_lines(cells, [*widths, room], [(), *(row.notes for row in rows)], indent))


def _lines(
    cells: Sequence[Sequence[str]], widths: Sequence[int], notes: Sequence[Sequence[str]], indent: str
) -> Iterator[str]:
    for (number, *others, secret), below in zip(cells, notes, strict=True):
        fitted = [number.rjust(widths[0]), *map(str.ljust, others, widths[1:]), _fitted(secret, widths[-1])]
        yield _GAP.join(fitted).rstrip()
        yield from (f"{indent}{printable(note)}" for note in below)


def _fitted(text: str, width: int) -> str:
    """Return a text in so many columns. The end of a name tells more than its beginning."""
    return text if len(text) <= width else f"\N{HORIZONTAL ELLIPSIS}{text[1 - width :]}"
