"""What goes wrong in a scenario whose invariants are looked at elsewhere, and the calls that show it."""

from __future__ import annotations

from dataclasses import dataclass

from fake_secrets.contract import verdicts
from fake_secrets.contract.catalogue import Advice
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.trial import Trial

__all__ = ["Problem", "dead_value", "failure", "shown_by", "tell"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class Problem:
    """What goes wrong.

    Args:
        text: what, in a sentence without a full stop.
        line: the line of the function that is to blame; None if it is unknown.
        calls: how many calls of the trial show it, from the first; None for all.
    """

    text: str
    line: OwnLine | None = None
    calls: int | None = None


def failure(trial: Trial) -> Problem | None:
    """Run the steps that are left, and retry what fails. Return the first failure; None if there is a success.

    The retries fail alike, and their calls would hide those of the first attempt.
    """
    if trial.finish():
        return None
    failed, calls = trial.last, trial.calls
    return None if trial.recover() else Problem(verdicts.tell_failure(trial, failed), failed.line, calls)


def dead_value(trial: Trial, dry: DryRun) -> Problem | None:
    """Return that the service refuses the current value, as the last setSecret shows it; None if it doesn't."""
    if not verdicts.is_dead(trial, dry):
        return None
    setting = trial.latest("setSecret")
    calls = [] if setting is None else [one for one in setting.boundaries if one.is_of_service]
    return shown_by("The service doesn't accept the current value", calls[-1] if calls else None)


def shown_by(text: str, call: Boundary | None) -> Problem:
    """Return what goes wrong, as a call shows it.

    Args:
        text: what, in a sentence without a full stop.
        call: the call; None if all of them show it.
    """
    return Problem(text) if call is None else Problem(text, call.line, call.order)


def tell(trial: Trial, name: str, problem: Problem, when: str, advice: Advice | None = None) -> None:
    """Keep what goes wrong as a deviation.

    Args:
        trial: the trial.
        name: the deviation's name.
        problem: what goes wrong.
        when: under which circumstances, to go on in the sentence; or an empty text.
        advice: what to say of its cause, if more is known than the usual one.
    """
    invariants, text = trial.invariants, f"{problem.text}, {when}" if when else problem.text
    invariants.shown_calls = problem.calls
    invariants.find(name, text, problem.line, is_independent=True, advice=advice)
    invariants.shown_calls = None
