"""The function comes to a limit: the time that Lambda gives it, or the number of credentials at the service."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from fake_secrets.contract import verdicts
from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.disturbed import disturbed
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Three rotations show that credentials pile up, and so many confirm it.
_ROTATIONS = 10


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    for boundary in dry.boundaries:
        step, number = boundary.step, boundary.number
        title = f"call {number} of {step} ({boundary.name}) takes until a second before the time-out"
        run = functools.partial(disturbed, dry, Disturbance(step, number, "slow"), _look_for_quiet_end)
        yield Scenario(f"{step}.time-out-{number}", title, run)
    if "accepted" in dry.offers:
        title = "more rotations, as long as each leaves one more credential"
        yield Scenario("limit.credentials", title, functools.partial(_count, dry))


def _look_for_quiet_end(trial: Trial, dry: DryRun, plan: Disturbance) -> None:
    """Find that a step passed without its work, since there was no time for it."""
    struck = plan.struck
    delivery = next((one for one in trial.deliveries if struck in one.boundaries), None)
    if struck is None or delivery is None or not delivery.has_passed:
        return
    if not verdicts.has_done_work(trial, dry, delivery):
        text = f"{delivery.step} passes with a second left after {struck.name}, and hasn't done its work"
        trial.invariants.find("gives-up-silently", text, struck.line)


def _count(dry: DryRun, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        counts = [trial.state.count or 0]
        for _ in range(_ROTATIONS):
            if not trial.rotate() and not (dry.needs_retry and trial.recover()):
                break
            trial.settle()
            counts.append(trial.state.count or 0)
            if counts[-1] <= counts[-2]:
                return trial
        shown, successes = trial.calls, len(counts) - 1
        if (trial.state.strangers or 0) > (dry.before.strangers or 0) or successes < len(dry.after):
            # Those in no version have a name of their own.
            return trial
        check.time.advance(verdicts.LONG_AFTER)
        trial.settle()
        if (trial.state.count or 0) < counts[-1]:
            return trial
        trial.invariants.shown_calls = shown
        ended = "" if successes == _ROTATIONS else f", and then {verdicts.tell_failure(trial, trial.last)}"
        text = f"After {successes} rotations, the service accepts {counts[-1]} credentials instead of {counts[0]}"
        line = next((one.line for one in dry.boundaries if one.is_of_service and one.has_changed_service), None)
        trial.invariants.find("credentials-pile-up", f"{text}{ended}", line)
    return trial
