"""The forms of a seed: which dict maps staging labels to values, and what is hardly meant as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from fake_secrets.errors import SeedError
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS
from fake_secrets.suggestions import similar

__all__ = ["check_label_names", "doubts", "first_label", "is_label_map", "meant_as_current"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_LABELS = (AWSCURRENT, AWSPENDING, AWSPREVIOUS)
_KNOWN = frozenset(_LABELS)
_PREFIX = "AWS"
_PLAIN = frozenset(name for label in _LABELS for name in (label.lower(), label.removeprefix(_PREFIX).lower()))

# A label with one letter missing, doubled, wrong or out of place is at least so similar to the right one.
_SIMILAR = 0.85


def is_label_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value maps staging labels to values: one of its keys is a label, or a label misspelt."""
    return first_label(value) is not None


def first_label(value: object) -> str | None:
    """Return the first key of a value that is a staging label, or a label misspelt; None if there is none."""
    if not isinstance(value, Mapping):
        return None
    for key in value:
        if key in _KNOWN or _likely(key) is not None:
            return str(key)
    return None


def check_label_names(name: str, labels: Iterable[object]) -> None:
    """Check that no label of a seed is misspelt.

    Args:
        name: the secret's name.
        labels: the labels.

    Raises:
        SeedError: if a label is nearly one of Secrets Manager's. AWS accepts it, and any other that begins with
            AWS [A: api-facts I8], but nobody means it.
    """
    for label in labels:
        if not isinstance(label, str) or label in _LABELS:
            continue
        likely = _likely(label)
        if likely is not None:
            msg = f"secret {name!r} has the staging label {label!r}. Did you mean {likely!r}?"
            raise SeedError(msg)


def meant_as_current(labels: Iterable[object]) -> str | None:
    """Return the label of a seed that was probably meant to be AWSCURRENT, such as CURRENT, or None."""
    return next((one for one in labels if isinstance(one, str) and _label_of(one) == AWSCURRENT), None)


def doubts(secrets: Mapping[str, Any]) -> list[str]:
    """Return what is hardly meant as it is written, in sentences whose first words don't change.

    Args:
        secrets: name to value, as `mock_stages` takes them.
    """
    found = []
    for name, value in secrets.items():
        if name in _LABELS:
            found.append(
                f"Secret named like a staging label: {name!r}. To seed a label, give the secret a name too: "
                f'{{"my/secret": {{{name!r}: ...}}}}.'
            )
        plain = _plain_names(value) if isinstance(value, Mapping) else []
        if plain:
            taken = "custom labels" if is_label_map(value) else "keys of a JSON value"
            found.append(_of_plain_names(name, plain, taken))
    return found


def _plain_names(value: Mapping[Any, Any]) -> list[str]:
    """Return the names of labels that stand in a label map, or that are all the keys of a JSON value."""
    plain = [key for key in value if isinstance(key, str) and key.lower() in _PLAIN and key not in _KNOWN]
    if plain and is_label_map(value):
        # Written as AWS writes its labels, it is a custom label.
        return [key for key in plain if not key.isupper()]
    return plain if len(plain) == len(value) else []


def _of_plain_names(name: str, plain: list[str], taken: str) -> str:
    meant = " and ".join(f"{_label_of(key)!r} instead of {key!r}" for key in plain)
    return (
        f"Staging labels written in another way: secret {name!r} takes {', '.join(map(repr, plain))} for {taken}. "
        f"If you mean labels, write {meant}. If you mean JSON, give it as a str."
    )


def _label_of(plain: str) -> str:
    return _PREFIX + plain.upper().removeprefix(_PREFIX)


def _likely(key: object) -> str | None:
    """Return the label that a key was probably meant to be, or None if the key is a label or like none."""
    # No other key is compared: that takes long.
    if not isinstance(key, str) or key[:1] != "A" or key in _KNOWN or not key.isupper():
        return None
    found = similar(key, _LABELS, 1, _SIMILAR)
    return found[0] if found else None
