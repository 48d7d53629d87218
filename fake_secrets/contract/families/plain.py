"""Nothing disturbs the function: three rotations in a row, and whether their values can be guessed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.undisturbed import dry_run
from fake_secrets.contract.values import Raw, changed_texts, has_text
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SEED = 20_261_126


def scenarios(dry: DryRun) -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario("plain.three-times", "three rotations in a row", lambda check, name: dry_run(check, name)[0])
    if not dry.obstacles:
        yield Scenario("plain.same-seed", "one rotation, twice with the same seed of `random`", _with_same_seed)


def _with_same_seed(check: Check, name: str) -> Trial:
    first, second = _rotated(check, name, 1), _rotated(check, name, 2)
    old, new = _values(second)
    other = _values(first)[1]
    if old is None or new is None or other is None:
        return second
    texts, others = changed_texts(old, new), changed_texts(old, other)
    boundaries = [boundary for delivery in second.deliveries for boundary in delivery.boundaries]
    own = {place: text for place, text in texts.items() if _is_made_here(text, boundaries)}
    if own and all(others.get(place) == text for place, text in own.items()):
        second.invariants.find(
            "predictable-value",
            "Two rotations with the same seed of `random` make the same value",
            second.storing_line,
        )
    return second


def _rotated(check: Check, name: str, seed: int) -> Trial:
    with Trial(check, name, seed=seed) as trial:
        random.seed(_SEED)
        trial.rotate()
        trial.refresh()
    return trial


def _is_made_here(text: str | bytes, boundaries: Iterable[Boundary]) -> bool:
    """Return whether the function has made a text, and hasn't got it from the service."""
    wanted = text if isinstance(text, str) else text.decode(errors="replace")
    for boundary in boundaries:
        if has_text(boundary.arguments, wanted):
            return True
        if has_text(list(boundary.texts), wanted):
            return False
    return True


def _values(trial: Trial) -> tuple[Raw | None, Raw | None]:
    state = trial.state
    values = [state.values.get(state.labels.get(label, "")) for label in (AWSPREVIOUS, AWSCURRENT)]
    return values[0], values[1]
