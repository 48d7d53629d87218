"""Values: their forms, and what the parts of two of them have to do with each other."""

from __future__ import annotations

import io
import json
import re
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from fake_secrets.observe.leaks.fields import is_public_name, parts_of

__all__ = [
    "Credentials",
    "Raw",
    "changed_texts",
    "derived_wrongly",
    "form_of",
    "has_text",
    "is_identifier",
    "leaves",
    "secret_texts",
    "texts_by_place",
    "with_new_texts",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Raw = str | bytes

# The last word of a member that names something, and is no credential.
_IDENTIFIERS = frozenset(
    {
        *("id", "kid", "name", "user", "username", "login", "email", "arn", "version", "identifier"),
        *("at", "date", "time", "timestamp", "expires", "expiry", "expiration", "created", "updated", "rotated"),
        *("schema", "region", "account", "cluster"),
    }
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Shorter texts are in others by chance.
_SHORTEST_COPY = 4
# Results of a service are looked at so deeply.
_DEEPEST = 6


def form_of(raw: Raw) -> Any:
    """Return a value in the form that users give it: a dict if it is a JSON object, else the text or the bytes."""
    parsed = _parsed(raw)
    return parsed if isinstance(parsed, dict) else raw


def is_identifier(place: str) -> bool:
    """Return whether a place of a value names something, and has no credential."""
    words = _WORDS.findall(place)
    is_name = bool(words) and words[-1].lower() in _IDENTIFIERS
    return is_name or is_public_name(place.rpartition(".")[2])


def secret_texts(form: object) -> Iterator[tuple[str, str]]:
    """Yield the texts of a value that name nothing and may be credentials, each after its place.

    Args:
        form: the value, as `form_of` returns it. A text has no place of its own.
    """
    texts = {"": form} if isinstance(form, str) else texts_by_place(form)
    yield from ((place, text) for place, text in texts.items() if not is_identifier(place))


def leaves(value: object, depth: int = 0) -> Iterator[str | bytes]:
    """Yield the texts in a value, also in mappings, sequences and attributes of objects. Numbers count, too."""
    if isinstance(value, str | bytes):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif depth <= _DEEPEST:
        for member in _members_of(value):
            yield from leaves(member, depth + 1)


def _members_of(value: object) -> list[object]:
    """Return what is in a value; nothing if it can't be read, such as a stream that is closed."""
    try:
        if isinstance(value, io.BytesIO | io.StringIO):
            return [value.getvalue()]
        if isinstance(value, Mapping):
            return list(value.values())
        if isinstance(value, list | tuple | set | frozenset):
            return list(value)
        if hasattr(value, "__dict__") and not isinstance(value, type):
            return [vars(value)]
    except Exception:  # noqa: BLE001 -- a value of the user's may raise anything
        return []
    return []


class Credentials:
    """Recognises the credentials that a service accepts as those of values.

    A credential is that of a value if it equals the value, is one of its texts, or is a part of it. Members of
    both that have the same name decide alone. If the value is a text without members, those members of a
    credential that only name something don't count.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # Asked after every call: each value is parsed once.
        self._known: dict[Raw, tuple[Any, frozenset[str | bytes]]] = {}

    def strangers(self, entries: Iterable[object], values: Collection[Raw]) -> int:
        """Return how many credentials are those of no value.

        Args:
            entries: the credentials as the service double gives them.
            values: the values.
        """
        known = [(raw, *self._parts_of(raw)) for raw in values]
        return sum(not _is_of_any(entry, known) for entry in entries)

    def _parts_of(self, raw: Raw) -> tuple[Any, frozenset[str | bytes]]:
        parts = self._known.get(raw)
        if parts is None:
            form = form_of(raw)
            parts = self._known[raw] = form, frozenset(leaves(form))
        return parts


def _is_of_any(entry: object, known: Iterable[tuple[Raw, Any, frozenset[str | bytes]]]) -> bool:
    own: list[str | bytes] | None = None
    for raw, form, texts in known:
        if entry in (form, raw):
            return True
        if isinstance(entry, Mapping) and not isinstance(form, dict):
            # The text has no place for the user's name.
            hidden = {name: one for name, one in entry.items() if not is_identifier(str(name))}
            if hidden and texts.issuperset(leaves(hidden)):
                return True
        if own is None:
            own = list(leaves(entry))
        shared = _of_same_name(entry, form)
        if all(mine == one for mine, one in shared) if shared else own and texts.issuperset(own):
            return True
    return False


def _of_same_name(entry: object, form: object) -> list[tuple[object, object]]:
    """Return the members of a value and of a credential that have the same name, in pairs.

    The service may tell more of a credential than the value has, such as its date.
    """
    if not isinstance(entry, Mapping) or not isinstance(form, dict):
        return []
    members = {_plain(name): one for name, one in form.items()}
    return [(members[_plain(name)], one) for name, one in entry.items() if _plain(name) in members]


def _plain(name: object) -> str:
    """Return a member's name in the same form for all conventions."""
    return str(name).replace("_", "").replace("-", "").casefold()


def has_text(values: object, text: str) -> bool:
    """Return whether a text is one of the texts in arguments or results, or a part of one."""
    return any(
        text in (leaf if isinstance(leaf, str) else leaf.decode(errors="replace")) for leaf in leaves(values)
    )


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


def derived_wrongly(old: Raw, new: Raw) -> dict[str, str]:
    """Return the texts of a JSON value that were derived from a secret part, and don't fit the new one, by place.

    A text is derived if it holds a secret part that has changed, as it is or quoted as in a URL. Then it has to
    hold the new one, too, and whatever else of the old value it holds. What names a user or a host isn't derived:
    a first password is often the same word.

    Args:
        old: the old value.
        new: the new value.
    """
    before, after = texts_by_place(form_of(old)), texts_by_place(form_of(new))
    moved = {place for place, text in before.items() if place in after and after[place] != text}
    hidden = {str(place) for place in changed_texts(old, new)} & moved
    wrong = set()
    for place in before.keys() & after.keys():
        # A part that is longer holds the shorter one, and of two copies the first is the source.
        sources = [one for one in moved - {place} if _holds(before[place], before[one])]
        sources = [one for one in sources if (len(before[one]), one) < (len(before[place]), place)]
        if place not in moved and is_identifier(place):
            continue
        is_derived = not hidden.isdisjoint(sources)
        is_stale_copy = place not in moved and any(before[one] == before[place] for one in hidden)
        if is_stale_copy or (is_derived and any(not _holds(after[place], after[one]) for one in sources)):
            wrong.add(place)
    for place in after.keys() - before.keys():
        # A copy of the old credential may be kept on purpose, but no text is built from it.
        if any(after[place] != before[one] and _holds(after[place], before[one]) for one in hidden):
            wrong.add(place)
    return {place: after[place] for place in sorted(wrong)}


def texts_by_place(form: object, place: str = "") -> dict[str, str]:
    """Return the texts in a value in the form of JSON, by their place."""
    if isinstance(form, str):
        return {place: form} if place else {}
    members = form.items() if isinstance(form, dict) else enumerate(form) if isinstance(form, list) else ()
    found = dict[str, str]()
    for key, member in members:
        below = f"{place}[{key}]" if isinstance(form, list) else f"{place}.{key}" if place else str(key)
        found |= texts_by_place(member, below)
    return found


def with_new_texts(raw: Raw, places: Mapping[str | None, Any], text: str) -> Any:
    """Return a value, in the form of a user's, with another text where it changes at the top level."""
    form = form_of(raw)
    if isinstance(form, dict):
        names = [name for name in form if name in places] or list(form)[-1:]
        return {**form, **dict.fromkeys(names, text)}
    return text if isinstance(form, str) else text.encode()


def _holds(text: str, part: str) -> bool:
    """Return whether a text holds another as a word of its own."""
    if len(part) < _SHORTEST_COPY:
        return False
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) for form in _forms(part))


def _forms(text: str) -> set[str]:
    quote = urllib.parse.quote
    return {text, quote(text), quote(text, safe=""), urllib.parse.quote_plus(text), json.dumps(text)[1:-1]}


def _parsed(raw: Raw) -> Any:
    try:
        return json.loads(raw) if isinstance(raw, str) else None
    except (ValueError, RecursionError):
        return None
