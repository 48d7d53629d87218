"""What is made of an answer only when somebody reads it: few callers look at a response's body and headers."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["LateBody", "LateHeaders", "encode", "late_body"]

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
    """A body that is encoded when it is read.

    Args:
        content: its members, which nobody else changes.
    """

    __slots__ = ("_content", "_encoded")

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._encoded: bytes | None = None

    def read(self) -> bytes:
        """Return the body."""
        if self._encoded is None:
            self._encoded = encode(self._content)
        return self._encoded


def late_body(content: dict[str, Any], lists: Sequence[str] | None) -> LateBody:
    """Return the body of an answer that botocore's parser, and then the caller, may change.

    Args:
        content: the members.
        lists: those that are lists. None if there are objects in them: such a body is encoded at once.
    """
    if lists is None:
        body = LateBody(content)
        body.read()
        return body
    kept = content.copy()
    for name in lists:
        if name in kept:
            kept[name] = kept[name][:]
    return LateBody(kept)


class LateHeaders(dict[str, str]):
    """The headers of an answer. Content-Length, which takes the body, is put in its place when they are read.

    `body` is None once it is there. A copy is a plain dict.
    """

    __slots__ = ("body",)

    body: LateBody | None

    def complete(self) -> None:
        """Put Content-Length in its place."""
        body, self.body = self.body, None
        if body is not None:
            date, connection = dict.pop(self, "date"), dict.pop(self, "connection")
            dict.update(self, {"content-length": str(len(body.read())), "date": date, "connection": connection})

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
