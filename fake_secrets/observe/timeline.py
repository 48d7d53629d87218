"""The timeline of a secret: the staging labels of its versions after each call, and the steps of rotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fake_secrets.observe.ledger import SEEDED, SUCCEEDED, Entry
from fake_secrets.service.rules.stages import labels_of
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Moment", "Timeline", "timeline_of"]

_DEPRECATED = "-"


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of a timeline: a call, or a change without a call, and the labels afterwards.

    Args:
        operation: the API operation of a call. A change without a call is in parentheses: ``(seed)``,
            ``(scheduled rotation)``, ``(managed rotation)`` or ``(end of test)``. So is the end of a step that
            made no call, ``(no call)``, or that failed, ``(failed)``. A retry of a rotation begins with a row
            such as ``— attempt 2 —``, and a step that a test delivers with ``— createSecret by hand —``.
        step: the rotation step of the row, such as ``createSecret``; None for any other row.
        outcome: ``succeeded``, ``seeded``, an error code, or the type of the exception that failed the step.
        stages: the labels of each version that had been created by then, in the order of creation. An empty
            tuple means that the version had no label: it was deprecated, or no longer existed.
    """

    operation: str
    step: str | None
    outcome: str
    stages: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A secret's staging labels over time. `print` shows a table with a row for each call.

    Args:
        name: the secret's name.
        version_ids: the ids of all versions that the secret ever had, in the order of creation. The table
            calls them v1, v2 and so on.
        moments: the rows of the table, in order.
        is_whole: whether the world still keeps all of its calls. If not, the oldest rows may be missing.
    """

    name: str
    version_ids: tuple[str, ...]
    moments: tuple[Moment, ...]
    is_whole: bool = True

    def __str__(self) -> str:
        legend = [f"v{number} = {version}" for number, version in enumerate(self.version_ids, start=1)]
        header = ["", "call", *(f"v{number}" for number in range(1, len(self.version_ids) + 1))]
        rows = [self._row(number, moment) for number, moment in enumerate(self.moments)]
        title = f"staging labels of {self.name}{'' if self.is_whole else ' (the oldest calls are no longer kept)'}"
        return "\n".join([title, *legend, "", *_table([header, *rows])])

    def _row(self, number: int, moment: Moment) -> list[str]:
        call = moment.operation
        if moment.step is not None:
            call = f"{moment.step}: {call}"
        if moment.outcome not in {SUCCEEDED, SEEDED}:
            call = f"{call} -> {moment.outcome}"
        cells = [" ".join(labels) or _DEPRECATED for labels in moment.stages]
        return [str(number), call, *cells, *[""] * (len(self.version_ids) - len(cells))]


def timeline_of(secret: StoredSecret, entries: Iterable[Entry], *, is_whole: bool = True) -> Timeline:
    """Return the timeline of one secret.

    Args:
        secret: the secret.
        entries: the ledger's entries about it, in order.
        is_whole: whether the ledger still keeps all entries.
    """
    history = secret.history
    moments = tuple(_moment(entry, history) for entry in entries)
    return Timeline(secret.name, tuple(history.values()), moments, is_whole=is_whole)


def _moment(entry: Entry, history: Mapping[int, str]) -> Moment:
    versions = {serial: version for serial, version in history.items() if serial < entry.version_count}
    # After a test of the function, its version id may be used again. The labels belong to the latest version.
    latest = {version: serial for serial, version in versions.items()}
    stages = tuple(
        tuple(labels_of(entry.labels, version)) if latest[version] == serial else ()
        for serial, version in versions.items()
    )
    return Moment(entry.operation, entry.step, entry.outcome, stages)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
