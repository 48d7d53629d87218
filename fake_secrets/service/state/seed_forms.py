"""The forms of a seed: which dict maps staging labels to values, and what is hardly meant as it is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from fake_secrets.errors import SeedError
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS

__all__ = ["check_label_names", "doubts", "is_label_map"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_LABELS = (AWSCURRENT, AWSPENDING, AWSPREVIOUS)
_PREFIX = "AWS"
_PLAIN = frozenset(
    name for label in _LABELS for name in (label.lower(), label.removeprefix(_PREFIX).lower(), label.title())
)

# A label with one letter missing, doubled, wrong or out of place is at least so similar to the right one.
_SIMILAR = 0.85


def is_label_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value maps staging labels to values: one of its keys is a label, or a label misspelt."""
    if not isinstance(value, Mapping):
        return False
    return any(key in value for key in _LABELS) or any(_likely(key) is not None for key in value)


def check_label_names(name: str, labels: Iterable[object]) -> None:
    """Check that no label of a seed is misspelt.

    Args:
        name: the secret's name.
        labels: the labels.

    Raises:
        SeedError: if a label begins with AWS, or is nearly one of Secrets Manager's, but isn't one of them.
    """
    for label in labels:
        if not isinstance(label, str) or label in _LABELS:
            continue
        likely = _likely(label)
        if likely is not None:
            msg = f"secret {name!r} has the staging label {label!r}. Did you mean {likely!r}?"
            raise SeedError(msg)
        if label.startswith(_PREFIX):
            known = "".join(f"\n- {one}" for one in _LABELS)
            msg = f"secret {name!r} has the staging label {label!r}. The labels that begin with AWS are:{known}"
            raise SeedError(msg)


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
        if isinstance(value, Mapping) and value and _is_doubtful(value):
            found.append(_of_plain_names(name, value))
    return found


def _is_doubtful(value: Mapping[Any, Any]) -> bool:
    """Return whether names of labels stand in a label map, or are all that a JSON value consists of."""
    plain = [key in _PLAIN for key in value]
    return any(plain) if is_label_map(value) else all(plain)


def _of_plain_names(name: str, value: Mapping[Any, Any]) -> str:
    plain = [key for key in value if key in _PLAIN]
    taken = "custom labels" if is_label_map(value) else "keys of a JSON value"
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
    if not isinstance(key, str) or not key.startswith("A") or key in _LABELS or not key.isupper():
        return None
    found = difflib.get_close_matches(key, _LABELS, n=1, cutoff=_SIMILAR)
    return found[0] if found else None
