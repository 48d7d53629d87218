"""The exceptions: errors that AWS would return, and errors for the author of a test.

Each keeps its constructor's arguments as `args`, and makes its message from them. So it can be copied and
pickled, as a process pool does to send it back.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import Any

__all__ = [
    "OPEN_A_WORLD",
    "CommonError",
    "ContractViolatedError",
    "FakeSecretsError",
    "FakeSecretsWarning",
    "FaultError",
    "FunctionClashError",
    "FunctionCrash",
    "NoActiveWorldError",
    "OutsideWorldError",
    "PortTakenError",
    "RequestRefusedError",
    "RotationFailedError",
    "RotationNotOpenError",
    "RotationWarning",
    "SecretExistsError",
    "SeedError",
    "ServiceError",
    "UnknownSecretError",
    "UnsupportedOperationError",
    "UnusedFaultError",
    "annotate",
    "refusal_in",
]


# The number of names that an exception shows.
_SHOWN = 20

# What to do about a call outside of a world.
OPEN_A_WORLD = (
    "Decorate the test with @mock_stages, or use the fixture `fake_secrets`. Code that runs before the test's "
    "world opens, such as module imports and setUpClass, needs its own `with mock_stages():`."
)


class ServiceError(Exception):
    """An error that AWS Secrets Manager would return. Users never see it in this form.

    The hook turns it into botocore's `ClientError`. The handle turns it into `RequestRefusedError`.

    Args:
        code: the error code, such as ``ResourceNotFoundException``.
        message: AWS's message, verbatim.
        status: the HTTP status. AWS answers every client error with 400 [A: api-facts 1].
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status


class CommonError(ServiceError):
    """A `ServiceError` that every service of AWS gives, such as ``ThrottlingException``."""


class FakeSecretsError(Exception):
    """The base class of the exceptions that fake_secrets itself raises.

    The errors that AWS would return to a client aren't among them: a client raises those as
    botocore's `ClientError`, as it does on AWS.
    """


class ContractViolatedError(FakeSecretsError, AssertionError):
    """Raised by a test of a `RotationContract` that shows a violation which `allow` doesn't name.

    The test of `allow` raises it for names that match nothing. `summary` and `report` are attributes, too.

    Args:
        summary: the result in one line.
        report: the report as text, whose first line is the summary.
    """

    def __init__(self, summary: str, report: str) -> None:
        super().__init__(summary, report)
        self.summary = summary
        self.report = report

    def __str__(self) -> str:
        return self.report


class NoActiveWorldError(FakeSecretsError):
    """Raised by `current` when no world is active, and by `stop` when its object has none to leave.

    `FakeSecrets.server` and `local_endpoints` raise it when they are entered after the world is over.

    A Secrets Manager call raises it in a process that was started inside a world, which doesn't reach
    that process, if the call would send the world's fake credentials to AWS.

    To open a world, decorate the test with `mock_stages`, use it in a `with` statement, or use the
    fixture `fake_secrets`.
    """


class OutsideWorldError(FakeSecretsError):
    """Raised by the guard when a Secrets Manager call is made while no world is active.

    The ini option ``fake_secrets_guard = error`` turns the guard on. The call is stopped before it
    can reach AWS, and the test fails even if the code under test catches the exception.

    `operation`, `caller` and `advice` are attributes too.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        caller: the test that was running, or a description of the code that was.
        advice: how to fix the test.
    """

    def __init__(self, operation: str, caller: str, advice: str = OPEN_A_WORLD) -> None:
        super().__init__(operation, caller, advice)
        self.operation = operation
        self.caller = caller
        self.advice = advice

    def __str__(self) -> str:
        return (
            f"{self.operation} was called while no fake_secrets world was active, in {self.caller}.\n"
            f"`fake_secrets_guard = error` stopped the call before it could reach AWS. {self.advice}"
        )


class PortTakenError(FakeSecretsError):
    """Raised when something else listens on the port on which a world is to be served.

    `port` is an attribute, too.

    Args:
        port: the port.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        return (
            f"port {self.port} is taken: another program listens there, or another test that runs at the same "
            "time. Leave port= out, and a free one is taken."
        )


class UnsupportedOperationError(FakeSecretsError):
    """Raised when a call needs something that fake_secrets doesn't fake.

    fake_secrets raises this rather than give a wrong answer. The message names what isn't supported,
    such as an operation or a condition key.
    """


class SeedError(FakeSecretsError, ValueError):
    """Raised when a seed describes a secret that could not exist in AWS Secrets Manager.

    Seeds are the secrets given to `mock_stages` or to `add`. The message names the secret and the
    rule that it breaks.
    """


class SecretExistsError(FakeSecretsError, ValueError):
    """Raised by `add` when a secret with that name already exists in the account and region.

    A secret that is scheduled for deletion still occupies its name.
    """


class UnknownSecretError(FakeSecretsError, KeyError):
    """Raised when the handle is asked for a secret that doesn't exist in its world.

    It is a `KeyError` as well. The message says which secret was probably meant, or what has become of it,
    and lists the secrets that do exist. `secret_id`, `available` and `reason` are attributes too.

    Args:
        secret_id: the name or ARN that was asked for.
        available: the names of the secrets that exist. The message shows the first 20.
        reason: why there is no such secret, or which one was probably meant; empty if nothing is known.
    """

    def __init__(self, secret_id: str, available: Iterable[str], reason: str = "") -> None:
        # One more than the message shows, so that it can say that there are more.
        self.available = tuple(itertools.islice(available, _SHOWN + 1))
        self.secret_id = secret_id
        self.reason = reason
        super().__init__(secret_id, self.available, reason)

    # KeyError would show the repr of its argument.
    def __str__(self) -> str:
        asked = self.secret_id
        names = "".join(f"\n- {name!r}" for name in self.available[:_SHOWN])
        names += "\n- ..." * (len(self.available) > _SHOWN)
        held = f"The world holds:{names}" if names else "The world holds no secrets."
        advice = (
            "A secret with this ARN was deleted, or it belongs to another world. Look it up by its name."
            if asked.startswith("arn:")
            else f"Seed it with mock_stages({{{asked!r}: ...}}) or fake_secrets.add({asked!r}, ...)."
        )
        reason = f" {self.reason}{'' if self.reason.endswith('?') else '.'}" * bool(self.reason)
        return f"no secret {asked!r} in this world.{reason} {held}\n{advice}"


class PolicyError(FakeSecretsError, ValueError):
    """Raised for a policy, or a template with policies, that can't be read or that IAM would refuse.

    The message names the policy and the statement, and has IAM's own words if it would refuse the policy.
    """


class RequestRefusedError(FakeSecretsError):
    """Raised when a method of the handle makes a request that AWS would refuse.

    `operation`, `code`, `message` and `advice` are attributes too.

    Args:
        operation: the API operation, such as ``RotateSecret``.
        code: AWS's error code, such as ``InvalidRequestException``.
        message: AWS's message.
        advice: how to fix the test, or an empty string.
    """

    def __init__(self, operation: str, code: str, message: str, advice: str = "") -> None:
        super().__init__(operation, code, message)
        self.operation = operation
        self.code = code
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        refusal = f"{self.operation} was refused with {self.code}: {self.message}"
        return f"{refusal}\n{self.advice}" if self.advice else refusal


class RotationFailedError(FakeSecretsError):
    """Raised when a rotation fails although its function raised nothing.

    Either the function ran past its time-out, or Secrets Manager can't go on with the rotation: for
    example, because another caller put a value under AWSPENDING during the rotation. In the child of a
    fork, it is the error of a rotation that another thread was running.
    """


class RotationNotOpenError(FakeSecretsError):
    """Raised by `Rotation.retry` and `Rotation.step` when the rotation can't be attempted any more.

    The message says why: for example, the rotation has succeeded, or AWSPENDING is no longer on its
    version.
    """


class FunctionClashError(FakeSecretsError, ValueError):
    """Raised when a Lambda function is registered under a name or ARN that another function has.

    Registering the same function twice with the same options is allowed.
    """


class FaultError(FakeSecretsError, ValueError):
    """Raised when a fault is planned that can never happen, such as one of an operation that doesn't exist.

    A call raises it too, if it meets a planned crash although no rotation function makes it.
    """


class UnusedFaultError(FakeSecretsError):
    """Raised at the end of a test in which a planned fault never happened.

    The test probably doesn't test what it means to. The message lists the faults, each with the line that planned
    it. The ini option ``fake_secrets_unused_faults`` makes it a warning, or turns it off.
    """


class FunctionCrash(BaseException):
    """The death of a rotation function, as if Lambda had killed it. A test raises it inside the function.

    It isn't an `Exception`, so a function that handles every `Exception` doesn't handle it. No call that the
    function makes while it is raised takes effect, not even in a ``finally`` block. The step fails with a
    `RotationFailedError`, whose ``__cause__`` is the crash, and AWS attempts the rotation again.
    """


class FakeSecretsWarning(UserWarning):
    """The base class of the warnings that fake_secrets gives: a test probably does not do what it should."""


class RotationWarning(FakeSecretsWarning):
    """Given when a rotation did something that AWS lets pass and that breaks production.

    `Rotation.findings` has the same sentences. The warning is given when the test ends, or else when the world
    is left, with the file and line that started the rotation. It begins with words that don't change, so
    that a filter can match them.
    """


def annotate(error: BaseException, note: str) -> None:
    """Add a note to an exception, unless it carries that note already.

    Exceptions that can't carry notes, such as frozen dataclasses, are left as they are.
    """
    if note not in getattr(error, "__notes__", ()):
        with contextlib.suppress(AttributeError, TypeError):
            error.add_note(note)


def refusal_in(error: BaseException) -> dict[str, Any]:
    """Return what a ClientError of any copy of botocore says: Code and Message. Other errors say nothing."""
    # Not by the attribute, which may be a property of somebody's own that raises.
    response = vars(error).get("response")
    said = response.get("Error") if isinstance(response, dict) else None
    return said if isinstance(said, dict) else {}
