"""Merges the reports of the families of one rotation function into one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fake_secrets.contract.causes import consequences_of, is_among
from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.report import ContractReport, Violation

__all__ = ["merged"]


def merged(reports: Sequence[ContractReport]) -> ContractReport:
    """Return one report, with each cause once.

    Args:
        reports: at least one, in any order.
    """
    ordered = sorted(reports, key=_place)
    violations = _joined(one for report in ordered for one in report.violations)
    notes = _joined(one for report in ordered for one in report.notes)
    explained = consequences_of({one.name for one in (*violations, *notes) if one.allowed is None})
    return ContractReport(
        violations=tuple(one for one in violations if not is_among(explained, *one._identity)),
        notes=tuple(one for one in notes if not is_among(explained, *one._identity)),
        scenarios=_all(report.scenarios for report in ordered),
        left_out=_all(report.left_out for report in ordered),
        unused_allowances=_all(report.unused_allowances for report in ordered),
        obstacle=next((report.obstacle for report in ordered if report.obstacle is not None), None),
        untried=_all(report.untried for report in ordered),
        function=ordered[0].function,
    )


def _all(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all texts in order, each once."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(parts)))


def _place(report: ContractReport) -> int:
    """Return where the scenarios of a report would be in a check of all families."""
    families = list(FAMILIES)
    family = family_of(report.scenarios[0]) if report.scenarios else None
    return families.index(family) if family in families else len(families)


def _joined(found: Iterable[Violation]) -> list[Violation]:
    """Return each cause once, told by the scenario with the fewest calls, and the first of those."""
    causes: dict[tuple[str, str], list[Violation]] = {}
    for one in found:
        causes.setdefault(one._identity, []).append(one)
    return [_told(same) for same in causes.values()]


def _told(same: Sequence[Violation]) -> Violation:
    # A leak is judged at the end of its scenario, so its calls tell nothing; and the first of many notes will do.
    is_first = same[0].severity == "note" or same[0].name == "leaked-value"
    shortest = same[0] if is_first else min(same, key=lambda one: one._calls)
    scenarios = dict.fromkeys(scenario for one in same for scenario in (one.scenario, *one.others))
    return replace(
        shortest,
        others=tuple(one for one in scenarios if one != shortest.scenario),
        consequences=tuple(one for one in _all(one.consequences for one in same) if one not in scenarios),
    )
