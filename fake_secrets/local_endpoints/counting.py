"""Counts the connections of a helper, which refuses requests if there are too many."""

from __future__ import annotations

import threading
from typing import Any

from fake_secrets.server.listener import Listener

__all__ = ["Connections", "CountingListener"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Connections:
    """The open connections of a listener. `count` says how many there are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[int] = set()
        self.count = 0

    def opened(self, connection: object) -> None:
        """Count a connection."""
        with self._lock:
            self._open.add(id(connection))
            self.count = len(self._open)

    def closed(self, connection: object) -> None:
        """Count a connection no longer, if it was counted."""
        with self._lock:
            self._open.discard(id(connection))
            self.count = len(self._open)


class CountingListener(Listener):
    """A listener that counts its connections.

    Args:
        connections: what counts them.
        arguments: those of `Listener`.
    """

    def __init__(self, connections: Connections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer the requests of a connection, in a thread."""
        self._connections.opened(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._connections.closed(request)
        super().shutdown_request(request)
