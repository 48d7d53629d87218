"""Planned losses of an answer, as the HTTP libraries below botocore and aiobotocore tell them.

Each function returns the exception that the library raises for the same failure on a network. botocore and
aiobotocore translate it, and not always in the same way: aiobotocore takes a reset connection for one that was
never made.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

import urllib3.exceptions

from fake_secrets.service.transport import Loss

__all__ = ["loss_in_aiohttp", "loss_in_httpx", "loss_in_urllib3"]


_IN_HTTPX: Mapping[Loss, str] = {
    "connect time-out": "ConnectTimeout",
    "connection reset": "ReadError",
    "DNS failure": "ConnectError",
    "read time-out": "ReadTimeout",
}


def loss_in_urllib3(loss: Loss, pool: Any, url: str, timeout: Any = None) -> Exception:
    """Return the exception of urllib3 for an answer that doesn't arrive.

    Args:
        loss: how the connection failed.
        pool: the connection pool.
        url: the path of the request.
        timeout: the time-outs of the request, if it has its own.
    """
    waits = timeout or pool.timeout
    if loss == "read time-out":
        return urllib3.exceptions.ReadTimeoutError(
            pool, url, f"Read timed out. (read timeout={waits.read_timeout})"
        )
    if loss == "connection reset":
        return urllib3.exceptions.ProtocolError("Connection aborted.", _reset())
    # It isn't opened.
    connection = pool.ConnectionCls(host=pool.host, port=pool.port)
    if loss == "connect time-out":
        text = f"Connection to {pool.host} timed out. (connect timeout={waits.connect_timeout})"
        return urllib3.exceptions.ConnectTimeoutError(connection, text)
    unknown = _unknown_host()
    failure = _unresolved(connection, pool.host, unknown)
    failure.__cause__ = unknown
    return failure


def loss_in_aiohttp(loss: Loss, url: Any) -> Exception:
    """Return the exception of aiohttp for an answer that doesn't arrive.

    Args:
        loss: how the connection failed.
        url: the URL of the request, of yarl's type.
    """
    import aiohttp  # noqa: PLC0415 -- only if it is used
    from aiohttp.client_reqrep import ConnectionKey  # noqa: PLC0415

    # Some of these classes came with aiohttp 3.10.
    kind: Callable[..., Exception]
    if loss == "read time-out":
        kind = getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError)
        return kind("Timeout on reading data from socket")
    if loss == "connect time-out":
        kind = getattr(aiohttp, "ConnectionTimeoutError", aiohttp.ServerTimeoutError)
        return kind(f"Connection timeout to host {url}")
    if loss == "connection reset":
        kind = aiohttp.ClientOSError
        return kind(*_reset().args)
    kind = getattr(aiohttp, "ClientConnectorDNSError", aiohttp.ClientConnectorError)
    is_secure = url.scheme == "https"
    return kind(ConnectionKey(url.host, url.port, is_secure, True, None, None, None), _unknown_host())  # noqa: FBT003


def loss_in_httpx(loss: Loss, httpx: Any, request: Any) -> Exception:
    """Return the exception of httpx for an answer that doesn't arrive.

    Args:
        loss: how the connection failed.
        httpx: the package that aiobotocore uses: httpx or httpx2.
        request: the request.
    """
    kind: Callable[..., Exception] = getattr(httpx, _IN_HTTPX[loss])
    return kind(str(_unknown_host()) if loss == "DNS failure" else "", request=request)


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


def _unknown_host() -> socket.gaierror:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _unresolved(connection: Any, host: str, reason: socket.gaierror) -> Exception:
    kind: Callable[..., Exception] | None = getattr(urllib3.exceptions, "NameResolutionError", None)
    if kind is not None:
        return kind(host, connection, reason)
    # urllib3 1.26
    msg = f"Failed to establish a new connection: {reason}"
    return urllib3.exceptions.NewConnectionError(connection, msg)
