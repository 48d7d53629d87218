"""Causes: joins what the scenarios have shown, so that the report has one entry a cause."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fake_secrets.contract.depicting import picture_of
from fake_secrets.contract.deviations import Deviation
from fake_secrets.contract.drawing import draw
from fake_secrets.contract.families import family_of
from fake_secrets.contract.own_lines import OwnLine, where_of
from fake_secrets.contract.picture_parts import Picture
from fake_secrets.contract.report import ContractReport
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.violation import Violation

__all__ = ["Causes", "consequences_of", "is_among"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A violation explains others, which are its consequences in other scenarios. After a colon stands the step, if it
# explains them in one step only, or "next" for the rotation after the one that a scenario disturbs.
_EXPLAINS = {
    "create-not-repeatable": {"stuck-after-failure"},
    "current-destroyed": {"dead-current", "half-changed-service", "stuck-after-failure"},
    "current-instead-of-pending": {"untested-value"},
    "mixes-up-secrets": {"stale-value-used"},
    "orphaned-credential": {"credentials-pile-up", "stuck-after-failure"},
    "old-destroyed-early": {"stuck-after-failure", "half-changed-service", "dead-current"},
    "pending-destroyed": {"stuck-after-failure", "half-changed-service", "dead-current"},
    "pending-replaced": {"dead-current", "half-changed-service", "set-not-repeatable", "stuck-after-failure"},
    "predictable-value": {"mixes-up-secrets"},
    "retry-refused": {"stuck-after-failure"},
    "set-not-repeatable": {"half-changed-service", "stuck-after-failure"},
    "stale-value-used": {"stuck-after-failure:next"},
    "swallowed-error": {"half-changed-service", "stuck-after-failure", "dead-current", "clean-up-lost"},
    "untested-value": {"dead-current", "half-changed-service", "swallowed-error:testSecret"},
    "wrong-derived-value": {"unusable-password"},
}


_REAL_DATES = (
    "The function reads dates from datetime, which follows the machine's clock. Install freezegun or time-machine "
    "to make it virtual"
)


@dataclass(slots=True)
class _Cause:
    """One cause, with the scenarios that show it."""

    deviation: Deviation
    scenario: Scenario
    picture: Picture | None
    scenarios: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What tells it from other causes of the same name: one note a name tells enough."""
        return self.deviation.cause if self.deviation.is_violation else ""


class Causes:
    """The causes that the scenarios of a check have shown.

    Args:
        subject: what is checked.
        line_calling: returns the line that has led to a line, if several lines do.
    """

    def __init__(self, subject: Subject, line_calling: Callable[[OwnLine], OwnLine | None]) -> None:
        self._subject = subject
        self._line_calling = line_calling
        self._causes: dict[tuple[str, str], _Cause] = {}
        self._scenarios: list[str] = []

    @property
    def names(self) -> list[str]:
        """The names of what was found, each once."""
        return list(dict.fromkeys(name for name, _ in self._causes))

    def add(self, scenario: Scenario, trial: Trial) -> None:
        """Add what a scenario has shown."""
        self._scenarios.append(scenario.id)
        for deviation in trial.invariants.found.all:
            self._add(scenario, deviation, trial)

    def note_clock(self, scenario: Scenario) -> None:
        """Note that the function reads dates from the machine's clock."""
        self._add(scenario, Deviation("clock-not-virtual", _REAL_DATES), None)

    def report(
        self, obstacle: str | None, unjudged: Sequence[str], *, untried: Sequence[str], is_whole: bool
    ) -> ContractReport:
        """Return the report.

        Args:
            obstacle: the violation that makes other scenarios pointless; None if there is none.
            unjudged: what can't be judged, in sentences.
            untried: the ids of the scenarios that there was no time for.
            is_whole: whether all scenarios were asked for. If all of them have run, too, an allowance that
                matches nothing is useless, unless a violation hides what it is for.
        """
        names = {name for name, _ in self._causes}
        explained = self._explained()
        kept = [cause for (name, key), cause in self._causes.items() if not is_among(explained, name, key)]
        every = [self._violation(cause) for cause in kept]
        has_run_all = is_whole and obstacle is None and not untried
        allow = self._subject.allow
        # A violation may hide what is allowed.
        is_open = any(one.severity == "violation" and one.name not in allow for one in every)
        unused = [name for name in allow if name not in names] if has_run_all and not is_open else []
        return ContractReport(
            _of(every, "violation"),
            _of(every, "note"),
            tuple(self._scenarios),
            (*_stopped_by(obstacle), *_out_of_time(untried), *unjudged),
            tuple(unused),
            obstacle,
            tuple(untried),
            self._subject.function,
        )

    def _add(self, scenario: Scenario, deviation: Deviation, trial: Trial | None) -> None:
        # One note a name: the first of many alike tells enough.
        key = deviation.name, deviation.cause if deviation.is_violation else ""
        known = self._causes.get(key)
        # A leak is judged at the end of its scenario, so its calls tell nothing.
        is_shorter = known is not None and deviation.calls < known.deviation.calls
        if known is None or (is_shorter and deviation.name != "leaked-value"):
            picture = None if trial is None or not deviation.is_violation else picture_of(trial, deviation.calls)
            before = [] if known is None else known.scenarios
            self._causes[key] = _Cause(deviation, scenario, picture, before)
        if scenario.id not in self._causes[key].scenarios:
            self._causes[key].scenarios.append(scenario.id)

    def _explained(self) -> set[str]:
        """Return what the causes explain. What is expected explains nothing: it could hide another fault."""
        return consequences_of({name for name, _ in self._causes} - self._subject.allow.keys())

    def _consequences(self, cause: _Cause) -> Iterator[str]:
        """Yield the ids of the scenarios that don't show a cause, but what it explains, at first hand or not."""
        first = next(one for (name, _), one in self._causes.items() if name == cause.deviation.name)
        # Of several causes alike, the first has them.
        if cause is not first or cause.deviation.name in self._subject.allow:
            return
        explained, more = set[str](), {cause.deviation.name}
        while more:
            consequences = consequences_of(more)
            more = {name for name, key in self._causes if is_among(consequences, name, key)} - explained
            explained |= more
        for (name, _), other in self._causes.items():
            if name in explained:
                yield from (scenario for scenario in other.scenarios if scenario not in cause.scenarios)

    def _violation(self, cause: _Cause) -> Violation:
        deviation, scenario = cause.deviation, cause.scenario
        line = deviation.line
        caller = None if line is None else self._line_calling(line)
        return Violation(
            deviation.name,
            deviation.kind.severity,
            deviation.detail,
            scenario.id,
            scenario.title,
            where_of(line),
            "" if line is None else line.text,
            f'{self._subject.call}, only="{scenario.id}")',
            () if cause.picture is None else draw(cause.picture),
            tuple(one for one in cause.scenarios if one != scenario.id),
            self._subject.allow.get(deviation.name),
            cause.picture,
            tuple(dict.fromkeys(self._consequences(cause))),
            where_of(caller),
            "" if caller is None else caller.text,
            cause.key,
            deviation.calls,
            deviation.advice,
        )


def consequences_of(names: Iterable[str]) -> set[str]:
    """Return the names of the violations that others explain, some of them in one step only."""
    return {other for name in names for other in _EXPLAINS.get(name, ())}


def is_among(consequences: Container[str], name: str, cause: str) -> bool:
    """Return whether a violation is one of the consequences of others."""
    return name in consequences or f"{name}:{cause}" in consequences


def _of(every: Iterable[Violation], severity: str) -> tuple[Violation, ...]:
    return tuple(one for one in every if one.severity == severity)


def _stopped_by(obstacle: str | None) -> Iterator[str]:
    if obstacle is not None:
        yield (
            f"The function wasn't disturbed, because an undisturbed rotation shows {obstacle} already. "
            "Mend that first."
        )


def _out_of_time(untried: Sequence[str]) -> Iterator[str]:
    if untried:
        families = ", ".join(dict.fromkeys(family_of(one) or one for one in untried))
        scenarios = f"{len(untried)} scenario{'s' * (len(untried) > 1)}"
        yield f"The time was up before all was tried: {scenarios} didn't run, in {families}."
