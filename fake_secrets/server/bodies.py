"""The body of an HTTP request: reads it, whole or in chunks, and undoes its encoding, up to a size."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from fake_secrets.server.heads import CHUNKED, Head
from fake_secrets.server.http_error import HttpError
from fake_secrets.server.incoming import Incoming

__all__ = ["read_body"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_BAD, _TOO_LARGE, _UNKNOWN_ENCODING, _UNKNOWN_EXPECTATION = 400, 413, 415, 417
# With an extension, which is ignored.
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_MOST_IN_CHUNK_LINE = 256
_MOST_IN_TRAILERS = 8_192
# The window size for zlib by which it expects gzip's header.
_GZIP = 31
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip"})


def read_body(incoming: Incoming, head: Head, most: int, go_on: Callable[[], None]) -> bytes:
    """Read the body of a request.

    Args:
        incoming: what the client sends. The head is read.
        head: the head.
        most: the size from which on a body is refused.
        go_on: tells a client that waits for it to send the body.

    Raises:
        HttpError: if the body is too large, or its encoding is unknown or broken.
    """
    encoding = head.headers.get("content-encoding", "").lower()
    if head.length > most:
        raise _too_large()
    if encoding not in _ENCODINGS:
        raise HttpError(_UNKNOWN_ENCODING, "the only Content-Encoding of a body is gzip")
    expectation = head.headers.get("expect")
    if expectation is not None and not head.is_first_version:
        if expectation.lower() != "100-continue":
            raise HttpError(_UNKNOWN_EXPECTATION, "the only expectation is 100-continue")
        if head.length and incoming.is_empty:
            go_on()
    body = _chunks(incoming, most) if head.length == CHUNKED else incoming.exactly(head.length)
    return _unzipped(body, most) if "gzip" in encoding else body


def _chunks(incoming: Incoming, most: int) -> bytes:
    body = bytearray()
    while True:
        found = _CHUNK.fullmatch(incoming.line(_MOST_IN_CHUNK_LINE))
        if found is None:
            raise HttpError(_BAD, "a chunk must begin with its size")
        size = int(found[1], 16)
        if not size:
            break
        if len(body) + size > most:
            raise _too_large()
        body += incoming.exactly(size)
        if incoming.line(len(b"\r\n")):
            raise HttpError(_BAD, "a chunk must end with CR and LF")
    left = _MOST_IN_TRAILERS
    while trailer := incoming.line(left):
        left -= len(trailer)
    return bytes(body)


def _unzipped(content: bytes, most: int) -> bytes:
    unzipping = zlib.decompressobj(_GZIP)
    try:
        body = unzipping.decompress(content, most + 1)
    except zlib.error:
        body = b""
    if len(body) > most:
        raise _too_large()
    if not unzipping.eof or unzipping.unused_data:
        raise HttpError(_BAD, "the body isn't one that gzip has made")
    return body


def _too_large() -> HttpError:
    # Without a body [C: wire-facts 3.2, of a kindred service].
    return HttpError(_TOO_LARGE, "")
