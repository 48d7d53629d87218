"""The body of an answer, which is encoded when somebody reads it, and its headers."""

from __future__ import annotations

import email.utils
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["encode", "headers_of", "keeping", "length_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


_encoding = json.JSONEncoder(separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii
# Members whose texts have no character that JSON escapes.
_PLAIN = frozenset({"ARN", "Name"})


def _encoder() -> Callable[[Mapping[str, Any]], bytes]:
    """Return a function that encodes a response's body, as JSON without spaces.

    Without members the body is empty, not an empty object [C].

    `JSONEncoder.encode` builds its C accelerator anew for every call, which takes as long as the
    encoding itself. If there is an accelerator, it is built once here.
    """
    build = getattr(json.encoder, "c_make_encoder", None)
    if build is None:
        return lambda content: _encoding(content).encode() if content else b""
    pieces = build(None, None, _quoted, None, ":", ",", False, False, True)  # noqa: FBT003
    return lambda content: "".join(pieces(content, 0)).encode() if content else b""


encode = _encoder()


def length_of(content: Mapping[str, Any] | bytes) -> int:
    """Return how many bytes `encode` makes of the members of a response, without encoding most of them.

    Args:
        content: the members, or the body if they are encoded already.
    """
    if isinstance(content, bytes):
        return len(content)
    if not content:
        return 0
    length = 1
    for name, value in content.items():
        # Two quotes, a colon, and a comma or the last brace.
        length += len(name) + 4
        kind = type(value)
        if name in _PLAIN:
            length += len(value) + 2
        elif kind is str:
            length += len(_quoted(value))
        elif kind is float:
            length += _digits(value)
        elif kind is list and value:
            length += 1
            for item in value:
                length += len(_quoted(item)) + 1
        else:
            length += len(_encoding(value))
    return length


@functools.lru_cache(maxsize=4096)
def _digits(number: float) -> int:
    return len(repr(number))


def keeping(lists: Sequence[str] | None) -> Callable[[dict[str, Any]], dict[str, Any] | bytes]:
    """Return a function that keeps the members of a response as they are, whatever becomes of those later.

    Args:
        lists: the members that are lists of texts. None if there are objects in the response, which is then
            encoded at once.
    """
    if lists is None:
        return encode
    if not lists:
        return dict.copy

    def keep(content: dict[str, Any]) -> dict[str, Any]:
        kept = content.copy()
        for name in lists:
            if name in kept:
                kept[name] = kept[name][:]
        return kept

    return keep


def headers_of(request_id: str, length: int, now: float) -> dict[str, str]:
    """Return the headers of an answer.

    Args:
        request_id: the request's id.
        length: the number of bytes in the body.
        now: the time of the answer, epoch seconds.
    """
    return {
        "x-amzn-requestid": request_id,
        "content-type": "application/x-amz-json-1.1",
        "content-length": f"{length}",
        "date": _http_date(now // 1),
        "connection": "keep-alive",
    }


@functools.lru_cache(maxsize=8)
def _http_date(timestamp: float) -> str:
    return email.utils.formatdate(timestamp, usegmt=True)
