"""The Filters of ListSecrets: prefixes, word searches and their negations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.descriptions import primary_region_of
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Matcher", "matcher_of", "words_of"]

Matcher = Callable[[StoredSecret], bool]

# Not compiled, because few tests filter.
_SEPARATORS = r"[ /\-_+=.@]+"
# Words also break before a capital that follows a lower-case letter, before the last capital of a run
# if a lower-case letter follows it, before a digit that follows a letter, and before other punctuation
# that follows a letter or digit.
_INNER_BOUNDARIES = (
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[A-Za-z0-9])(?=[^A-Za-z0-9\s])"
)


def matcher_of(filters: Sequence[Mapping[str, Any]]) -> Matcher:
    """Return a function that returns whether a secret passes every filter.

    Args:
        filters: Filters as sent. A secret passes a filter if one of its Values matches. A leading
            ``!`` negates a value.

    Raises:
        InvalidParameterException (400): a filter has no Key or no Values, M47 [D].

    Source: ListSecrets; api-facts 12. name, tag-key, tag-value, primary-region and
        owning-service match by prefix, case-sensitively [A, B]. description and all match by
        words [A]. A secret without the attribute matches a negated value [D].
    """
    matchers = [_matcher_of_filter(entry) for entry in filters]
    return lambda secret: all(matches(secret) for matches in matchers)


def words_of(text: str, *, is_name: bool = False) -> list[str]:
    """Split text into the lower-case words that a word search compares.

    Args:
        text: the text to search in, or the text to search for.
        is_name: whether the text is a secret's name. A name with two different separators isn't
            split [A-].

    Source: api-facts 12. Words break at separators, in camel case and in runs of capitals [A].
        They also break before a digit that follows a letter, and before punctuation that
        follows a letter or digit [B].
    """
    if is_name and len({character for run in re.findall(_SEPARATORS, text) for character in run}) > 1:
        return [text.lower()]
    return [
        word.lower()
        for part in re.split(_SEPARATORS, text)
        for word in re.sub(_INNER_BOUNDARIES, " ", part).split(" ")
        if word
    ]


def _matcher_of_filter(entry: Mapping[str, Any]) -> Matcher:
    key, values = entry.get("Key"), entry.get("Values")
    if not key:
        raise ServiceError("InvalidParameterException", "Invalid filter key")
    if not values:
        raise ServiceError("InvalidParameterException", f"Invalid filter values for key: {key}")
    matchers = [_matcher_of_value(key, value) for value in values]
    return lambda secret: any(matches(secret) for matches in matchers)


def _matcher_of_value(key: str, value: str) -> Matcher:
    if value.startswith("!"):
        matches = _matcher_of_value(key, value[1:])
        return lambda secret: not matches(secret)
    if key in _WORDS:
        words_in, wanted = _WORDS[key], words_of(value)
        return lambda secret: _finds_every_word(wanted, words_in(secret))
    texts_in = _TEXTS[key]
    return lambda secret: any(text.startswith(value) for text in texts_in(secret))


def _finds_every_word(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether each wanted word is the start of some word. An empty search finds nothing [A]."""
    return bool(wanted) and all(any(word.startswith(start) for word in words) for start in wanted)


def _tag_texts(secret: StoredSecret, member: str) -> list[str]:
    return [tag.get(member, "") for tag in secret.tags or ()]


def _present(text: str | None) -> list[str]:
    return [] if text is None else [text]


def _words_of_all(secret: StoredSecret) -> list[str]:
    texts = [secret.description or "", *_tag_texts(secret, "Key"), *_tag_texts(secret, "Value")]
    return [*words_of(secret.name, is_name=True), *(word for text in texts for word in words_of(text))]


_TEXTS: Mapping[str, Callable[[StoredSecret], Iterable[str]]] = {
    "name": lambda secret: [secret.name],
    "tag-key": lambda secret: _tag_texts(secret, "Key"),
    "tag-value": lambda secret: _tag_texts(secret, "Value"),
    "primary-region": lambda secret: _present(primary_region_of(secret)),
    "owning-service": lambda secret: _present(secret.owning_service),
}
_WORDS: Mapping[str, Callable[[StoredSecret], Sequence[str]]] = {
    "description": lambda secret: words_of(secret.description or ""),
    "all": _words_of_all,
}
