"""Redirects the connections of this process from the port that a helper usually has to the one it has here.

So code that has the port 2773 in its source is answered, and tests that run at the same time in several processes
don't fight for that port. Other processes aren't redirected.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

__all__ = ["Redirection", "usual_port"]

_IPV4 = frozenset({"127.0.0.1", "localhost"})
_IPV6 = "::1"
_METHODS = ("connect", "connect_ex")


class Redirection:
    """A redirection, from `put_up` to `take_down`.

    Clients that try ``::1`` first find nobody there, and go on to 127.0.0.1.

    Args:
        usual: the port that code connects to.
        real: the port on which the helper listens.
    """

    def __init__(self, usual: int, real: int) -> None:
        self._methods = [_RedirectedMethod(name, usual, real) for name in _METHODS]

    def put_up(self) -> None:
        """Redirect the connections that are made from now on."""
        for method in self._methods:
            method.put_up()

    def take_down(self) -> None:
        """Redirect no more. Nothing happens if that was done before, and what was interrupted is completed."""
        for method in self._methods:
            method.take_down()


def usual_port(configured: int) -> int:
    """Return the port that code believes in while a port is configured.

    It is the configured port, unless an outer block has configured the one to which it redirects.
    """
    redirection = _redirection_of(socket.socket.connect)
    while redirection is not None:
        if redirection.real == configured and not redirection.is_over:
            return redirection.usual
        redirection = _redirection_of(redirection.found)
    return configured


def _redirection_of(method: Any) -> _RedirectedMethod | None:
    return getattr(method, "redirection", None)


class _RedirectedMethod:
    """A method of sockets that is wrapped.

    Args:
        name: the method's name.
        usual: the port that code connects to.
        real: the port instead.

    `found` is what the class had of its own before; None if it inherits the method. `is_over` says whether the
    block has ended.
    """

    def __init__(self, name: str, usual: int, real: int) -> None:
        self._name = name
        self.usual = usual
        self.real = real
        self.found = vars(socket.socket).get(name)
        self.is_over = False
        wrapped = getattr(socket.socket, name)

        def connect(sock: socket.socket, address: Any, /) -> Any:
            if self.is_over or not isinstance(address, tuple) or address[1:2] != (usual,):
                return wrapped(sock, address)
            if address[0] == _IPV6:
                return _refuse(name)
            is_ours = address[0] in _IPV4 and sock.family == socket.AF_INET
            return wrapped(sock, (address[0], real) if is_ours else address)

        connect.__name__ = name
        connect.__dict__["redirection"] = self
        self._ours = connect

    def put_up(self) -> None:
        """Wrap the method."""
        setattr(socket.socket, self._name, self._ours)

    def take_down(self) -> None:
        """Restore the method. If another patch has wrapped ours since, ours stays and does nothing."""
        self.is_over = True
        if vars(socket.socket).get(self._name) is not self._ours:
            return
        below = self.found
        while (outer := _redirection_of(below)) is not None and outer.is_over:
            below = outer.found
        if below is None:
            delattr(socket.socket, self._name)
        else:
            setattr(socket.socket, self._name, below)


def _refuse(method: str) -> int:
    if method == "connect_ex":
        return errno.ECONNREFUSED
    raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
