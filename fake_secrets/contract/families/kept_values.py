"""Values that a function keeps in an execution environment, while the secret changes outside of it."""

from __future__ import annotations

from fake_secrets.contract import verdicts
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import execution
from fake_secrets.contract.families.meanwhile import put_by_hand
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import form_of
from fake_secrets.service.rules.stages import AWSCURRENT

__all__ = ["changed_between", "rotated_elsewhere"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NAME = "stale-value-used"
_ADDED = "fake_secrets_added"

_Problem = tuple[str, OwnLine | None]


def changed_between(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate, change the value by hand, and rotate again in the same execution environment."""
    trial, problem = _changed(dry, check, name, is_new=False)
    if problem is None:
        return trial
    # What also goes wrong in a new environment isn't due to what the function has kept.
    with undebugged():
        if _changed(dry, check, name, is_new=True)[1] is None:
            text, line = problem
            text = f"{text}, if both rotations run in the same execution environment"
            trial.invariants.find(_NAME, text, line, is_independent=True)
    return trial


def _changed(dry: DryRun, check: Check, name: str, *, is_new: bool) -> tuple[Trial, _Problem | None]:
    """Rotate, change the value by hand, and rotate again. Return what goes wrong the second time.

    Args:
        dry: the undisturbed rotations.
        check: the check.
        name: the scenario's id.
        is_new: whether the second rotation runs in a new execution environment.
    """
    # The service may not be able to read a value with one more key.
    with Trial(check, name, is_usual=False) as trial:
        renew = check.state.cold_start(trial.service.kind)
        if not _rotates(trial, dry):
            return trial, None
        current = trial.readings.value(trial.state.labels[AWSCURRENT])
        if current is None:
            return trial, None
        form = form_of(current)
        put_by_hand(trial, {**form, _ADDED: "by hand"} if isinstance(form, dict) else current)
        if is_new:
            renew()
        return trial, _second_problem(trial, dry)


def _second_problem(trial: Trial, dry: DryRun) -> _Problem | None:
    """Rotate again after the value was changed by hand, and return what goes wrong."""
    if trial.start() is None:
        return None
    if not trial.finish() and not trial.recover():
        # A service may be kept in the function's own modules.
        return _failure(trial) if execution.can_be_cold(dry) else None
    stored = trial.readings.value(trial.token)
    new = None if stored is None else form_of(stored)
    if not isinstance(new, dict) or _ADDED in new:
        return None
    return (
        "createSecret stores a value without a key that was added by hand after the last rotation",
        trial.storing_line,
    )


def rotated_elsewhere(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate three times, the second time in another execution environment."""
    with Trial(check, name) as trial:
        # Invariants are looked at elsewhere.
        trial.invariants.found.is_closed = True
        new = check.state.cold_start(trial.service.kind)
        if not _rotates(trial, dry):
            return trial
        used = check.state.cold_start(trial.service.kind)
        if not execution.enters(trial, new) or not _rotates(trial, dry) or not execution.enters(trial, used):
            return trial
        problem = _third_problem(trial, dry)
        if problem is not None:
            text, line = problem
            text = f"{text}, after a rotation in another execution environment"
            trial.invariants.find(_NAME, text, line, is_independent=True)
    return trial


def _third_problem(trial: Trial, dry: DryRun) -> _Problem | None:
    if trial.start() is None:
        return None
    if not trial.finish() and not trial.recover():
        return _failure(trial)
    trial.settle()
    if verdicts.is_dead(trial, dry):
        return "The service doesn't accept the current value", None
    return None


def _rotates(trial: Trial, dry: DryRun) -> bool:
    """Rotate once. Return whether it has succeeded in the way in which undisturbed rotations do."""
    has_succeeded = trial.rotate() or (dry.needs_retry and trial.recover())
    trial.settle()
    return has_succeeded


def _failure(trial: Trial) -> _Problem:
    return verdicts.tell_failure(trial, trial.last), trial.last.line
