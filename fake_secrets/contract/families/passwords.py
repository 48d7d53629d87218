"""GetRandomPassword returns the worst passwords that its parameters admit."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fake_secrets.contract import verdicts
from fake_secrets.contract.derived_texts import Derivations
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw, form_of
from fake_secrets.contract.worst_passwords import (
    CLASSES,
    FILLING,
    SPECIAL,
    admitted_of,
    mild_password,
    passwords_needed,
    worst_password,
)

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_OPERATION = "GetRandomPassword"
# In the second one, the current value has such a password, too.
_ROTATIONS = 2
# As many as in the dry run.
_USUAL = 3

# After so many in one delivery, passwords are the usual ones.
_IN_A_DELIVERY = 3

_Problem = tuple[str, OwnLine | None]


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    requests = [one.members for one in dry.boundaries if _makes_password(one)]
    if not requests:
        return
    tries = _Tries(dry, requests)
    title = "GetRandomPassword returns the worst characters that it may"
    yield Scenario("password.worst", title, functools.partial(tries.judge, SPECIAL, FILLING))
    if dry.has_mild_passwords:
        title = "GetRandomPassword returns what it returns to everybody"
        yield Scenario("password.usual", title, functools.partial(tries.judge, None, FILLING))
    for name, characters in CLASSES.items():
        if any(admitted_of(request, characters) for request in requests):
            title = f"GetRandomPassword returns nothing but {name}, as far as it may"
            yield Scenario(f"password.{name}", title, functools.partial(tries.judge, characters, characters))


def _makes_password(boundary: Boundary) -> bool:
    return boundary.place == "secretsmanager" and boundary.name == _OPERATION and boundary.has_succeeded


class _Tries:
    """Rotations with passwords that are made for them.

    Args:
        dry: the undisturbed rotations.
        requests: the requests for passwords in the first of them.
    """

    def __init__(self, dry: DryRun, requests: Sequence[Mapping[str, Any]]) -> None:
        self._dry = dry
        self._requests = requests
        self._derivations: Derivations | None = None

    def judge(self, wanted: str | None, filling: str, check: Check, name: str) -> Trial:
        """Rotate with passwords of certain characters, and find which of them are to blame if that fails.

        Args:
            wanted: the characters; None for the passwords that are made without a plan.
            filling: what else the passwords have.
            check: the check.
            name: the scenario's id.
        """
        if self._derivations is None:
            self._learn(check, name)
        trial, problem = self._try(wanted, filling, check, name)
        if problem is None:
            return trial
        special = {one for request in self._requests for one in admitted_of(request, SPECIAL)}
        suspects = "".join(one for one in SPECIAL if one in special and (wanted is None or one in wanted))
        blamed = _to_blame(suspects, lambda part: self._try(part, FILLING, check, name)[1] is not None)
        text, line = problem
        trial.invariants.find("unusable-password", f"{text}{_told(blamed)}", line, is_independent=True)
        return trial

    def _learn(self, check: Check, name: str) -> None:
        """Learn from mild passwords which texts are derived from which others."""
        made: list[str] = []

        def make(members: Mapping[str, Any], password: str) -> str:
            made.append(mild_password(members, password))
            return made[-1]

        known: dict[Raw, str | None] = {} if self._dry.old_value is None else {self._dry.old_value: None}
        with Trial(check, name) as trial:
            trial.conductor.make_password = make
            if trial.rotate() and made:
                value = trial.readings.value(trial.token)
                known |= {} if value is None else {value: made[-1]}
        self._derivations = Derivations(known)

    def _try(self, wanted: str | None, filling: str, check: Check, name: str) -> tuple[Trial, _Problem | None]:
        """Rotate with passwords of certain characters. Return what goes wrong, and where, if something does."""
        made: list[str] = []

        def make(members: Mapping[str, Any], password: str) -> str:
            delivery = len(trial.deliveries)
            asked[delivery] += 1
            # A function may ask again until a password suits it.
            if wanted is not None and asked[delivery] <= _IN_A_DELIVERY:
                # Passwords of one character would be the same each time.
                fill = filling if len(admitted_of(members, filling)) > 1 else FILLING
                password = worst_password(members, wanted, fill, len(made))
            made.append(password)
            return password

        asked = collections.Counter[int]()
        needed = max(passwords_needed(request, wanted or "") for request in self._requests)
        usual = _USUAL if wanted is None else _ROTATIONS
        with Trial(check, name) as trial:
            trial.conductor.make_password = make
            # Whatever else goes wrong is a consequence.
            trial.invariants.found.is_closed = True
            problems = (self._problem(trial, made) for _ in range(max(usual, needed)))
            problem = next((one for one in problems if one is not None), None)
        return trial, problem

    def _problem(self, trial: Trial, made: Sequence[str]) -> _Problem | None:
        """Rotate once, and return what goes wrong, and where."""
        if trial.start() is None:
            return None
        if not trial.finish() and not (self._dry.needs_retry and trial.recover()):
            return verdicts.tell_failure(trial, trial.last), trial.last.line
        trial.settle()
        if verdicts.is_dead(trial, self._dry):
            setting = trial.latest("setSecret")
            text = "The service doesn't accept the current value"
            return text, None if setting is None else setting.service_line
        value = trial.readings.value(trial.token)
        text = "" if value is None else self._misread(value, made)
        return (text, trial.storing_line) if text else None

    def _misread(self, value: Raw, made: Sequence[str]) -> str:
        """Return what of a new value doesn't read back, in words."""
        usual = self._dry.new_value
        if usual is not None and isinstance(form_of(usual), dict) and not isinstance(form_of(value), dict):
            return "The new value is no JSON any more"
        place = self._derivations.wrong(value, made[-1] if made else None) if self._derivations else None
        return f"{place} of the new value doesn't read back to the password in it" if place else ""


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
    characters = " ".join(map(_quoted, blamed))
    return (
        f", if the password has {characters}" if len(blamed) == 1 else f", if the password has one of {characters}"
    )


def _quoted(character: str) -> str:
    if character == " ":
        return "a space"
    return f'"{character}"' if character == "'" else f"'{character}'"
