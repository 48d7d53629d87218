"""The report of a check: what is wrong with a rotation function, one entry a cause."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import dataclass
from typing import Any

from fake_secrets.contract import report_as_json, report_as_junit
from fake_secrets.contract.catalogue import violator_of
from fake_secrets.contract.unjudged import PERMISSIONS_UNTRIED
from fake_secrets.contract.violation import Violation

__all__ = ["ContractReport", "Violation"]

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What a check of a rotation function has found.

    Args:
        violations: what is wrong, each cause once. Those that `allow` names are among them.
        notes: what fails safely or heals by itself, or what AWS's own templates do, too.
        scenarios: the ids of the scenarios that were run, in order.
        left_out: what wasn't tried or can't be judged, and why, in sentences.
        unused_allowances: the names in `allow` that match nothing.
        obstacle: the name of the violation because of which the function wasn't disturbed: it can't rotate at all.
            None if there is none.
        untried: the ids of the scenarios that there was no time for.
        function: the rotation function, as ``module:function``.
    """

    violations: tuple[Violation, ...]
    notes: tuple[Violation, ...]
    scenarios: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    unused_allowances: tuple[str, ...] = ()
    obstacle: str | None = None
    untried: tuple[str, ...] = ()
    function: str = ""

    @property
    def passed(self) -> bool:
        """Whether there is no violation, except those that are allowed, and all scenarios were tried.

        If there is an obstacle, or no scenario at all, nothing shows that the function keeps the contract.
        """
        return self._is_clean() and self.obstacle is None and bool(self.scenarios)

    def html(self) -> str:
        """Return the report as a page of HTML, which needs no network and no script."""
        # Imported late, because few checks want a page.
        from fake_secrets.contract.page import contract_page  # noqa: PLC0415

        return contract_page(self)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page of `html` to a file, in UTF-8.

        Args:
            path: the file's path. A file that is there already is replaced.

        Raises:
            OSError: if the file can't be written.
        """
        from pathlib import Path  # noqa: PLC0415

        Path(path).write_text(self.html(), encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        """Return the report for a notebook, in a style that concerns nothing else on the notebook's page."""
        from fake_secrets.contract.page import contract_fragment  # noqa: PLC0415

        return contract_fragment(self)

    def __str__(self) -> str:
        """Return the report as text."""
        return "\n\n".join(part for part in (self._failure(), self._remarks()) if part)

    def _failure(self) -> str:
        """Return the violations that aren't allowed as text, after the summary."""
        numbered = (f"{number}. {one}" for number, one in enumerate(self._open(), 1))
        return "\n\n".join([self.summary(), *numbered])

    def _is_clean(self) -> bool:
        """Return whether there is no violation in what was asked for, and there was time for all of that."""
        return not self._open() and not self.untried

    def _open(self) -> list[Violation]:
        """Return the violations that aren't allowed."""
        return [one for one in self.violations if one.allowed is None]

    def _remarks(self) -> str:
        """Return all that isn't a failure as text: what is allowed, the notes, and what was left out."""
        parts = [str(one) for one in (*self.violations, *self.notes) if one.allowed is not None]
        notes = [one for one in self.notes if one.allowed is None]
        if notes:
            parts.append("\n".join(["Notes", *(line for one in notes for line in _note(one))]))
        parts += [textwrap.fill(sentence, _WIDTH, break_on_hyphens=False) for sentence in self.left_out]
        parts += [f"allow names {name!r}, which wasn't found. Remove it." for name in self.unused_allowances]
        return "\n\n".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as a dict of what JSON knows. It has a version; the documentation describes it."""
        return report_as_json.as_dict(self)

    def json(self) -> str:
        """Return all of it as JSON."""
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"
        # A lone surrogate can't be written to a file. This is how JSON escapes it.
        return text.encode("utf-8", "backslashreplace").decode()

    def junit(self) -> str:
        """Return it as JUnit XML: a test case for each scenario, in a test suite for each family."""
        return report_as_junit.as_junit(self)

    def summary(self) -> str:
        """Return the result in one line."""
        scenarios = f"{len(self.scenarios)} scenario{'s' * (len(self.scenarios) != 1)}"
        if self.passed:
            kept = f"The rotation function keeps the contract in {scenarios}."
            is_partial = any(one.startswith(PERMISSIONS_UNTRIED) for one in self.left_out)
            return f"{kept} {PERMISSIONS_UNTRIED}." if is_partial else kept
        if not self._open() and self.obstacle is not None:
            return f"{self.obstacle}: an undisturbed rotation doesn't work, so the function wasn't disturbed."
        if not self._open() and not self.untried:
            return "No scenario was tried."
        if not self._open():
            total = len(self.scenarios) + len(self.untried)
            return f"No violation in {len(self.scenarios)} of {total} scenarios. There was no time for the others."
        names = [one.name for one in self._open()]
        tried = "was" if len(self.scenarios) == 1 else "were"
        found = f"{', '.join(names)}: {violator_of(names)} violates the contract."
        return f"{found} {scenarios} {tried} tried."


def _note(note: Violation) -> list[str]:
    where = f", at {note.where}" if note.where else ""
    caller = f", called from {note.caller}" if note.caller else ""
    told = f"- {note.name}: {note.detail.rstrip('.')}{where}{caller} ({note.scenario})."
    return [*_wrapped(told, ""), *_wrapped(f"Mend: {note.mend}", "  ")]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent="  ", break_on_hyphens=False)
