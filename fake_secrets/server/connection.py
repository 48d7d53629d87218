"""One connection: reads requests, and writes their answers."""

from __future__ import annotations

import email.utils
import http.server
from http import HTTPStatus
from typing import Any, Protocol

from fake_secrets import clock
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest

__all__ = ["Connection", "Owner"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Seconds. A client that keeps its connection reuses it after less.
_IDLE = 75.0


class Owner(Protocol):
    """What owns connections: a listener."""

    application: Application

    def log(self, line: str) -> None:
        """Log one line about a request."""


class Connection(http.server.BaseHTTPRequestHandler):
    """One connection, in a thread of its own."""

    server: Any  # an Owner
    protocol_version = "HTTP/1.1"
    # Buffered: an answer leaves in one packet, which a kept connection needs to be fast.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _IDLE

    def handle_one_request(self) -> None:
        """Read a request and answer it."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        path, _, query = self.path.partition("?")
        request = HttpRequest(self.command, path, query, self.headers, self.rfile.read(length))  # type: ignore[arg-type]
        self._write(self.server.application(request))

    def _write(self, answer: HttpAnswer) -> None:
        self.server.log(answer.note)
        if answer.is_lost:
            self.close_connection = True
            return
        self.send_response_only(answer.status, HTTPStatus(answer.status).phrase)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        # Not by the test's clock: an SDK that sees another date signs with it from then on [A: wire-facts W3].
        self.send_header("Date", email.utils.formatdate(clock.real_now(), usegmt=True))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
