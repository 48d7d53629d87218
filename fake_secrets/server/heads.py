"""The head of an HTTP request: reads the request line and the headers, strictly.

What two readers of a request could understand differently is refused, because a request might hide in the
difference: bare line feeds, folded headers, a space before a colon, two lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fake_secrets.server.http_error import HttpError

__all__ = ["CHUNKED", "Head", "Headers", "check_start", "head_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What `Head.length` is if only the last chunk tells the length.
CHUNKED = -1

_BAD = 400
# RFC 9110 5.6.2.
_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rf"({_NAME}) ([!-~]+) HTTP/1\.([01])")
# A header's value has no control characters but tabs.
_HEADER = re.compile(rf"({_NAME}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
# Only one of each can be meant.
_SINGLE = frozenset({"authorization", "content-encoding", "content-length", "host", "origin", "transfer-encoding"})


class Headers(Mapping[str, str]):
    """The headers of a request, compared without case. Those of one name are one header, with commas.

    Args:
        values: the values by the names in lower case.
        firsts: the first of several values, by the names of the headers that have several.
    """

    __slots__ = ("_firsts", "_values")

    def __init__(self, values: dict[str, str], firsts: Mapping[str, str] = MappingProxyType({})) -> None:
        self._values = values
        self._firsts = firsts

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def first(self, name: str) -> str | None:
        """Return the value of the first header of a name, or None."""
        return self._firsts.get(name.lower(), self.get(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self._values)}>"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Args:
        method: the method.
        path: the path, without the query.
        query: the query.
        authority: host and port, if the target is a whole URL; else empty.
        headers: the headers.
        is_first_version: whether the request is one of HTTP/1.0.
        length: the length of the body, or `CHUNKED`.
    """

    method: str
    path: str
    query: str
    authority: str
    headers: Headers
    is_first_version: bool
    length: int

    @property
    def keeps_connection(self) -> bool:
        """Whether the client means to send another request on the connection."""
        options = self.headers.get("connection", "").lower()
        return "keep-alive" in options if self.is_first_version else "close" not in options


def check_start(start: bytearray, seen: int) -> None:
    """Refuse a head of which only the start has come, if it can't become a proper one.

    Args:
        start: the start.
        seen: how much of it was checked before.

    Raises:
        HttpError: if it can't.
    """
    if _BARE_LINE_FEED.search(start, seen):
        raise HttpError(_BAD, "a line must end with CR and LF")
    end = start.find(b"\r\n", max(0, seen - 1))
    if end >= 0 and start.find(b"\n") == end + 1:
        _request_line(start[:end].decode("latin-1"))


def head_of(content: bytes, most_headers: int) -> Head:
    """Read the head of a request.

    Args:
        content: the head, up to the empty line.
        most_headers: the number of headers that are read at most.

    Raises:
        HttpError: if it isn't proper HTTP.
    """
    first, *lines = content.decode("latin-1").split("\r\n")
    method, target, minor = _request_line(first)
    if len(lines) > most_headers:
        raise HttpError(_BAD, f"a request may have at most {most_headers} headers")
    headers = _headers(lines)
    is_first_version = minor == "0"
    if "host" not in headers and not is_first_version:
        raise HttpError(_BAD, "a request of HTTP/1.1 must have a Host")
    authority, path, query = _parts_of(target, method)
    return Head(method, path, query, authority, headers, is_first_version, _length(headers, is_first_version))


def _request_line(line: str) -> tuple[str, str, str]:
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise HttpError(_BAD, "the request line must be a method, a target, and HTTP/1.1 or HTTP/1.0")
    return found[1], found[2], found[3]


def _headers(lines: list[str]) -> Headers:
    values: dict[str, str] = {}
    firsts: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise HttpError(
                _BAD, "a header must be a name, a colon and a value in one line, without control characters"
            )
        name, value = found[1].lower(), found[2].rstrip(" \t")
        if name in values:
            if name in _SINGLE:
                raise HttpError(_BAD, f"there may be only one header {name}")
            firsts.setdefault(name, values[name])
            value = f"{values[name]}, {value}"
        values[name] = value
    return Headers(values, firsts)


def _parts_of(target: str, method: str) -> tuple[str, str, str]:
    """Return the authority, the path and the query of a target."""
    authority = ""
    if not target.startswith("/"):
        if target == "*" and method == "OPTIONS":
            return "", "*", ""
        scheme, _, rest = target.partition("://")
        authority, slash, path = rest.partition("/")
        if scheme.lower() not in {"http", "https"} or not authority or "?" in authority:
            raise HttpError(_BAD, "the target must be a path, or the whole URL")
        target = f"/{path}" if slash else "/"
    path, _, query = target.partition("?")
    return authority, path, query


def _length(headers: Headers, is_first_version: bool) -> int:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None:
            raise HttpError(_BAD, "a request can't have both Content-Length and Transfer-Encoding")
        if coding.lower() != "chunked" or is_first_version:
            raise HttpError(_BAD, "the only Transfer-Encoding is chunked, and only in HTTP/1.1")
        return CHUNKED
    if length is None:
        return 0
    if _LENGTH.fullmatch(length) is None:
        raise HttpError(_BAD, "Content-Length must be a number of bytes")
    return int(length)
