"""What the doubles of AWS services share: refusals with an error code, and answers to clients."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fake_secrets.contract.services.base import StatementRefusedError
from fake_secrets.errors import ServiceError

__all__ = ["RefusedError", "answer_of", "refusing"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class RefusedError(StatementRefusedError):
    """A service of AWS refuses a request. A client raises a ClientError instead.

    Args:
        status: the HTTP status.
        code: the error code.
        message: the service's message.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        """Return the code and the message."""
        return f"{self.code}: {self.message}"


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Let a client raise what the block refuses.

    Raises:
        ServiceError: in place of a `RefusedError`.
    """
    try:
        yield
    except RefusedError as error:
        raise ServiceError(error.code, error.message, error.status) from None


def answer_of(double: object, operation: str, answers: Mapping[str, Callable[[], object]]) -> Mapping[str, Any]:
    """Return the members of a response to a client's call.

    Args:
        double: the double.
        operation: the operation.
        answers: operation to what answers it, with the members of a response or with something else for none.

    Raises:
        NotImplementedError: if the double doesn't answer the operation.
    """
    if operation not in answers:
        known = ", ".join(answers)
        msg = f"{type(double).__name__} doesn't answer {operation}. It answers {known}."
        raise NotImplementedError(msg)
    content = answers[operation]()
    return content if isinstance(content, Mapping) else {}
