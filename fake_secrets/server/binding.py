"""Binds a server's sockets: one for each address of a host, all with the same port."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Sequence

__all__ = ["bind"]

_QUEUE = 128
_ATTEMPTS = 20
Addresses = Sequence[tuple[socket.AddressFamily, str]]

# Clients may take either, whatever this machine's table of hosts says.
_LOCALHOST: Addresses = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
# This machine may have no IPv6, while `localhost` has an address of it.
_UNUSABLE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def bind(host: str, port: int) -> list[socket.socket]:
    """Listen at every address that a host has on this machine.

    Args:
        host: the host.
        port: the port; 0 takes one that is free at all of the addresses.

    Raises:
        OSError: if the port is taken, or the host isn't one of this machine.
    """
    addresses = _LOCALHOST if host.lower() == "localhost" else _addresses_of(host)
    for left in reversed(range(_ATTEMPTS)):
        try:
            return _bind_all(addresses, port)
        except OSError as error:
            # A port that is free at one address may be taken at the other.
            if port or error.errno != errno.EADDRINUSE or not left:
                raise
    raise AssertionError


def _addresses_of(host: str) -> Addresses:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bind_all(addresses: Addresses, port: int) -> list[socket.socket]:
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        unusable: OSError | None = None
        for family, address in addresses:
            try:
                bound = _bind(family, address, port)
            except OSError as error:
                if error.errno not in _UNUSABLE:
                    raise
                unusable = error
                continue
            sockets.append(opened.enter_context(bound))
            port = bound.getsockname()[1]
        if not sockets and unusable is not None:
            raise unusable
        opened.pop_all()
    return sockets


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port can be bound again soon after a stop. Elsewhere the option lets another process in.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Only the address of all interfaces stands for those of IPv4, too.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address != "::"))
        bound.bind((address, port))
        bound.listen(_QUEUE)
        # A client may be gone again before it is accepted.
        bound.setblocking(False)  # noqa: FBT003 -- the only parameter
    except BaseException:
        bound.close()
        raise
    return bound
