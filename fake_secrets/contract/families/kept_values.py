"""Values that a function keeps in an execution environment, while the secret changes outside of it."""

from __future__ import annotations

from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import execution
from fake_secrets.contract.families.meanwhile import put_by_hand
from fake_secrets.contract.families.problems import Problem, dead_value, failure, shown_by, tell
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.other_environments import enters
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import form_of
from fake_secrets.service.rules.stages import AWSCURRENT

__all__ = ["changed_between", "rotated_elsewhere"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NAME = "stale-value-used"
_ADDED = "fake_secrets_added"


def changed_between(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate, change the value by hand, and rotate again in the same execution environment."""
    trial, problem = _changed(dry, check, name, is_new=False)
    # A cache whose time is over can't be told from one that stays, if its dates are the machine's.
    if problem is None or check.time.reads_real_dates:
        return trial
    # What also goes wrong in a new environment isn't due to what the function has kept.
    with undebugged():
        if _changed(dry, check, name, is_new=True)[1] is None:
            tell(trial, _NAME, problem, "if both rotations run in the same execution environment")
    return trial


def _changed(dry: DryRun, check: Check, name: str, *, is_new: bool) -> tuple[Trial, Problem | None]:
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


def _second_problem(trial: Trial, dry: DryRun) -> Problem | None:
    """Rotate again after the value was changed by hand, and return what goes wrong."""
    if trial.start() is None:
        return None
    if (problem := failure(trial)) is not None:
        # A service may be kept in the function's own modules.
        return problem if execution.can_be_cold(dry) else None
    stored = trial.readings.value(trial.token)
    new = None if stored is None else form_of(stored)
    if not isinstance(new, dict) or _ADDED in new:
        return None
    text = "createSecret stores a value without a key that was added by hand after the last rotation"
    return shown_by(text, trial.storing_call)


def rotated_elsewhere(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate three times, the second time in another execution environment."""
    with Trial(check, name) as trial:
        # Invariants are looked at elsewhere.
        trial.invariants.found.is_closed = True
        new = check.state.cold_start(trial.service.kind)
        if not _rotates(trial, dry):
            return trial
        used = check.state.cold_start(trial.service.kind)
        if not enters(trial, new) or not _rotates(trial, dry) or not enters(trial, used):
            return trial
        if trial.start() is None:
            return trial
        problem = failure(trial)
        trial.settle()
        problem = problem or dead_value(trial, dry)
        # As above.
        if problem is not None and not check.time.reads_real_dates:
            tell(trial, _NAME, problem, "after a rotation in another execution environment")
    return trial


def _rotates(trial: Trial, dry: DryRun) -> bool:
    """Rotate once. Return whether it has succeeded in the way in which undisturbed rotations do."""
    has_succeeded = trial.rotate() or (dry.needs_retry and trial.recover())
    trial.settle()
    return has_succeeded
