"""Listens on a port, and gives each connection a thread."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable

from fake_secrets.server.connection import Connection
from fake_secrets.server.messages import Application

__all__ = ["LOOPBACK", "Listener"]

LOOPBACK = "127.0.0.1"


def _say_nothing(_: str) -> None:
    return


class Listener(http.server.ThreadingHTTPServer):
    """An HTTP server that answers in threads, from `start` to `stop`.

    Args:
        application: answers the requests.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        log: called with one line for each request.

    Raises:
        OSError: if the port is taken, or the host isn't one of this machine.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        application: Application,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        log: Callable[[str], None] = _say_nothing,
    ) -> None:
        super().__init__((host, port), Connection)
        self.application = application
        self.log = log
        self._thread = threading.Thread(target=self.serve_forever, name="fake_secrets server", daemon=True)

    @property
    def url(self) -> str:
        """The URL of the server, such as ``http://127.0.0.1:51234``."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and close the port."""
        self.shutdown()
        self.server_close()
