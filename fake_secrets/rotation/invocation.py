"""One in-process Lambda function: its environment, its context and its time-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fake_secrets import clock
from fake_secrets.arns import account_of, root_arn, session_arn
from fake_secrets.environment import Overlay
from fake_secrets.errors import RotationFailedError
from fake_secrets.observe.leaks import gate
from fake_secrets.options import check_callable, refuse_awaitable
from fake_secrets.rotation.crashes import TimedOut
from fake_secrets.rotation.elsewhere import name_of, qualifier_of

__all__ = ["Handler", "LambdaContext", "LambdaFunction", "principal_with"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

DEFAULT_TIMEOUT = 30.0
LONGEST_TIMEOUT = 900
_MEMORY_SIZE_MB = 128

Handler = Callable[[dict[str, Any], Any], object]


@dataclass(frozen=True, slots=True)
class CognitoIdentity:
    """The caller's Cognito identity. It is empty when Secrets Manager invokes a function."""

    cognito_identity_id: None = None
    cognito_identity_pool_id: None = None


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context object that Lambda's Python runtime passes to a function.

    `memory_limit_in_mb` is a string, as in the real runtime. `deadline` is in epoch seconds.
    """

    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    log_group_name: str
    log_stream_name: str
    deadline: float = field(repr=False)
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = str(_MEMORY_SIZE_MB)
    identity: CognitoIdentity = CognitoIdentity()
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function times out, by the test's clock."""
        return max(0, round((self.deadline - clock.now()) * 1000))


def principal_with(role: str | None, function_arn: str) -> str:
    """Return the ARN of the principal that a function calls as.

    That is a session of its role, which Lambda names like the function, or else the root of its account.
    """
    if role is not None:
        return session_arn(role, name_of(function_arn))
    return root_arn(account_of(function_arn), function_arn.split(":")[1])


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A handler registered as a Lambda function.

    Args:
        arn: the function's ARN.
        handler: the user's function, called with event and context.
        timeout: the time-out that ends the function, in seconds. Without one the function may run
            for any time; its context counts down from 30 seconds.
        environment: the function's own environment variables.
        role: the ARN of the role that it runs with. Without one it acts as the root of its account.
    """

    arn: str
    handler: Handler
    timeout: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    role: str | None = None

    def __post_init__(self) -> None:
        hint = " (rotate_secret takes an ARN, as RotationLambdaARN)" if isinstance(self.handler, str) else ""
        check_callable(self.handler, "a rotation function is called as handler(event, context)", hint)
        timeout: object = self.timeout
        if timeout is not None and (
            isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= LONGEST_TIMEOUT
        ):
            msg = f"timeout={timeout!r} isn't a number of seconds above 0 and at most {LONGEST_TIMEOUT}"
            raise ValueError(msg)
        if not all(isinstance(text, str) for pair in self.environment.items() for text in pair):
            msg = "environment= takes a mapping from str to str"
            raise TypeError(msg)

    @property
    def name(self) -> str:
        """The function's name, without a qualifier."""
        return name_of(self.arn)

    @property
    def version(self) -> str:
        """The function's version. An alias may lead to any, so it is taken to lead to the latest."""
        qualifier = qualifier_of(self.arn) or ""
        return qualifier if qualifier.isdecimal() else "$LATEST"

    @property
    def region(self) -> str:
        """The function's region."""
        return self.arn.split(":")[3]

    @property
    def principal(self) -> str:
        """The ARN of the principal that the function calls as."""
        return principal_with(self.role, self.arn)

    def deadline(self, now: float) -> float | None:
        """Return when an invocation that begins at `now` times out, in epoch seconds; None if it never does."""
        return None if self.timeout is None else now + self.timeout

    def invoke(self, event: Any, request_id: str) -> object:
        """Call the handler once, in the environment and with the context that Lambda gives.

        Args:
            event: the event.
            request_id: the invocation's `aws_request_id`.

        Returns:
            What the handler returns.

        Raises:
            RotationFailedError: if the function took longer than its time-out.
            BaseException: if the handler raises anything; it comes out unchanged.
        """
        now = clock.now()
        log_group = f"/aws/lambda/{self.name}"
        context = LambdaContext(
            aws_request_id=request_id,
            function_name=self.name,
            invoked_function_arn=self.arn,
            log_group_name=log_group,
            log_stream_name=f"{clock.utc(now):%Y/%m/%d}/[{self.version}]{request_id.replace('-', '')}",
            deadline=now + (self.timeout or DEFAULT_TIMEOUT),
            function_version=self.version,
        )
        overlay = Overlay(
            {
                "AWS_REGION": self.region,
                "AWS_DEFAULT_REGION": self.region,
                "AWS_LAMBDA_FUNCTION_NAME": self.name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(_MEMORY_SIZE_MB),
                "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
                **self.environment,
            }
        )
        try:
            with overlay:
                result = self.handler(event, context)
                refuse_awaitable(result, "the rotation function")
            gate.saw_result(result, self.handler)
        except BaseException as error:
            gate.saw_error(error)
            # An interrupt may have kept the block from ending.
            overlay.undo()
            if isinstance(error, TimedOut):
                self._time_out()
            raise
        if self.timeout is not None and clock.now() >= now + self.timeout:
            self._time_out()
        return result

    def _time_out(self) -> NoReturn:
        msg = f"Task timed out after {self.timeout:.2f} seconds"
        raise RotationFailedError(msg) from None
