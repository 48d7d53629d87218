"""Listens on a port, and gives each connection a thread."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
import weakref
from collections.abc import Callable, Sequence

from fake_secrets import clock
from fake_secrets.server.binding import bind
from fake_secrets.server.connection import Connection, TurnedAway
from fake_secrets.server.guard import Guard
from fake_secrets.server.limits import Limits
from fake_secrets.server.messages import Application

__all__ = ["LOOPBACK", "Listener", "say_nothing"]

LOOPBACK = "127.0.0.1"

_LIMITS = Limits()
# So many clients at a time are told that there are too many. Those beyond are cut off.
_MOST_TURNED_AWAY = 32
# Seconds to wait if the process has no file descriptor for another connection.
_PAUSE = 0.1
# The addresses of all interfaces, and those at which this machine reaches itself.
_REACHED_AT = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 -- nothing is bound here

_running: weakref.WeakSet[Listener] = weakref.WeakSet()
_watching: list[Callable[[], None]] = []


def say_nothing(_: str) -> None:
    """Log nothing."""


class Listener:
    """An HTTP server that answers in threads, from `start` to `stop`.

    Args:
        application: answers the requests that the guard lets in.
        host: the address to listen at, or a name. `localhost` may stand for two addresses.
        port: the port; 0 takes a free one.
        names: other names by which clients may call the server.
        log: called with one line for each request, in the thread of its connection.
        limits: what the server takes before it refuses.

    Raises:
        OSError: if the port is taken, or the host isn't one of this machine.
    """

    def __init__(
        self,
        application: Application,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        names: Sequence[str] = (),
        log: Callable[[str], None] = say_nothing,
        limits: Limits = _LIMITS,
    ) -> None:
        self._listening = bind(host, port)
        self._host, self.port = self._listening[0].getsockname()[:2]
        self.application: Application = Guard(application, (host, *names), self.port)
        self.log = log
        self.limits = limits
        self.is_stopping = False
        self._threads: dict[Connection | TurnedAway, threading.Thread] = {}
        self._thread = threading.Thread(target=self._accept_all, name="fake_secrets server", daemon=True)
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()

    @property
    def url(self) -> str:
        """The URL of the server, such as ``http://127.0.0.1:51234``."""
        host = _REACHED_AT.get(self._host, self._host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._threads)

    def start(self) -> None:
        """Begin to answer."""
        for each in [*self._listening, self._woken]:
            self._selector.register(each, selectors.EVENT_READ)
        _watch_forks()
        _running.add(self)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and close the port. Requests that were read get their answers, if those take seconds."""
        self.is_stopping = True
        with contextlib.suppress(OSError):
            self._waker.send(b"!")
        if self._thread.is_alive():
            self._thread.join()
        _running.discard(self)
        self._close_own()
        for connection in list(self._threads):
            connection.stop_reading()
        end = clock.real_now() + self.limits.stop
        for thread in list(self._threads.values()):
            if thread is not threading.current_thread():
                thread.join(min(max(end - clock.real_now(), 0.0), self.limits.stop))
        # The rest runs code of a user that doesn't end, or writes to a client that doesn't read.
        for connection in list(self._threads):
            connection.close()

    def leave_to_parent(self) -> None:
        """Close what a forked child has of the server, which goes on in the parent."""
        _running.discard(self)
        self.is_stopping = True
        self._close_own()
        for connection in list(self._threads):
            connection.close()
        self._threads.clear()

    def _close_own(self) -> None:
        self._selector.close()
        for each in [*self._listening, self._woken, self._waker]:
            each.close()

    def _accept_all(self) -> None:
        while not self.is_stopping:
            for key, _ in self._selector.select():
                if key.fileobj is not self._woken:
                    self._accept(key.fileobj)  # type: ignore[arg-type]  # a socket, as it was registered

    def _accept(self, listening: socket.socket) -> None:
        try:
            accepted, _ = listening.accept()
        except OSError as error:
            # The client may be gone again. If something lacks here, the client waits until it is there.
            if not isinstance(error, BlockingIOError | ConnectionError):
                time.sleep(_PAUSE)
            return
        number = len(self._threads)
        if number < self.limits.connections:
            self._serve(Connection(accepted, self))
        elif number < self.limits.connections + _MOST_TURNED_AWAY:
            self._serve(TurnedAway(accepted))
        else:
            accepted.close()

    def _serve(self, connection: Connection | TurnedAway) -> None:
        def run() -> None:
            try:
                connection.run()
            finally:
                self._threads.pop(connection, None)

        thread = threading.Thread(target=run, name="fake_secrets connection", daemon=True)
        self._threads[connection] = thread
        try:
            thread.start()
        except RuntimeError:
            # There can be no more threads.
            del self._threads[connection]
            connection.close()


def _watch_forks() -> None:
    if not _watching and hasattr(os, "register_at_fork"):
        _watching.append(_leave_to_parent)
        os.register_at_fork(after_in_child=_leave_to_parent)


def _leave_to_parent() -> None:
    for listener in list(_running):
        listener.leave_to_parent()
