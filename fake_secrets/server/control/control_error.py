"""What the control API answers if it can't do what it is asked."""

from __future__ import annotations

__all__ = ["ControlError"]


class ControlError(Exception):
    """What the control API refuses.

    Args:
        message: what is wrong and what to do, without secret values.
        status: the HTTP status.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
