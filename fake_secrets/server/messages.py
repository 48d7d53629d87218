"""An HTTP request and its answer, as they travel between the parts of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Application", "HttpAnswer", "HttpRequest", "Service"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request, with its body read whole.

    Args:
        method: the method, such as ``POST``.
        path: the path as it was sent, without the query.
        query: what follows the question mark; empty if nothing does.
        headers: the headers. Their names are compared without case.
        body: the body, after a Content-Encoding or a chunked encoding is undone.
        authority: host and port, if the request names a whole URL instead of a path; else empty.
        peer: the address that the request comes from.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    authority: str = ""
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to an HTTP request.

    Args:
        status: the HTTP status.
        headers: the headers, without Content-Length, Connection and Date, which the connection adds.
        body: the body.
        is_lost: whether the connection ends without the answer, as if it had been lost.
        note: what the log says of the request and its answer, without secret values.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    is_lost: bool = False
    note: str = ""


class Application(Protocol):
    """Answers HTTP requests, in several threads at once."""

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        ...


class Service(Protocol):
    """The Secrets Manager behind the server: a world."""

    def knows(self, operation: str) -> bool:
        """Return whether AWS's Secrets Manager has an operation, whether it is served or not."""
        ...

    def answer(self, operation: str, request: HttpRequest) -> HttpAnswer:
        """Answer a request that is well-formed as one of JSON 1.1.

        Args:
            operation: the API operation that X-Amz-Target names.
            request: the request. Its body is a JSON object, and its Authorization has a credential scope.

        Raises:
            UnsupportedOperationError: the operation, or one of the request's members, isn't served.
        """
        ...
