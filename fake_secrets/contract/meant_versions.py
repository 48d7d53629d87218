"""Which versions a call of the service is about, by their values among its arguments. The values aren't shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.values import Raw, form_of, is_identifier, leaves, secret_texts

__all__ = ["MeantVersions"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Shorter texts are in others by chance.
_SHORTEST = 4
# Arguments are looked at so deeply.
_DEEPEST = 4


class MeantVersions:
    """Knows which version a text belongs to.

    Args:
        versions: the role of each version, to its value.
        others: the names of other secrets, to the values that they have or had.
        changing: the places of a value that change in a rotation; None if that isn't known.

    What all versions have tells none of them. What names something, such as the id of a key or a user, tells one
    only if there are others, and none of them has it.
    """

    def __init__(
        self,
        versions: Mapping[str, Raw],
        others: Mapping[str, Iterable[Raw]],
        changing: Container[str] | None,
    ) -> None:
        parts = {role: dict(_secrets_in(value, changing)) for role, value in versions.items()}
        counts = Counter(text for role in parts for text in parts[role])
        shared = {text for text, count in counts.items() if count == len(parts) > 1}
        # What a version has too, such as the address of the service, tells no other secret.
        common = {text for value in versions.values() for text, _ in _secrets_in(value, None)}
        self._secrets: dict[str, str] = {}
        for name, values in others.items():
            for value in values:
                texts = dict(_secrets_in(value, None)).keys() - common
                self._secrets |= dict.fromkeys(texts, name)
        # The first version that has a text counts, as a copy that was put by hand is the second.
        for role in reversed(parts):
            self._secrets |= dict.fromkeys(parts[role], role)
        self._secrets = {text: name for text, name in self._secrets.items() if text not in shared}
        named = [(text, role) for role, value in versions.items() for text in set(_names_in(value))]
        owners = Counter(text for text, _ in named)
        self._names = {text: role for text, role in named if owners[text] == 1 < len(versions)}

    def of(self, boundary: Boundary) -> tuple[str, ...]:
        """Return the roles of the versions that a call of the service is about, and the names of other secrets."""
        if not boundary.is_of_service:
            return ()
        found = (role for text in _texts_in(boundary.arguments) for role in self._of_text(text))
        return tuple(dict.fromkeys(found))

    def _of_text(self, text: str) -> Iterator[str]:
        if text in self._names:
            yield self._names[text]
        for secret, role in self._secrets.items():
            if text == secret or (len(secret) >= _SHORTEST and secret in text):
                yield role


def _secrets_in(value: Raw, changing: Container[str] | None) -> Iterator[tuple[str, str]]:
    """Yield the texts of a value that may be credentials, each before its place."""
    form = form_of(value)
    texts = secret_texts(form.decode(errors="replace") if isinstance(form, bytes) else form)
    yield from ((text, place) for place, text in texts if text and _does_change(place, changing))


def _does_change(place: str, changing: Container[str] | None) -> bool:
    return not place or changing is None or place in changing


def _names_in(value: Raw) -> Iterator[str]:
    """Yield the texts of a JSON value that name something."""
    form = form_of(value)
    members = form.items() if isinstance(form, dict) else ()
    yield from (text for name, text in members if isinstance(text, str) and text and is_identifier(str(name)))


def _texts_in(found: object, depth: int = 0) -> Iterator[str]:
    """Yield the texts in arguments. Other objects aren't looked into: a connection leads to the whole service."""
    if isinstance(found, str | bytes | int | float):
        yield from (one if isinstance(one, str) else one.decode(errors="replace") for one in leaves(found))
    elif depth < _DEEPEST and isinstance(found, Mapping | list | tuple | set | frozenset):
        for member in found.values() if isinstance(found, Mapping) else found:
            yield from _texts_in(member, depth + 1)
