"""The dry run: rotates three times, undisturbed. All other scenarios follow from what it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from fake_secrets.contract import verdicts
from fake_secrets.contract.catalogue import DOUBLE_NOT_CALLED, KEPT_VALUE
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import ROTATIONS, DryRun
from fake_secrets.contract.early_leaks import find_early_leaks
from fake_secrets.contract.first_errors import advice_on, advice_on_swallowed
from fake_secrets.contract.first_faults import names_destruction, names_setting, names_testing
from fake_secrets.contract.moments import Delivery, State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.other_environments import enters
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw, changed_texts
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.rules.steps import STEPS

__all__ = ["dry_run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_MAKING = "GetRandomPassword"


def dry_run(check: Check, scenario: str = "plain.three-times") -> tuple[Trial, DryRun]:
    """Rotate three times, and look at what comes of it.

    If that fails because of a password that GetRandomPassword has made, mild passwords are used from then on, so
    that the other scenarios can be tried. The family `passwords` then tells why.
    """
    trial, dry = _rotated(check, scenario)
    if dry.obstacles and not check.has_mild_passwords and any(one.name == _MAKING for one in dry.boundaries):
        check.has_mild_passwords = True
        mild = _rotated(check, scenario)
        if not mild[1].obstacles:
            return mild
        check.has_mild_passwords = False
    if dry.obstacles and len(trial.rotations) > 1:
        _look_at_kept_values(check, trial, dry.obstacles)
    return trial, dry


def _look_at_kept_values(check: Check, trial: Trial, names: Collection[str]) -> None:
    """Say of what goes wrong in a later rotation if it is due to what the function has kept from an earlier one.

    Args:
        check: the check.
        trial: the trial that has shown it.
        names: the names of what goes wrong.
    """
    # A debugger has stopped in the rotations that show it.
    with undebugged():
        _, cold = _rotated(check, trial.scenario, is_cold=True)
    if len(cold.after) == ROTATIONS and not cold.obstacles:
        found = trial.invariants.found.all
        found[:] = [replace(one, advice=KEPT_VALUE) if one.name in names else one for one in found]


def _rotated(check: Check, scenario: str, *, is_cold: bool = False) -> tuple[Trial, DryRun]:
    """Rotate three times, or until it fails.

    Args:
        check: the check.
        scenario: the scenario's id.
        is_cold: whether each rotation runs in a new execution environment. It ends if that changes the service.
    """
    states: list[State] = []
    accepted: list[frozenset[str]] = []
    with Trial(check, scenario) as trial:
        before, renew = trial.state, check.state.cold_start(trial.service.kind) if is_cold else None
        for number in range(1, ROTATIONS + 1):
            if renew is not None and not enters(trial, renew):
                break
            if not _rotates(trial, number):
                break
            trial.settle()
            states.append(trial.state)
            accepted.append(trial.accepted_roles())
            if not _is_alive(trial, number):
                break
            if number == 1:
                _look_at_first(trial)
        else:
            _look_at_strangers(trial, before)
            _note_labels(trial)
        first = {one.step: one for one in trial.deliveries[: len(STEPS)] if one.number == 1}
        token = trial.rotations[0].token if trial.rotations else ""
        trial.note_logged_token()
        find_early_leaks(trial, _values(before, states))
    old, new = before.values.get(before.labels.get(AWSCURRENT, "")), trial.state.values.get(token)
    check.changing_places = _changing(trial, old, new)
    dry = DryRun(
        token,
        first,
        before,
        tuple(states),
        tuple(accepted),
        tuple(trial.invariants.found.all),
        old,
        new,
        trial.service.offers,
        len(trial.service.errors),
        check.has_mild_passwords,
    )
    return trial, dry


def _values(before: State, states: Iterable[State]) -> Iterator[Raw]:
    """Yield the values that were current one after the other."""
    for state in (before, *states):
        value = state.values.get(state.labels.get(AWSCURRENT, ""))
        if value is not None:
            yield value


def _rotates(trial: Trial, number: int) -> bool:
    """Rotate once, and name what goes wrong. Return whether the rotation has succeeded."""
    find = trial.invariants.find
    if trial.start() is None:
        text = f"AWS refuses to start the rotation: {trial.refusal}"
        find("second-rotation-fails" if number > 1 else "never-succeeds", text, is_independent=True)
        return False
    if trial.finish():
        return True
    failed = trial.last
    text = verdicts.tell_failure(trial, failed)
    if failed.has_passed:
        text = "All four steps pass, and AWSCURRENT stays where it was"
        find("current-not-moved", text, is_independent=number > 1, advice=advice_on_swallowed(trial))
        return False
    trial.invariants.shown_calls = trial.calls
    has_recovered = trial.recover()
    if has_recovered:
        find("needs-a-retry", f"Without any disturbance, {text}; a retry succeeds", failed.line)
    elif failed.has_timed_out:
        find("times-out", text, failed.line, failed.step, is_independent=number > 1)
    elif number > 1:
        if not names_destruction(trial):
            find("second-rotation-fails", text, failed.line, is_independent=True)
    elif (advice := advice_on(trial, failed)) is DOUBLE_NOT_CALLED or not _names_fault(trial, failed):
        find("never-succeeds", text, failed.line, advice=advice)
    trial.invariants.shown_calls = None
    return has_recovered


def _names_fault(trial: Trial, failed: Delivery) -> bool:
    """Name the fault of setSecret or testSecret because of which testSecret fails. Return whether there is one."""
    return failed.step == "testSecret" and (names_testing(trial, failed) or names_setting(trial))


def _is_alive(trial: Trial, number: int) -> bool:
    """Return whether the service accepts the current value. If it doesn't, name why."""
    state, find = trial.state, trial.invariants.find
    if state.accepts.get(state.labels.get(AWSCURRENT, ""), True):
        return True
    if number > 1 or not names_setting(trial):
        setting = trial.latest("setSecret")
        line = None if setting is None else setting.service_line
        times = {1: "first", 2: "second", 3: "third"}[number]
        text = f"After the {times} rotation, the service doesn't accept the current value"
        find("dead-current", text, line, is_independent=True)
    return False


def _look_at_first(trial: Trial) -> None:
    """Look at how the steps of the first rotation read their values."""
    find, token = trial.invariants.find, trial.token
    testing, setting = trial.latest("testSecret"), trial.latest("setSecret")
    if testing is None or setting is None:
        return
    has_consulted = any(one.is_of_service for one in testing.boundaries)
    line = next((one.line for one in testing.boundaries if one.name == "GetSecretValue"), None)
    if verdicts.reads_current_only(testing, token):
        find("current-instead-of-pending", "testSecret reads the current value only", line, "testSecret")
    elif not has_consulted and any(one.is_of_service for one in setting.boundaries):
        find("untested-value", "testSecret makes no call of the service")
    elif not has_consulted and not verdicts.reads_pending(testing, token):
        find("empty-test", "testSecret doesn't read the pending value")
    for delivery in trial.deliveries:
        for boundary in delivery.boundaries:
            members = boundary.members
            is_by_label = members.get("VersionStage") == AWSPENDING and "VersionId" not in members
            if boundary.name == "GetSecretValue" and is_by_label:
                text = f"{delivery.step} reads the pending value by its label only"
                find("version-not-named", text, boundary.line)


def _look_at_strangers(trial: Trial, before: State) -> None:
    if (trial.state.strangers or 0) > (before.strangers or 0):
        text = "After undisturbed rotations, a credential that is in no version of the secret works at the service"
        trial.invariants.find("orphaned-credential", text, trial.deliveries[0].service_line)


def _note_labels(trial: Trial) -> None:
    if trial.state.labels.get(AWSPENDING) == trial.token:
        trial.invariants.find("pending-label-left", "AWSPENDING stays on the new version after the rotation")


def _changing(trial: Trial, old: Raw | None, new: Raw | None) -> frozenset[str] | None:
    """Return the places of the value that the first rotation has changed; None if all of it or nothing has.

    The places that hold a version id aren't among them, because an id is no credential.

    Args:
        trial: the trial.
        old: the value before the rotation.
        new: the value after it.
    """
    places = {} if old is None or new is None else changed_texts(old, new)
    if None in places or not places:
        return None
    return frozenset(str(place) for place, text in places.items() if text not in trial.readings.secret.versions)
