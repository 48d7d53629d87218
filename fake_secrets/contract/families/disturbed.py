"""A call fails, or the function dies after it. Then the rotation is retried, as AWS does."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator

from fake_secrets.contract import verdicts
from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.rules.steps import STEPS

__all__ = ["DENIED", "disturbed", "errors", "find_swallowed", "judge_retry", "kills", "recovers"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

DENIED = "AccessDeniedException"
_THROTTLED = "ThrottlingException"
_NO_VALUE = "ResourceNotFoundException"


def errors(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios in which a call fails."""
    for boundary in dry.boundaries:
        step, number = boundary.step, boundary.number
        what = f"call {number} of {step} ({boundary.name})"
        yield _scenario(dry, f"{step}.error-{number}", f"{what} fails", Disturbance(step, number, "error"))
        if not boundary.is_read:
            title = f"{what} takes effect, but its answer is lost"
            yield _scenario(dry, f"{step}.lost-{number}", title, Disturbance(step, number, "lost"))
        if boundary.place == "secretsmanager":
            title = f"{what} is throttled"
            plan = Disturbance(step, number, "error", _THROTTLED)
            yield _scenario(dry, f"{step}.throttled-{number}", title, plan)
            if boundary.is_read:
                plan = Disturbance(step, number, "error", DENIED)
                yield _scenario(dry, f"{step}.denied-{number}", f"{what} is denied", plan)
        elif boundary.place == "service":
            for variant in range(1, dry.variants):
                plan = Disturbance(step, number, "error", variant=variant)
                name = f"{step}.error-{number}-{variant + 1}"
                yield _scenario(dry, name, f"{what} fails with the double's error {variant + 1}", plan)


def kills(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios in which the function dies."""
    for boundary in dry.boundaries:
        if boundary.is_read:
            continue
        step, number = boundary.step, boundary.number
        title = f"the function is killed after call {number} of {step} ({boundary.name})"
        yield _scenario(dry, f"{step}.kill-after-{number}", title, Disturbance(step, number, "kill"))
    for step in STEPS:
        title = f"the function is killed at the end of {step}"
        yield Scenario(f"{step}.kill-at-end", title, functools.partial(_killed_at_end, dry, step))


def _scenario(dry: DryRun, name: str, title: str, plan: Disturbance) -> Scenario:
    return Scenario(name, title, functools.partial(disturbed, dry, plan, _look_for_swallowed))


def disturbed(
    dry: DryRun,
    plan: Disturbance,
    look: Callable[[Trial, DryRun, Disturbance], object],
    check: Check,
    name: str,
) -> Trial:
    """Run a scenario in which something happens at one call.

    Args:
        dry: the undisturbed rotations.
        plan: what happens.
        look: looks at what the function makes of it, before the rotation is retried.
        check: the check.
        name: the scenario's id.
    """
    plan = dataclasses.replace(plan)
    with Trial(check, name) as trial:
        trial.start()
        trial.conductor.disturbance = plan
        trial.finish()
        look(trial, dry, plan)
        judge_retry(trial, dry, plan)
    return trial


def _killed_at_end(dry: DryRun, step: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        trial.invocations.kill_at_end = step
        trial.finish()
        plan = Disturbance(step, 0, "kill")
        plan.struck = next((one for one in reversed(trial.last.boundaries) if not one.is_read), None)
        judge_retry(trial, dry, plan)
    return trial


def judge_retry(trial: Trial, dry: DryRun, plan: Disturbance | None) -> None:
    """Retry the rotation unless it has succeeded, and look at what is left of a disturbance."""
    if trial.invariants.found.has_violation:
        return
    if recovers(trial):
        verdicts.after_recovery(trial, dry, plan)
    else:
        verdicts.of_failed_retry(trial, dry, plan)


def _look_for_swallowed(trial: Trial, dry: DryRun, plan: Disturbance) -> None:
    struck = plan.struck
    if struck is None or not plan.is_error:
        return
    delivery = next(one for one in trial.deliveries if struck in one.boundaries)
    find_swallowed(trial, dry, delivery, struck)
    _find_ignored_read(trial, dry, delivery, struck)


def find_swallowed(trial: Trial, dry: DryRun, delivery: Delivery, struck: Boundary) -> None:
    """Find that a step passed without its work, although one of its calls failed all the time."""
    if delivery.has_passed and not verdicts.has_done_work(trial, dry, delivery, struck):
        trial.invariants.find(
            "swallowed-error",
            f"{struck.name} fails with {struck.outcome} during all of {delivery.step}, and {delivery.step} passes",
            struck.line,
            delivery.step,
        )


def _find_ignored_read(trial: Trial, dry: DryRun, delivery: Delivery, struck: Boundary) -> None:
    """Find that createSecret takes any error of a read for the answer that there is no value yet."""
    if delivery.step != "createSecret" or not delivery.has_passed or struck.name != "GetSecretValue":
        return
    usual = next((one for one in dry.first[delivery.step].boundaries if one.number == struck.number), None)
    if usual is not None and usual.outcome == _NO_VALUE and verdicts.has_done_work(trial, dry, delivery, struck):
        text = f"GetSecretValue fails with {struck.outcome}, and createSecret stores a new value"
        trial.invariants.find("read-error-ignored", text, struck.line)


def recovers(trial: Trial) -> bool:
    """Retry the rotation, and return whether the new value is current, so that AWS starts the next in any case.

    If it is, but each retry fails nevertheless, that is noted.
    """
    if trial.recover():
        return True
    if trial.state.labels.get(AWSCURRENT) != trial.token:
        return False
    failed = trial.last
    if not failed.has_passed:
        text = f"AWSCURRENT has moved, and yet {verdicts.tell_failure(trial, failed)}, in each retry"
        trial.invariants.find("finish-not-repeatable", text, failed.line)
    return True
