"""Sheets: what of a timeline a picture shows, and the signs for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fake_secrets.observe.moments import Moment, State

__all__ = ["ABSENT", "SIGNS", "Cell", "Sheet"]

# The signs of a picture, and what its legend says about them.
SIGNS = {
    "-": "deprecated: a version without a label",
    "o": "empty: a version without a value",
    "x": "removed: a version that no longer exists",
    "*": "an event of the service",
    "!": "a planned fault",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a moment shows of one version.

    Args:
        labels: the version's staging labels.
        state: what the version was; None before it was created.
    """

    labels: tuple[str, ...]
    state: State | None

    @property
    def sign(self) -> str:
        """The sign beside the labels, or instead of them; empty for a version that simply has labels."""
        if self.state == "removed":
            return "x"
        if self.state == "empty":
            return "o"
        return "-" if self.state == "stored" and not self.labels else ""


class _Columns(NamedTuple):
    """The columns of the versions that a sheet shows, and how many deprecated versions it doesn't show."""

    shown: Mapping[int, Sequence[Cell]]
    unlabelled: int


@dataclass(slots=True)
class Sheet:
    """The part of a timeline that a picture shows.

    Args:
        name: the secret's name.
        version_ids: the ids of all versions, in the order of creation. Pictures call them v1, v2 and so on.
        moments: the rows, in order.
        is_whole: whether the world still keeps all calls.
        left_out: how many earlier rows the timeline has.
    """

    name: str
    version_ids: tuple[str, ...]
    moments: tuple[Moment, ...]
    is_whole: bool = True
    left_out: int = 0
    _columns: _Columns | None = field(default=None, init=False, repr=False, compare=False)

    def latest(self, count: int) -> Sheet:
        """Return a sheet with only the latest rows."""
        cut = max(0, len(self.moments) - count)
        return Sheet(self.name, self.version_ids, self.moments[cut:], self.is_whole, self.left_out + cut)

    @property
    def title(self) -> str:
        """The sheet's heading, with what it lacks."""
        lacks = [] if self.is_whole else ["the oldest calls are no longer kept"]
        if self.left_out:
            lacks.append(f"{_counted(self.left_out, 'earlier row')} left out")
        unlabelled = self._drawn().unlabelled
        if unlabelled:
            lacks.append(f"{_counted(unlabelled, 'version')} without a label left out")
        return f"staging labels of {self.name}" + (f" ({', '.join(lacks)})" if lacks else "")

    @property
    def columns(self) -> Mapping[int, Sequence[Cell]]:
        """The cells of each version, one for each row, by the version's index.

        Versions that were removed before the first row are left out. So are those that are deprecated in all rows.
        """
        return self._drawn().shown

    def _drawn(self) -> _Columns:
        # Not a `cached_property`: before Python 3.12 it has a lock, which another thread may hold during a fork.
        if self._columns is None:
            self._columns = self._made_columns()
        return self._columns

    def _made_columns(self) -> _Columns:
        rows = list(_rows(self.moments))
        shown: dict[int, Sequence[Cell]] = {}
        unlabelled = 0
        for version in range(len(self.version_ids)):
            column = [row[version] if version < len(row) else ABSENT for row in rows]
            if all(cell == _DEPRECATED for cell in column):
                unlabelled += bool(column)
            elif any(cell.state not in {None, "removed"} for cell in column):
                shown[version] = column
        return _Columns(shown, unlabelled)

    def rows(self) -> Iterator[tuple[int, Moment]]:
        """Yield the rows with their numbers in the timeline."""
        return iter(enumerate(self.moments, start=self.left_out))

    def signs(self) -> list[str]:
        """Return the signs that the picture uses, in the order of the legend."""
        used = {cell.sign for column in self.columns.values() for cell in set(column)}
        if any(moment.events for moment in self.moments):
            used.add("*")
        if any(moment.fault is not None for moment in self.moments):
            used.add("!")
        return [sign for sign in SIGNS if sign in used]


# The cell of a version that hasn't been created yet.
ABSENT = Cell((), None)
_DEPRECATED = Cell((), "stored")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _rows(moments: Sequence[Moment]) -> Iterator[Sequence[Cell]]:
    """Yield the cells of each row, for the versions that had been created by then. Most rows change nothing."""
    known: dict[tuple[tuple[str, ...], State], Cell] = {}
    before: Moment | None = None
    row: list[Cell] = []
    for moment in moments:
        if before is None or moment.stages is not before.stages or moment.states is not before.states:
            row = []
            for key in zip(moment.stages, moment.states, strict=True):
                if key not in known:
                    known[key] = Cell(*key)
                row.append(known[key])
        before = moment
        yield row
