"""Finds values that a function has shown before it stored them: until then, nobody knows that they are secret."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fake_secrets.contract.values import Raw, changed_texts, is_identifier
from fake_secrets.observe.leaks.forms import forms_of
from fake_secrets.observe.leaks.of_world import SHORTEST

if TYPE_CHECKING:
    from fake_secrets.contract.invoking import Shown
    from fake_secrets.contract.trial import Trial

__all__ = ["find_early_leaks"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def find_early_leaks(trial: Trial, values: Iterable[Raw]) -> None:
    """Find the new parts of values in what the function has printed and logged, if no leak has them already.

    Args:
        trial: a trial of undisturbed rotations.
        values: the secret's values, the first before all rotations, and the others as the function stored them.
    """
    found = {leak.field for leak in trial.leaks}
    for place, text in _new_texts(values):
        forms = () if place in found else forms_of(text)
        every = trial.invocations.shown
        shown = next((one for one in every if any(form in one.text for form in forms)), None)
        if shown is not None:
            found.add(place)
            _find(trial, place, shown)


def _new_texts(values: Iterable[Raw]) -> Iterator[tuple[str | None, str]]:
    """Yield the texts of each value that are new and secret, after their places."""
    for old, new in itertools.pairwise(values):
        for place, text in changed_texts(old, new).items():
            is_name = place is not None and is_identifier(place)
            if isinstance(text, str) and len(text) >= SHORTEST and not is_name:
                yield place, text


def _find(trial: Trial, place: str | None, shown: Shown) -> None:
    what = "the secret value" if place is None else repr(place)
    where = "the log" if shown.place == "log" else shown.place
    told = f"{shown.step or 'The function'} shows {what} in {where} before it stores it"
    # The call after it usually stores the value. Later ones don't matter.
    trial.invariants.shown_calls = shown.calls + 1
    trial.invariants.find("leaked-value", told, shown.line, f"early {place}", is_independent=True)
    trial.invariants.shown_calls = None
