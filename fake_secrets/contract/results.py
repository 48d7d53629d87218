"""The results of a check by scenario, as other tools count them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fake_secrets.contract.families import family_of

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport, Violation

__all__ = ["Result", "results_of"]


@dataclass(frozen=True, slots=True)
class Result:
    """What has come of a scenario.

    Args:
        scenario: its id.
        family: its family.
        outcome: "violated" if it shows a violation that isn't allowed, "passed" if it doesn't, or "untried" if
            there was no time for it.
        shows: the causes that it shows, violations first, whether they are allowed or not.
    """

    scenario: str
    family: str
    outcome: Literal["passed", "violated", "untried"]
    shows: tuple[Violation, ...] = ()


def results_of(report: ContractReport) -> Iterator[Result]:
    """Yield the results of a report, in the order of the scenarios."""
    causes: dict[str, list[Violation]] = {}
    for cause in (*report.violations, *report.notes):
        for scenario in dict.fromkeys((cause.scenario, *cause.others)):
            causes.setdefault(scenario, []).append(cause)
    for scenario in report.scenarios:
        shows = tuple(causes.get(scenario, ()))
        is_violated = any(one.severity == "violation" and one.allowed is None for one in shows)
        yield Result(scenario, _family(scenario), "violated" if is_violated else "passed", shows)
    for scenario in report.untried:
        yield Result(scenario, _family(scenario), "untried")


def _family(scenario: str) -> str:
    return family_of(scenario) or scenario.partition(".")[0]
