"""Two deliveries of a step overlap: every order of their calls with up to two preemptions.

The first delivery makes some calls. Then the second one makes all of its calls, or some of them before the first
goes on to its end. Which of two equal deliveries is called the first makes no difference, and the orders without a
preemption are those of the family of repeats.

Nearly no time passes while a delivery is stopped. But if createSecret makes a credential, it may need nearly all
of its time until it stores that one. If a second delivery revokes credentials of such an age, that is tried, too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from fake_secrets.contract.catalogue import PASSWORD_CHANGED_EARLY
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.disturbed import judge_retry
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.overlapping import Overlap, Stops
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.rotation.invocation import LONGEST_TIMEOUT
from fake_secrets.service.rules.steps import STEPS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


_CREATING = "createSecret"


def scenarios(dry: DryRun, check: Check) -> Iterator[Scenario]:
    """Yield the scenarios."""
    for step in STEPS:
        calls = len(dry.first[step].boundaries) if step in dry.first else 0
        for before in range(1, calls):
            name = f"{step}.overlap-{before}"
            if not _is_wanted(check, name):
                continue
            title = f"a second delivery of {step} runs after call {before} of the first"
            run = functools.partial(_overlapping, dry, step, (before, None))
            yield Scenario(name, title, run)
            if step == _CREATING and _makes_credential(dry.first[step].boundaries[before - 1]):
                yield from _late(dry, check, name, before)
            for meanwhile in range(1, _calls_of_second(check, step, before)):
                after = f"{title}; after call {meanwhile} of the second, the first goes on"
                run = functools.partial(_overlapping, dry, step, (before, meanwhile))
                yield Scenario(f"{name}-{meanwhile}", after, run)


def _late(dry: DryRun, check: Check, name: str, before: int) -> Iterator[Scenario]:
    """Yield a scenario in which a delivery with a new credential goes on late, after another has revoked one.

    It makes sense only if the user has told the function's time-out.
    """
    if check.subject.timeout >= LONGEST_TIMEOUT:
        return
    with undebugged(), Trial(check, f"{name}-late") as trial:
        overlap = _run(trial, _CREATING, (before, None), is_late=True)
    calls = [] if overlap is None else [call for one in overlap.deliveries[1:] for call in one.boundaries]
    revoking = next((one.number for one in calls if _counts_less(one)), None)
    if revoking is not None:
        title = (
            f"a second delivery of createSecret runs late after call {before} of the first; after call {revoking} "
            "of the second, the first goes on, right before its time-out"
        )
        run = functools.partial(_overlapping, dry, _CREATING, (before, revoking), is_late=True)
        yield Scenario(f"{name}-late", title, run)


def _is_wanted(check: Check, name: str) -> bool:
    """Return whether a scenario is to run, or one whose id begins like its own. What isn't needn't be counted."""
    return check.wanted is None or any(one == name or one.startswith(f"{name}-") for one in check.wanted)


def _calls_of_second(check: Check, step: str, calls: int) -> int:
    """Return how many calls a second delivery makes, until it waits for the first, which has made some calls."""
    with undebugged(), Trial(check, f"{step}.overlap-{calls}") as trial:
        overlap = _run(trial, step, (calls, None))
    if overlap is None or len(overlap.deliveries) == 1:
        return 0
    second = overlap.deliveries[1]
    if not second.boundaries and second.error is not None:
        kind = type(second.error).__name__
        check.left_out[step] = (
            f"Overlaps of {step} show little: the second delivery raises {kind} before any call."
        )
    return overlap.calls_before_standstill or len(second.boundaries)


def _overlapping(dry: DryRun, step: str, stops: Stops, check: Check, name: str, *, is_late: bool = False) -> Trial:
    with Trial(check, name) as trial:
        overlap = _run(trial, step, stops, is_late=is_late)
        if step == _CREATING:
            _look_at_stored_value(trial, dry)
        # What comes of a time-out isn't the fault of two deliveries.
        has_timed_out = is_late and overlap is not None and overlap.deliveries[0].has_timed_out
        if not has_timed_out and not trial.invariants.found.has_violation:
            trial.finish()
            judge_retry(trial, dry, None)
    return trial


def _look_at_stored_value(trial: Trial, dry: DryRun) -> None:
    """Look whether the service accepts the value that one of two deliveries of createSecret has stored."""
    usual = dry.first["createSecret"].after
    if usual is None or not usual.accepts.get(dry.token, False) or trial.state.accepts.get(trial.token, True):
        return
    calls = sorted((one for each in trial.deliveries for one in each.boundaries), key=lambda one: one.order)
    revoking = [one for one in calls if one.has_changed_service and _counts_less(one)]
    trial.invariants.find(
        "pending-destroyed",
        "One delivery of createSecret makes the service refuse the credential that the other one stores",
        revoking[-1].line if revoking else None,
        advice=None if revoking else PASSWORD_CHANGED_EARLY,
    )


def _counts_less(boundary: Boundary) -> bool:
    """Return whether the service accepts fewer credentials after a call."""
    before, after = boundary.before, boundary.after
    return before is not None and after is not None and (before.count or 0) > (after.count or 0)


def _makes_credential(boundary: Boundary) -> bool:
    """Return whether the service accepts more credentials after a call."""
    before, after = boundary.before, boundary.after
    return before is not None and after is not None and (before.count or 0) < (after.count or 0)


def _run(trial: Trial, step: str, stops: Stops, *, is_late: bool = False) -> Overlap | None:
    """Rotate up to a step, and deliver that twice at once. Return None if the rotation doesn't come so far.

    Args:
        trial: the trial.
        step: the step.
        stops: when the deliveries stop for each other.
        is_late: whether the first delivery has nearly used up its time when it stops.
    """
    trial.start()
    if not trial.run_before(step):
        return None
    with Overlap(trial, step, stops, trial.conductor.use_up_time if is_late else None) as overlap:
        trial.step()
    return overlap
