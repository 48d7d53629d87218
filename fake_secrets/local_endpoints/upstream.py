"""Secrets Manager as a local helper calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

__all__ = ["CallFailedError", "Failure", "Upstream"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Failure = Literal["refusal", "time-out", "broken connection", "unreadable answer"]

_SERVERS_FAULT = 500


class CallFailedError(Exception):
    """Raised when a call of a helper has failed for good. No user sees it: a helper makes an answer of it.

    Args:
        failure: how it failed.
        code: the error code of a refusal; empty if there is none.
        message: the text of a refusal; empty if there is none.
        status: the HTTP status of a refusal.
    """

    def __init__(self, failure: Failure, code: str = "", message: str = "", status: int = 0) -> None:
        super().__init__(failure, code, message, status)
        self.failure = failure
        self.code = code
        self.message = message
        self.status = status

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed soon: nothing readable arrived, or the server is at fault."""
        return self.failure != "refusal" or self.status >= _SERVERS_FAULT


class Upstream(Protocol):
    """A Secrets Manager, called with the helper's own credentials or as a role."""

    @property
    def era(self) -> object:
        """What the service has stored. It is another object once everything was reset."""
        ...

    def now(self) -> float:
        """Return the time by the test's clock, in epoch seconds."""
        ...

    def may_assume(self, role_arn: str) -> bool:
        """Return whether the helper can assume a role."""
        ...

    def call(
        self,
        operation: str,
        members: Mapping[str, Any],
        *,
        role_arn: str | None = None,
        patience: float | None = None,
    ) -> Mapping[str, Any]:
        """Call an operation, and repeat the call where an SDK of AWS would.

        Args:
            operation: the API operation.
            members: the members of the request.
            role_arn: the role that makes the call; by default the helper's own credentials do.
            patience: how many seconds the helper waits for an answer; None if it waits for ever.

        Returns:
            The members of the response, as JSON.

        Raises:
            CallFailedError: if it has failed.
        """
        ...
