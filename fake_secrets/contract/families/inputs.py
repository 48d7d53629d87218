"""The function gets what it shouldn't: unknown steps and tokens, and values that aren't as expected."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import innermost_of
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import form_of
from fake_secrets.service.rules.stages import AWSPREVIOUS
from fake_secrets.service.rules.steps import STEPS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_EXTRA = "fake_secrets_extra"
_UNKNOWN_STEP = "rotateSecret"
_UNKNOWN_TOKEN = "00000000-0000-4000-8000-00000000dead"  # noqa: S105 -- an id

# Errors that tell of a mistake in the function, and not of one in the secret.
_UNCLEAR = (LookupError, TypeError, AttributeError, NameError)


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario("input.unknown-step", "an event with an unknown step", _unknown_step)
    yield Scenario("input.unknown-token", "events with a token of no version", _unknown_token)
    yield Scenario("input.not-pending", "events with the token of a version without AWSPENDING", _not_pending)
    yield Scenario("input.rotation-off", "events although rotation is turned off", _rotation_off)
    yield Scenario("input.finish-first", "finishSecret comes first", _finish_first)
    value = dry.old_value
    form = None if value is None else form_of(value)
    others: dict[str, tuple[str, Any]] = {"no-value": ("a secret without a value", None)}
    if isinstance(form, dict):
        others["no-json"] = ("a value that is no JSON", "no JSON")
        others |= {
            f"lacks-{key}": (f"a value without {key!r}", {name: one for name, one in form.items() if name != key})
            for key in form
        }
    if isinstance(value, str):
        others["binary"] = ("a SecretBinary", value.encode())
    else:
        others["text"] = ("a SecretString", "a text")
    for name, (title, secret) in others.items():
        yield Scenario(f"input.{name}", title, functools.partial(_unexpected, secret, title))
    shapes = {"previous-of-another-shape": "no JSON", "no-previous": None}
    for name, previous in shapes.items():
        title = "an AWSPREVIOUS of another shape" if previous else "no AWSPREVIOUS"
        yield Scenario(f"input.{name}", title, functools.partial(_with_previous, previous, title))
    if isinstance(form, dict):
        title = "a value with one more key"
        yield Scenario("input.extra-key", title, functools.partial(_extra_key, form))


def _unknown_step(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        if trial.invoke(trial.event(_UNKNOWN_STEP), "unknown step").has_passed:
            trial.invariants.find("unknown-step-passes", f"The step {_UNKNOWN_STEP!r} passes quietly")
    return trial


def _unknown_token(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        for step in STEPS:
            _try_token(trial, step, _UNKNOWN_TOKEN, "of no version")
    return trial


def _not_pending(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        if not trial.rotate():
            return trial
        previous = trial.state.labels.get(AWSPREVIOUS)
        trial.start()
        if previous is not None:
            for step in STEPS:
                _try_token(trial, step, previous, "of AWSPREVIOUS")
    return trial


def _try_token(trial: Trial, step: str, token: str, whose: str) -> None:
    """Invoke the function with a token that isn't the rotation's. What it does then is a consequence of that."""
    trial.invariants.found.is_closed = True
    delivery = trial.invoke(trial.event(step, ClientRequestToken=token), f"token {whose}")
    trial.invariants.found.is_closed = False
    if delivery.has_passed:
        line = next((one.line for one in delivery.boundaries if not one.is_read), None)
        trial.invariants.find("unknown-token-accepted", f"{step} passes with a token {whose}", line)


def _rotation_off(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        trial.request("CancelRotateSecret", SecretId=trial.arn)
        trial.refresh()
        delivery = trial.invoke(trial.event("createSecret"), "rotation is off")
        effects = [one for one in delivery.boundaries if one.has_effect]
        if delivery.has_passed and effects:
            text = f"createSecret calls {effects[0].name} although rotation is turned off"
            trial.invariants.find("goes-on-after-cancel", text, effects[0].line)
    return trial


def _finish_first(check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        trial.start()
        trial.invariants.may_promote_empty = True
        trial.deliver("finishSecret", "comes first")
    return trial


def _unexpected(secret: Any, title: str, check: Check, name: str) -> Trial:
    # A secret without a value never had one.
    changes = {"previous": None} if secret is None else {}
    subject = check.subject.with_secret(secret, **changes)
    with Trial(check, name, subject=subject, is_usual=False) as trial:
        if trial.start() is not None:
            trial.finish()
        trial.invariants.found.is_closed = False
        _note_unclear(trial, title)
    return trial


def _note_unclear(trial: Trial, title: str) -> None:
    failed = trial.deliveries[-1] if trial.deliveries else None
    error = None if failed is None else failed.error
    if failed is not None and isinstance(error, _UNCLEAR) and not _is_deliberate(trial, error):
        text = f"With {title}, {failed.step} raises {type(error).__name__}"
        trial.invariants.find("input-not-checked", text, failed.line)


def _is_deliberate(trial: Trial, error: BaseException) -> bool:
    """Return whether a `raise` of the function itself raises an exception. AWS's templates raise KeyError so."""
    innermost = innermost_of(error)
    if innermost is None:
        return False
    code = innermost.tb_frame.f_code
    return trial.check.is_own_file(code.co_filename) and any(
        instruction.opname == "RAISE_VARARGS" and bool(instruction.arg)
        for instruction in dis.get_instructions(code)
        if instruction.offset == innermost.tb_lasti
    )


def _with_previous(previous: Any, title: str, check: Check, name: str) -> Trial:
    subject = check.subject.with_secret(check.subject.secret, previous=previous)
    with Trial(check, name, subject=subject, is_usual=False) as trial:
        has_succeeded = trial.rotate()
        trial.invariants.found.is_closed = False
        if not has_succeeded and trial.last.error is not None:
            text = f"With {title}, {trial.last.step} raises {type(trial.last.error).__name__}"
            trial.invariants.find("input-not-checked", text, trial.last.line)
    return trial


def _extra_key(form: Mapping[str, Any], check: Check, name: str) -> Trial:
    subject = check.subject.with_secret({**form, _EXTRA: "kept"})
    with Trial(check, name, subject=subject, is_usual=False) as trial:
        trial.rotate()
        trial.invariants.found.is_closed = False
        stored = trial.readings.value(trial.token)
        new = None if stored is None else form_of(stored)
        if isinstance(new, dict) and _EXTRA not in new:
            trial.invariants.find("keys-lost", "A key that the function doesn't know is lost")
    return trial
