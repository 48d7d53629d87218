"""A violation or a note: one entry of a report."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from fake_secrets.contract.catalogue import CATALOGUE, Advice, Severity
from fake_secrets.contract.picture_parts import Picture

__all__ = ["Violation"]

_WIDTH = 100
_INDENT = "    "
_COMMAND = "fake-secrets "


@dataclass(frozen=True, slots=True)
class Violation:
    """One cause of deviations, a violation or a note, with the shortest scenario that shows it.

    Args:
        name: its stable name, which the documentation lists.
        severity: "violation" or "note".
        detail: what has happened in the scenario. It holds no secret value.
        scenario: the id of the scenario, for ``check_rotation(..., only=...)`` and pytest's ``-k``.
        others: the ids of the other scenarios that show the same cause.
        title: what happens in the scenario.
        where: the line of the function where the fatal call was made, as ``file:line``; None if it is unknown.
        source: the text of that line; empty if it is unknown.
        timeline: the calls up to the deviation, with the staging labels and what the service accepts.
        replay: one line of code that runs exactly this scenario.
        allowed: why it is expected, if `allow` says so; None otherwise.
        picture: what the timeline shows, in parts; None if there is no timeline.
        consequences: the ids of further scenarios, which show only what this explains.
        caller: the line that has led to `where`, as ``file:line``, if several lines lead there, or if it is in
            another module than the function; None if `where` tells enough.
        caller_source: the text of that line; empty if it is unknown.
    """

    name: str
    severity: Severity
    detail: str
    scenario: str
    title: str
    where: str | None
    source: str
    replay: str
    timeline: tuple[str, ...] = field(repr=False)
    others: tuple[str, ...] = ()
    allowed: str | None = None
    picture: Picture | None = field(default=None, repr=False)
    consequences: tuple[str, ...] = ()
    caller: str | None = None
    caller_source: str = ""
    # What tells it from other causes of the same name, and how many calls show it: reports can be merged.
    _key: str = field(default="", repr=False)
    _calls: int = field(default=0, repr=False)
    _advice: Advice | None = field(default=None, repr=False)

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence."""
        return CATALOGUE[self.name].sentence

    @property
    def cause(self) -> str:
        """What usually causes it."""
        return (self._advice or CATALOGUE[self.name]).cause

    @property
    def mend(self) -> str:
        """What mends it."""
        return (self._advice or CATALOGUE[self.name]).mend

    @property
    def _identity(self) -> tuple[str, str]:
        """What tells its cause from all others, in other reports of the same function, too."""
        return self.name, self._key

    def __str__(self) -> str:
        """Return all of it as text."""
        if self.allowed is not None:
            return "\n".join([*self._what(), *_wrapped(f"Allowed: {self.allowed}")])
        timeline = ["", *(f"{_INDENT}{line}".rstrip() for line in self.timeline), ""]
        advice = (*_wrapped(f"Usual cause: {self.cause}"), *_wrapped(f"Mend: {self.mend}"))
        shown = timeline if self.severity == "violation" else []
        return "\n".join([*self._what(), *shown, *advice, *self._how_to_replay()])

    def _what(self) -> Iterator[str]:
        yield f"{self.name}: {self.sentence}"
        yield from _wrapped(self._shown_by())
        yield from _wrapped(f"{self.detail.rstrip('.')}.")
        if self.where is not None:
            yield f"{_INDENT}{self.where}: {self.source}".rstrip(": ")
        if self.caller is not None:
            yield f"{_INDENT}called from {self.caller}: {self.caller_source}".rstrip(": ")

    def _how_to_replay(self) -> Iterator[str]:
        line = f"{_INDENT}Replay: "
        for part in _options_of(self.replay):
            if len(line) + len(part) > _WIDTH:
                # A shell takes it for one command.
                yield f"{line}\\"
                line = _INDENT * 2
            line += f"{part} "
        yield line.rstrip()

    def _shown_by(self) -> str:
        count = len(self.others)
        more = f", and by {count} other scenario{'s' * (count > 1)}" if count else ""
        return f"Shown by {self.scenario} ({self.title}){more}."


def _options_of(replay: str) -> list[str]:
    """Return the parts of a command between which it may be continued on another line, or one part."""
    if not replay.startswith(_COMMAND):
        return [replay]
    parts = list[str]()
    for word in map(shlex.quote, shlex.split(replay)):
        if not parts or word.startswith("--"):
            parts.append(word)
        else:
            parts[-1] += f" {word}"
    return parts


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)
