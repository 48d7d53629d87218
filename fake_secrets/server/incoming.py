"""What a client sends: reads it from the socket, before a deadline."""

from __future__ import annotations

import socket

from fake_secrets import clock
from fake_secrets.server.heads import check_start
from fake_secrets.server.http_error import HttpError
from fake_secrets.server.limits import Limits

__all__ = ["Incoming"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_BAD, _TOO_SLOW = 400, 408
_PIECE = 65_536
_BLANK = b"\r\n"
_END_OF_HEAD = b"\r\n\r\n"
# A client may send these before a request [RFC 9112 2.2].
_MOST_BLANKS = 2


class Incoming:
    """The bytes that a client sends.

    Args:
        connection: the socket.
        limits: how long and how much is read.

    Its methods raise ConnectionError if the client goes away in the middle of a request, and `HttpError` if it is
    slow.
    """

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._bytes = bytearray()
        self._deadline = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether everything that has come was read."""
        return not self._bytes

    def wait(self) -> bool:
        """Wait for the next request. Its deadline runs from its first byte on.

        Returns:
            Whether one has begun. If not, the client has closed the connection, or left it idle for too long.
        """
        if not self._bytes:
            self._connection.settimeout(self._limits.idle)
            try:
                piece = self._connection.recv(_PIECE)
            except TimeoutError:
                return False
            if not piece:
                return False
            self._bytes += piece
        self._deadline = clock.real_now() + self._limits.request
        return True

    def head(self) -> bytes:
        """Read up to the empty line, and return what stands before it."""
        for _ in range(_MOST_BLANKS):
            while len(self._bytes) < len(_BLANK):
                self._receive()
            if not self._bytes.startswith(_BLANK):
                break
            del self._bytes[: len(_BLANK)]
        seen, end = 0, self._bytes.find(_END_OF_HEAD)
        while end < 0 and len(self._bytes) <= self._limits.head:
            check_start(self._bytes, seen)
            seen = len(self._bytes)
            self._receive()
            # The end may have come in part before.
            end = self._bytes.find(_END_OF_HEAD, max(0, seen - len(_END_OF_HEAD)))
        if not 0 <= end <= self._limits.head:
            raise HttpError(_BAD, f"request line and headers may have at most {self._limits.head} bytes together")
        return self._take(end, len(_END_OF_HEAD))

    def line(self, most: int) -> bytes:
        """Read a line, and return it without its end."""
        end = self._bytes.find(b"\n")
        while end < 0 and len(self._bytes) <= most:
            self._receive()
            end = self._bytes.find(b"\n")
        if not 0 < end <= most or self._bytes[end - 1] != _BLANK[0]:
            raise HttpError(_BAD, f"a line must end with CR and LF, after at most {most} bytes")
        return self._take(end - 1, len(_BLANK))

    def exactly(self, length: int) -> bytes:
        """Read a number of bytes."""
        while len(self._bytes) < length:
            self._receive()
        return self._take(length, 0)

    def _take(self, length: int, end: int) -> bytes:
        taken = bytes(self._bytes[:length])
        del self._bytes[: length + end]
        return taken

    def _receive(self) -> None:
        # Not longer, if the machine's clock was set back.
        left = min(self._deadline - clock.real_now(), self._limits.request)
        try:
            # Without a time left, `recv` takes only what is there.
            self._connection.settimeout(max(left, 0.0))
            piece = self._connection.recv(_PIECE)
        except (TimeoutError, BlockingIOError):
            raise HttpError(_TOO_SLOW, f"a request must arrive within {self._limits.request:g} seconds") from None
        if not piece:
            raise ConnectionError
        self._bytes += piece
