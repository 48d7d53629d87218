"""Somebody interferes while a rotation is under way."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from fake_secrets.contract.conductor import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import changed_texts, form_of, has_text, with_new_texts
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.rules.steps import STEPS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_BY_HAND = "put-by-hand-Xy7"
_ELSE = "somebody-else-xy7"
# The members that say whose credential a value is.
_IDENTITIES = (
    *("username", "user", "login", "account"),
    *("host", "hostname", "server", "address", "endpoint", "url", "uri"),
)


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    for step in STEPS:
        title = f"a value is put by hand before {step}"
        yield Scenario(f"{step}.put-before", title, functools.partial(_put, dry, step, 0))
    for boundary in dry.boundaries:
        if boundary.name == "UpdateSecretVersionStage":
            name = f"{boundary.step}.put-before-{boundary.number}"
            title = f"a value is put by hand before call {boundary.number} of {boundary.step} ({boundary.name})"
            yield Scenario(name, title, functools.partial(_put, dry, boundary.step, boundary.number))
    for step in STEPS:
        title = f"the rotation is cancelled before {step}"
        yield Scenario(f"{step}.cancel-before", title, functools.partial(_stopped, step, "CancelRotateSecret"))
        title = f"the secret is marked for deletion before {step}"
        yield Scenario(f"{step}.delete-before", title, functools.partial(_stopped, step, "DeleteSecret"))
    yield from _tamperings(dry)
    if "drop" in dry.offers:
        title = "the service stops accepting the pending value before testSecret"
        yield Scenario("testSecret.dropped-before", title, _dropped)


def _tamperings(dry: DryRun) -> Iterator[Scenario]:
    value = dry.new_value
    form = form_of(value) if value is not None else None
    for member in _IDENTITIES:
        if isinstance(form, dict) and isinstance(form.get(member), str):
            title = f"before setSecret, the pending value gets another {member!r}"
            run = functools.partial(_tampered, dry, member)
            yield Scenario(f"setSecret.tampered-{member}", title, run)


def _put(dry: DryRun, step: str, number: int, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_before(step):
            return trial
        current = trial.value(trial.state.labels[AWSCURRENT])
        if current is None or dry.new_value is None:
            return trial
        places = changed_texts(current, dry.new_value)
        value = with_new_texts(current, places, _BY_HAND)
        if number:
            plan = Disturbance(step, number, "before", action=lambda: trial.put_by_hand(value))
            trial.disturb(plan)
        else:
            trial.put_by_hand(value)
        trial.finish()
    return trial


def _stopped(step: str, operation: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_before(step):
            return trial
        trial.request(operation, SecretId=trial.arn)
        trial.state = trial.now()
        first = len(trial.deliveries)
        trial.finish()
        for delivery in trial.deliveries[first:]:
            _note_effect(trial, delivery, "cancelled" if operation == "CancelRotateSecret" else "deleted")
    return trial


def _note_effect(trial: Trial, delivery: Delivery, what: str) -> None:
    for boundary in delivery.boundaries:
        is_effect = boundary.before is not None and boundary.after is not None
        if is_effect and not boundary.is_read and boundary.has_succeeded and boundary.before != boundary.after:
            state = "the rotation was cancelled" if what == "cancelled" else "the secret was marked for deletion"
            text = f"{delivery.step} calls {boundary.name} after {state}"
            trial.invariants.find("goes-on-after-cancel", text, boundary.line)
            return


def _tampered(dry: DryRun, member: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_to("createSecret"):
            return trial
        value: Any = trial.value(trial.token)
        form = form_of(value) if value is not None else None
        if not isinstance(form, dict):
            return trial
        trial.tamper({**form, member: _ELSE})
        if trial.rotation.next_step == "setSecret":
            delivery = trial.step()
            # Another user may not exist, but the attempt to change it is enough.
            changing = {
                one.name for one in dry.first["setSecret"].boundaries if one.is_of_service and _changes(one)
            }
            for boundary in delivery.boundaries:
                # A probe may answer False or None if the value doesn't work.
                is_answer = boundary.has_succeeded and boundary.result not in (None, False)
                is_use = is_answer or boundary.name in changing
                if boundary.is_of_service and is_use and has_text(boundary.arguments, _ELSE):
                    text = f"setSecret calls {boundary.name} with the {member!r} of a tampered pending value"
                    trial.invariants.find("tampered-value-used", text, boundary.line)
                    break
    return trial


def _dropped(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_to("setSecret"):
            return trial
        trial.settle()
        value = trial.value(trial.token)
        if value is None or not trial.service.drop(form_of(value)):
            return trial
        trial.state = trial.now()
        if trial.state.accepts.get(trial.token, False):
            # The double has changed its mind, or accepts everything.
            return trial
        delivery = trial.step()
        if delivery.has_passed:
            lines = [one.line for one in delivery.boundaries if one.is_of_service]
            line = lines[-1] if lines else None
            text = "The service doesn't accept the pending value, and testSecret passes"
            trial.invariants.find("untested-value", text, line)
    return trial


def _changes(boundary: Boundary) -> bool:
    """Return whether a call has changed what the service accepts."""
    before, after = boundary.before, boundary.after
    if before is None or after is None:
        return False
    return before.accepts != after.accepts or before.service != after.service
