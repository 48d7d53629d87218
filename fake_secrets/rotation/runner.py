"""Runs a rotation function through its four steps, as Secrets Manager invokes it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fake_secrets import clock
from fake_secrets.environment import Overlay
from fake_secrets.ids import Ids
from fake_secrets.observe.ledger import RunningStep, rotation_step

__all__ = ["STEPS", "Handler", "LambdaContext", "LambdaFunction", "Outcome", "Rotation", "run_steps"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
TEST_STEPS = ("testSecret",)

DEFAULT_TIMEOUT = 30.0
_MEMORY_SIZE_MB = 128

Handler = Callable[[dict[str, Any], Any], object]
Outcome = Literal["succeeded", "failed", "unfinished"]


@dataclass(frozen=True, slots=True)
class CognitoIdentity:
    """The caller's Cognito identity, which an invocation by Secrets Manager hasn't."""

    cognito_identity_id: None = None
    cognito_identity_pool_id: None = None


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context object that Lambda's Python runtime hands to a function.

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
        """Return the milliseconds until the function's time-out, by the test's clock."""
        return max(0, round((self.deadline - clock.now()) * 1000))


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A handler registered as a Lambda function.

    Args:
        arn: the function's ARN.
        handler: the user's function, called with event and context.
        timeout: the function's time-out, seconds.
        environment: the function's own environment variables.
    """

    arn: str
    handler: Handler
    timeout: float = DEFAULT_TIMEOUT
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        handler: object = self.handler
        if not callable(handler):
            hint = " (rotate_secret takes an ARN, as RotationLambdaARN)" if isinstance(handler, str) else ""
            msg = f"a rotation function is called as handler(event, context); {handler!r} can't be called{hint}"
            raise TypeError(msg)
        if inspect.iscoroutinefunction(self.handler):
            msg = (
                f"{self.handler!r} is a coroutine function, which Lambda's Python runtime doesn't await. "
                "Register a plain function that runs it, with asyncio.run for example."
            )
            raise TypeError(msg)
        if not all(isinstance(text, str) for pair in self.environment.items() for text in pair):
            msg = "environment= maps names to values, both str"
            raise TypeError(msg)

    @property
    def name(self) -> str:
        """The function's name, without a qualifier."""
        return self.arn.split(":")[6]

    @property
    def region(self) -> str:
        """The function's region."""
        return self.arn.split(":")[3]

    def invoke(self, event: dict[str, Any], request_id: str) -> None:
        """Call the handler once, in the environment and with the context that Lambda gives.

        Args:
            event: the event.
            request_id: the invocation's `aws_request_id`.

        Raises:
            BaseException: whatever the handler raises.
        """
        now = clock.now()
        log_group = f"/aws/lambda/{self.name}"
        context = LambdaContext(
            aws_request_id=request_id,
            function_name=self.name,
            invoked_function_arn=self.arn,
            log_group_name=log_group,
            log_stream_name=f"{clock.utc(now):%Y/%m/%d}/[$LATEST]{request_id.replace('-', '')}",
            deadline=now + self.timeout,
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
        overlay.apply()
        try:
            self.handler(event, context)
        finally:
            overlay.undo()


@dataclass(eq=False)
class Rotation:
    """One rotation of a secret, from RotateSecret to its end.

    Args:
        secret_arn: the secret's ARN.
        secret_name: its name.
        token: the new version's id, which is the ClientRequestToken of every step.

    `steps` are the steps that the last attempt began; `attempts` counts the attempts;
    `failed_step` and `error` tell which step raised what; `outcome` is ``succeeded``,
    ``failed`` (a step raised) or ``unfinished`` (four quiet steps, and AWSCURRENT isn't on
    the new version). A rotation that `is_test` tries the function in testSecret only, and
    succeeds where that doesn't raise.
    """

    secret_arn: str
    secret_name: str
    token: str
    _retry: Callable[[Rotation], None] = field(repr=False)
    is_test: bool = False
    outcome: Outcome = "unfinished"
    steps: list[str] = field(default_factory=list)
    failed_step: str | None = None
    error: BaseException | None = None
    attempts: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether the new version is current and the rotation complete."""
        return self.outcome == "succeeded"

    def retry(self) -> Rotation:
        """Run the four steps again with the same token, as AWS retries a rotation.

        Returns:
            This rotation, with what the new attempt came to.

        Raises:
            RotationNotOpenError: it has succeeded, or AWSPENDING isn't on its version any more.
            Exception: what the function raised, where the world's `rotation_errors` is "raise".
        """
        self._retry(self)
        return self

    def __repr__(self) -> str:
        return f"<Rotation of {self.secret_name!r}, version {self.token}: {self._reason()}>"

    def _reason(self) -> str:
        if self.outcome == "failed":
            # Only the kind of error: its text may hold a secret value.
            return f"failed in {self.failed_step} with {type(self.error).__name__}"
        if self.outcome == "unfinished" and self.attempts:
            return (
                "unfinished, since no step raised but AWSCURRENT isn't on the new version; finishSecret "
                "has to move it with update_secret_version_stage"
            )
        return self.outcome if self.attempts else "not begun"


def run_steps(rotation: Rotation, function: LambdaFunction, ids: Ids) -> None:
    """Invoke the function for each step, until one raises.

    Args:
        rotation: what to run; its `steps`, `failed_step` and `error` are set, and `outcome`
            to "failed" where a step raised, else to "unfinished" until somebody knows better.
        function: the rotation function.
        ids: the maker of ids.

    Raises:
        BaseException: what is neither an Exception nor SystemExit, after noting it as a
            failure: a KeyboardInterrupt, or pytest's own.

    Source: rotation-facts 1.2: the event [B, C], one invocation after the other [C], the
        return value ignored [B].
    """
    rotation.attempts += 1
    rotation.outcome, rotation.failed_step, rotation.error = "unfinished", None, None
    rotation.steps = []
    rotation_token = ids.uuid()
    for step in TEST_STEPS if rotation.is_test else STEPS:
        rotation.steps.append(step)
        event = {
            "SecretId": rotation.secret_arn,
            "ClientRequestToken": rotation.token,
            "Step": step,
            "RotationToken": rotation_token,
        }
        running = RunningStep(step)
        reset = rotation_step.set(running)
        try:
            function.invoke(event, ids.uuid())
        except BaseException as error:
            rotation.outcome, rotation.failed_step, rotation.error = "failed", step, error
            _note(error, f"raised in {step} of the rotation of secret {rotation.secret_name!r}")
            if isinstance(error, (Exception, SystemExit)):
                return
            raise
        finally:
            running.is_over = True
            rotation_step.reset(reset)


def _note(error: BaseException, note: str) -> None:
    """Add a note to an exception, once, where it can carry one: a frozen dataclass can't."""
    if note not in getattr(error, "__notes__", ()):
        with contextlib.suppress(AttributeError, TypeError):
            error.add_note(note)
