"""Derived texts: URLs, connection strings and JSON in a value that have to read back to another part of it."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping

from fake_secrets.contract.values import Raw, form_of, leaves, texts_by_place

__all__ = ["Derivations"]

__tracebackhide__ = True  # the texts are secret

# How the whole value, and a password that is no part by itself, are called.
_WHOLE, _MADE = "A part", "the password"
# Shorter texts are equal by chance.
_SHORTEST = 4

_KEY = r"[A-Za-z][\w ]*?\s*=\s*"
# Pairs as in libpq: separated by white space, with quotes and escapes.
_SPACED = re.compile(r"(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)(?:\s+|$)", re.DOTALL)
# Pairs as in ODBC and ADO.NET: separated by semicolons, with quotes or braces.
_SEPARATED = re.compile(
    rf"\s*{_KEY}(\{{(?:[^}}]|\}}\}})*\}}|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[^;]*)\s*(?:;|$)", re.DOTALL
)

# A word of a shell, and its pieces.
_PIECE = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\]""", re.DOTALL)
_WORD = re.compile(rf"(?:{_PIECE.pattern})+", re.DOTALL)


class Derivations:
    """Which texts of a value are derived from which others, known by values in which they read back.

    Args:
        values: values in which the derived texts are right, each with the password that was made for it, or None.
    """

    def __init__(self, values: Mapping[Raw, str | None]) -> None:
        self._known: dict[tuple[str, str], set[str]] = {}
        for value, made in values.items():
            texts, sources = _texts(value), _sources(value, made)
            for place, text in texts.items():
                for source, wanted in sources.items():
                    if source == place or len(wanted) < _SHORTEST:
                        continue
                    readers = {name for name, read in _READERS.items() if wanted in read(text)}
                    if readers:
                        self._known.setdefault((place, source), set()).update(readers)

    def wrong(self, value: Raw, made: str | None) -> str | None:
        """Return what is called the place of a text that doesn't read back in a value, or None.

        Args:
            value: the value.
            made: the password that was made for it, or None.
        """
        texts, sources = _texts(value), _sources(value, made)
        for (place, source), readers in self._known.items():
            if place in texts and source in sources:
                text, wanted = texts[place], sources[source]
                others = (read(text) for read in _OTHER_READERS)
                if not any(wanted in found for found in (*(_READERS[name](text) for name in readers), *others)):
                    return place if place == _WHOLE else repr(place)
        return None


def _texts(value: Raw) -> dict[str, str]:
    form = form_of(value)
    return {_WHOLE: form} if isinstance(form, str) else texts_by_place(form)


def _sources(value: Raw, made: str | None) -> dict[str, str]:
    return {**_texts(value), **({} if made is None else {_MADE: made})}


def _read_url(text: str) -> Iterator[str]:
    with contextlib.suppress(ValueError):
        url = urllib.parse.urlsplit(text.removeprefix("jdbc:"))
        if url.scheme and url.netloc:
            parts = [url.username or "", url.password or "", *url.path.split("/"), url.fragment]
            yield from map(urllib.parse.unquote, parts)
            yield from map(urllib.parse.unquote_plus, parts)
            yield from (one for _, one in urllib.parse.parse_qsl(url.query))


def _read_spaced(text: str) -> Iterator[str]:
    for found in _all_of(_SPACED, text):
        quoted = found.group(2)
        yield re.sub(r"\\(.)", r"\1", quoted.removeprefix("'").removesuffix("'"), flags=re.DOTALL)


def _read_separated(text: str) -> Iterator[str]:
    for found in _all_of(_SEPARATED, text):
        given = found.group(1)
        yield given
        if given[:1] in {"{", '"', "'"}:
            yield given[1:-1].replace(given[-1] * 2, given[-1])


def _read_json(text: str) -> Iterator[str]:
    with contextlib.suppress(ValueError, RecursionError):
        form = json.loads(text)
        if isinstance(form, dict | list):
            yield from (str(leaf) for leaf in leaves(form))


def _read_shell(text: str) -> Iterator[str]:
    for word in _WORD.finditer(text):
        read = "".join(map(_unquoted, _PIECE.findall(word[0])))
        yield read
        yield read.partition("=")[2]


def _unquoted(piece: str) -> str:
    """Return what a piece of a shell's word stands for: in single or double quotes, or after a backslash."""
    if piece[0] == "'":
        return piece[1:-1]
    if piece[0] == '"':
        return re.sub(r'\\([\\"$`])', r"\1", piece[1:-1])
    return piece[-1]


def _all_of(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the matches of a pattern that make up a text, or none if it has anything else."""
    found, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None or match.end() == at:
            return []
        found.append(match)
        at = match.end()
    return found


_READERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "url": _read_url,
    "spaced": _read_spaced,
    "separated": _read_separated,
    "json": _read_json,
}
# Many texts look like a shell's words by chance, so these don't show that a text is derived.
_OTHER_READERS = (_read_shell,)
