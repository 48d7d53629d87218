"""Somebody interferes while a rotation is under way."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator
from typing import Any

from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Delivery
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import changed_texts, form_of, has_text, with_new_texts
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.rules.steps import STEPS

__all__ = ["ELSE", "IDENTITIES", "put", "put_by_hand", "scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_BY_HAND = "put-by-hand-Xy7"
ELSE = "somebody-else-xy7"
# The members that say whose credential a value is.
IDENTITIES = (
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
    stops = {
        "cancel": ("CancelRotateSecret", "the rotation", "cancelled"),
        "delete": ("DeleteSecret", "the secret", "marked for deletion"),
    }
    for step in STEPS:
        for word, (operation, what, done) in stops.items():
            run = functools.partial(_stopped, step, operation, f"{what} was {done}")
            yield Scenario(f"{step}.{word}-before", f"{what} is {done} before {step}", run)
    yield from _tamperings(dry)
    if "drop" in dry.offers:
        title = "the service stops accepting the pending value before testSecret"
        yield Scenario("testSecret.dropped-before", title, _dropped)


def _tamperings(dry: DryRun) -> Iterator[Scenario]:
    value = dry.new_value
    form = form_of(value) if value is not None else None
    for member in IDENTITIES:
        if isinstance(form, dict) and isinstance(form.get(member), str):
            title = f"before setSecret, the pending value gets another {member!r}"
            run = functools.partial(_tampered, dry, member)
            yield Scenario(f"setSecret.tampered-{member}", title, run)


def _put(dry: DryRun, step: str, number: int, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_before(step):
            return trial
        current = trial.readings.value(trial.state.labels[AWSCURRENT])
        if current is None or dry.new_value is None:
            return trial
        places = changed_texts(current, dry.new_value)
        value = with_new_texts(current, places, _BY_HAND)
        if number:
            put = functools.partial(put_by_hand, trial, value)
            trial.conductor.disturbance = Disturbance(step, number, "before", action=put)
        else:
            put_by_hand(trial, value)
        trial.finish()
    return trial


def put_by_hand(trial: Trial, value: Any) -> None:
    """Put a value as somebody else, which makes it current."""
    token = trial.world.ids.uuid()
    trial.by_hand = token
    trial.name_version(token, "by hand")
    trial.readings.made_up.add(token)
    put(trial, trial.arn, token, value)
    trial.refresh()


def put(trial: Trial, arn: str, token: str, value: Any) -> None:
    """Put a value into any secret as somebody else, which makes it current.

    Args:
        trial: the trial.
        arn: the secret's ARN.
        token: the id of the new version.
        value: a dict, str or bytes.
    """
    raw = _raw(value)
    is_text = isinstance(raw, str)
    member = {"SecretString": raw} if is_text else {"SecretBinary": base64.b64encode(raw).decode()}
    trial.request("PutSecretValue", SecretId=arn, ClientRequestToken=token, **member)


def _raw(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _stopped(step: str, operation: str, since: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_before(step):
            return trial
        trial.request(operation, SecretId=trial.arn)
        trial.refresh()
        first = len(trial.deliveries)
        trial.finish()
        for delivery in trial.deliveries[first:]:
            _note_effect(trial, delivery, since)
    return trial


def _note_effect(trial: Trial, delivery: Delivery, since: str) -> None:
    for boundary in delivery.boundaries:
        if boundary.has_effect and boundary.before != boundary.after:
            text = f"{delivery.step} calls {boundary.name} after {since}"
            trial.invariants.find("goes-on-after-cancel", text, boundary.line)
            return


def _tampered(dry: DryRun, member: str, check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if not trial.run_to("createSecret"):
            return trial
        value = trial.readings.value(trial.token)
        form = form_of(value) if value is not None else None
        if not isinstance(form, dict):
            return trial
        # In place, as no call can.
        trial.readings.made_up.add(trial.token)
        trial.readings.secret.versions[trial.token].value = _raw({**form, member: ELSE})
        trial.refresh()
        if trial.rotation.next_step == "setSecret":
            delivery = trial.step()
            # Another user may not exist, but the attempt to change it is enough.
            calls = dry.first["setSecret"].boundaries
            changing = {one.name for one in calls if one.is_of_service and one.has_changed_service}
            for boundary in delivery.boundaries:
                # A probe may answer False or None if the value doesn't work.
                is_answer = boundary.has_succeeded and boundary.result not in (None, False)
                is_use = is_answer or boundary.name in changing
                if boundary.is_of_service and is_use and has_text(boundary.arguments, ELSE):
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
        value = trial.readings.value(trial.token)
        if value is None or not trial.service.drop(form_of(value)):
            return trial
        trial.refresh()
        if trial.state.accepts.get(trial.token, False):
            # The double has changed its mind, or accepts everything.
            return trial
        delivery = trial.step()
        if delivery.has_passed:
            text = "The service doesn't accept the pending value, and testSecret passes"
            trial.invariants.find("untested-value", text, delivery.service_line)
    return trial
