"""The body of an answer, which is encoded when somebody reads it, and its headers."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["encode", "headers_of", "quoted"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


_encoding = json.JSONEncoder(separators=(",", ":")).encode
# Returns a text as JSON has it.
quoted = json.encoder.encode_basestring_ascii


def _encoder() -> Callable[[Mapping[str, Any]], bytes]:
    """Return a function that encodes a response's body, as JSON without spaces.

    Without members the body is empty, not an empty object [C].

    `JSONEncoder.encode` builds its C accelerator anew for every call, which takes as long as the
    encoding itself. If there is an accelerator, it is built once here.
    """
    build = getattr(json.encoder, "c_make_encoder", None)
    if build is None:
        return lambda content: _encoding(content).encode() if content else b""
    pieces = build(None, None, quoted, None, ":", ",", False, False, True)  # noqa: FBT003
    return lambda content: "".join(pieces(content, 0)).encode() if content else b""


encode = _encoder()


def headers_of(request_id: str, length: int, now: float) -> dict[str, str]:
    """Return the headers of an answer.

    Args:
        request_id: the request's id.
        length: the number of bytes in the body.
        now: the time of the answer, epoch seconds.
    """
    second = now // 1
    date = _dates.get(second)
    if date is None:
        _dates.clear()
        date = _dates[second] = email.utils.formatdate(second, usegmt=True)
    return {
        "x-amzn-requestid": request_id,
        "content-type": "application/x-amz-json-1.1",
        "content-length": f"{length}",
        "date": date,
        "connection": "keep-alive",
    }


# The date of the latest second, as HTTP has it.
_dates: dict[float, str] = {}
