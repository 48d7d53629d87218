"""GetRandomPassword returns the worst passwords that its parameters admit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fake_secrets.contract import verdicts
from fake_secrets.contract.derived_texts import Derivations
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import form_of
from fake_secrets.contract.worst_passwords import CLASSES, FILLING, SPECIAL, admitted_of, passwords_needed, worst_password

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_OPERATION = "GetRandomPassword"
# In the second one, the current value has such a password, too.
_ROTATIONS = 2
# As many as in the dry run.
_USUAL = 3

_Problem = tuple[str, OwnLine | None]


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    requests = [one.members for one in dry.boundaries if _makes_password(one)]
    if not requests:
        return
    run = functools.partial(_judged, dry, SPECIAL, FILLING)
    yield Scenario("password.worst", "GetRandomPassword returns the worst characters that it may", run)
    if dry.has_mild_passwords:
        run = functools.partial(_judged, dry, None, FILLING)
        yield Scenario("password.usual", "GetRandomPassword returns what it returns to everybody", run)
    for name, characters in CLASSES.items():
        if any(admitted_of(request, characters) for request in requests):
            run = functools.partial(_judged, dry, characters, characters)
            title = f"GetRandomPassword returns nothing but {name}, as far as it may"
            yield Scenario(f"password.{name}", title, run)


def _makes_password(boundary: Boundary) -> bool:
    return boundary.place == "secretsmanager" and boundary.name == _OPERATION and boundary.has_succeeded


def _judged(dry: DryRun, wanted: str | None, filling: str, check: Check, name: str) -> Trial:
    trial, problem = _tried(dry, wanted, filling, check, name)
    if problem is None:
        return trial
    boundaries = [boundary for one in trial.deliveries for boundary in one.boundaries]
    special = {one for each in boundaries if _makes_password(each) for one in admitted_of(each.members, SPECIAL)}
    suspects = "".join(one for one in SPECIAL if one in special and (wanted is None or one in wanted))
    text, line = problem
    blamed = _to_blame(suspects, lambda part: _tried(dry, part, FILLING, check, name)[1] is not None)
    trial.invariants.find("unusable-password", f"{text}{_told(blamed)}", line, is_independent=True)
    return trial


def _tried(
    dry: DryRun, wanted: str | None, filling: str, check: Check, name: str
) -> tuple[Trial, _Problem | None]:
    """Rotate with passwords of certain characters. Return what goes wrong, and where, if something does.

    Args:
        dry: the undisturbed rotations.
        wanted: the characters; None for the passwords that are made without a plan.
        filling: what else the passwords have.
        check: the check.
        name: the scenario's id.
    """
    made: list[str] = []

    def make(members: Mapping[str, Any], password: str) -> str:
        if wanted is not None:
            # Passwords of one character would be the same each time.
            fill = filling if len(admitted_of(members, filling)) > 1 else FILLING
            password = worst_password(members, wanted, fill, len(made))
        made.append(password)
        return password

    requests = [one.members for one in dry.boundaries if _makes_password(one)]
    needed = max(passwords_needed(request, wanted or "") for request in requests)
    rotations = _ROTATIONS if wanted is not None else _USUAL
    with Trial(check, name) as trial:
        trial.conductor.make_password = make
        # Whatever else goes wrong is a consequence.
        trial.invariants.found.is_closed = True
        problems = (_problem(trial, dry, made) for _ in range(max(rotations, needed)))
        problem = next((one for one in problems if one is not None), None)
    return trial, problem


def _problem(trial: Trial, dry: DryRun, made: list[str]) -> _Problem | None:
    """Rotate once, and return what goes wrong."""
    if trial.start() is None:
        return None
    if not trial.finish() and not (dry.needs_retry and trial.recover()):
        return verdicts.tell_failure(trial, trial.last), trial.last.line
    trial.settle()
    if verdicts.is_dead(trial, dry):
        setting = next((one for one in reversed(trial.deliveries) if one.step == "setSecret"), None)
        text = "The service doesn't accept the current value"
        return text, None if setting is None else setting.service_line
    value = trial.readings.value(trial.token)
    if value is None or dry.old_value is None or dry.new_value is None:
        return None
    boundaries = [boundary for one in trial.deliveries for boundary in one.boundaries]
    storing = next((one for one in boundaries if one.after is not None and trial.token in one.after.values), None)
    line = None if storing is None else storing.line
    if isinstance(form_of(dry.new_value), dict) and not isinstance(form_of(value), dict):
        return "The new value is no JSON any more", line
    first = [one.result for one in dry.boundaries if _makes_password(one)]
    usual = first[-1].get("RandomPassword") if first and isinstance(first[-1], dict) else None
    place = Derivations({dry.old_value: None, dry.new_value: usual}).wrong(value, made[-1] if made else None)
    if place is None:
        return None
    shown = place if " " in place else repr(place)
    return f"{shown} of the new value doesn't read back to the password in it", line


def _to_blame(suspects: str, fails: Callable[[str], bool]) -> str:
    """Return those characters that fail alone, or in the smallest part of them that does."""
    if len(suspects) < 2 or not fails(suspects):  # noqa: PLR2004 -- a single one is to blame
        return suspects
    return _narrowed(suspects, fails)


def _narrowed(suspects: str, fails: Callable[[str], bool]) -> str:
    """Return the characters that are to blame, of some that fail together."""
    if len(suspects) == 1:
        return suspects
    middle = len(suspects) // 2
    parts = [part for part in (suspects[:middle], suspects[middle:]) if fails(part)]
    return "".join(_narrowed(part, fails) for part in parts) or suspects


def _told(blamed: str) -> str:
    if not blamed:
        return ""
    characters = " ".join("a space" if character == " " else character for character in blamed)
    return f", if the password has {characters}" if len(blamed) == 1 else f", if the password has one of {characters}"
