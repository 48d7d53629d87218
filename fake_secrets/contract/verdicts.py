"""The verdicts: what the outcome of a scenario says about the rotation function."""

from __future__ import annotations

from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary, Delivery, State, code_of
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw, changed_texts, has_text
from fake_secrets.observe.leaks.searching import text_of
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING

__all__ = [
    "LONG_AFTER",
    "after_recovery",
    "calls_with_new_value",
    "has_done_work",
    "has_more",
    "is_dead",
    "of_failed_retry",
    "of_repetition",
    "reads_current_only",
    "reads_pending",
    "sets_old_value",
    "tell_failure",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# So long after the scenario, in seconds, a credential that expires by itself has expired.
LONG_AFTER = 400 * 86_400.0


def tell_failure(trial: Trial, delivery: Delivery) -> str:
    """Return how a delivery failed, in words, without a secret value."""
    error = delivery.error
    if error is None:
        return f"{delivery.step} passes"
    if delivery.has_timed_out:
        return f"{delivery.step} takes longer than the time-out of {trial.subject.timeout:g} seconds"
    failed, code = delivery.last_failed, code_of(error)
    where = f" in {failed.name}" if failed is not None and failed.outcome == code else ""
    kind = code or type(error).__name__
    # AWS's messages end in a full stop, and this is a part of a sentence.
    text = trial.shown(text_of(error)).removesuffix(".")
    return f"{delivery.step} raises {kind}{where}" + (f": {text}" if text else "")


def reads_pending(delivery: Delivery, token: str) -> bool:
    """Return whether a delivery has read the pending value."""
    return any(_is_read_of(boundary, AWSPENDING, token) for boundary in delivery.boundaries)


def reads_current_only(delivery: Delivery, token: str) -> bool:
    """Return whether a delivery has read the current value, and the pending one in no way."""
    is_current = any(_is_read_of(boundary, AWSCURRENT) for boundary in delivery.boundaries)
    return is_current and not reads_pending(delivery, token)


def _is_read_of(boundary: Boundary, label: str, token: str | None = None) -> bool:
    """Return whether a call has read the value of a version, by its label or by its id."""
    if boundary.name != "GetSecretValue" or not boundary.has_succeeded:
        return False
    version, stage = boundary.members.get("VersionId"), boundary.members.get("VersionStage")
    default = AWSCURRENT if version is None else None
    return (token is not None and version == token) or (stage or default) == label


def has_done_work(trial: Trial, dry: DryRun, delivery: Delivery, struck: Boundary | None = None) -> bool:
    """Return whether a step that passed has done what it does in an undisturbed rotation.

    Args:
        trial: the trial.
        dry: the undisturbed rotations.
        delivery: the delivery that passed.
        struck: the call that failed all the time. If it isn't one of the service, what setSecret asks the service
            doesn't matter. None if no call failed.
    """
    usual, token, after = dry.first[delivery.step], trial.token, delivery.after or trial.state
    if delivery.step == "createSecret":
        return token in after.values
    if delivery.step == "finishSecret":
        return after.labels.get(AWSCURRENT) == token
    if delivery.step == "setSecret" and usual.after is not None and usual.after.accepts.get(dry.token):
        return after.accepts.get(token, True)
    may_miss_answer = struck is not None and not struck.is_of_service and delivery.step == "setSecret"
    if (struck is not None and struck.is_of_service) or (_has_answer(usual) and not may_miss_answer):
        return _has_answer(delivery)
    return reads_pending(delivery, token) or not reads_pending(usual, dry.token)


def _has_answer(delivery: Delivery) -> bool:
    """Return whether a delivery has got an answer of the service."""
    return any(one.is_of_service and one.has_succeeded for one in delivery.boundaries)


def of_repetition(trial: Trial, delivery: Delivery) -> None:
    """Name what a step has come to that was delivered again before the rotation was over."""
    if delivery.has_passed or delivery.before is None:
        return
    text = f"{tell_failure(trial, delivery)}, when it is repeated"
    if delivery.step == "createSecret":
        name = "create-not-repeatable" if trial.token in delivery.before.values else "retry-refused"
        trial.invariants.find(name, text, delivery.line)
    elif delivery.step == "setSecret":
        trial.invariants.find("set-not-repeatable", text, delivery.line)


def sets_old_value(setting: Delivery, testing: Delivery, old: Raw, new: Raw) -> bool:
    """Return whether the last change that setSecret makes at the service is made with the old value.

    Args:
        setting: the delivery of setSecret.
        testing: that of testSecret, whose methods change nothing.
        old: the old value.
        new: the new value.
    """
    harmless = {one.name for one in testing.boundaries}
    calls = [one for one in setting.boundaries if one.is_of_service]
    changes = [one for one in calls if one.name not in harmless]
    # One call with the old value logs in.
    logins = [one for one in calls if changes and one is not changes[-1] and _has_part(one, old, new)]
    return bool(logins) and _has_part(changes[-1], old, new) and not _has_part(changes[-1], new, old)


def calls_with_new_value(delivery: Delivery, old: Raw, new: Raw) -> list[Boundary]:
    """Return the calls of the service with the new value that succeed."""
    calls = (one for one in delivery.boundaries if one.is_of_service and one.has_succeeded)
    return [one for one in calls if _has_part(one, new, old)]


def _has_part(boundary: Boundary, value: Raw, other: Raw) -> bool:
    """Return whether the arguments of a call have a secret part of a value that another value lacks."""
    parts = changed_texts(other, value).values()
    return any(isinstance(part, str) and has_text(boundary.arguments, part) for part in parts)


def of_failed_retry(trial: Trial, dry: DryRun, disturbance: Disturbance | None) -> None:
    """Name why the retries of a rotation never succeed."""
    failed = trial.last
    before = failed.before or trial.state
    trial.invariants.shown_calls = trial.calls_of_first_retry
    text = f"{tell_failure(trial, failed)}, in each retry"
    step, find, struck = failed.step, trial.invariants.find, _struck_by(disturbance)
    if _more_strangers(trial.state, dry.before):
        line = struck.line if struck is not None else failed.line
        find("orphaned-credential", f"A credential that works is in no version of the secret; {text}", line)
    elif failed.has_passed:
        find("stuck-after-failure", "Every step of the retry passes, but AWSCURRENT isn't moved", None, step)
    elif step == "createSecret" and trial.token in before.values:
        find("create-not-repeatable", text, failed.line)
    elif step == "createSecret" and failed.last_failed is None and not trial.rotation.succeeded:
        find("retry-refused", text, failed.line)
    elif step == "setSecret" and before.accepts.get(trial.token, False):
        find("set-not-repeatable", text, failed.line)
    elif struck is not None and struck.step == "setSecret" and step in {"setSecret", "testSecret"}:
        is_complete = struck.after is not None and struck.after.accepts.get(trial.token, False)
        find("set-not-repeatable" if is_complete else "half-changed-service", text, failed.line)
    else:
        find("stuck-after-failure", text, failed.line, step)


def after_recovery(trial: Trial, dry: DryRun, disturbance: Disturbance | None) -> None:
    """Look at what is left of a disturbance after the rotation was retried: rotate again, and compare.

    Args:
        trial: the trial, whose rotation has succeeded.
        dry: the undisturbed rotations.
        disturbance: what was done to the function.
    """
    trial.settle()
    struck = _struck_by(disturbance)
    if is_dead(trial, dry):
        name = "half-changed-service" if struck is not None and struck.step == "setSecret" else "dead-current"
        line = struck.line if struck is not None else None
        trial.invariants.find(name, "After the retry, the service doesn't accept the current value", line)
        return
    trial.conductor.disturbance = None
    if trial.rotate() or (dry.needs_retry and trial.recover()):
        trial.settle()
        _compare(trial, dry, disturbance)
    else:
        _name_failed_rotation(trial, dry, struck)


def _name_failed_rotation(trial: Trial, dry: DryRun, struck: Boundary | None) -> None:
    """Name why the rotation after the one that was disturbed fails."""
    text = f"The retry succeeds, but the next rotation doesn't: {tell_failure(trial, trial.last)}"
    line = struck.line if struck is not None else trial.last.line
    if _more_strangers(trial.state, dry.before):
        trial.invariants.find("orphaned-credential", text, line)
    elif has_more(trial, dry):
        trial.invariants.find("clean-up-lost", text, line)
    elif struck is not None and struck.step == "setSecret":
        trial.invariants.find("half-changed-service", text, line)
    else:
        trial.invariants.find("stuck-after-failure", text, line, "next")


def _struck_by(disturbance: Disturbance | None) -> Boundary | None:
    return None if disturbance is None else disturbance.struck


def _compare(trial: Trial, dry: DryRun, disturbance: Disturbance | None) -> None:
    """Compare what the service accepts with what it accepts after as many undisturbed rotations."""
    struck = _struck_by(disturbance)
    line = None if struck is None else struck.line
    usual = dry.after[trial.replacements - 1]
    if is_dead(trial, dry):
        trial.invariants.find(
            "dead-current", "After the next rotation, the service doesn't accept its value", line
        )
    elif _more_strangers(trial.state, usual):
        trial.check.time.advance(LONG_AFTER)
        trial.settle()
        is_left = _more_strangers(trial.state, usual)
        name = "orphaned-credential" if is_left else "orphan-expires"
        when = "even after another rotation" if is_left else "for a while"
        text = f"A credential that is in no version of the secret works {when}"
        trial.invariants.find(name, text, line)
    elif has_more(trial, dry):
        is_swallowed = (
            disturbance is not None
            and disturbance.is_error
            and any(struck in one.boundaries and one.has_passed for one in trial.deliveries)
        )
        name = "swallowed-error" if is_swallowed else "clean-up-lost"
        text = "An old credential still works after another rotation"
        trial.invariants.find(name, text, line, struck.step if is_swallowed and struck is not None else "")


def has_more(trial: Trial, dry: DryRun) -> bool:
    """Return whether the service accepts values that it doesn't after as many undisturbed rotations.

    A rotation counts if its value has become current, although finishSecret may have failed afterwards.
    """
    count = trial.replacements
    return count > 0 and not trial.accepted_roles() <= dry.accepted[count - 1]


def is_dead(trial: Trial, dry: DryRun) -> bool:
    """Return whether the service refuses the current value, which it accepts after undisturbed rotations."""
    current = trial.state.labels.get(AWSCURRENT, "")
    usual = dry.after[0]
    return usual.accepts.get(usual.labels.get(AWSCURRENT, ""), False) and not trial.state.accepts.get(
        current, True
    )


def _more_strangers(state: State, usual: State) -> bool:
    return (state.strangers or 0) > (usual.strangers or 0)
