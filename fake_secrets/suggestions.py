"""Suggestions: what the author of a test may have meant, among what there is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping

__all__ = ["check_choice", "nearest", "similar"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

# Comparing takes microseconds a name, and a miss must stay cheap in a world of many secrets.
_COMPARED = 100
_SHOWN = 3
_CUTOFF = 0.75
_SEPARATORS = re.compile(r"[\W_]+")


def nearest(asked: str, known: Iterable[str]) -> list[str]:
    """Return at most three names that resemble another one, the nearest first.

    A name that differs only in case or separators comes first, then one that differs by leading parts of its
    path, then the most similar ones. Only the first hundred names are looked at.

    Args:
        asked: the name to compare with.
        known: the names to choose from.
    """
    names = list(itertools.islice(known, _COMPARED))
    bare, path = _bare(asked), asked.strip("/")
    alike = [name for name in names if bare and _bare(name) == bare]
    in_path = [name for name in names if path and _is_end_of_path(path, name.strip("/"))]
    return list(dict.fromkeys([*alike, *in_path, *similar(asked, names, cutoff=_CUTOFF)]))[:_SHOWN]


def similar(asked: str, names: Iterable[str], count: int = _SHOWN, cutoff: float = 0.6) -> list[str]:
    """Return the names that are most similar to another one, the most similar first.

    Args:
        asked: the name to compare with.
        names: the names to choose from.
        count: the highest number of names to return.
        cutoff: how similar they have to be, from 0 to 1.
    """
    from difflib import get_close_matches  # noqa: PLC0415 -- most worlds meet no misspelt name

    return get_close_matches(asked, list(names), count, cutoff)


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Check an argument that is one of a few strings.

    Args:
        name: the argument's name.
        value: its value.
        choices: the valid values. A mapping says what each means.

    Raises:
        ValueError: if the value isn't among the choices.
    """
    if isinstance(value, str) and value in choices:
        return
    meant = _closest(value, choices) if isinstance(value, str) else []
    question = "".join(f'; did you mean "{choice}"?' for choice in meant) or "."
    if isinstance(choices, Mapping):
        listed = "".join(f'\n- "{choice}": {meaning}' for choice, meaning in choices.items())
    else:
        listed = "".join(f'\n- "{choice}"' for choice in choices)
    msg = f"{name}={value!r} isn't a choice{question} The choices are:{listed}"
    raise ValueError(msg)


def _closest(value: str, choices: Iterable[str]) -> list[str]:
    """Return the choice that is most similar, but for case and separators, in a list; an empty one if none is."""
    by_bare = {_bare(choice): choice for choice in choices}
    return [by_bare[bare] for bare in similar(_bare(value), by_bare, 1)]


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


def _is_end_of_path(one: str, other: str) -> bool:
    return one.endswith(f"/{other}") or other.endswith(f"/{one}")
