"""What we say about a template that doesn't tell what a role may do."""

from __future__ import annotations

from collections.abc import Iterable

from fake_secrets.errors import PolicyError
from fake_secrets.suggestions import nearest

__all__ = ["refusal", "unknown_name"]

# The number of names that a message shows.
_SHOWN = 20
# What a message shows of a part of a template.
_LONGEST = 1000


def refusal(source: str, place: str, problem: str, fix: str = "") -> PolicyError:
    """Return an exception about one place of a template.

    Args:
        source: the template's file.
        place: the resource and the path of the property, or an empty string.
        problem: what is wrong there.
        fix: what to do about it.
    """
    where = f"{source}, {_cut(place)}" if place else source
    return PolicyError(f"{where}: {_cut(problem)}." + (f"\n{fix}" if fix else ""))


def unknown_name(name: str, known: Iterable[str], there_are: str) -> str:
    """Return the end of a message about a name that isn't there: what was probably meant, and what is there."""
    names = sorted(known)
    meant = "".join(f" Did you mean {one!r}?" for one in nearest(name, names)[:1])
    listed = "".join(f"\n- {_cut(repr(one))}" for one in names[:_SHOWN]) + "\n- ..." * (len(names) > _SHOWN)
    return f"{meant} {there_are}:{listed}".strip() if listed else f"{there_are}: none"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
