"""One connection: reads requests, and writes their answers."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import json
import socket
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Protocol

from fake_secrets import clock
from fake_secrets.server.bodies import read_body
from fake_secrets.server.heads import head_of
from fake_secrets.server.http_error import HttpError
from fake_secrets.server.incoming import Incoming
from fake_secrets.server.limits import Limits
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest

__all__ = ["Connection", "Owner", "TurnedAway"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_PHRASES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}
_BUSY, _FAILED = 503, 500
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# How much a client may still send after a refusal, and how many seconds: if the socket were closed while something
# is unread, the client would get a reset instead of the answer.
_MOST_AFTER_REFUSAL = 16 << 20
_LINGER = 2.0


class Owner(Protocol):
    """What owns connections: a listener."""

    application: Application
    limits: Limits
    is_stopping: bool

    def log(self, line: str) -> None:
        """Log one line about a request."""


class Connection:
    """One connection, which `run` serves until it ends.

    Args:
        connection: the socket. It is closed at the end.
        owner: what the requests are passed to.
    """

    def __init__(self, connection: socket.socket, owner: Owner) -> None:
        self._socket = connection
        self._owner = owner
        self._incoming = Incoming(connection, owner.limits)
        self._peer = ""

    def run(self) -> None:
        """Answer requests until the client or the owner ends the connection."""
        try:
            # An answer leaves in one packet, and at once.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peer = self._socket.getpeername()[0]
            while self._answer_next():
                pass
        except OSError:
            # The client has gone away. Nobody is left to tell.
            pass
        except Exception as error:  # noqa: BLE001 -- a traceback on stderr would show what no log may have
            self._log(f"closed a connection: {_place_of(error)}")
        finally:
            self.close()

    def stop_reading(self) -> None:
        """Let the connection end once it has answered what it has read. Called by other threads."""
        _stop_reading(self._socket)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _answer_next(self) -> bool:
        """Answer the next request, and return whether another may follow."""
        if not self._incoming.wait():
            return False
        try:
            head = head_of(self._incoming.head(), self._owner.limits.headers)
            body = read_body(self._incoming, head, self._owner.limits.body, self._go_on)
        except HttpError as error:
            self._log(f"refused {error.status} {str(error) or _PHRASES[error.status]}")
            self._socket.sendall(_encoded(_refusal(error), "close"))
            _linger(self._socket)
            return False
        request = HttpRequest(head.method, head.path, head.query, head.headers, body, head.authority, self._peer)
        answer = self._ask(request)
        self._log(answer.note)
        if answer.is_lost:
            return False
        is_kept = head.keeps_connection and not self._owner.is_stopping
        kept = "keep-alive" if head.is_first_version else ""
        body = b"" if head.method == "HEAD" else answer.body
        self._socket.sendall(_encoded(answer, kept if is_kept else "close", body=body))
        return is_kept

    def _ask(self, request: HttpRequest) -> HttpAnswer:
        try:
            return self._owner.application(request)
        except BaseException as error:  # noqa: BLE001 -- this is a thread's outermost code, where nobody else would see it
            return _failure(error)

    def _go_on(self) -> None:
        self._socket.sendall(_CONTINUE)

    def _log(self, line: str) -> None:
        # What becomes of the log is no matter of the client's.
        with contextlib.suppress(OSError, ValueError):
            self._owner.log(line)


class TurnedAway:
    """A connection that is one too many: `run` says so, and closes it.

    Args:
        connection: the socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def run(self) -> None:
        """Refuse whatever the client asks for."""
        error = HttpError(_BUSY, "the server has as many connections as it takes: close some, or try again later")
        with contextlib.suppress(OSError), self._socket:
            self._socket.settimeout(_LINGER)
            self._socket.sendall(_encoded(_refusal(error), "close"))
            _linger(self._socket)

    def stop_reading(self) -> None:
        """Let the connection end. Called by other threads."""
        _stop_reading(self._socket)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _stop_reading(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


def _encoded(answer: HttpAnswer, persistence: str, *, body: bytes | None = None) -> bytes:
    """Return an answer as it is sent.

    Args:
        answer: the answer.
        persistence: the value of Connection, or nothing.
        body: what is sent of the body, by default all of it.
    """
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, '')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append(f"Content-Length: {len(answer.body)}")
    # Not by the test's clock: an SDK that sees another date signs with it from then on [A: wire-facts W3].
    lines.append(f"Date: {_http_date(int(clock.real_now()))}")
    if persistence:
        lines.append(f"Connection: {persistence}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + (answer.body if body is None else body)


def _linger(connection: socket.socket) -> None:
    """Read what a refused client still sends, and throw it away."""
    connection.shutdown(socket.SHUT_WR)
    end = clock.real_now() + _LINGER
    left = _MOST_AFTER_REFUSAL
    while left > 0 and (seconds := end - clock.real_now()) > 0:
        connection.settimeout(min(seconds, _LINGER))
        piece = connection.recv(65_536)
        if not piece:
            return
        left -= len(piece)


def _refusal(error: HttpError) -> HttpAnswer:
    if not str(error):
        return HttpAnswer(error.status)
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    return HttpAnswer(error.status, headers, f"{error}\n".encode())


def _failure(error: BaseException) -> HttpAnswer:
    place = _place_of(error)
    message = f"fake_secrets failed to answer, which is a fault of its own: {place}"
    body = json.dumps({"__type": "InternalServiceError", "Message": message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return HttpAnswer(_FAILED, headers, body, note=f"{_FAILED} {place}")


def _place_of(error: BaseException) -> str:
    """Return an exception's class and place. Its text may hold a secret value."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {PurePath(place.filename).name}, line {place.lineno}"


@functools.lru_cache(maxsize=8)
def _http_date(timestamp: int) -> str:
    return email.utils.formatdate(timestamp, usegmt=True)
