"""The dry run: three rotations in a row that nothing disturbs. All other scenarios follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fake_secrets.contract import verdicts
from fake_secrets.contract.deviations import Deviation
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.rules.steps import STEPS

if TYPE_CHECKING:
    from fake_secrets.contract.checking import Check

__all__ = ["DryRun", "dry_run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ROTATIONS = 3

# A function with one of these isn't disturbed: each scenario would only show the same again.
_BASIC = frozenset(
    {
        "current-moved-early",
        "current-not-moved",
        "dead-current",
        "empty-current",
        "never-succeeds",
        "second-rotation-fails",
        "set-changes-nothing",
        "value-under-another-token",
    }
)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the undisturbed rotations have shown.

    Args:
        token: the token of the first rotation.
        first: the deliveries of the first rotation, by step.
        before: the state before it.
        after: the states after each rotation.
        accepted: what the service accepts after each rotation, by the versions' roles.
        found: the deviations.
        old_value: the value before the first rotation; None if there is none.
        new_value: the value after it; None if there is none.
        offers: what the service double offers.
        variants: how many errors it has for an outage.
    """

    token: str
    first: Mapping[str, Delivery]
    before: State
    after: tuple[State, ...]
    accepted: tuple[frozenset[str], ...]
    found: tuple[Deviation, ...]
    old_value: Raw | None = field(repr=False)
    new_value: Raw | None = field(repr=False)
    offers: frozenset[str]
    variants: int

    @property
    def obstacles(self) -> list[str]:
        """The names of the violations that make other scenarios pointless; none if the function can rotate."""
        is_in_set = [one for one in self.found if one.name == "current-instead-of-pending" and "set" in one.cause]
        return [one.name for one in self.found if one.name in _BASIC] + [one.name for one in is_in_set]

    @property
    def boundaries(self) -> list[Boundary]:
        """The calls of the first rotation, in order."""
        return [boundary for step in STEPS if step in self.first for boundary in self.first[step].boundaries]


def dry_run(check: Check, scenario: str = "plain.three-times") -> tuple[Trial, DryRun]:
    """Rotate three times, and look at what comes of it."""
    states: list[State] = []
    accepted: list[frozenset[str]] = []
    with Trial(check, scenario) as trial:
        before = trial.state
        for number in range(1, _ROTATIONS + 1):
            if not _rotates(trial, number):
                break
            trial.settle()
            states.append(trial.state)
            accepted.append(trial.accepted_roles())
            if number == 1:
                _look_at_first(trial)
            if not _is_alive(trial, number):
                break
        else:
            _look_at_strangers(trial, before)
            _note_labels(trial)
        first = {one.step: one for one in trial.deliveries[: len(STEPS)] if one.number == 1}
        token = trial.rotations[0].token if trial.rotations else ""
        trial.note_logged_token()
    dry = DryRun(
        token,
        first,
        before,
        tuple(states),
        tuple(accepted),
        tuple(trial.invariants.found.all),
        before.values.get(before.labels.get(AWSCURRENT, "")),
        trial.state.values.get(token),
        trial.service.offers,
        len(trial.service.errors),
    )
    return trial, dry


def _rotates(trial: Trial, number: int) -> bool:
    """Rotate once, and name what goes wrong. Return whether the rotation has succeeded."""
    find = trial.invariants.find
    if trial.start() is None:
        find("second-rotation-fails" if number > 1 else "never-succeeds", "AWS refuses to start the rotation")
        return False
    if trial.finish():
        return True
    failed = trial.last
    text = verdicts.tell_failure(trial, failed)
    if failed.has_passed:
        find("current-not-moved", "All four steps pass, and AWSCURRENT stays where it was")
        return False
    trial.invariants.shown_calls = trial.calls
    has_recovered = trial.recover()
    if has_recovered:
        find("needs-a-retry", f"Without any disturbance, {text}; a retry succeeds", failed.line)
    elif number > 1:
        find("second-rotation-fails", text, failed.line)
    elif failed.step != "testSecret" or not _name_setting(trial):
        find("never-succeeds", text, failed.line)
    trial.invariants.shown_calls = None
    return has_recovered


def _name_setting(trial: Trial) -> bool:
    """Name what is wrong with setSecret if the service doesn't accept the new value. Return whether that has a name."""
    state, find = trial.state, trial.invariants.find
    setting = _latest(trial, "setSecret")
    old, new = state.values.get(trial.invariants.old or ""), state.values.get(trial.token)
    if setting is None or old is None or new is None:
        return False
    lines = [one.line for one in setting.boundaries if one.is_of_service]
    line = lines[-1] if lines else None
    testing = _latest(trial, "testSecret")
    is_old = testing is not None and verdicts.sets_old_value(setting, testing, old, new)
    if is_old or verdicts.reads_current_only(setting, trial.token):
        find("current-instead-of-pending", "setSecret sets the current value", line, "setSecret")
        return True
    is_unchanged = state.accepts.get(trial.invariants.old or "", False) and not state.accepts.get(trial.token, True)
    if is_unchanged and not verdicts.sets_new_value(setting, old, new):
        find("set-changes-nothing", "After setSecret, the service accepts the old value only", line)
        return True
    return False


def _latest(trial: Trial, step: str) -> Delivery | None:
    return next((one for one in reversed(trial.deliveries) if one.step == step), None)


def _is_alive(trial: Trial, number: int) -> bool:
    """Return whether the service accepts the current value. If it doesn't, name why."""
    state, find = trial.state, trial.invariants.find
    if state.accepts.get(state.labels.get(AWSCURRENT, ""), True):
        return True
    if number > 1 or not _name_setting(trial):
        setting = _latest(trial, "setSecret")
        lines = [] if setting is None else [one.line for one in setting.boundaries if one.is_of_service]
        times = {1: "first", 2: "second", 3: "third"}[number]
        text = f"After the {times} rotation, the service doesn't accept the current value"
        find("dead-current", text, lines[-1] if lines else None)
    return False


def _look_at_first(trial: Trial) -> None:
    """Look at how the steps of the first rotation read their values."""
    find, token = trial.invariants.find, trial.token
    testing = next(one for one in reversed(trial.deliveries) if one.step == "testSecret")
    setting = next(one for one in reversed(trial.deliveries) if one.step == "setSecret")
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
            members = boundary.arguments if isinstance(boundary.arguments, dict) else {}
            is_by_label = members.get("VersionStage") == AWSPENDING and "VersionId" not in members
            if boundary.name == "GetSecretValue" and is_by_label:
                text = f"{delivery.step} reads the pending value by its label only"
                find("version-not-named", text, boundary.line)


def _look_at_strangers(trial: Trial, before: State) -> None:
    if (trial.state.strangers or 0) > (before.strangers or 0):
        makers = [one for one in trial.deliveries[0].boundaries if one.is_of_service]
        line = makers[-1].line if makers else None
        text = "After undisturbed rotations, a credential that is in no version of the secret works at the service"
        trial.invariants.find("orphaned-credential", text, line)


def _note_labels(trial: Trial) -> None:
    if trial.state.labels.get(AWSPENDING) == trial.token:
        trial.invariants.find("pending-label-left", "AWSPENDING stays on the new version after the rotation")
