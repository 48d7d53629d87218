"""Other modes of the service: tests without a rotation, and reads that don't see the last write yet."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

from fake_secrets.contract import verdicts
from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import execution, kept_others, kept_values
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.faults.effects import STALE

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Those that are about one secret.
_STALE = STALE - {"BatchGetSecretValue", "ListSecrets"}


def scenarios(dry: DryRun, check: Check) -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario("mode.test-only", "RotateSecret with RotateImmediately=False", _test_only)
    if execution.can_be_cold(dry):
        title = "each step runs in a new execution environment"
        yield Scenario("mode.cold", title, functools.partial(execution.cold, dry))
    title = "the steps take turns with those of another secret in one execution environment"
    yield Scenario("mode.warm", title, functools.partial(execution.warm, dry))
    title = "the value is changed by hand between two rotations in one execution environment"
    yield Scenario("mode.changed-between", title, functools.partial(kept_values.changed_between, dry))
    if execution.can_be_cold(dry):
        title = "between two rotations, the secret is rotated in another execution environment"
        yield Scenario("mode.rotated-elsewhere", title, functools.partial(kept_values.rotated_elsewhere, dry))
        if kept_others.reads_others(dry, check.subject):
            title = "the other secrets are changed between two rotations in one execution environment"
            yield Scenario("mode.others-changed", title, functools.partial(kept_others.others_changed, dry))
    for boundary in dry.boundaries:
        if boundary.name in _STALE:
            step, number = boundary.step, boundary.number
            title = f"call {number} of {step} ({boundary.name}) doesn't see the last write"
            run = functools.partial(_stale, dry, Disturbance(step, number, "stale"))
            yield Scenario(f"{step}.stale-{number}", title, run)


def _test_only(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.invariants.found.is_closed = True
        before = trial.state
        if trial.start(RotateImmediately=False) is None:
            return trial
        delivery = trial.step()
        trial.invariants.found.is_closed = False
        trial.settle()
        if not delivery.has_passed:
            trial.invariants.find("test-mode-fails", verdicts.tell_failure(trial, delivery), delivery.line)
        elif before.service != trial.state.service or dict(before.labels) != dict(trial.state.labels):
            trial.invariants.find("test-mode-fails", "testSecret changes something", delivery.line)
    return trial


def _stale(dry: DryRun, plan: Disturbance, check: Check, name: str) -> Trial:
    plan = dataclasses.replace(plan)
    with Trial(check, name) as trial:
        trial.start()
        trial.conductor.disturbance = plan
        if trial.finish():
            verdicts.after_recovery(trial, dry, plan)
            return trial
        failed = trial.last
        text = verdicts.tell_failure(trial, failed)
        if trial.invariants.found.has_violation:
            return trial
        if not trial.recover():
            verdicts.of_failed_retry(trial, dry, plan)
            return trial
        trial.invariants.find("stale-read-fails", f"{text}; a retry succeeds", failed.line)
        verdicts.after_recovery(trial, dry, plan)
    return trial
