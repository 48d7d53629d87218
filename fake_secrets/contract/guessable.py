"""Which parts of a value a function has made itself, and whether it may have made them of what nobody knows."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.own_code import texts_in
from fake_secrets.contract.values import has_text, is_identifier

if TYPE_CHECKING:
    from fake_secrets.contract.trial import Trial

__all__ = ["has_unknown_source", "made_here"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Words in the names of environment variables that may hold a key.
_KEYS = re.compile("cred|key|hmac|master|password|pepper|salt|secret|seed|token", re.IGNORECASE)
# Shorter texts are no keys, but numbers and switches.
_SHORTEST_KEY = 8
_NO_KEY = re.compile(r"arn:|\w+://")


def made_here(trial: Trial, texts: Mapping[str | None, str | bytes]) -> dict[str | None, str | bytes]:
    """Return those of some new texts that are credentials; none if the function has got one from the service.

    Args:
        trial: the trial in which the value was made.
        texts: the texts, by their place in the value.
    """
    boundaries = list(_boundaries(trial))
    # A date or an id beside a credential isn't meant to be random.
    made = {place: text for place, text in texts.items() if place is None or not is_identifier(place)}
    return made if all(_is_made_here(text, boundaries) for text in made.values()) else {}


def has_unknown_source(trial: Trial, undisturbed: Iterable[Boundary]) -> bool:
    """Return whether a function may have made its value of a key that only few know.

    That is an answer of the service, another secret, or a variable of the environment. A double may give the same
    answer in each trial.

    Args:
        trial: the trial in which the value was made.
        undisturbed: the calls of the undisturbed rotations. What a library has read there, it may have kept.
    """
    storing = trial.storing_call
    own = itertools.takewhile(lambda boundary: boundary is not storing, _boundaries(trial))
    earlier = (boundary for boundary in undisturbed if boundary.step == "createSecret")
    if any(_is_answer(one) or _reads_another(one, trial) for one in (*own, *earlier)):
        return True
    variables = {**_variables_of_process(trial), **trial.subject.environment}
    secrets = {trial.subject.name, *trial.subject.other_secrets}
    return any(_is_key(name, value) for name, value in variables.items() if value not in secrets)


def _variables_of_process(trial: Trial) -> dict[str, str]:
    """Return the variables of this process that the function's modules name, or whose values they hold."""
    texts = {text for module in trial.check.state.modules for text in texts_in(module)}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not texts.isdisjoint({name, value})
    }


def _boundaries(trial: Trial) -> Iterator[Boundary]:
    for delivery in trial.deliveries:
        yield from delivery.boundaries


def _is_made_here(text: str | bytes, boundaries: Iterable[Boundary]) -> bool:
    """Return whether the function has made a text, and hasn't got it from the service."""
    wanted = text if isinstance(text, str) else text.decode(errors="replace")
    for boundary in boundaries:
        if has_text(boundary.arguments, wanted):
            return True
        if has_text(list(boundary.texts), wanted):
            return False
    return True


def _is_answer(boundary: Boundary) -> bool:
    return boundary.is_of_service and boundary.result is not None and not isinstance(boundary.result, bool)


def _reads_another(boundary: Boundary, trial: Trial) -> bool:
    is_own = boundary.members.get("SecretId") in {trial.arn, trial.subject.name}
    return boundary.name.endswith("GetSecretValue") and boundary.has_succeeded and not is_own


def _is_key(name: str, value: str) -> bool:
    # A variable with JSON may have a key among others.
    has_word = _KEYS.search(name) or (value.startswith("{") and _KEYS.search(value))
    return bool(has_word) and len(value) >= _SHORTEST_KEY and not _NO_KEY.match(value)
