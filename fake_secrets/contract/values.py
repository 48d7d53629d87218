"""Values: their forms, and what the parts of two of them have to do with each other."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from fake_secrets.observe.leaks.fields import parts_of

__all__ = ["Raw", "changed_texts", "derived_wrongly", "form_of", "has_text", "is_of", "leaves", "with_new_texts"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Raw = str | bytes

# Shorter texts are in others by chance.
_SHORTEST_COPY = 4
# Results of a service are looked at so deeply.
_DEEPEST = 6


def form_of(raw: Raw) -> Any:
    """Return a value in the form that a user gives it: a dict if it is a JSON object, else the text or the bytes."""
    parsed = _parsed(raw)
    return parsed if isinstance(parsed, dict) else raw


def leaves(value: object, depth: int = 0) -> Iterator[str | bytes]:
    """Yield the texts in a value: in mappings, sequences and attributes of objects, too. Numbers count as texts."""
    if isinstance(value, str | bytes):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif depth > _DEEPEST:
        return
    elif isinstance(value, Mapping):
        for member in list(value.values()):
            yield from leaves(member, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for member in list(value):
            yield from leaves(member, depth + 1)
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from leaves(vars(value), depth + 1)


def is_of(entry: object, raw: Raw) -> bool:
    """Return whether a credential that a service accepts is that of a value.

    It is if it equals the value, is one of its texts, or is a part of it.

    Args:
        entry: the credential as the service double gives it.
        raw: the value.
    """
    form = form_of(raw)
    if entry in (form, raw):
        return True
    texts = set(leaves(form))
    own = list(leaves(entry))
    return bool(own) and all(text in texts for text in own)


def has_text(values: object, text: str) -> bool:
    """Return whether a text is one of the texts in arguments or results, or a part of one."""
    return any(text in (leaf if isinstance(leaf, str) else leaf.decode(errors="replace")) for leaf in leaves(values))


def changed_texts(old: Raw, new: Raw) -> dict[str | None, str | bytes]:
    """Return the secret texts of a new value that differ from those of the old one, by their place.

    Args:
        old: the old value.
        new: the new value.
    """
    before = dict(parts_of(old).secret)
    after = dict(parts_of(new).secret)
    if len(after) > 1:
        # The whole changes with each of its parts.
        after.pop(None, None)
    return {place: text for place, text in after.items() if before.get(place) != text}


def derived_wrongly(old: Raw, new: Raw) -> list[str]:
    """Return the places of a JSON value whose text was derived from a part that has changed, and doesn't fit it.

    Args:
        old: the old value.
        new: the new value.
    """
    before, after = form_of(old), form_of(new)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    names = [name for name, text in before.items() if isinstance(text, str) and isinstance(after.get(name), str)]
    moved = {name for name in names if before[name] != after[name]}
    hidden = {place for place in changed_texts(old, new) if place in moved}
    wrong = []
    for name in names:
        sources = [source for source in moved - {name} if _holds(before[name], before[source])]
        if not hidden.intersection(sources):
            continue
        # Of two fields with the same text, each would be derived from the other.
        is_source = name in hidden and len(before[name]) <= max(len(before[source]) for source in sources)
        if is_source and after[name] != before[name]:
            continue
        if any(not _holds(after[name], after[source]) for source in sources):
            wrong.append(name)
    return wrong


def with_new_texts(raw: Raw, places: Mapping[str | None, Any], text: str) -> Any:
    """Return a value, in the form of a user's, with another text at the top-level places that change in a rotation."""
    form = form_of(raw)
    if isinstance(form, dict):
        names = [name for name in form if name in places] or list(form)[-1:]
        return {**form, **dict.fromkeys(names, text)}
    return text if isinstance(form, str) else text.encode()


def _holds(text: str, part: str) -> bool:
    return len(part) >= _SHORTEST_COPY and any(form in text for form in _forms(part))


def _forms(text: str) -> set[str]:
    quote = urllib.parse.quote
    return {text, quote(text), quote(text, safe=""), urllib.parse.quote_plus(text), json.dumps(text)[1:-1]}


def _parsed(raw: Raw) -> Any:
    try:
        return json.loads(raw) if isinstance(raw, str) else None
    except (ValueError, RecursionError):
        return None
