"""What setSecret and testSecret do wrong in undisturbed rotations: it explains errors and values that are dead."""

from __future__ import annotations

from fake_secrets.contract import verdicts
from fake_secrets.contract.catalogue import ANSWER_IGNORED, NOT_TAKEN_OVER, WRONG_CREDENTIAL, Advice
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw

__all__ = ["names_destruction", "names_setting", "names_testing"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def names_setting(trial: Trial) -> bool:
    """Name why the service doesn't accept the new value, if that is a fault of setSecret. Return whether it is."""
    state, find = trial.state, trial.invariants.find
    setting = trial.latest("setSecret")
    old, new = state.values.get(trial.invariants.old or ""), state.values.get(trial.token)
    if setting is None or old is None or new is None:
        return False
    line = setting.service_line
    testing = trial.latest("testSecret")
    is_old = testing is not None and verdicts.sets_old_value(setting, testing, old, new)
    if is_old or verdicts.reads_current_only(setting, trial.token):
        find("current-instead-of-pending", "setSecret sets the current value", line, "setSecret")
        return True
    if not _is_unchanged(trial):
        return False
    made = verdicts.calls_with_new_value(setting, old, new)
    advice = None if not made else _advice(trial, made, testing, old, new)
    if made and advice is None:
        return False
    find("set-changes-nothing", "After setSecret, the service accepts the old value only", line, advice=advice)
    return True


def _is_unchanged(trial: Trial) -> bool:
    """Return whether the service accepts the old value, not the new one, and as many credentials as at first."""
    accepts, first = trial.state.accepts, trial.deliveries[0].before
    if not accepts.get(trial.invariants.old or "", False) or accepts.get(trial.token, True):
        return False
    return first is None or _counts(trial.state) == _counts(first)


def _counts(state: State) -> tuple[int | None, int | None]:
    return state.strangers, state.count


def _advice(trial: Trial, made: list[Boundary], testing: Delivery | None, old: Raw, new: Raw) -> Advice | None:
    """Return what to say of calls that succeed with the new value and change nothing; None if they may change it.

    Args:
        trial: the trial.
        made: the calls.
        testing: the delivery of testSecret, whose calls change nothing.
        old: the old value.
        new: the new value.
    """
    asked = [] if testing is None else verdicts.calls_with_new_value(testing, old, new)
    questions = [(one.name, one.arguments) for one in asked]
    if all((one.name, one.arguments) in questions for one in made):
        return ANSWER_IGNORED
    first, service = trial.deliveries[0].before, trial.state.service
    # A new user without the rights that the value needs isn't accepted, either, but a service that tells all
    # its credentials has one more then.
    is_same = first is not None and service is not None and service == first.service
    return NOT_TAKEN_OVER if is_same else None


def names_testing(trial: Trial, failed: Delivery) -> bool:
    """Name that testSecret fails because it tests the old value, if it does. Return whether it does.

    Args:
        trial: the trial.
        failed: the delivery of testSecret.
    """
    accepts = trial.state.accepts
    is_new_only = accepts.get(trial.token, False) and not accepts.get(trial.invariants.old or "", True)
    has_consulted = any(one.is_of_service for one in failed.boundaries)
    if not is_new_only or not has_consulted or not verdicts.reads_current_only(failed, trial.token):
        return False
    line = next((one.line for one in failed.boundaries if one.name == "GetSecretValue"), None)
    text = "testSecret tests the current value, which the service doesn't accept any more"
    trial.invariants.find("current-instead-of-pending", text, line, "testSecret")
    return True


def names_destruction(trial: Trial) -> bool:
    """Name the call of setSecret that makes the service refuse the current value, and accept no other instead.

    Returns:
        Whether there is one.
    """
    current = trial.invariants.old or ""
    accepts = trial.state.accepts
    if accepts.get(current, True) or accepts.get(trial.token, True):
        return False
    calls = (one for delivery in trial.deliveries for one in delivery.boundaries if one.step == "setSecret")
    call = next((one for one in calls if _is_lost(one, current)), None)
    if call is None:
        return False
    text = f"{call.name} in setSecret makes the service refuse the current value, and not accept the pending one"
    trial.invariants.shown_calls = call.order
    trial.invariants.find("current-destroyed", text, call.line, is_independent=True, advice=WRONG_CREDENTIAL)
    return True


def _is_lost(call: Boundary, version_id: str) -> bool:
    """Return whether the service refuses the value of a version since a call."""
    before, after = call.before, call.after
    if before is None or after is None or not call.is_of_service:
        return False
    return before.accepts.get(version_id, False) and not after.accepts.get(version_id, True)
