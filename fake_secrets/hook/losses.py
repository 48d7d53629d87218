"""Planned losses of an answer, as the HTTP libraries below botocore tell them."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import urllib3.exceptions

from fake_secrets.service.transport import Loss

__all__ = ["loss_in_urllib3"]


def loss_in_urllib3(loss: Loss, pool: Any, url: str) -> Exception:
    """Return the exception of urllib3 for an answer that doesn't arrive.

    Args:
        loss: how the connection failed.
        pool: the connection pool.
        url: the URL of the request.
    """
    if loss == "read time-out":
        return urllib3.exceptions.ReadTimeoutError(pool, url, "Read timed out.")
    if loss == "connect time-out":
        return urllib3.exceptions.ConnectTimeoutError(pool, "Connection timed out.")
    if loss == "connection reset":
        reset = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return urllib3.exceptions.ProtocolError("Connection aborted.", reset)
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    failure = urllib3.exceptions.NewConnectionError(pool, f"Failed to resolve the host: {unknown}")
    failure.__cause__ = unknown
    return failure
