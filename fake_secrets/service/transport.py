"""The answer to a request, and how it travels back to the client."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import field
from typing import Any, Literal

from fake_secrets.errors import ServiceError
from fake_secrets.slotted import slotted

__all__ = ["Answer", "Loss", "Transport", "read_timeout"]

Loss = Literal["connect time-out", "connection reset", "DNS failure", "read time-out"]

# How many seconds the client waits for the answer to the request that is answered here; None if it waits for ever.
read_timeout: ContextVar[float | None] = ContextVar("fake_secrets_read_timeout", default=None)


@slotted
class Transport:
    """What happens to an answer between the service and the client. By default nothing does.

    Args:
        loss: how the connection failed, so that no answer arrives; None if one does.
        status: the HTTP status instead of the answer's own.
        headers: HTTP headers to add.
        body: the body instead of the answer's own.
    """

    loss: Loss | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)


@slotted
class Answer:
    """The answer to a request.

    Args:
        content: the members of the response, as JSON; empty if AWS refuses the request.
        error: AWS's refusal; None if there is none.
        transport: what happens to the answer on its way; None if nothing does.
    """

    content: dict[str, Any] = field(repr=False)
    error: ServiceError | None = None
    transport: Transport | None = None
