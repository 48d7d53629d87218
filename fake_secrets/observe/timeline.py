"""The timeline of a secret: which staging labels were on which version after each call."""

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
    """One row of a timeline.

    Args:
        operation: the API operation; in parentheses what happened without a call: ``(seed)``,
            ``(scheduled rotation)``, ``(managed rotation)``, ``(end of test)``.
        step: the rotation step that made the call, or None.
        outcome: ``succeeded``, ``seeded`` or an error code.
        stages: for each version that existed then, in the order of creation, its labels; an
            empty tuple says that the version was deprecated.
    """

    operation: str
    step: str | None
    outcome: str
    stages: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A secret's staging labels over time; `str()` is a table of calls by versions.

    Args:
        name: the secret's name.
        version_ids: all versions that it ever had, in the order of creation: the table's v1, v2, ...
        moments: what happened, in order.
        is_whole: whether all of it is kept: of very many calls of a world the oldest are not.
    """

    name: str
    version_ids: tuple[str, ...]
    moments: tuple[Moment, ...]
    is_whole: bool = True

    def __str__(self) -> str:
        legend = [f"v{number} = {version}" for number, version in enumerate(self.version_ids, start=1)]
        header = ["", "call", *(f"v{number}" for number in range(1, len(self.version_ids) + 1))]
        rows = [self._row(number, moment) for number, moment in enumerate(self.moments)]
        title = f"staging labels of {self.name}{'' if self.is_whole else ' (the oldest calls are not kept)'}"
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
    """Make the timeline of one secret from the ledger's entries about it, in order.

    Args:
        secret: the secret.
        entries: the entries about it.
        is_whole: whether the ledger has kept everything.
    """
    history = secret.history
    moments = tuple(_moment(entry, history) for entry in entries)
    return Timeline(secret.name, tuple(history.values()), moments, is_whole=is_whole)


def _moment(entry: Entry, history: Mapping[int, str]) -> Moment:
    versions = {serial: version for serial, version in history.items() if serial < entry.version_count}
    # A version id may come again, after a trial of the function: the labels are the latest one's.
    latest = {version: serial for serial, version in versions.items()}
    stages = tuple(
        tuple(labels_of(entry.labels, version)) if latest[version] == serial else ()
        for serial, version in versions.items()
    )
    return Moment(entry.operation, entry.step, entry.outcome, stages)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
