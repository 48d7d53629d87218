"""The outcomes of a check by scenario, as other tools count them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from fake_secrets.contract.families import family_of
from fake_secrets.contract.violation import Violation

__all__ = ["Outcome", "Reported", "outcomes_of"]


class Reported(Protocol):
    """The part of a report that other formats show; see `ContractReport`."""

    @property
    def function(self) -> str:
        """The rotation function."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What is wrong."""

    @property
    def notes(self) -> tuple[Violation, ...]:
        """What fails safely."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The ids of the scenarios that were run."""

    @property
    def untried(self) -> tuple[str, ...]:
        """The ids of those that there was no time for."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What wasn't tried or can't be judged."""

    @property
    def unused_allowances(self) -> tuple[str, ...]:
        """The names that are allowed and match nothing."""

    @property
    def obstacle(self) -> str | None:
        """The violation because of which the function wasn't disturbed."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""

    def summary(self) -> str:
        """Return the result in one line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has come of a scenario.

    Args:
        scenario: its id.
        family: its family.
        result: "violated" if it shows a violation that isn't allowed, "passed" if it doesn't, or "untried" if
            there was no time for it.
        shows: the causes that it shows, or of which it shows a consequence: violations first, whether they are
            allowed or not.
    """

    scenario: str
    family: str
    result: Literal["passed", "violated", "untried"]
    shows: tuple[Violation, ...] = ()


def outcomes_of(report: Reported) -> Iterator[Outcome]:
    """Yield the outcomes of a report, in the order of the scenarios."""
    causes: dict[str, list[Violation]] = {}
    for cause in (*report.violations, *report.notes):
        for scenario in dict.fromkeys((cause.scenario, *cause.others, *cause.consequences)):
            causes.setdefault(scenario, []).append(cause)
    for scenario in report.scenarios:
        shows = tuple(causes.get(scenario, ()))
        is_violated = any(one.severity == "violation" and one.allowed is None for one in shows)
        yield Outcome(scenario, _family(scenario), "violated" if is_violated else "passed", shows)
    for scenario in report.untried:
        yield Outcome(scenario, _family(scenario), "untried")


def _family(scenario: str) -> str:
    return family_of(scenario) or scenario.partition(".")[0]
