"""Finds values that a function has shown before it stored them: until then, nobody knows that they are secret."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fake_secrets.contract.values import Raw, changed_texts, is_identifier
from fake_secrets.observe.leaks.of_world import SHORTEST

if TYPE_CHECKING:
    from fake_secrets.contract.trial import Trial

__all__ = ["find_early_leaks"]

__tracebackhide__ = True  # the arguments in our frames hold secret values


def find_early_leaks(trial: Trial, values: Iterable[Raw]) -> None:
    """Find the new parts of values in what the function has printed and logged, if no leak has them already.

    Args:
        trial: a trial of undisturbed rotations.
        values: the secret's values, the first before all rotations, and the others as the function stored them.
    """
    found, output = {leak.field for leak in trial.leaks}, trial.check.output()
    for old, new in itertools.pairwise(values):
        for place, text in changed_texts(old, new).items():
            is_searched = isinstance(text, str) and len(text) >= SHORTEST and text in output
            if not is_searched or place in found or (place is not None and is_identifier(place)):
                continue
            what = "the secret value" if place is None else repr(place)
            told = f"createSecret shows {what} in what it logs or prints before it stores it"
            trial.invariants.find("leaked-value", told, cause=f"early {place}", is_independent=True)
