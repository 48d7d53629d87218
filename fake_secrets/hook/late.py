"""What is made of an answer only when somebody reads it: few callers look at a response's body and headers."""

from __future__ import annotations

import email.utils
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["BEFORE", "LateBody", "LateHeaders", "encode", "headers_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def _encoder() -> Callable[[Mapping[str, Any]], bytes]:
    """Return a function that encodes a response's body, as JSON without spaces.

    Without members the body is empty, not an empty object [C].

    `JSONEncoder.encode` builds its C accelerator anew for every call, which takes as long as the
    encoding itself. If there is an accelerator, it is built once here.
    """
    build = getattr(json.encoder, "c_make_encoder", None)
    if build is None:
        encoding = json.JSONEncoder(separators=(",", ":")).encode
        return lambda content: encoding(content).encode() if content else b""
    text = json.encoder.encode_basestring_ascii
    pieces = build(None, None, text, None, ":", ",", False, False, True)  # noqa: FBT003
    return lambda content: "".join(pieces(content, 0)).encode() if content else b""


encode = _encoder()


class LateBody:
    """A body that is encoded when it is read. Until then, its content may be changed without any effect on it.

    Args:
        content: its members.
        lists: those that are lists. None if there are objects in them: such a body is encoded at once.
    """

    __slots__ = ("_content", "_encoded")

    def __init__(self, content: dict[str, Any], lists: Sequence[str] | None) -> None:
        if lists is None:
            self._encoded: bytes | None = encode(content)
            return
        self._encoded = None
        self._content = kept = content.copy()
        for name in lists:
            if name in kept:
                kept[name] = kept[name][:]

    def read(self) -> bytes:
        """Return the body."""
        if self._encoded is None:
            self._encoded = encode(self._content)
        return self._encoded


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
        "content-length": str(length),
        "date": _http_date(int(now)),
        "connection": "keep-alive",
    }


@functools.lru_cache(maxsize=8)
def _http_date(timestamp: int) -> str:
    return email.utils.formatdate(timestamp, usegmt=True)


# What is in the dict before: the encoder of JSON doesn't ask an empty one.
BEFORE = {"": ""}


class LateHeaders(dict[str, str]):
    """The headers of an answer, which are put into the dict when somebody reads or changes it.

    Whoever makes it begins with `BEFORE`, and sets `body`, `request_id` and `now`, as for `headers_of`. `body` is
    None once the headers are there. A copy is a plain dict.
    """

    __slots__ = ("body", "now", "request_id")

    body: LateBody | None
    now: float
    request_id: str

    def complete(self) -> None:
        """Put the headers into the dict."""
        body, self.body = self.body, None
        if body is not None:
            dict.clear(self)
            dict.update(self, headers_of(self.request_id, len(body.read()), self.now))

    def __reduce__(self) -> tuple[type, tuple[dict[str, str]]]:
        """Return what makes a plain dict of the same content."""
        return dict, (dict(self.items()),)


def _reading(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @functools.wraps(method)
    def read(self: LateHeaders, *args: Any, **kwargs: Any) -> Any:
        if self.body is not None:
            self.complete()
        return method(self, *args, **kwargs)

    return read


# Whatever reads or changes a dict.
for _name in (
    "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__", "__ne__", "__or__",
    "__repr__", "__reversed__", "__ror__", "__setitem__", "clear", "copy", "get", "items", "keys", "pop",
    "popitem", "setdefault", "update", "values",
):  # fmt: skip
    setattr(LateHeaders, _name, _reading(_name))
