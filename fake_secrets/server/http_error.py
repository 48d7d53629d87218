"""What a connection raises if it refuses a request before anybody looks at its content."""

from __future__ import annotations

__all__ = ["HttpError"]


class HttpError(Exception):
    """A request that is no proper HTTP, or too large, or too slow. Its connection is closed.

    Args:
        status: the HTTP status.
        message: what is wrong, without anything from the request. If it is empty, the answer has no body.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return self.message
