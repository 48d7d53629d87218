"""The SDK in a helper: it repeats a call that may succeed the next time, and reads the answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fake_secrets.local_endpoints.upstream import CallFailedError

__all__ = ["Behind", "Calling", "Received", "Sdk"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The standard retry mode of AWS's SDKs, which is the default of those for Rust and Go [B: SDK reference guide].
_ATTEMPTS = 3
_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_RETRIED_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_OK = 200
_TIME_OUTS = frozenset({"connect time-out", "read time-out"})


@dataclass(frozen=True, slots=True)
class Received:
    """What an attempt got.

    Args:
        status: the HTTP status.
        body: the body.
        loss: how the connection failed instead; None if it didn't.
    """

    status: int
    body: bytes = field(repr=False)
    loss: str | None


class Calling(Protocol):
    """A call, which may make several attempts."""

    def attempt(self, operation: str, body: bytes, patience: float | None) -> Received:
        """Send a request and wait for the answer."""
        ...


class Behind(Protocol):
    """The Secrets Manager behind the SDK: a world. Its members are those of `Upstream`, but for `calling`."""

    @property
    def era(self) -> object:
        """What the service has stored."""
        ...

    def now(self) -> float:
        """Return the time by the test's clock."""
        ...

    def may_assume(self, role_arn: str) -> bool:
        """Return whether the helper can assume a role."""
        ...

    def calling(self, role_arn: str | None) -> contextlib.AbstractContextManager[Calling]:
        """Return a context manager that makes a call, as a role or with the helper's own credentials."""
        ...


class Sdk:
    """An `Upstream` that calls what is behind it.

    Args:
        behind: the Secrets Manager.
    """

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self.now = behind.now
        self.may_assume = behind.may_assume

    @property
    def era(self) -> object:
        """What the service has stored, as `Upstream` has it."""
        return self._behind.era

    def call(
        self,
        operation: str,
        members: Mapping[str, Any],
        *,
        role_arn: str | None = None,
        patience: float | None = None,
    ) -> Mapping[str, Any]:
        """Call an operation, as `Upstream` says. The pauses between the attempts are left out."""
        body = json.dumps(members).encode()
        with self._behind.calling(role_arn) as calling:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return _read(calling.attempt(operation, body, patience))
                except CallFailedError as failed:
                    if not _is_retried(failed):
                        raise
            return _read(calling.attempt(operation, body, patience))


def _read(received: Received) -> Mapping[str, Any]:
    """Return the members of a response.

    Raises:
        CallFailedError: if it is none, or a refusal. A refusal that can't be read has neither code nor text.
    """
    if received.loss is not None:
        raise CallFailedError("time-out" if received.loss in _TIME_OUTS else "broken connection")
    try:
        content = json.loads(received.body)
    except (ValueError, RecursionError):
        content = None
    if received.status != _OK:
        found = content if isinstance(content, dict) else {}
        text = found.get("Message", found.get("message", ""))
        failed = CallFailedError("refusal", str(found.get("__type", "")), str(text), received.status)
        raise failed
    if not isinstance(content, dict):
        failed = CallFailedError("unreadable answer")
        raise failed
    return content


def _is_retried(failed: CallFailedError) -> bool:
    return failed.failure != "refusal" or failed.status in _RETRIED_STATUSES or failed.code in _RETRIED_CODES
