"""How much, how long and how many: what a server takes before it refuses."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a server.

    Args:
        body: the bytes of a body, after its encodings are undone. The largest value of a secret has 384 KiB as
            JSON with every character escaped.
        head: the bytes of a request line and headers together.
        headers: the number of headers.
        idle: the seconds that a connection may wait for its next request. A client gets an error if its connection
            is closed just when it reuses it, so this is long.
        request: the seconds in which a request must arrive whole.
        connections: the number of connections at a time.
        stop: the seconds in which the requests that are being answered may finish after a stop.
    """

    body: int = 1 << 20
    head: int = 65_536
    headers: int = 100
    idle: float = 300.0
    request: float = 30.0
    connections: int = 512
    stop: float = 5.0
