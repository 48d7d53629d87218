"""Pictures: what a scenario did, call by call, with the labels, the versions, and what the service accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fake_secrets.contract.moments import SUCCEEDED

__all__ = ["STRANGERS", "Cell", "Column", "Fate", "Picture", "Row", "Run"]

# The row of the credentials that the service accepts, and that no version of any secret has or had.
STRANGERS = "in no version"

# What a version is at one moment: not there yet; without a value; stored under a staging label; stored without
# one; or no longer there.
Fate = Literal["absent", "empty", "stored", "unlabelled", "removed"]

# What a row says at one moment, see `Picture`; None if it isn't known, as after a call that hasn't returned.
Cell = str | None


@dataclass(frozen=True, slots=True)
class Column:
    """A call of the rotation function: a column of the picture.

    Args:
        number: its number in the delivery, from 1. Ids of scenarios have it.
        name: the operation or the method.
        place: ``secretsmanager``, ``service`` for the service double, or ``aws`` for another client of AWS.
        outcome: ``succeeded``, an error code, or the name of an exception.
        where: the line of the function that makes it, as ``file:line``; None if it is unknown.
        source: the text of that line; empty if it is unknown.
        mark: what the scenario did to it, such as ``killed after it``; None for nothing.
        about: the roles of the versions whose values are among the arguments of a call of the service, and the
            names of other secrets, in the order of the arguments. The values aren't shown.
    """

    number: int
    name: str
    place: str
    outcome: str
    where: str | None = None
    source: str = ""
    mark: str | None = None
    about: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name, with what the call is about."""
        return f"{self.name} ({', '.join(self.about)})" if self.about else self.name

    @property
    def has_succeeded(self) -> bool:
        """Whether the function got an answer, and not an error."""
        return self.outcome == SUCCEEDED


@dataclass(frozen=True, slots=True)
class Run:
    """A run of calls that one delivery of a step made, undisturbed by another delivery.

    A delivery is one run, unless it overlaps with another delivery: then it has several.

    Args:
        step: the step.
        delivery: the number of the delivery in the scenario, from 1.
        attempt: which attempt of the rotation it belongs to, from 1.
        why: what the scenario delivers the step for, if the rotation itself doesn't; None otherwise.
        is_continued: whether the delivery goes on that an earlier run has begun.
        columns: the calls, in order.
        end: how the delivery ended after these calls: ``returns``, ``killed``, or ``raises`` and the name of the
            exception. None if it goes on later, or if the picture ends before it.
    """

    step: str
    delivery: int
    attempt: int
    why: str | None
    is_continued: bool
    columns: tuple[Column, ...]
    end: str | None

    @property
    def heading(self) -> str:
        """The step, with its attempt and what it is delivered for."""
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        why = f", {self.why}" if self.why else ""
        goes_on = ", continued" if self.is_continued else ""
        return f"{self.step}{again}{why}{goes_on}"

    @property
    def has_failed(self) -> bool:
        """Whether it ended with an error, or with a death."""
        return self.end not in {None, "returns"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the picture: what has become of one thing after each call.

    Args:
        name: the staging label, or the role of the version. Accepted credentials that are in no version have
            ``in no version``.
        start: the cell before the first call of the scenario.
        cells: the cell after each call, as many as the picture has columns.
    """

    name: str
    start: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a scenario did up to the moment that shows what is wrong. It holds no secret value.

    A version is called by its role: ``old`` is the one that was current at the start, ``older`` the one that was
    previous, ``new`` the one that the rotation makes, ``new 2`` that of a second rotation, ``by hand`` the one
    that somebody has put, and ``another`` one that nobody should have made.

    Args:
        runs: the deliveries of the steps with their calls, in the order in which the calls happened.
        labels: a row for each staging label. A cell is the role of the version that it is on; empty for none.
        versions: a row for each version, of which a cell is the `Fate`.
        accepts: a row for each version with ``yes`` or ``no``, whether the service accepts its value; empty if the
            version has no value. The row ``in no version`` has numbers. No rows if the service can't tell.
        left_out: how many earlier calls aren't shown.
    """

    runs: tuple[Run, ...]
    labels: tuple[Row, ...]
    versions: tuple[Row, ...]
    accepts: tuple[Row, ...]
    left_out: int = 0

    @property
    def columns(self) -> tuple[Column, ...]:
        """The calls of all runs, in order."""
        return tuple(column for run in self.runs for column in run.columns)
