"""Steps are delivered more than once, as Lambda does."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from fake_secrets.contract import verdicts
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.service.rules.steps import STEPS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    for at, step in enumerate(STEPS[:-1]):
        yield Scenario(f"{step}.twice", f"{step} is delivered twice", functools.partial(_again, dry, step, step))
        for later in STEPS[at + 1 : -1]:
            title = f"{step} is delivered once more after {later}"
            yield Scenario(f"{step}.again-after-{later}", title, functools.partial(_again, dry, step, later))
    yield Scenario("late.all-steps", "all steps are delivered once more after the rotation", _late)


def _again(dry: DryRun, step: str, after: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_to(after):
            return trial
        again = trial.deliver(step, "once more")
        verdicts.of_repetition(trial, again)
        if trial.invariants.found.has_violation:
            return trial
        if trial.finish() or trial.recover():
            verdicts.after_recovery(trial, dry, None)
        else:
            verdicts.of_failed_retry(trial, dry, None)
    return trial


def _late(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        if not trial.rotate():
            return trial
        trial.settle()
        for step in STEPS:
            before = trial.state
            late = trial.deliver(step, "late duplicate")
            trial.settle()
            what = _difference(before, trial.state)
            if what:
                effects = [one for one in late.boundaries if one.has_effect]
                trial.invariants.find(
                    "late-duplicate-acts",
                    f"{step}, delivered again after the rotation has succeeded, changes {what}",
                    effects[0].line if effects else late.line,
                    step,
                )
    return trial


def _difference(before: State, after: State) -> str:
    """Return what two states differ in, in words."""
    if dict(before.labels) != dict(after.labels):
        return "the staging labels"
    if before.values != after.values:
        return "the stored values"
    if before.service != after.service or before.accepts != after.accepts:
        return "what the service accepts"
    return ""
