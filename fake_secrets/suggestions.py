"""Suggestions: what the author of a test may have meant, among what there is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping

__all__ = ["check_choice", "meant_or_all", "nearest", "similar", "unknown_argument"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

# Comparing takes microseconds a name, and a miss must stay cheap in a world of many secrets.
_COMPARED = 100
_SHOWN = 3
# A message has no longer list than this if what was meant can be told.
_FEW = 10
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


def meant_or_all(asked: object, known: Iterable[str], heading: str) -> str:
    """Return the end of a message about a name that isn't known: what was probably meant, and what there is.

    If a name is near, a long table is left out, and the names that are similar, too, stand for it.

    Args:
        asked: what was asked for.
        known: what there is.
        heading: the words before the list of all names.
    """
    names = list(known)
    near = nearest(asked, names) if isinstance(asked, str) else []
    if not near:
        return f". {heading}{_listed(names)}"
    question = f"; did you mean {near[0]!r}?"
    if len(names) <= _FEW:
        return f"{question} {heading}{_listed(names)}"
    return question if len(near) == 1 else f"{question} Others like it:{_listed(near[1:])}"


def unknown_argument(function: str, name: str, arguments: Collection[str], meant: str | None = None) -> str:
    """Return the message about an argument that a function doesn't take.

    Args:
        function: the function's name.
        name: the argument's name.
        arguments: the names of those that it takes.
        meant: the one that was meant, if it is known; else the one with the nearest name.
    """
    near = [meant] if meant else nearest(name, arguments)[:1]
    question = f"; did you mean {near[0]!r}?" if near else "."
    valid = "".join(f"\n- {argument}" for argument in arguments)
    return f"{function}() got an unexpected keyword argument {name!r}{question} It takes:{valid}"


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
    question = f'; did you mean "{meant[0]}"?' if meant else "."
    if meant and len(choices) > _FEW:
        rest = f" Others like it:{_quoted(meant[1:])}" if len(meant) > 1 else ""
    elif isinstance(choices, Mapping):
        rest = " The choices are:" + "".join(f'\n- "{choice}": {meaning}' for choice, meaning in choices.items())
    else:
        rest = f" The choices are:{_quoted(choices)}"
    msg = f"{name}={value!r} isn't a choice{question}{rest}"
    raise ValueError(msg)


def _closest(value: str, choices: Iterable[str]) -> list[str]:
    """Return the choices that are most similar, but for case and separators, the most similar first."""
    by_bare = {_bare(choice): choice for choice in choices}
    return [by_bare[bare] for bare in similar(_bare(value), by_bare)]


def _listed(names: Iterable[str]) -> str:
    return "".join(f"\n- {name}" for name in names) or "\n- none"


def _quoted(names: Iterable[str]) -> str:
    return "".join(f'\n- "{name}"' for name in names)


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


def _is_end_of_path(one: str, other: str) -> bool:
    return one.endswith(f"/{other}") or other.endswith(f"/{one}")
