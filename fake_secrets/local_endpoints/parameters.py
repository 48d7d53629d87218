"""Reads what a URL asks a helper for."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

__all__ = ["parameters_of", "text_in_url"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def parameters_of(query: str) -> Iterator[tuple[str, str]]:
    """Yield the names and the values of a query, in its order, decoded as those of a form.

    A name without a value has an empty one.
    """
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            yield _decoded(name), _decoded(value)


def text_in_url(text: str) -> str:
    """Return a part of a URL with the characters that its bytes are meant to be."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _decoded(text: str) -> str:
    plain = text.replace("+", " ").encode("latin-1", "replace")
    return urllib.parse.unquote_to_bytes(plain).decode("utf-8", "replace")
