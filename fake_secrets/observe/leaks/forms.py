"""The forms in which a text may be written: plain, escaped, percent-encoded, in markup, in base64."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote, quote_plus

__all__ = ["Kind", "forms_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Kind = Literal["plain", "base64", "url", "json", "repr", "html"]

# With fewer bytes, too little of the text is left in base64 to tell it from other text.
_SHORTEST_IN_BASE64 = 4


def forms_of(text: str) -> dict[str, Kind]:
    """Return each form of a text with its kind. Forms that are equal have the kind that comes first.

    Args:
        text: the text.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    forms: dict[str, Kind] = {text: "plain"}
    for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        forms.setdefault(escaped[1:-1], "json")
        forms.setdefault(escaped[1:-1].replace("/", r"\/"), "json")
    for shown in (repr(text)[1:-1], repr(encoded)[2:-1]):
        forms.setdefault(shown, "repr")
    for quoted in _percent_encoded(encoded):
        forms.setdefault(quoted, "url")
    for written in _in_markup(text):
        forms.setdefault(written, "html")
    for core in _in_base64(encoded):
        forms.setdefault(core, "base64")
    return forms


def forms_of_bytes(content: bytes) -> dict[str, Kind]:
    """Return each form of bytes that aren't UTF-8 with its kind."""
    forms: dict[str, Kind] = {repr(content)[2:-1]: "repr"}
    for quoted in _percent_encoded(content):
        forms.setdefault(quoted, "url")
    for core in _in_base64(content):
        forms.setdefault(core, "base64")
    return forms


def _percent_encoded(content: bytes) -> Iterator[str]:
    for quoted in (quote(content, safe=""), quote(content), quote_plus(content)):
        yield quoted
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), quoted)


def _in_markup(text: str) -> Iterator[str]:
    """Yield a text as it is escaped in HTML and XML, where quotes are written in several ways."""
    if _MARKUP.isdisjoint(text):
        return
    escaped = html.escape(text, quote=False)
    for double, single in _QUOTES:
        yield escaped.replace('"', double).replace("'", single)


def _in_base64(content: bytes) -> Iterator[str]:
    """Yield what base64 of any longer bytes has in it if they have this content in them.

    The content may begin at any of three places within a group of three bytes. Characters at its ends that
    depend on its neighbours are left out, so a find leaves at most ten bits of the content open.
    """
    if len(content) < _SHORTEST_IN_BASE64:
        return
    for before in range(3):
        bits = 8 * (before + len(content))
        first = -(-8 * before // 6)
        core = base64.b64encode(bytes(before) + content).decode("ascii")[first : bits // 6]
        yield core
        yield core.translate(_URL_SAFE)


_MARKUP = frozenset("&<>\"'")
# In text, in attributes, by html.escape, by template engines, and by XML's own names.
_QUOTES = (
    ('"', "'"), ("&quot;", "'"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&#39;"),
    ("&quot;", "&apos;"),
)  # fmt: skip
_ESCAPE = re.compile("%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")
