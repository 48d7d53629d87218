"""The exceptions of fake_secrets: what AWS would say, and what we say to the author of a test."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable

__all__ = [
    "FakeSecretsError",
    "FunctionClashError",
    "NoActiveWorldError",
    "OutsideWorldError",
    "RequestRefusedError",
    "RotationFailedError",
    "RotationNotOpenError",
    "SecretExistsError",
    "SeedError",
    "ServiceError",
    "UnknownSecretError",
    "UnsupportedOperationError",
    "annotate",
]


# How many names an exception shows.
_SHOWN = 20


class ServiceError(Exception):
    """An error that AWS Secrets Manager answers; it never reaches a user as it stands.

    The hook turns it into botocore's `ClientError`, the handle into `RequestRefusedError`.

    Args:
        code: the error code, such as ``ResourceNotFoundException``.
        message: AWS's message, verbatim.
        status: the HTTP status. AWS answers 400 to every client error [A: api-facts 1].
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status


class FakeSecretsError(Exception):
    """The base of everything that fake_secrets itself says to the author of a test."""


class NoActiveWorldError(FakeSecretsError):
    """Raised when a world is asked for while none is active."""


class OutsideWorldError(FakeSecretsError):
    """Raised by the guard where a call would go to AWS, since no world is active.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        caller: the test that was running, or what else was.
    """

    def __init__(self, operation: str, caller: str) -> None:
        super().__init__(
            f"{operation} was called while no world of fake_secrets is active, in {caller}.\n"
            "It was stopped before it could reach AWS, as `fake_secrets_guard = error` says. Decorate the test "
            "with @mock_stages, or let it ask for the fixture `fake_secrets`; what calls before a test's world "
            "begins, on import or in setUpClass, needs a `with mock_stages():` of its own."
        )


class UnsupportedOperationError(FakeSecretsError):
    """Raised when a call needs what fake_secrets doesn't fake yet, rather than a wrong answer."""


class SeedError(FakeSecretsError, ValueError):
    """Raised when a seeded secret could not exist in AWS Secrets Manager."""


class SecretExistsError(FakeSecretsError, ValueError):
    """Raised when a secret is added under a name that is taken."""


class UnknownSecretError(FakeSecretsError, KeyError):
    """Raised when the handle is asked for a secret that isn't in the world.

    Args:
        secret_id: the name or ARN that was asked for.
        available: the names that the world holds, of which the first ones are shown.
    """

    def __init__(self, secret_id: str, available: Iterable[str]) -> None:
        shown = list(itertools.islice(available, _SHOWN + 1))
        names = "".join(f"\n- {name!r}" for name in shown[:_SHOWN]) + "\n- ..." * (len(shown) > _SHOWN)
        held = f"The world holds:{names}" if names else "The world holds no secrets."
        super().__init__(
            f"no secret {secret_id!r} in this world. {held}\n"
            f"Seed it with mock_stages({{{secret_id!r}: ...}}) or fake_secrets.add({secret_id!r}, ...)."
        )

    # A KeyError shows the repr of its message, which has several lines here.
    __str__ = Exception.__str__


class RequestRefusedError(FakeSecretsError):
    """Raised when the service refuses what the handle asked of it, as AWS would refuse a client.

    Args:
        operation: the API operation, such as ``RotateSecret``.
        code: AWS's error code.
        message: AWS's message.
        advice: what the author of the test can do about it.
    """

    def __init__(self, operation: str, code: str, message: str, advice: str = "") -> None:
        super().__init__(operation, code, message)
        self.operation = operation
        self.code = code
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        said = f"{self.operation} was refused with {self.code}: {self.message}"
        return f"{said}\n{self.advice}" if self.advice else said


class RotationFailedError(FakeSecretsError):
    """Raised when a rotation fails though its function has raised nothing.

    Lambda has ended it after its time-out, or Secrets Manager refuses what it has left.
    """


class RotationNotOpenError(FakeSecretsError):
    """Raised when a rotation is to be retried that isn't open any more."""


class FunctionClashError(FakeSecretsError, ValueError):
    """Raised when a Lambda function is registered under a name or ARN that another one has."""


def annotate(error: BaseException, note: str) -> None:
    """Add a note to an exception, once, where it can carry one: a frozen dataclass can't."""
    if note not in getattr(error, "__notes__", ()):
        with contextlib.suppress(AttributeError, TypeError):
            error.add_note(note)
