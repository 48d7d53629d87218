"""Nothing disturbs the function: three rotations in a row, and whether their values can be guessed."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.guessable import has_unknown_source, made_here
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.undisturbed import dry_run
from fake_secrets.contract.values import Raw, changed_texts
from fake_secrets.contract.worst_passwords import mild_password
from fake_secrets.ids import Ids
from fake_secrets.service.operations.passwords import random_password
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SEED = 20_261_126
_CREATING = "createSecret"


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario("plain.three-times", "three rotations in a row", lambda check, name: dry_run(check, name)[0])
    if not dry.obstacles:
        yield Scenario("plain.same-seed", "one rotation, twice with the same seed of `random`", _with_same_seed)
        yield Scenario(
            "plain.same-token",
            "createSecret, twice with the same token and time",
            functools.partial(_with_same_token, dry),
        )


def _with_same_seed(check: Check, name: str) -> Trial:
    first, second = _rotated(check, name, 1), _rotated(check, name, 2)
    if _makes_the_same(second, _values(second), _values(first)[1]):
        text = "Two rotations with the same seed of `random` make the same value"
        second.invariants.find("predictable-value", text, second.storing_line)
    return second


def _with_same_token(dry: DryRun, check: Check, name: str) -> Trial:
    """Make a value twice, and let nothing differ but what is random."""
    first, second = _created(check, name, 1), _created(check, name, 2)
    made = second.state.values.get(second.token)
    if _makes_the_same(second, (second.state.values.get(second.invariants.old or ""), made), _made_by(first)):
        text = "createSecret makes the same value again from the same token, old value and time"
        if not has_unknown_source(second, dry.boundaries):
            second.invariants.find("predictable-value", text, second.storing_line)
    return second


def _rotated(check: Check, name: str, seed: int) -> Trial:
    with Trial(check, name, seed=seed) as trial:
        random.seed(_SEED)
        trial.rotate()
        trial.refresh()
    return trial


def _created(check: Check, name: str, number: int) -> Trial:
    """Run the first step of a rotation, in which everything that is random has a number of its own."""
    with Trial(check, name) as trial:
        make = functools.partial(_password, Ids(_SEED + number))
        trial.conductor.make_password = _mild(make) if check.has_mild_passwords else make
        random.seed(_SEED + number)
        trial.start()
        trial.run_to(_CREATING)
        trial.refresh()
    return trial


def _password(ids: Ids, members: Mapping[str, Any], _: str) -> str:
    """Return a password as GetRandomPassword makes them."""
    return random_password(ids, members)


def _mild(make: Callable[[Mapping[str, Any], str], str]) -> Callable[[Mapping[str, Any], str], str]:
    return lambda members, password: mild_password(members, make(members, password))


def _makes_the_same(trial: Trial, values: tuple[Raw | None, Raw | None], other: Raw | None) -> bool:
    """Return whether the credentials that a function has made are those of another trial.

    Args:
        trial: a trial.
        values: the value before it and the value that it has made.
        other: the value that the other trial has made.
    """
    old, new = values
    if old is None or new is None or other is None:
        return False
    others, own = changed_texts(old, other), made_here(trial, changed_texts(old, new))
    return bool(own) and all(others.get(place) == text for place, text in own.items())


def _made_by(trial: Trial) -> Raw | None:
    return trial.state.values.get(trial.token)


def _values(trial: Trial) -> tuple[Raw | None, Raw | None]:
    state = trial.state
    values = [state.values.get(state.labels.get(label, "")) for label in (AWSPREVIOUS, AWSCURRENT)]
    return values[0], values[1]
