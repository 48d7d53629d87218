"""The part of the handle that is about rotation."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.observe.live import LiveView
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.options import RotationErrors, check_callable, check_rotation_errors
from fake_secrets.rotation.functions import check_arn, check_role
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.service.rules.constraints import TOKEN_LENGTHS
from fake_secrets.service.state.retries import Retries
from fake_secrets.world.world import World

if TYPE_CHECKING:
    from fake_secrets.iam.loading import GivenPolicies
    from fake_secrets.rotation.invocation import Handler
    from fake_secrets.rotation.managed import NewValue

__all__ = ["RotationHandle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class RotationHandle(LiveView):
    """The part of `FakeSecrets` that is about rotation."""

    __slots__ = ("_world",)
    _INSTEAD = "what you need of it"

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def rotations(self) -> list[Rotation]:
        """The rotations of the world, in the order in which they were started.

        A world keeps the latest 100,000. Errors in scheduled rotations are recorded here.
        """
        return self._world.runner.all()

    def lambda_function(
        self,
        handler: Handler | None,
        name: str | None = None,
        *,
        arn: str | None = None,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        role: str | None = None,
        policy: GivenPolicies | None = None,
    ) -> str:
        """Register a handler as a Lambda function, so that RotateSecret can invoke it.

        Args:
            handler: the rotation function, called in-process with event and context. None stands for a function
                that isn't run here: RotateSecret starts its rotations, and the test makes the function's calls.
            name: the Lambda function's name; by default made from the handler's module and name.
            arn: the Lambda function's ARN, instead of a name. Without a version or an alias in it, Secrets Manager
                may invoke every version and alias of the function; with one, only that.
            timeout: the function's time-out in seconds, by the test's clock. After it, no call of the
                function takes effect, and the step fails. By default the function may run for any
                time; its context counts down from 30 seconds.
            environment: environment variables that are set while the function runs.
            role: the ARN of the IAM role that the function runs with. Its calls come from a session of that role,
                and `permissions` says what the role may do. By default the function calls as the root of its
                account.
            policy: what the function may do: the role's identity policies, in any form that `permissions` takes.
                Without a role, the function gets one that is named like itself.

        Returns:
            The function's ARN, for RotationLambdaARN. The same handler always gets the same ARN.

        Raises:
            TypeError: if `handler` can't be called or is a coroutine function, if it is None and there is
                neither a name nor an ARN, or if `environment` doesn't map str to str.
            ValueError: if `name` or `arn` doesn't have Lambda's form, if both are given, if `timeout`
                isn't a number above 0 and at most 900, or if `role` isn't the ARN of a role in the function's
                account.
            PolicyError: if a policy can't be read, or if IAM would refuse it.
            FunctionClashError: if another function has this name or ARN, or if another one has this role with
                other policies.
        """
        functions = self._world.functions
        if role is not None:
            check_role(role)
        if policy is None:
            function = functions.register(
                handler, name, arn=arn, timeout=timeout, environment=environment, role=role
            )
            if role is not None:
                # The ARNs of the role's sessions don't have its path.
                self._world.grants.note_role(role)
            return function
        # Imported late: few tests give policies, and they are slow to import.
        from fake_secrets.world.permissions import give_role, grant_of  # noqa: PLC0415

        grant = grant_of(policy)
        function = functions.register(
            handler, name, arn=arn, timeout=timeout, environment=environment, role=role, needs_role=True
        )
        give_role(self._world, functions.role_of(function), grant, is_shared=role is not None)
        return function

    def rotate(
        self,
        secret_id: str | Secret,
        handler: Handler | str | None = None,
        *,
        token: str | None = None,
        errors: RotationErrors | None = None,
    ) -> Rotation:
        """Rotate a secret now, as RotateSecret does, and return when the rotation is over.

        In a world with `rotation="manual"`, this only starts the rotation; run its steps with
        `Rotation.step`.

        Args:
            secret_id: the secret's name, ARN or partial ARN, or a `Secret`.
            handler: the rotation function, or the ARN of one that is registered; by default the one that the
                secret is configured with.
            token: the new version's id, 32 to 64 characters; random by default.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            The rotation. Assert on `succeeded`, or look at `outcome`, `failed_step` and `error`.

        Raises:
            ValueError: if `errors` isn't "raise" or "record", if `token` isn't 32 to 64 characters or was used
                before, or if `handler` is a str that isn't a Lambda ARN.
            UnknownSecretError: if there is no such secret.
            TypeError: if `secret_id` isn't a str or a `Secret`, or if `handler` can't be called or is a
                coroutine function.
            FunctionClashError: if another handler has the same module and name.
            RequestRefusedError: if AWS would refuse RotateSecret. AWS also refuses it while an earlier
                rotation is open, but attempts that rotation again, with its own function.
            UnsupportedOperationError: if the secret is managed, and only `managed_rotation` can tell what
                its new value is.
            BaseException: the error of the rotation, unchanged, if `errors` is "raise", or if it isn't
                given and the world's `rotation_errors` is "raise".
        """
        check_rotation_errors(errors)
        if token is not None and not (isinstance(token, str) and len(token) in TOKEN_LENGTHS):
            msg = f"token={token!r} isn't a string of 32 to 64 characters"
            raise ValueError(msg)
        members: dict[str, Any] = {
            "SecretId": self._world.contents.secret(secret_id_of(secret_id)).arn,
            "ClientRequestToken": token or self._world.ids.uuid(),
        }
        request = self._world.request("RotateSecret", members)
        if isinstance(handler, str):
            members["RotationLambdaARN"] = check_arn(handler, _pass_it(handler))
        elif handler is not None:
            members["RotationLambdaARN"] = self._world.functions.register(
                handler, region=request.region, account_id=request.account_id
            )
        # Imported late: few tests rotate by the handle.
        from fake_secrets.world.immediate_rotation import start  # noqa: PLC0415

        claimed: list[Rotation] = []
        try:
            return start(self._world, request, claimed, errors)
        except BaseException:
            self._world.recover(claimed)
            raise

    def invoke(self, function: Handler | str, event: Any) -> object:
        """Invoke a Lambda function with any event, in-process, as Secrets Manager or anybody else could.

        Use it for the events that a rotation doesn't send by itself: an unknown step, the token of another
        rotation, the ARN of another secret. The function runs with the context and the environment that Lambda
        gives it. `Rotation.deliver` sends an event of a rotation again.

        Args:
            function: the function, or the ARN of one that is registered with `lambda_function`.
            event: the event. Its ``Step``, if it has one, is recorded with the function's calls.

        Returns:
            What the function returns.

        Raises:
            TypeError: if `function` can't be called or is a coroutine function.
            ValueError: if `function` is a str that isn't a Lambda ARN, or if no function is registered under it.
            FunctionClashError: if another function has the same module and name.
            RotationFailedError: if the function times out, or dies by a `FunctionCrash`.
            BaseException: what the function raises, whatever the world's `rotation_errors` are.
        """
        functions = self._world.functions
        arn = (
            check_arn(function, _pass_it(function)) if isinstance(function, str) else functions.register(function)
        )
        unknown = functions.why_unknown(arn)
        if unknown is not None:
            raise ValueError(unknown)
        return self._world.runner.invoke(arn, event)

    def run_due(
        self, until: datetime.datetime | None = None, *, errors: RotationErrors | None = None
    ) -> list[Rotation]:
        """Do all work that is due: run scheduled rotations, and delete secrets whose recovery window is over.

        A client's next call does the same work before it is answered, but it records errors in
        `rotations`; only `run_due` raises them. Each rotation runs at the time when it is due: the clock
        of freezegun or time-machine is set to that time and set back afterwards. Without freezegun or
        time-machine, the service's dates are of that time, but the rotation function sees the present.
        If another thread is doing the due work, this leaves it to that thread and doesn't wait.

        Args:
            until: do the work that is due by this time, tz-aware; by default, by now. With a time in the
                future, this also runs future rotations. Afterwards the clock is where it was.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            The rotations that were due, each once, in the order in which they ran. In a world with
            `rotation="manual"` they were only started; run their steps with `Rotation.step`.

        Raises:
            ValueError: if `errors` isn't "raise" or "record", or if `until` isn't a datetime with a time
                zone.
            BaseException: the first error of a rotation, if `errors` is "raise", or if it isn't given
                and the world's `rotation_errors` is "raise". It is raised after all the work is done; a
                later attempt may have succeeded.
        """
        check_rotation_errors(errors)
        try:
            with self._world.deliveries.telling():
                work = self._world.do_due_work(None if until is None else _timestamp(until))
        except BaseException:
            self._world.recover([])
            raise
        if work.errors and (errors or self._world.rotation_errors) == "raise":
            raise work.errors[0]
        return list(work.rotations)

    def next_due(self) -> datetime.datetime | None:
        """Return when the next rotation is due.

        This is the start of a rotation window, or the time of the next attempt of a rotation that failed.

        Returns:
            The moment, tz-aware UTC; None if no rotation is scheduled.
        """
        due = self._world.next_due()
        return None if due is None else clock.utc(due)

    def managed_rotation(self, secret_id: str | Secret, new_value: NewValue) -> None:
        """Set the function that makes the new value of a managed secret, until `reset`.

        AWS or a partner rotates a managed secret, without a rotation function. By default the fake
        replaces the ``password`` in a JSON value. For any other value, use this method.

        Args:
            secret_id: the secret's name, ARN or partial ARN, or a `Secret`.
            new_value: called with the current value, a dict if the text is a JSON object, else str or
                bytes. It returns the new value: dict, str or bytes. If it raises, the rotation fails.

        Raises:
            TypeError: if `new_value` can't be called or is a coroutine function, or if `secret_id` isn't
                a str or a `Secret`.
            UnknownSecretError: if there is no such secret.
            ValueError: if the secret isn't managed: it has neither an owning service nor a Type.
        """
        check_callable(new_value, "managed_rotation takes a function from the current value to the new one")
        secret = self._world.contents.secret(secret_id_of(secret_id))
        if not secret.is_managed:
            msg = (
                f"secret {secret.name!r} isn't managed, so a rotation function rotates it.\n"
                "To manage it, add it with owning_service=..., or create it with a Type."
            )
            raise ValueError(msg)
        self._world.execution().performers.managed.manage(secret, new_value)

    @property
    def retries(self) -> Retries:
        """How often a rotation that fails is attempted, and the delay between attempts, in seconds.

        By default it is attempted once. To change that, set ``fake_secrets.retries.max_attempts = 3`` and
        ``fake_secrets.retries.delay = 60``. `reset` restores the default. Unfinished rotations aren't
        retried automatically; they wait for their next window.
        """
        return self._world.store.retries


def _timestamp(moment: datetime.datetime) -> float:
    if not isinstance(moment, datetime.datetime) or moment.tzinfo is None:
        msg = f"until={moment!r} isn't a datetime with a time zone, such as datetime(2027, 1, 1, tzinfo=UTC)"
        raise ValueError(msg)
    return moment.timestamp()


def _pass_it(function: str) -> str:
    """Return what to do with a function that was given by a name which is no ARN."""
    module, colon, name = function.partition(":")
    if colon and name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        return f". Pass the function itself, after `from {module} import {name}`"
    return ". Pass the function itself, or its ARN"
