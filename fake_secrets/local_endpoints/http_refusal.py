"""The refusals of a helper: answers that it gives without asking Secrets Manager, or after that has failed."""

from __future__ import annotations

from fake_secrets.server.messages import HttpAnswer

__all__ = ["HttpRefusalError"]


class HttpRefusalError(Exception):
    """Raised to end a request with a refusal. No user sees it: the helper answers with it.

    Args:
        status: the HTTP status.
        body: the body.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    def answer(self) -> HttpAnswer:
        """Return the answer."""
        return HttpAnswer(self.status, body=self.body.encode())
